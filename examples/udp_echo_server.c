/*
 * A UDP echo server: a datagram goes back to whoever sent it. One task serves everybody, since
 * there are no connections; SIGINT or SIGTERM ends it. Usage: udp_echo_server [host:port]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <gonet.h>

static void serve(void *arg)
{
    GONET_AUTO(gonet_packet_conn_t) conn = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    static char datagram[65535]; /* the longest there is: a shorter buffer would cut */
    while (!gonet_error_is(err, gonet_err_closed)) {
        gonet_addr_t from;
        ssize_t n = gonet_packet_conn_read_from(conn, datagram, sizeof(datagram), &from, &err);
        if (n >= 0)
            n = gonet_packet_conn_write_to(conn, datagram, (size_t)n, &from, &err);
        if (n < 0 && !gonet_error_is(err, gonet_err_closed))
            fprintf(stderr, "udp_echo_server: %s\n", gonet_error_string(err)); /* others may do */
    }
}

int main(int argc, char **argv)
{
    const char *address = argc > 1 ? argv[1] : "127.0.0.1:7000";
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* they wait for sigwait below */
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_packet_conn_t) conn = gonet_listen_packet("udp", address, &err);
    if (conn == NULL || gonet_go(serve, gonet_packet_conn_ref(conn)) != 0) {
        fprintf(stderr, "udp_echo_server: %s\n", conn ? "no memory" : gonet_error_string(err));
        return 1;
    }
    char text[GONET_ADDR_STRLEN];
    printf("%s\n", gonet_addr_string(gonet_packet_conn_local_addr(conn), text, sizeof(text)));
    fflush(stdout);
    int received;
    sigwait(&signals, &received);
    return gonet_packet_conn_close(conn, &err) != 0 || gonet_shutdown(10 * GONET_SECOND) != 0;
}
