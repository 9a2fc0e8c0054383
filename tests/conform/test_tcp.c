/*
 * The conformance suite over TCP.
 */
#include <stdio.h>

#include "conform/conform.h"
#include "gonet/tcp.h"

static bool make(const conform_kind_t *kind, gonet_conn_t **a, gonet_conn_t **b)
{
    return net_pair(kind->network, a, b);
}

static bool available(const conform_kind_t *kind)
{
    return net_has(kind->network);
}

#define TCP(kind_name, net)                                                                      \
    {                                                                                            \
        .name = kind_name, .make = make, .network = net, .available = available, .stream = true, \
        .closed = &gonet_err_closed,                                                             \
        .second_close = "close " net " <L>-><R>: use of closed network connection",              \
        .read_timeout = "read " net " <L>-><R>: i/o timeout",                                    \
        .write_timeout = "write " net " <L>-><R>: i/o timeout",                                  \
        .read_closed = "read " net " <L>-><R>: use of closed network connection",                \
        .write_closed = "write " net " <L>-><R>: use of closed network connection",              \
    }

/* One listener for both families, dialed by either. */
static bool make_dual(const conform_kind_t *kind, gonet_conn_t **a, gonet_conn_t **b)
{
    gonet_listener_t *l = gonet_listen("tcp", ":0", NULL);
    char address[64];

    (void)kind;
    if (!CHECK(l != NULL))
        return false;
    snprintf(address, sizeof(address), "127.0.0.1:%d", net_listener_port(l));
    *b = gonet_dial("tcp", address, NULL);
    *a = gonet_listener_accept(l, NULL);
    gonet_listener_free(l);
    return CHECK(*a != NULL) && CHECK(*b != NULL);
}

/* Both ends ask for Multipath TCP; the kernel then puts a layer of its own in between. */
static bool make_multipath(const conform_kind_t *kind, gonet_conn_t **a, gonet_conn_t **b)
{
    gonet_listener_t *l = net_listen(kind->network);
    gonet_dialer_t d = {.mptcp = 1};
    char address[GONET_ADDR_STRLEN];

    if (l == NULL)
        return false;
    *b = gonet_dialer_dial(&d, kind->network, net_addr_text(gonet_listener_addr(l), address), NULL);
    *a = gonet_listener_accept(l, NULL);
    gonet_listener_free(l);
    return CHECK(*a != NULL) && CHECK(*b != NULL) &&
           CHECK(gonet_tcp_conn_multipath_tcp(gonet_conn_as_tcp(*a), NULL)) &&
           CHECK(gonet_tcp_conn_multipath_tcp(gonet_conn_as_tcp(*b), NULL));
}

static bool has_multipath(const conform_kind_t *kind)
{
    FILE *f = fopen("/proc/sys/net/mptcp/enabled", "re");
    bool enabled = f != NULL && fgetc(f) == '1';

    (void)kind;
    if (f != NULL)
        (void)fclose(f);
    return enabled;
}

int main(void)
{
    conform_kind_t kinds[] = {TCP("tcp4", "tcp4"), TCP("tcp6", "tcp6"), TCP("tcp, dual", "tcp"),
                              TCP("Multipath TCP", "tcp")};

    kinds[2].make = make_dual;
    kinds[2].available = NULL;
    kinds[3].make = make_multipath;
    kinds[3].available = has_multipath;
    return conform_run(kinds, sizeof(kinds) / sizeof(kinds[0]));
}
