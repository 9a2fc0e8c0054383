/*
 * An echo server on a unix socket, of streams ("unix") or of records ("unixpacket"). A name that
 * begins with "@" is abstract; a path is removed when SIGINT or SIGTERM ends the server.
 * Usage: unix_echo_server unix|unixpacket name
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <gonet.h>

static void echo(void *arg)
{
    GONET_AUTO(gonet_conn_t) conn = arg;
    gonet_copy(gonet_conn_as_writer(conn), gonet_conn_as_reader(conn), NULL);
}

static void serve(void *arg)
{
    GONET_AUTO(gonet_listener_t) ln = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    do {
        gonet_conn_t *conn = gonet_listener_accept(ln, &err);
        if (conn != NULL && gonet_go(echo, conn) != 0)
            gonet_conn_free(conn);
        if (gonet_error_temporary(err)) /* out of descriptors: some will be given back */
            gonet_sleep(100 * GONET_MILLISECOND);
    } while (err == NULL || gonet_error_temporary(err));
    if (!gonet_error_is(err, gonet_err_closed)) {
        fprintf(stderr, "unix_echo_server: %s\n", gonet_error_string(err));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: unix_echo_server unix|unixpacket name\n");
        return 2;
    }
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* they wait for sigwait below */
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_listener_t) ln = gonet_listen(argv[1], argv[2], &err);
    if (ln == NULL || gonet_go(serve, gonet_listener_ref(ln)) != 0) {
        fprintf(stderr, "unix_echo_server: %s\n",
                ln == NULL ? gonet_error_string(err) : "no memory");
        return 1;
    }
    char text[GONET_ADDR_STRLEN];
    printf("%s\n", gonet_addr_string(gonet_listener_addr(ln), text, sizeof(text)));
    fflush(stdout);
    int received;
    sigwait(&signals, &received);
    return gonet_listener_close(ln, &err) != 0 || gonet_shutdown(10 * GONET_SECOND) != 0;
}
