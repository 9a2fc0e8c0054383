/*
 * Messages on unix sockets: with the names of their ends, and with control data. Which calls a
 * socket offers depends on how it was made, not on what the kernel would do (behaviour 15.12,
 * 15.13).
 */
#include <string.h>

#include "conn/typed.h"
#include "conn/unixsock.h"
#include "gonet/errno.h"
#include "socket/fd_inline.h"

/* The end of a stream is told by an OpError, too, but as a count of 0 (behaviour 1.31). */
static ssize_t read_failed(gonet_unix_conn_t *c, const gonet__fail_t *fail, gonet_error_t **err)
{
    ssize_t result = fail->kind == GONET__FAIL_EOF ? 0 : -1;

    (void)gonet__sock_fail(&c->sock, "read", GONET__SHAPE_BOTH, fail, err);
    return result;
}

static ssize_t read_from(gonet_unix_conn_t *c, void *p, size_t len, gonet_addr_t *addr,
                         gonet_error_t **err)
{
    int sotype = c->sock.fd.sotype;
    gonet__sockaddr_t from;
    gonet__fail_t fail;
    ssize_t n = gonet__fd_recvfrom(&c->sock.fd, p, len, &from, &fail);

    memset(addr, 0, sizeof(*addr));
    if (n < 0)
        return read_failed(c, &fail, err);
    gonet__sockaddr_to_addr(&from.u, from.len, sotype, addr);
    return n;
}

static ssize_t read_from_slot(void *self, void *p, size_t len, gonet_addr_t *addr,
                              gonet_error_t **err)
{
    return read_from(self, p, len, addr, err);
}

ssize_t gonet_unix_conn_read_from(gonet_unix_conn_t *c, void *p, size_t len, gonet_addr_t *addr,
                                  gonet_error_t **err)
{
    return gonet_packet_conn_read_from((gonet_packet_conn_t *)c, p, len, addr, err);
}

/* Stores an address as a unix one; all zero if it is none. */
static void store(gonet_unix_addr_t *to, const gonet_addr_t *addr)
{
    if (to == NULL)
        return;
    memset(to, 0, sizeof(*to));
    if (addr != NULL && addr->kind == GONET_ADDR_UNIX)
        *to = addr->unix_;
}

ssize_t gonet_unix_conn_read_from_unix(gonet_unix_conn_t *c, void *p, size_t len,
                                       gonet_unix_addr_t *addr, gonet_error_t **err)
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

/* The socket address of to, which must be of c's network; NULL, or the bare reason. */
static gonet_error_t *make_target(const gonet_unix_conn_t *c, const gonet_unix_addr_t *to,
                                  gonet__sockaddr_t *sa)
{
    if (strcmp(to->net, gonet__unix_net(c->sock.fd.sotype)) != 0)
        return gonet_errno_error(EAFNOSUPPORT);
    gonet__sockaddr_of_unix(sa, to->name);
    return NULL;
}

static ssize_t write_to(gonet_unix_conn_t *c, const void *p, size_t len,
                        const gonet_unix_addr_t *to, gonet_error_t **err)
{
    gonet_addr_t addr = gonet_unix_addr_as_addr(to);
    gonet_error_t *e;
    gonet__sockaddr_t sa;
    gonet__fail_t fail;
    ssize_t n;

    if (c->sock.fd.connected)
        return gonet__sock_write_failed(&c->sock, &addr, gonet_err_write_to_connected, err);
    if (to == NULL)
        return gonet__sock_write_failed(&c->sock, &addr, gonet__err_missing_address, err);
    e = make_target(c, to, &sa);
    if (e != NULL)
        return gonet__sock_write_failed(&c->sock, &addr, e, err);
    n = gonet__fd_sendto(&c->sock.fd, p, len, &sa, &fail);
    if (n >= 0)
        return n;
    (void)gonet__sock_write_failed(&c->sock, &addr, gonet__fail_error(&fail), err);
    gonet__fd_unhold(&c->sock.fd);
    return -1;
}

static ssize_t write_to_slot(void *self, const void *p, size_t len, const gonet_addr_t *addr,
                             gonet_error_t **err)
{
    const gonet_unix_addr_t *to = gonet_addr_as_unix(addr);

    if (to == NULL)
        return gonet__sock_write_failed(self, addr, gonet_errno_error(EINVAL), err);
    return write_to(self, p, len, to, err);
}

ssize_t gonet_unix_conn_write_to(gonet_unix_conn_t *c, const void *p, size_t len,
                                 const gonet_addr_t *addr, gonet_error_t **err)
{
    return gonet_packet_conn_write_to((gonet_packet_conn_t *)c, p, len, addr, err);
}

ssize_t gonet_unix_conn_write_to_unix(gonet_unix_conn_t *c, const void *p, size_t len,
                                      const gonet_unix_addr_t *addr, gonet_error_t **err)
{
    gonet__error_clear(err);
    return c == NULL ? gonet__no_object(err) : write_to(c, p, len, addr, err);
}

