/*
 * Listening and accepting; what is done with a connection is its program's.
 */
#include "serve_gonet.h"

#include "common.h"

gonet_listener_t *bench_listen_gonet(void)
{
    gonet_error_t *err = NULL;
    gonet_listener_t *ln;

    bench_end_after(600);
    ln = gonet_listen("tcp", "127.0.0.1:0", &err);
    if (ln == NULL)
        bench_die("listen: %s", gonet_error_string(err));
    bench_announce(gonet_addr_as_tcp(gonet_listener_addr(ln))->port);
    return ln;
}

void bench_serve_gonet(gonet_listener_t *ln, void (*handle)(void *conn))
{
    gonet_error_t *err = NULL;
    gonet_conn_t *c;

    while ((c = gonet_listener_accept(ln, &err)) != NULL)
        if (gonet_go(handle, c) != 0)
            bench_die("out of memory");
    bench_die("accept: %s", gonet_error_string(err));
}
