/*
 * The server that is measured: what examples/echo_server.c does, a task and a gonet_copy per
 * connection, on port 0 so that the scripts can run several at once. Ends itself after ten minutes.
 */
#include "common.h"

#include <gonet.h>

static void handle(void *arg)
{
    GONET_AUTO(gonet_conn_t) c = arg;

    gonet_copy(gonet_conn_as_writer(c), gonet_conn_as_reader(c), NULL);
}

int main(void)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_listener_t) ln = NULL;
    gonet_conn_t *c;

    bench_end_after(600);
    ln = gonet_listen("tcp", "127.0.0.1:0", &err);
    if (ln == NULL)
        bench_die("listen: %s", gonet_error_string(err));
    bench_announce(gonet_addr_as_tcp(gonet_listener_addr(ln))->port);
    for (;;) {
        c = gonet_listener_accept(ln, &err);
        if (c == NULL)
            bench_die("accept: %s", gonet_error_string(err));
        if (gonet_go(handle, c) != 0) {
            gonet_conn_free(c);
            bench_die("out of memory");
        }
    }
}
