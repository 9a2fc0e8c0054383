/*
 * Packets on raw IP sockets: with the addresses of their ends, and with control data. The kernel
 * hands out IPv4 packets with their header; read_from alone takes it off (behaviour 14.2).
 */
#include <string.h>

#include "conn/iprawsock.h"
#include "conn/typed.h"
#include "gonet/errno.h"
#include "socket/fd_inline.h"

#define IPV4_HEADER 20 /* the shortest one */

/* Moves the payload of the n bytes of an IPv4 packet at p to the front; its length. A buffer too
 * short for any header keeps what it has. */
static ssize_t strip_header(uint8_t *p, ssize_t n)
{
    ssize_t header;

    if (n < IPV4_HEADER || p[0] >> 4 != 4)
        return n;
    header = (p[0] & 0xf) * 4;
    if (header < IPV4_HEADER || header > n)
        return n;
    memmove(p, p + header, (size_t)(n - header));
    return n - header;
}

static ssize_t read_from(gonet_ip_conn_t *c, void *p, size_t len, gonet_addr_t *addr,
                         gonet_error_t **err)
{
    gonet__sockaddr_t from;
    gonet__fail_t fail;
    ssize_t n = gonet__fd_recvfrom(&c->sock.fd, p, len, &from, &fail);

    memset(addr, 0, sizeof(*addr));
    if (n < 0)
        return gonet__sock_fail(&c->sock, "read", GONET__SHAPE_BOTH, &fail, err);
    gonet__sockaddr_to_addr(&from.u, from.len, SOCK_RAW, addr);
    return addr->kind == GONET_ADDR_IP && addr->ip.ip.len == 4 ? strip_header(p, n) : n;
}

static ssize_t read_from_slot(void *self, void *p, size_t len, gonet_addr_t *addr,
                              gonet_error_t **err)
{
    return read_from(self, p, len, addr, err);
}

ssize_t gonet_ip_conn_read_from(gonet_ip_conn_t *c, void *p, size_t len, gonet_addr_t *addr,
                                gonet_error_t **err)
{
    return gonet_packet_conn_read_from((gonet_packet_conn_t *)c, p, len, addr, err);
}

/* Stores an address as an IP one; all zero if it is none. */
static void store(gonet_ip_addr_t *to, const gonet_addr_t *addr)
{
    if (to == NULL)
        return;
    memset(to, 0, sizeof(*to));
    if (addr != NULL && addr->kind == GONET_ADDR_IP)
        *to = addr->ip;
}

ssize_t gonet_ip_conn_read_from_ip(gonet_ip_conn_t *c, void *p, size_t len, gonet_ip_addr_t *addr,
                                   gonet_error_t **err)
{
    gonet_addr_t from;
    ssize_t n;

    store(addr, NULL);
    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    n = read_from(c, p, len, &from, err);
    store(addr, &from);
    return n;
}

ssize_t gonet_ip_conn_read_msg_ip(gonet_ip_conn_t *c, void *b, size_t len, void *oob,
                                  size_t oob_len, size_t *oobn, int *flags, gonet_ip_addr_t *addr,
                                  gonet_error_t **err)
{
    gonet__sockaddr_t from;
    gonet_addr_t sender;
    struct iovec v = {.iov_base = b, .iov_len = len};
    struct msghdr msg = {.msg_name = &from.u,
                         .msg_namelen = sizeof(from.u),
                         .msg_iov = &v,
                         .msg_iovlen = 1,
                         .msg_control = oob_len > 0 ? oob : NULL,
                         .msg_controllen = oob_len};
    gonet__fail_t fail;
    ssize_t n;

    if (oobn != NULL)
        *oobn = 0;
    if (flags != NULL)
        *flags = 0;
    store(addr, NULL);
    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    n = gonet__fd_recvmsg(&c->sock.fd, &msg, 0, &fail);
    if (n < 0)
        return gonet__sock_fail(&c->sock, "read", GONET__SHAPE_BOTH, &fail, err);
    if (oobn != NULL)
        *oobn = msg.msg_controllen;
    if (flags != NULL)
        *flags = msg.msg_flags;
    gonet__sockaddr_to_addr(&from.u, msg.msg_namelen, SOCK_RAW, &sender);
    store(addr, &sender);
    return n;
}

