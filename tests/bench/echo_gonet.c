/*
 * The server that is measured: what examples/echo_server.c does, a task and a gonet_copy per
 * connection, on port 0 so that the scripts can run several at once. Ends itself after ten minutes.
 */
#include "serve_gonet.h"

static void handle(void *arg)
{
    GONET_AUTO(gonet_conn_t) c = arg;

    gonet_copy(gonet_conn_as_writer(c), gonet_conn_as_reader(c), NULL);
}

int main(void)
{
    bench_serve_gonet(bench_listen_gonet(), handle);
}
