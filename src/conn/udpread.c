/*
 * Reading datagrams with the addresses of their senders, and with control data. One call is one
 * system call, and allocates nothing. Only what the descriptor's call has stored is looked at
 * afterwards: the socket may be gone by then.
 */
#include <string.h>

#include "conn/udp.h"
#include "socket/fd_inline.h"

/* Who sent a datagram, as the kernel says; all zero if it doesn't. */
static void put_sender(const gonet__sockaddr_t *from, gonet_udp_addr_t *addr)
{
    memset(addr, 0, sizeof(*addr));
    if (from->len >= sizeof(from->u.in4) && from->u.sa.sa_family == AF_INET) {
        addr->ip.len = 4;
        memcpy(addr->ip.b, &from->u.in4.sin_addr, 4);
        addr->port = ntohs(from->u.in4.sin_port);
    } else if (from->len >= sizeof(from->u.in6) && from->u.sa.sa_family == AF_INET6) {
        addr->ip.len = 16;
        memcpy(addr->ip.b, &from->u.in6.sin6_addr, 16);
        addr->port = ntohs(from->u.in6.sin6_port);
        if (from->u.in6.sin6_scope_id != 0)
            gonet__zone_name(from->u.in6.sin6_scope_id, addr->zone);
    }
}

void gonet__udp_sender(const gonet__sockaddr_t *from, gonet_netip_addr_port_t *addr)
{
    memset(addr, 0, sizeof(*addr));
    if (from->len >= sizeof(from->u.in4) && from->u.sa.sa_family == AF_INET) {
        addr->addr.bits = 32;
        memcpy(addr->addr.b, &from->u.in4.sin_addr, 4);
        addr->port = ntohs(from->u.in4.sin_port);
    } else if (from->len >= sizeof(from->u.in6) && from->u.sa.sa_family == AF_INET6) {
        addr->addr.bits = 128;
        memcpy(addr->addr.b, &from->u.in6.sin6_addr, 16);
        addr->port = ntohs(from->u.in6.sin6_port);
        if (from->u.in6.sin6_scope_id != 0)
            gonet__zone_name(from->u.in6.sin6_scope_id, addr->addr.zone);
    }
}

/* Receives into from, which is of length 0 after a failure. */
GONET__INLINE ssize_t receive(gonet_udp_conn_t *c, void *p, size_t len, gonet__sockaddr_t *from,
                              gonet_error_t **err)
{
    gonet__fail_t fail;
    ssize_t n;

    gonet__error_clear(err);
    from->len = 0;
    if (c == NULL)
        return gonet__no_object(err);
    n = gonet__fd_recvfrom(&c->sock.fd, p, len, from, &fail);
    if (n >= 0)
        return n;
    from->len = 0;
    return gonet__sock_fail(&c->sock, "read", GONET__SHAPE_BOTH, &fail, err);
}

ssize_t gonet_udp_conn_read_from_udp_addr_port(gonet_udp_conn_t *c, void *p, size_t len,
                                               gonet_netip_addr_port_t *addr, gonet_error_t **err)
{
    gonet__sockaddr_t from;
    ssize_t n = receive(c, p, len, &from, err);

    if (addr != NULL)
        gonet__udp_sender(&from, addr);
    return n;
}

ssize_t gonet_udp_conn_read_from_udp(gonet_udp_conn_t *c, void *p, size_t len,
                                     gonet_udp_addr_t *addr, gonet_error_t **err)
{
    gonet__sockaddr_t from;
    ssize_t n = receive(c, p, len, &from, err);

    if (addr != NULL)
        put_sender(&from, addr);
    return n;
}

ssize_t gonet_udp_conn_read_from(gonet_udp_conn_t *c, void *p, size_t len, gonet_addr_t *addr,
                                 gonet_error_t **err)
{
    gonet__sockaddr_t from;
    ssize_t n = receive(c, p, len, &from, err);

    if (addr == NULL)
        return n;
    memset(addr, 0, sizeof(*addr));
    if (n >= 0) {
        addr->kind = GONET_ADDR_UDP;
        put_sender(&from, &addr->udp);
    }
    return n;
}

/* As receive, with control data; the results are zero after a failure. */
static ssize_t receive_msg(gonet_udp_conn_t *c, struct iovec v, void *oob, size_t oob_len,
                           size_t *oobn, int *flags, gonet__sockaddr_t *from, gonet_error_t **err)
{
    struct msghdr msg = {.msg_name = &from->u,
                         .msg_namelen = sizeof(from->u),
                         .msg_iov = &v,
                         .msg_iovlen = 1,
                         .msg_control = oob_len > 0 ? oob : NULL,
                         .msg_controllen = oob_len};
    gonet__fail_t fail;
    ssize_t n;

    gonet__error_clear(err);
    from->len = 0;
    if (oobn != NULL)
        *oobn = 0;
    if (flags != NULL)
        *flags = 0;
    if (c == NULL)
        return gonet__no_object(err);
    n = gonet__fd_recvmsg(&c->sock.fd, &msg, 0, &fail);
    if (n < 0)
        return gonet__sock_fail(&c->sock, "read", GONET__SHAPE_BOTH, &fail, err);
    from->len = msg.msg_namelen;
    if (oobn != NULL)
        *oobn = msg.msg_controllen;
    if (flags != NULL)
        *flags = msg.msg_flags;
    return n;
}

ssize_t gonet_udp_conn_read_msg_udp(gonet_udp_conn_t *c, void *b, size_t len, void *oob,
                                    size_t oob_len, size_t *oobn, int *flags,
                                    gonet_udp_addr_t *addr, gonet_error_t **err)
{
    const struct iovec v = {.iov_base = b, .iov_len = len};
    gonet__sockaddr_t from;
    ssize_t n = receive_msg(c, v, oob, oob_len, oobn, flags, &from, err);

    if (addr != NULL)
        put_sender(&from, addr);
    return n;
}

ssize_t gonet_udp_conn_read_msg_udp_addr_port(gonet_udp_conn_t *c, void *b, size_t len, void *oob,
                                              size_t oob_len, size_t *oobn, int *flags,
                                              gonet_netip_addr_port_t *addr, gonet_error_t **err)
{
    const struct iovec v = {.iov_base = b, .iov_len = len};
    gonet__sockaddr_t from;
    ssize_t n = receive_msg(c, v, oob, oob_len, oobn, flags, &from, err);

    if (addr != NULL)
        gonet__udp_sender(&from, addr);
    return n;
}
