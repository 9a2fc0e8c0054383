/*
 * The calls that busy connections make for each message: in the callers of their callers, so that
 * nothing lies between a connection's function and the kernel that would have to return (sys.h).
 * What happens rarely, and waiting, is elsewhere. See fd_io.h for how they end.
 */
#ifndef GONET_SOCKET_FD_INLINE_H
#define GONET_SOCKET_FD_INLINE_H

#include "base/compiler.h"
#include "socket/fd_io.h"
#include "socket/scratch.h"
#include "socket/sys.h"

/* gonet__fd_received follows a message of n >= 0 bytes: 0 end what is no datagram, although the
 * call could carry more (behaviour 9.19). The lock is left. */
static inline ssize_t gonet__fd_received(gonet__fd_t *fd, ssize_t n, bool at_once,
                                         gonet__fail_t *fail)
{
    if (n == 0 && fd->zero_is_eof) {
        gonet__fd_end_fail(fd, GONET__SIDE_READ, fail, GONET__FAIL_EOF, NULL, 0);
        return -1;
    }
    if (!fd->stream)
        gonet__fd_guess(fd, at_once);
    gonet__fd_end(fd, GONET__SIDE_READ);
    return n;
}

/* gonet__fd_was_read follows a read that brought n >= 0 bytes for len > 0: the lock is left. */
static inline ssize_t gonet__fd_was_read(gonet__fd_t *fd, ssize_t n, size_t len, bool at_once,
                                         gonet__fail_t *fail)
{
    if (fd->stream && n > 0)
        fd->drained = (size_t)n < len;
    return gonet__fd_received(fd, n, at_once, fail);
}

/* gonet__fd_read reads into p. The count, or -1: also at the end of a stream (GONET__FAIL_EOF, held
 * like the others). */
GONET__INLINE ssize_t gonet__fd_read(gonet__fd_t *fd, void *p, size_t len, gonet__fail_t *fail)
{
    bool at_once;
    ssize_t n;

    if (len == 0)
        return gonet__fd_read_nothing(fd, fail);
    if (!gonet__fd_begin_read(fd, &at_once, fail))
        return -1;
    if (fd->stream && len > GONET__MAX_CHUNK)
        len = GONET__MAX_CHUNK;
    while ((n = gonet__sys_recv(fd->pd.fd, p, len)) < 0) {
        if (!gonet__fd_read_again(fd, &at_once, "read", fail))
            return -1;
    }
    return gonet__fd_was_read(fd, n, len, at_once, fail);
}

/*
 * gonet__fd_read_lazy is gonet__fd_read of at most max bytes into a copy buffer (scratch.h, whose
 * size max must not exceed) that is fetched when there is something to read and given back before
 * waiting, so that an idle reader holds none. After a count > 0 *buffer is the caller's to give
 * back; otherwise it is NULL.
 */
GONET__INLINE ssize_t gonet__fd_read_lazy(gonet__fd_t *fd, size_t max, void **buffer,
                                          gonet__fail_t *fail)
{
    bool at_once;
    void *p;
    ssize_t n;

    *buffer = NULL;
    if (!gonet__fd_begin_read(fd, &at_once, fail))
        return -1;
    for (;;) {
        p = gonet__copy_buffer_get();
        if (p == NULL) {
            gonet__fd_end_fail(fd, GONET__SIDE_READ, fail, GONET__FAIL_NO_MEMORY, NULL, 0);
            return -1;
        }
        n = gonet__sys_recv(fd->pd.fd, p, max);
        if (n > 0)
            break;
        gonet__copy_buffer_put(p);
        if (n == 0)
            return gonet__fd_was_read(fd, n, max, at_once, fail);
        if (!gonet__fd_read_again(fd, &at_once, "read", fail))
            return -1;
    }
    *buffer = p;
    return gonet__fd_was_read(fd, n, max, at_once, fail);
}

/* gonet__fd_write writes all of p; *n is what was written, also on failure. */
GONET__INLINE bool gonet__fd_write(gonet__fd_t *fd, const void *p, size_t len, size_t *n,
                                   gonet__fail_t *fail)
{
    size_t done = 0;

    *n = 0;
    if (!gonet__fd_begin(fd, GONET__SIDE_WRITE, fail))
        return false;
    for (;;) {
        size_t chunk = len - done;
        ssize_t sent;

        if (fd->stream && chunk > GONET__MAX_CHUNK)
            chunk = GONET__MAX_CHUNK;
        sent = gonet__sys_send(fd->pd.fd, (const char *)p + done, chunk);
        if (sent < 0) {
            if (!gonet__fd_write_again(fd, "write", fail))
                return false;
            continue;
        }
        done += (size_t)sent;
        *n = done;
        if (done == len)
            break;
        if (sent == 0) {
            gonet__fd_end_fail(fd, GONET__SIDE_WRITE, fail, GONET__FAIL_UNEXPECTED_EOF, NULL, 0);
            return false;
        }
    }
    gonet__fd_end(fd, GONET__SIDE_WRITE);
    return true;
}

/* gonet__fd_recvfrom receives one message and its sender. The count, or -1. */
GONET__INLINE ssize_t gonet__fd_recvfrom(gonet__fd_t *fd, void *p, size_t len,
                                         gonet__sockaddr_t *from, gonet__fail_t *fail)
{
    bool at_once;
    ssize_t n;

    if (!gonet__fd_begin_read(fd, &at_once, fail))
        return -1;
    do {
        from->len = sizeof(from->u);
        n = gonet__sys_recvfrom(fd->pd.fd, p, len, &from->u.sa, &from->len);
        if (n < 0 && !gonet__fd_read_again(fd, &at_once, "recvfrom", fail))
            return -1;
    } while (n < 0);
    return gonet__fd_received(fd, n, at_once, fail);
}

/* gonet__fd_sendto sends one message. The count, or -1. */
GONET__INLINE ssize_t gonet__fd_sendto(gonet__fd_t *fd, const void *p, size_t len,
                                       const gonet__sockaddr_t *to, gonet__fail_t *fail)
{
    unsigned vain = 0;
    ssize_t n;

    if (!gonet__fd_begin(fd, GONET__SIDE_WRITE, fail))
        return -1;
    do {
        n = gonet__sockaddr_is_given(to) ? gonet__sys_sendto(fd->pd.fd, p, len, &to->u.sa, to->len)
                                         : -1;
        if (n < 0 && !gonet__fd_send_again(fd, &vain, "sendto", fail))
            return -1;
    } while (n < 0);
    gonet__fd_end(fd, GONET__SIDE_WRITE);
    return n;
}

#endif