/* A message of control data alone needs a byte to go with, but for datagrams (behaviour 15.15). */
static bool needs_byte(const gonet_unix_conn_t *c, size_t len, size_t oob_len)
{
    return len == 0 && oob_len > 0 && c->sock.fd.sotype != SOCK_DGRAM;
}

ssize_t gonet_unix_conn_read_msg_unix(gonet_unix_conn_t *c, void *b, size_t len, void *oob,
                                      size_t oob_len, size_t *oobn, int *flags,
                                      gonet_unix_addr_t *addr, gonet_error_t **err)
{
    gonet__sockaddr_t from;
    gonet_addr_t sender;
    char dummy;
    struct iovec v = {.iov_base = b, .iov_len = len};
    struct msghdr msg = {.msg_name = &from.u,
                         .msg_namelen = sizeof(from.u),
                         .msg_iov = &v,
                         .msg_iovlen = 1,
                         .msg_control = oob_len > 0 ? oob : NULL,
                         .msg_controllen = oob_len};
    size_t no_oob;
    int no_flags, sotype;
    gonet__fail_t fail;
    ssize_t n;

    oobn = oobn == NULL ? &no_oob : oobn;
    flags = flags == NULL ? &no_flags : flags;
    *oobn = 0;
    *flags = 0;
    store(addr, NULL);
    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    sotype = c->sock.fd.sotype;
    if (needs_byte(c, len, oob_len))
        v = (struct iovec){.iov_base = &dummy, .iov_len = 1};
    n = gonet__fd_recvmsg(&c->sock.fd, &msg, MSG_CMSG_CLOEXEC, &fail);
    if (n < 0)
        return read_failed(c, &fail, err);
    *oobn = msg.msg_controllen;
    *flags = msg.msg_flags;
    gonet__sockaddr_to_addr(&from.u, msg.msg_namelen, sotype, &sender);
    store(addr, &sender);
    return n;
}

/* Where a message with control data goes: sa of length 0 is nowhere said. NULL, or the reason. */
static gonet_error_t *make_msg_target(const gonet_unix_conn_t *c, const gonet_unix_addr_t *to,
                                      gonet__sockaddr_t *sa)
{
    gonet_error_t *e = NULL;

    sa->len = 0;
    if (c->sock.fd.sotype == SOCK_DGRAM && c->sock.fd.connected)
        return gonet_err_write_to_connected;
    if (to != NULL)
        e = make_target(c, to, sa);
    /* The kernel would take a name too long for none. */
    if (to != NULL && e == NULL && sa->len == 0)
        e = gonet_syscall_error_new("sendmsg", EINVAL);
    return e;
}

static ssize_t send_msg(gonet_unix_conn_t *c, struct iovec *v, const void *oob, size_t oob_len,
                        gonet__sockaddr_t *sa, gonet__fail_t *fail)
{
    struct msghdr msg = {.msg_iov = v,
                         .msg_iovlen = 1,
                         .msg_control = oob_len > 0 ? (void *)(uintptr_t)oob : NULL,
                         .msg_controllen = oob_len};

    if (sa->len > 0) {
        msg.msg_name = &sa->u;
        msg.msg_namelen = sa->len;
    }
    return gonet__fd_sendmsg(&c->sock.fd, &msg, fail);
}

ssize_t gonet_unix_conn_write_msg_unix(gonet_unix_conn_t *c, const void *b, size_t len,
                                       const void *oob, size_t oob_len,
                                       const gonet_unix_addr_t *addr, size_t *oobn,
                                       gonet_error_t **err)
{
    gonet_addr_t to = gonet_unix_addr_as_addr(addr);
    char dummy = '\0';
    struct iovec v = {.iov_base = (void *)(uintptr_t)b, .iov_len = len};
    gonet__sockaddr_t sa;
    gonet_error_t *e;
    gonet__fail_t fail;
    ssize_t n;

    if (oobn != NULL)
        *oobn = 0;
    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    e = make_msg_target(c, addr, &sa);
    if (e != NULL)
        return gonet__sock_write_failed(&c->sock, &to, e, err);
    if (needs_byte(c, len, oob_len))
        v = (struct iovec){.iov_base = &dummy, .iov_len = 1};
    n = send_msg(c, &v, oob, oob_len, &sa, &fail);
    if (n < 0) {
        (void)gonet__sock_write_failed(&c->sock, &to, gonet__fail_error(&fail), err);
        gonet__fd_unhold(&c->sock.fd);
        return -1;
    }
    if (oobn != NULL)
        *oobn = oob_len;
    return len == 0 ? 0 : n;
}

const gonet_packet_conn_vtable_t gonet__unix_packet_vtable = {
    GONET__SOCK_PACKET_SLOTS, .read_from = read_from_slot, .write_to = write_to_slot};
