/*
 * The proxy that is measured: what examples/tcp_proxy.c does, a task and a gonet_copy per
 * direction, on port 0. Usage: bench_proxy_gonet TARGET-PORT. Ends itself after ten minutes.
 */
#include "common.h"
#include "serve_gonet.h"

#include <stdio.h>

static char target[32];

typedef struct {
    gonet_conn_t *from, *to;
} direction_t;

static void copy(void *arg)
{
    const direction_t *d = arg;

    gonet_copy(gonet_conn_as_writer(d->to), gonet_conn_as_reader(d->from), NULL);
    gonet_conn_close_write(d->to, NULL);
}

static void join(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_conn_t) client = arg;
    GONET_AUTO(gonet_conn_t) server = gonet_dial("tcp", target, &err);
    direction_t there = {client, server}, back = {server, client};
    gonet_wait_group_t other = {0};

    if (server == NULL)
        bench_die("dial: %s", gonet_error_string(err));
    if (gonet_wait_group_go(&other, copy, &back) != 0)
        bench_die("out of memory");
    copy(&there);
    gonet_wait_group_wait(&other);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        bench_die("usage: bench_proxy_gonet TARGET-PORT");
    snprintf(target, sizeof target, "127.0.0.1:%ld", bench_number("port", argv[1], 1, 65535));
    bench_serve_gonet(bench_listen_gonet(), join);
}