/* The socket address of to. NULL, or the bare reason: c was dialed, no address, the wrong family
 * (behaviour 14.4). */
static gonet_error_t *make_target(const gonet_ip_conn_t *c, const gonet_ip_addr_t *to,
                                  gonet__sockaddr_t *sa)
{
    if (c->sock.fd.connected)
        return gonet_err_write_to_connected;
    if (to == NULL)
        return gonet__err_missing_address;
    return gonet__sockaddr_of_ip(sa, c->sock.fd.family, &to->ip, 0, to->zone);
}

/* What follows a send: n, or the error of its failure. */
static ssize_t sent(gonet_ip_conn_t *c, const gonet_addr_t *addr, ssize_t n,
                    const gonet__fail_t *fail, gonet_error_t **err)
{
    if (n >= 0)
        return n;
    (void)gonet__sock_write_failed(&c->sock, addr, gonet__fail_error(fail), err);
    gonet__fd_unhold(&c->sock.fd);
    return -1;
}

static ssize_t write_to(gonet_ip_conn_t *c, const void *p, size_t len, const gonet_ip_addr_t *to,
                        gonet_error_t **err)
{
    gonet_addr_t addr = gonet_ip_addr_as_addr(to);
    gonet__sockaddr_t sa;
    gonet__fail_t fail;
    gonet_error_t *e = make_target(c, to, &sa);
    ssize_t n;

    if (e != NULL)
        return gonet__sock_write_failed(&c->sock, &addr, e, err);
    n = gonet__fd_sendto(&c->sock.fd, p, len, &sa, &fail);
    return sent(c, &addr, n, &fail, err);
}

static ssize_t write_to_slot(void *self, const void *p, size_t len, const gonet_addr_t *addr,
                             gonet_error_t **err)
{
    const gonet_ip_addr_t *to = gonet_addr_as_ip(addr);

    if (to == NULL)
        return gonet__sock_write_failed(self, addr, gonet_errno_error(EINVAL), err);
    return write_to(self, p, len, to, err);
}

ssize_t gonet_ip_conn_write_to(gonet_ip_conn_t *c, const void *p, size_t len,
                               const gonet_addr_t *addr, gonet_error_t **err)
{
    return gonet_packet_conn_write_to((gonet_packet_conn_t *)c, p, len, addr, err);
}

ssize_t gonet_ip_conn_write_to_ip(gonet_ip_conn_t *c, const void *p, size_t len,
                                  const gonet_ip_addr_t *addr, gonet_error_t **err)
{
    gonet__error_clear(err);
    return c == NULL ? gonet__no_object(err) : write_to(c, p, len, addr, err);
}

ssize_t gonet_ip_conn_write_msg_ip(gonet_ip_conn_t *c, const void *b, size_t len, const void *oob,
                                   size_t oob_len, const gonet_ip_addr_t *addr, size_t *oobn,
                                   gonet_error_t **err)
{
    gonet_addr_t to = gonet_ip_addr_as_addr(addr);
    struct iovec v = {.iov_base = (void *)(uintptr_t)b, .iov_len = len};
    gonet__sockaddr_t sa;
    struct msghdr msg = {.msg_name = &sa.u,
                         .msg_iov = &v,
                         .msg_iovlen = 1,
                         .msg_control = oob_len > 0 ? (void *)(uintptr_t)oob : NULL,
                         .msg_controllen = oob_len};
    gonet_error_t *e;
    gonet__fail_t fail;
    ssize_t n;

    if (oobn != NULL)
        *oobn = 0;
    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    e = make_target(c, addr, &sa);
    if (e != NULL)
        return gonet__sock_write_failed(&c->sock, &to, e, err);
    msg.msg_namelen = sa.len;
    n = gonet__fd_sendmsg(&c->sock.fd, &msg, &fail);
    if (n >= 0 && oobn != NULL)
        *oobn = oob_len;
    return sent(c, &to, n, &fail, err);
}

const gonet_packet_conn_vtable_t gonet__ip_packet_vtable = {
    GONET__SOCK_PACKET_SLOTS, .read_from = read_from_slot, .write_to = write_to_slot};
