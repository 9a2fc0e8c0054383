/*
 * The conformance suite over UDP: two dialed sockets, connected to each other.
 */
#include "conform/conform.h"
#include "gonet/udp.h"

static gonet_udp_addr_t loopback(const char *network)
{
    gonet_udp_addr_t a = {.port = 0};

    a.ip = gonet_parse_ip(network[3] == '6' ? "::1" : "127.0.0.1");
    return a;
}

static const gonet_udp_addr_t *local(gonet_udp_conn_t *c)
{
    return gonet_addr_as_udp(gonet_udp_conn_local_addr(c));
}

/*
 * b's port has to be known before a can be dialed, and a's before b: a third socket holds it until
 * then. Somebody else may take it in between: then again.
 */
static bool make(const conform_kind_t *kind, gonet_conn_t **a, gonet_conn_t **b)
{
    const gonet_udp_addr_t any = loopback(kind->network);

    for (int tries = 0; tries < 100; tries++) {
        gonet_udp_conn_t *held = gonet_listen_udp(kind->network, &any, NULL), *one, *other;
        gonet_udp_addr_t address;
        if (!CHECK(held != NULL))
            return false;
        address = *local(held);
        one = gonet_dial_udp(kind->network, &any, &address, NULL);
        gonet_udp_conn_free(held);
        if (!CHECK(one != NULL))
            return false;
        other = gonet_dial_udp(kind->network, &address, local(one), NULL);
        if (other != NULL) {
            *a = gonet_udp_conn_as_conn(one);
            *b = gonet_udp_conn_as_conn(other);
            return true;
        }
        gonet_udp_conn_free(one);
    }
    return check_fail(__FILE__, __LINE__, "no port stays free");
}

static bool available(const conform_kind_t *kind)
{
    const gonet_udp_addr_t any = loopback(kind->network);
    gonet_udp_conn_t *c = gonet_listen_udp(kind->network, &any, NULL);

    gonet_udp_conn_free(c);
    return c != NULL;
}

#define UDP(net, most)                                                                      \
    {                                                                                       \
        .name = net, .make = make, .network = net, .available = available, .endless = true, \
        .lossy = true, .longest = most,                                                     \
        .too_long = "write " net " <L>-><R>: write: message too long",                      \
        .write_to_nobody = "write " net " <L>-><R>: write: connection refused",             \
        .closed = &gonet_err_closed,                                                        \
        .second_close = "close " net " <L>-><R>: use of closed network connection",         \
        .read_timeout = "read " net " <L>-><R>: i/o timeout",                               \
        .write_timeout = "write " net " <L>-><R>: i/o timeout",                             \
        .read_closed = "read " net " <L>-><R>: use of closed network connection",           \
        .write_closed = "write " net " <L>-><R>: use of closed network connection",         \
    }

int main(void)
{
    /* What the length fields of the headers leave. */
    const conform_kind_t kinds[] = {UDP("udp4", 65507), UDP("udp6", 65527)};

    return conform_run(kinds, sizeof(kinds) / sizeof(kinds[0]));
}
