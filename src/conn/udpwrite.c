/*
 * Writing datagrams to an address, and with control data. One call is one system call. The error's
 * form of an address is made by a call that has failed, no sooner.
 */
#include <string.h>

#include "addr/addr_error.h"
#include "conn/udp.h"
#include "gonet/errno.h"
#include "socket/fd_inline.h"

#define MAX_PORT 65535

static const uint8_t mapped_prefix[12] = {[10] = 0xff, 0xff};

static void put_in4(gonet__sockaddr_t *sa, const uint8_t b[4], uint16_t port)
{
    sa->len = sizeof(sa->u.in4);
    sa->u.in4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    memcpy(&sa->u.in4.sin_addr, b, 4);
}

static void put_in6(gonet__sockaddr_t *sa, const uint8_t b[16], uint16_t port, const char *zone)
{
    sa->len = sizeof(sa->u.in6);
    sa->u.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memcpy(&sa->u.in6.sin6_addr, b, 16);
    if (zone[0] != '\0')
        sa->u.in6.sin6_scope_id = gonet__zone_index(zone);
}

/* The four bytes of an IPv4 address, also of a mapped one; NULL if it is none. */
static const uint8_t *bytes_of_ipv4(const gonet_netip_addr_t *a)
{
    if (a->bits == 32)
        return a->b;
    return a->bits == 128 && memcmp(a->b, mapped_prefix, sizeof(mapped_prefix)) == 0 ? a->b + 12
                                                                                     : NULL;
}

GONET__COLD static gonet_error_t *unfit(const char *why, const gonet_netip_addr_t *a)
{
    char text[GONET_ADDR_STRLEN];

    return gonet__addr_error(why, gonet_netip_addr_string(*a, text, sizeof(text)));
}

/* The socket address of an address of any family, or of none. */
static inline gonet_error_t *make_of_netip(const gonet_udp_conn_t *c,
                                           const gonet_netip_addr_port_t *to, gonet__sockaddr_t *sa)
{
    const uint8_t *ipv4 = bytes_of_ipv4(&to->addr);
    uint8_t mapped[16];

    if (c->sock.fd.family == AF_INET) {
        if (ipv4 == NULL)
            return unfit("non-IPv4 address", &to->addr);
        put_in4(sa, ipv4, to->port);
    } else if (to->addr.bits == 32) {
        memcpy(mapped, mapped_prefix, sizeof(mapped_prefix));
        memcpy(mapped + sizeof(mapped_prefix), to->addr.b, 4);
        put_in6(sa, mapped, to->port, "");
    } else {
        if (to->addr.bits == 0)
            return unfit("non-IPv6 address", &to->addr);
        put_in6(sa, to->addr.b, to->port, to->addr.zone);
    }
    return NULL;
}

gonet_error_t *gonet__udp_target(const gonet_udp_conn_t *c, gonet_netip_addr_port_t to,
                                 gonet__sockaddr_t *sa)
{
    if (to.addr.bits == 0)
        return gonet__err_missing_address;
    return make_of_netip(c, &to, sa);
}

/* The same for the other form, with a short way for what is usual. */
static gonet_error_t *make_of_udp(const gonet_udp_conn_t *c, const gonet_udp_addr_t *to,
                                  gonet__sockaddr_t *sa)
{
    int family = c->sock.fd.family;
    bool usual = to->port >= 0 && to->port <= MAX_PORT;

    if (usual && family == AF_INET && to->ip.len == 4)
        put_in4(sa, to->ip.b, (uint16_t)to->port);
    else if (usual && family == AF_INET6 && to->ip.len == 16 &&
             memcmp(to->ip.b, gonet_ipv4_zero.b, 16) != 0)
        put_in6(sa, to->ip.b, (uint16_t)to->port, to->zone);
    else
        return gonet__sockaddr_of_ip(sa, family, &to->ip, to->port, to->zone);
    return NULL;
}

