/*
 * The conformance suite over unix sockets: streams and records.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conform/conform.h"

static atomic_int number;

static bool make(const conform_kind_t *kind, gonet_conn_t **a, gonet_conn_t **b)
{
    gonet_listener_t *l;
    char name[64];

    snprintf(name, sizeof(name), "@gonet-conform-%d-%d", (int)getpid(),
             atomic_fetch_add(&number, 1));
    l = gonet_listen(kind->network, name, NULL);
    if (!CHECK(l != NULL))
        return false;
    *a = gonet_dial(kind->network, name, NULL);
    *b = gonet_listener_accept(l, NULL);
    gonet_listener_free(l);
    return CHECK(*a != NULL) && CHECK(*b != NULL);
}

#define UNIX(net, is_stream)                                                        \
    {                                                                               \
        .name = net, .make = make, .network = net, .stream = is_stream,             \
        .closed = &gonet_err_closed,                                                \
        .second_close = "close " net " <L>-><R>: use of closed network connection", \
        .read_timeout = "read " net " <L>-><R>: i/o timeout",                       \
        .write_timeout = "write " net " <L>-><R>: i/o timeout",                     \
        .read_closed = "read " net " <L>-><R>: use of closed network connection",   \
        .write_closed = "write " net " <L>-><R>: use of closed network connection", \
    }

int main(void)
{
    const conform_kind_t kinds[] = {UNIX("unix", true), UNIX("unixpacket", false)};

    return conform_run(kinds, sizeof(kinds) / sizeof(kinds[0]));
}
