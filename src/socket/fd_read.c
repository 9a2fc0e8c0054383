/*
 * Reading from a descriptor. The reader holds the read lock during the whole call.
 *
 * After a short read the socket is known to be empty, so the next read waits before it tries:
 * waiting is level-triggered, and whatever has arrived meanwhile ends it at once. That holds until
 * the descriptor has been handed out, since its owner may set SO_RCVLOWAT.
 */
#include "socket/fd_io.h"

#include <errno.h>

#include "socket/sys.h"

/* Go's Read of an empty buffer: queues behind other readers, then finds nothing to do
 * (behaviour 9.10). */
static ssize_t read_nothing(gonet__fd_t *fd, gonet__fail_t *fail)
{
    if (!gonet__fd_begin_lock(fd, GONET__SIDE_READ, fail))
        return -1;
    gonet__fd_end(fd, GONET__SIDE_READ);
    return 0;
}

static bool wait_first(gonet__fd_t *fd, gonet__fail_t *fail)
{
    fd->drained = false;
    if (atomic_load_explicit(&fd->exported, memory_order_relaxed))
        return true;
    return gonet__fd_wait(fd, GONET__SIDE_READ, fail);
}

/* What follows a read that brought n >= 0 bytes for len > 0: the lock is left. */
static inline ssize_t read_done(gonet__fd_t *fd, ssize_t n, size_t len, gonet__fail_t *fail)
{
    if (n == 0 && fd->zero_is_eof) {
        gonet__fd_end_fail(fd, GONET__SIDE_READ, fail, GONET__FAIL_EOF, NULL, 0);
        return -1;
    }
    if (fd->stream)
        fd->drained = (size_t)n < len;
    gonet__fd_end(fd, GONET__SIDE_READ);
    return n;
}

ssize_t gonet__fd_read(gonet__fd_t *fd, void *p, size_t len, gonet__fail_t *fail)
{
    ssize_t n;

    if (len == 0)
        return read_nothing(fd, fail);
    if (!gonet__fd_begin(fd, GONET__SIDE_READ, fail))
        return -1;
    if (fd->drained && !wait_first(fd, fail))
        return -1;
    if (fd->stream && len > GONET__MAX_CHUNK)
        len = GONET__MAX_CHUNK;
    while ((n = gonet__sys_recv(fd->pd.fd, p, len)) < 0) {
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN) {
            gonet__fd_end_fail(fd, GONET__SIDE_READ, fail, GONET__FAIL_SYSCALL, "read", errno);
            return -1;
        }
        if (!gonet__fd_wait(fd, GONET__SIDE_READ, fail))
            return -1;
    }
    return read_done(fd, n, len, fail);
}

/* Whatever poll(2) reports ends a read: data, the end, an error, and an error queue alone, too. */
static bool is_readable(int sysfd, int *errnum)
{
    struct pollfd p = {.fd = sysfd, .events = POLLIN};
    int n;

    do
        n = gonet__sys_poll(&p, 1);
    while (n < 0 && errno == EINTR);
    *errnum = n < 0 ? errno : 0;
    return n > 0;
}

/*
 * The kernel is asked after each wait, since waits may end for nothing; and before the first one,
 * unless the socket is known to be empty. A readable socket is not: the read to come must not wait.
 */
bool gonet__fd_wait_readable(gonet__fd_t *fd, gonet__fail_t *fail)
{
    int errnum = 0;

    if (!gonet__fd_begin(fd, GONET__SIDE_READ, fail))
        return false;
    if (fd->drained && !wait_first(fd, fail))
        return false;
    while (!is_readable(fd->pd.fd, &errnum)) {
        if (errnum != 0) {
            gonet__fd_end_fail(fd, GONET__SIDE_READ, fail, GONET__FAIL_SYSCALL, "poll", errnum);
            return false;
        }
        if (!gonet__fd_wait(fd, GONET__SIDE_READ, fail))
            return false;
    }
    gonet__fd_end(fd, GONET__SIDE_READ);
    return true;
}

/* One attempt with a fetched buffer: a count > 0 leaves it with the caller, anything else gives it
 * back. */
static ssize_t try_lazy(gonet__fd_t *fd, gonet__lazy_buf_t *buf, size_t *len, int *errnum)
{
    void *p = buf->get(buf, len);
    ssize_t n;

    if (p == NULL) {
        *errnum = ENOMEM;
        return -1;
    }
    do
        n = gonet__sys_recv(fd->pd.fd, p, *len);
    while (n < 0 && errno == EINTR);
    *errnum = n < 0 ? errno : 0;
    if (n <= 0)
        buf->put(buf);
    return n;
}

ssize_t gonet__fd_read_lazy(gonet__fd_t *fd, gonet__lazy_buf_t *buf, gonet__fail_t *fail)
{
    size_t len = 0;
    ssize_t n;
    int errnum;

    if (!gonet__fd_begin(fd, GONET__SIDE_READ, fail))
        return -1;
    if (fd->drained && !wait_first(fd, fail))
        return -1;
    while ((n = try_lazy(fd, buf, &len, &errnum)) < 0) {
        if (errnum != EAGAIN) {
            gonet__fd_end_fail(fd, GONET__SIDE_READ, fail,
                               len == 0 ? GONET__FAIL_NO_MEMORY : GONET__FAIL_SYSCALL, "read",
                               errnum);
            return -1;
        }
        if (!gonet__fd_wait(fd, GONET__SIDE_READ, fail))
            return -1;
    }
    return read_done(fd, n, len, fail);
}