gonet_addr_t gonet__udp_addr_of_netip(gonet_netip_addr_port_t ap)
{
    gonet_addr_t addr;

    memset(&addr, 0, sizeof(addr));
    addr.kind = GONET_ADDR_OTHER;
    (void)gonet_netip_addr_port_string(ap, addr.other.text, sizeof(addr.other.text));
    strcpy(addr.other.net, "udp");
    return addr;
}

/* How a write ends that was not sent (e), or whose system call failed (fail): with the address in
 * one of both forms, or none. */
GONET__COLD static ssize_t failed_udp(gonet_udp_conn_t *c, const gonet_udp_addr_t *to,
                                      gonet_error_t *e, gonet_error_t **err)
{
    gonet_addr_t addr = gonet_udp_addr_as_addr(to);

    return gonet__sock_write_failed(&c->sock, &addr, e, err);
}

GONET__COLD static ssize_t failed_netip(gonet_udp_conn_t *c, gonet_netip_addr_port_t to,
                                        gonet_error_t *e, gonet_error_t **err)
{
    gonet_addr_t addr = gonet__udp_addr_of_netip(to);

    return gonet__sock_write_failed(&c->sock, &addr, e, err);
}

static ssize_t write_to(gonet_udp_conn_t *c, const void *p, size_t len, const gonet_udp_addr_t *to,
                        gonet_error_t **err)
{
    gonet_error_t *e;
    gonet__sockaddr_t sa;
    gonet__fail_t fail;
    ssize_t n;

    if (c->sock.fd.connected)
        return failed_udp(c, to, gonet_err_write_to_connected, err);
    if (to == NULL)
        return failed_udp(c, to, gonet__err_missing_address, err);
    e = make_of_udp(c, to, &sa);
    if (e != NULL)
        return failed_udp(c, to, e, err);
    n = gonet__fd_sendto(&c->sock.fd, p, len, &sa, &fail);
    if (n >= 0)
        return n;
    (void)failed_udp(c, to, gonet__fail_error(&fail), err);
    gonet__fd_unhold(&c->sock.fd);
    return -1;
}

ssize_t gonet_udp_conn_write_to_udp(gonet_udp_conn_t *c, const void *p, size_t len,
                                    const gonet_udp_addr_t *addr, gonet_error_t **err)
{
    gonet__error_clear(err);
    return c == NULL ? gonet__no_object(err) : write_to(c, p, len, addr, err);
}

ssize_t gonet_udp_conn_write_to(gonet_udp_conn_t *c, const void *p, size_t len,
                                const gonet_addr_t *addr, gonet_error_t **err)
{
    const gonet_udp_addr_t *to = gonet_addr_as_udp(addr);

    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    if (to == NULL)
        return gonet__sock_write_failed(&c->sock, addr, gonet_errno_error(EINVAL), err);
    return write_to(c, p, len, to, err);
}

ssize_t gonet_udp_conn_write_to_udp_addr_port(gonet_udp_conn_t *c, const void *p, size_t len,
                                              gonet_netip_addr_port_t addr, gonet_error_t **err)
{
    gonet_error_t *e;
    gonet__sockaddr_t sa;
    gonet__fail_t fail;
    ssize_t n;

    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    e = c->sock.fd.connected ? gonet_err_write_to_connected : gonet__udp_target(c, addr, &sa);
    if (e != NULL)
        return failed_netip(c, addr, e, err);
    n = gonet__fd_sendto(&c->sock.fd, p, len, &sa, &fail);
    if (n >= 0)
        return n;
    (void)failed_netip(c, addr, gonet__fail_error(&fail), err);
    gonet__fd_unhold(&c->sock.fd);
    return -1;
}

/* What a message carries. */
typedef struct {
    const void *b;
    size_t len;
    const void *oob;
    size_t oob_len;
} message_t;

