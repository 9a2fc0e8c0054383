/*
 * A server of short connections: accept, one message, its echo, close. The accept loop runs in a
 * task, or with the argument "thread" in a plain thread. Port 0; ends itself after ten minutes.
 */
#include "common.h"

#include <gonet.h>
#include <string.h>

static void handle(void *arg)
{
    GONET_AUTO(gonet_conn_t) c = arg;
    char buf[4096];
    ssize_t n = gonet_conn_read(c, buf, sizeof buf, NULL);

    if (n > 0 && gonet_conn_write(c, buf, (size_t)n, NULL) != n)
        bench_die("the echo was not written");
}

static void serve(void *arg)
{
    gonet_listener_t *ln = arg;
    gonet_error_t *err = NULL;
    gonet_conn_t *c;

    while ((c = gonet_listener_accept(ln, &err)) != NULL)
        if (gonet_go(handle, c) != 0)
            bench_die("out of memory");
    bench_die("accept: %s", gonet_error_string(err));
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_listener_t *ln;
    gonet_wait_group_t server = {0};

    bench_end_after(600);
    ln = gonet_listen("tcp", "127.0.0.1:0", &err);
    if (ln == NULL)
        bench_die("listen: %s", gonet_error_string(err));
    bench_announce(gonet_addr_as_tcp(gonet_listener_addr(ln))->port);
    if (argc > 1 && strcmp(argv[1], "thread") == 0)
        serve(ln);
    if (gonet_wait_group_go(&server, serve, ln) != 0)
        bench_die("out of memory");
    gonet_wait_group_wait(&server);
    return 0;
}
