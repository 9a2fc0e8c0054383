/*
 * An echo server: what a client sends comes back. One task a connection; SIGINT or SIGTERM ends it.
 * Usage: echo_server [host:port]. The twin of the Listener example of Go's package net.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <gonet.h>

static void echo(gonet_conn_t *conn, void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    (void)arg;
    if (gonet_copy(gonet_conn_as_writer(conn), gonet_conn_as_reader(conn), &err) < 0 &&
        !gonet_error_is(err, gonet_err_closed))
        fprintf(stderr, "echo_server: %s\n", gonet_error_string(err));
}

static void serve(void *arg)
{
    GONET_AUTO(gonet_listener_t) ln = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    if (gonet_serve(ln, echo, NULL, NULL, &err) != 0) {
        fprintf(stderr, "echo_server: %s\n", gonet_error_string(err));
        exit(1);
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
    GONET_AUTO(gonet_listener_t) ln = gonet_listen("tcp", address, &err);
    if (ln == NULL || gonet_go(serve, gonet_listener_ref(ln)) != 0) {
        fprintf(stderr, "echo_server: %s\n", ln == NULL ? gonet_error_string(err) : "no memory");
        return 1;
    }
    char text[GONET_ADDR_STRLEN];
    printf("%s\n", gonet_addr_string(gonet_listener_addr(ln), text, sizeof(text)));
    fflush(stdout);
    int received;
    sigwait(&signals, &received);
    return gonet_listener_close(ln, &err) != 0 || gonet_shutdown(10 * GONET_SECOND) != 0;
}
