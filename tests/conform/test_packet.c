/*
 * The packet connections: UDP, unix datagrams, and one that a program has written.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conform/packet.h"
#include "gonet/dial.h"
#include "gonet/udp.h"
#include "support/net.h"
#include "support/rawip.h"

static gonet_packet_conn_t *make_udp(const packet_kind_t *kind)
{
    gonet_packet_conn_t *c = gonet_listen_packet(
        kind->network, kind->network[3] == '6' ? "[::1]:0" : "127.0.0.1:0", NULL);

    CHECK(c != NULL);
    return c;
}

static bool available(const packet_kind_t *kind)
{
    gonet_packet_conn_t *c = gonet_listen_packet(
        kind->network, kind->network[3] == '6' ? "[::1]:0" : "127.0.0.1:0", NULL);

    gonet_packet_conn_free(c);
    return c != NULL;
}

static gonet_packet_conn_t *make_unixgram(const packet_kind_t *kind)
{
    gonet_packet_conn_t *c;
    char name[64];

    c = gonet_listen_packet(kind->network, net_abstract_new("packet", name), NULL);
    CHECK(c != NULL);
    return c;
}

/* A protocol that nobody has; each socket on an address of its own, as there are no ports. */
static gonet_packet_conn_t *make_ip(const packet_kind_t *kind)
{
    static atomic_uint number;
    gonet_ip_addr_t own = rawip_own(atomic_fetch_add(&number, 1));
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_packet_conn_t *c = gonet_listen_packet(kind->network, rawip_text(&own), &err);

    CHECK_ERROR(err, NULL);
    rawip_drain(gonet_packet_conn_as_ip(c));
    return c;
}

static bool may_use_raw(const packet_kind_t *kind)
{
    (void)kind;
    return rawip_allowed(AF_INET);
}

/* ---- one that a program has written ---- */

static ssize_t user_read_from(void *self, void *p, size_t len, gonet_addr_t *addr,
                              gonet_error_t **err)
{
    return gonet_packet_conn_read_from(self, p, len, addr, err);
}

static ssize_t user_write_to(void *self, const void *p, size_t len, const gonet_addr_t *addr,
                             gonet_error_t **err)
{
    return gonet_packet_conn_write_to(self, p, len, addr, err);
}

static int user_close(void *self, gonet_error_t **err)
{
    return gonet_packet_conn_close(self, err);
}

static const gonet_addr_t *user_local_addr(void *self)
{
    return gonet_packet_conn_local_addr(self);
}

static int user_set_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return gonet_packet_conn_set_deadline(self, t, err);
}

static int user_set_read_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return gonet_packet_conn_set_read_deadline(self, t, err);
}

static int user_set_write_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return gonet_packet_conn_set_write_deadline(self, t, err);
}

static void user_destroy(void *self)
{
    gonet_packet_conn_free(self);
}

static const gonet_packet_conn_vtable_t user_vtable = {
    .size = sizeof(gonet_packet_conn_vtable_t),
    .read_from = user_read_from,
    .write_to = user_write_to,
    .close = user_close,
    .local_addr = user_local_addr,
    .set_deadline = user_set_deadline,
    .set_read_deadline = user_set_read_deadline,
    .set_write_deadline = user_set_write_deadline,
    .destroy = user_destroy,
};

/* Wrapped twice. */
static gonet_packet_conn_t *make_user(const packet_kind_t *kind)
{
    gonet_packet_conn_t *inner = make_udp(kind), *c;

    c = gonet_packet_conn_new(&user_vtable, inner);
    CHECK(gonet_packet_conn_self(c, &user_vtable) == inner);
    CHECK(gonet_packet_conn_as_udp(c) == NULL);
    return gonet_packet_conn_new(&user_vtable, c);
}

#define TEXTS_OF(net)                                                           \
    .read_timeout = "read " net " <L>: i/o timeout",                            \
    .write_timeout = "write " net " <L>-><R>: i/o timeout",                     \
    .read_closed = "read " net " <L>: use of closed network connection",        \
    .write_closed = "write " net " <L>-><R>: use of closed network connection", \
    .close_closed = "close " net " <L>: use of closed network connection",      \
    .no_address = "write " net " <L>: invalid argument",                        \
    .too_long = "write " net " <L>-><R>: sendto: message too long"

#define TEXTS(net) .network = net, TEXTS_OF(net)

#define NO_DESTINATION(net) "write " net " <L>: write: destination address required"

int main(void)
{
    const packet_kind_t kinds[] = {
        {.name = "udp4",
         .make = make_udp,
         .available = available,
         TEXTS("udp4"),
         .longest = 65507,
         .unconnected_write = NO_DESTINATION("udp4")},
        {.name = "udp6",
         .make = make_udp,
         .available = available,
         TEXTS("udp6"),
         .longest = 65527,
         .unconnected_write = NO_DESTINATION("udp6")},
        {.name = "unixgram",
         .make = make_unixgram,
         TEXTS("unixgram"),
         .longest = 200000,
         .nobody = "write unixgram <L>-><R>: sendto: connection refused",
         .unconnected_write = "write unixgram <L>: write: transport endpoint is not connected"},
        {.name = "user", .make = make_user, TEXTS("udp"), .longest = 65507},
        {.name = "ip4",
         .make = make_ip,
         .available = may_use_raw,
         TEXTS_OF("ip4"),
         .network = "ip4:253",
         .longest = 65515,
         .header = 20,
         .unconnected_write = NO_DESTINATION("ip4")},
    };

    return packet_run(kinds, sizeof(kinds) / sizeof(kinds[0]));
}
