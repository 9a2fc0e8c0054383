/*
 * The server that is measured: what examples/echo_server.c does, a task and a gonet_copy per
 * connection, on port 0 so that the scripts can run several at once; with the argument "readable" a
 * connection has a task only while there is something to read. Ends itself after ten minutes.
 */
#include "serve_gonet.h"

#include <string.h>

static void handle(void *arg)
{
    GONET_AUTO(gonet_conn_t) c = arg;

    gonet_copy(gonet_conn_as_writer(c), gonet_conn_as_reader(c), NULL);
}

static bool echo(gonet_conn_t *c, void **state, void *arg)
{
    char buf[4096];
    ssize_t n = gonet_conn_read(c, buf, sizeof buf, NULL);

    (void)state;
    (void)arg;
    return n > 0 && gonet_conn_write(c, buf, (size_t)n, NULL) == n;
}

int main(int argc, char **argv)
{
    const gonet_serve_options_t readable = {.readable = echo};
    gonet_listener_t *ln = bench_listen_gonet();

    if (argc > 1 && strcmp(argv[1], "readable") == 0)
        return gonet_serve(ln, NULL, NULL, &readable, NULL);
    bench_serve_gonet(ln, handle);
}