/* to NULL: to the peer. */
static ssize_t send_msg(gonet_udp_conn_t *c, const message_t *m, gonet__sockaddr_t *to,
                        size_t *oobn, gonet__fail_t *fail)
{
    struct iovec v = {.iov_base = (void *)(uintptr_t)m->b, .iov_len = m->len};
    struct msghdr msg = {.msg_name = to == NULL ? NULL : &to->u,
                         .msg_namelen = to == NULL ? 0 : to->len,
                         .msg_iov = &v,
                         .msg_iovlen = 1,
                         .msg_control = m->oob_len > 0 ? (void *)(uintptr_t)m->oob : NULL,
                         .msg_controllen = m->oob_len};
    ssize_t n = gonet__fd_sendmsg(&c->sock.fd, &msg, fail);

    if (n >= 0 && oobn != NULL)
        *oobn = m->oob_len;
    return n;
}

/* Where a message goes: NULL is for sockets that were dialed alone, an address for the others. */
static gonet_error_t *msg_target(const gonet_udp_conn_t *c, const gonet_udp_addr_t *to,
                                 gonet__sockaddr_t *sa)
{
    bool connected = c->sock.fd.connected;
    gonet_error_t *e;

    if (to == NULL)
        return connected ? NULL : gonet__err_missing_address;
    if (connected)
        return gonet_err_write_to_connected;
    e = make_of_udp(c, to, sa);
    /* The kernel would take no address for the peer of an adopted socket. */
    if (e == NULL && sa->len == 0)
        e = gonet_syscall_error_new("sendmsg", EINVAL);
    return e;
}

ssize_t gonet_udp_conn_write_msg_udp(gonet_udp_conn_t *c, const void *b, size_t len,
                                     const void *oob, size_t oob_len, const gonet_udp_addr_t *addr,
                                     size_t *oobn, gonet_error_t **err)
{
    const message_t m = {.b = b, .len = len, .oob = oob, .oob_len = oob_len};
    gonet_error_t *e;
    gonet__sockaddr_t sa;
    gonet__fail_t fail;
    ssize_t n;

    if (oobn != NULL)
        *oobn = 0;
    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    e = msg_target(c, addr, &sa);
    if (e != NULL)
        return failed_udp(c, addr, e, err);
    n = send_msg(c, &m, addr == NULL ? NULL : &sa, oobn, &fail);
    if (n >= 0)
        return n;
    (void)failed_udp(c, addr, gonet__fail_error(&fail), err);
    gonet__fd_unhold(&c->sock.fd);
    return -1;
}

/* Only a socket that was dialed is told that the address is of no family (behaviour 13.4). */
static gonet_error_t *msg_target_netip(const gonet_udp_conn_t *c, gonet_netip_addr_port_t to,
                                       gonet__sockaddr_t *sa)
{
    bool connected = c->sock.fd.connected, valid = to.addr.bits != 0;

    if (connected != valid)
        return make_of_netip(c, &to, sa);
    return connected ? gonet_err_write_to_connected : gonet__err_missing_address;
}

ssize_t gonet_udp_conn_write_msg_udp_addr_port(gonet_udp_conn_t *c, const void *b, size_t len,
                                               const void *oob, size_t oob_len,
                                               gonet_netip_addr_port_t addr, size_t *oobn,
                                               gonet_error_t **err)
{
    const message_t m = {.b = b, .len = len, .oob = oob, .oob_len = oob_len};
    gonet_error_t *e;
    gonet__sockaddr_t sa;
    gonet__fail_t fail;
    ssize_t n;

    if (oobn != NULL)
        *oobn = 0;
    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    e = msg_target_netip(c, addr, &sa);
    if (e != NULL)
        return failed_netip(c, addr, e, err);
    n = send_msg(c, &m, &sa, oobn, &fail);
    if (n >= 0)
        return n;
    (void)failed_netip(c, addr, gonet__fail_error(&fail), err);
    gonet__fd_unhold(&c->sock.fd);
    return -1;
}
