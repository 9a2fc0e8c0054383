/*
 * An echo server on sockets that somebody else has opened, as systemd does for a .socket unit:
 * LISTEN_FDS says how many listening descriptors there are from 3 on, LISTEN_PID for whom. TCP and
 * unix sockets are served alike. Try: systemd-socket-activate -l 7000 ./socket_activated_echo
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <gonet.h>

#define FIRST_FD 3

static void die(const char *text)
{
    fprintf(stderr, "socket_activated_echo: %s\n", text);
    exit(1);
}

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
    die(gonet_error_string(err));
}

int main(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    int n = fds != NULL && pid != NULL && strtol(pid, NULL, 10) == getpid() ? atoi(fds) : 0;
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_wait_group_t servers = {0};
    if (n <= 0)
        die("no sockets were passed: LISTEN_FDS and LISTEN_PID");
    for (int fd = FIRST_FD; fd < FIRST_FD + n; fd++) {
        gonet_listener_t *ln = gonet_file_listener(fd, &err);
        if (ln == NULL)
            die(gonet_error_string(err));
        close(fd); /* the listener has a duplicate */
        char text[GONET_ADDR_STRLEN];
        printf("%s\n", gonet_addr_string(gonet_listener_addr(ln), text, sizeof(text)));
        if (gonet_wait_group_go(&servers, serve, ln) != 0)
            die("no memory");
    }
    fflush(stdout);
    gonet_wait_group_wait(&servers); /* for ever */
    return 0;
}
