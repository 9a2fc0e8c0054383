/*
 * Reading from a descriptor. The reader holds the read lock during the whole call.
 *
 * After a short read a stream socket is known to be empty, so the next read waits before it tries:
 * waiting is level-triggered, and whatever has arrived meanwhile ends it at once. That holds until
 * the descriptor has been handed out, since its owner may set SO_RCVLOWAT.
 *
 * Of messages nobody knows whether there is another one. But where question follows answer there is
 * none, and an attempt that finds nothing costs a system call each time: after two of those the
 * socket is thought to be empty after each read, and every eighth attempt looks whether that is
 * still so. A wrong guess costs a turn of the loop.
 */
#include "socket/fd_io.h"

#include <errno.h>

#include "socket/scratch.h"
#include "socket/sys.h"

#define EMPTY_TWICE 2

/* Go's Read of an empty buffer: queues behind other readers, then finds nothing to do
 * (behaviour 9.10). */
static ssize_t read_nothing(gonet__fd_t *fd, gonet__fail_t *fail)
{
    if (!gonet__fd_begin_lock(fd, GONET__SIDE_READ, fail))
        return -1;
    gonet__fd_end(fd, GONET__SIDE_READ);
    return 0;
}

bool gonet__fd_read_again(gonet__fd_t *fd, bool *at_once, const char *syscall, gonet__fail_t *fail)
{
    if (errno == EINTR)
        return true;
    if (errno != EAGAIN) {
        gonet__fd_end_fail(fd, GONET__SIDE_READ, fail, GONET__FAIL_SYSCALL, syscall, errno);
        return false;
    }
    if (*at_once && fd->empties < EMPTY_TWICE)
        fd->empties++;
    *at_once = false;
    return gonet__fd_wait(fd, GONET__SIDE_READ, fail);
}

/* An error that may be there must be met by a read, not by a wait. */
void gonet__fd_guess(gonet__fd_t *fd, bool at_once)
{
    if (at_once) {
        fd->empties = 0;
    } else if (fd->empties >= EMPTY_TWICE) {
        fd->drained = fd->empties < EMPTY_TWICE + 7 && !fd->pd.side[GONET__SIDE_READ].error;
        fd->empties = fd->drained ? fd->empties + 1 : EMPTY_TWICE - 1;
    }
}

/* What follows a read that brought n >= 0 bytes for len > 0: the lock is left. */
static inline ssize_t read_done(gonet__fd_t *fd, ssize_t n, size_t len, bool at_once,
                                gonet__fail_t *fail)
{
    if (n == 0 && fd->zero_is_eof) {
        gonet__fd_end_fail(fd, GONET__SIDE_READ, fail, GONET__FAIL_EOF, NULL, 0);
        return -1;
    }
    if (fd->stream)
        fd->drained = (size_t)n < len;
    else
        gonet__fd_guess(fd, at_once);
    gonet__fd_end(fd, GONET__SIDE_READ);
    return n;
}

ssize_t gonet__fd_read(gonet__fd_t *fd, void *p, size_t len, gonet__fail_t *fail)
{
    bool at_once;
    ssize_t n;

    if (len == 0)
        return read_nothing(fd, fail);
    if (!gonet__fd_begin_read(fd, &at_once, fail))
        return -1;
    if (fd->stream && len > GONET__MAX_CHUNK)
        len = GONET__MAX_CHUNK;
    while ((n = gonet__sys_recv(fd->pd.fd, p, len)) < 0) {
        if (!gonet__fd_read_again(fd, &at_once, "read", fail))
            return -1;
    }
    return read_done(fd, n, len, at_once, fail);
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
    bool at_once;
    int errnum = 0;

    if (!gonet__fd_begin_read(fd, &at_once, fail))
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

ssize_t gonet__fd_read_lazy(gonet__fd_t *fd, size_t max, void **buffer, gonet__fail_t *fail)
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
            return read_done(fd, n, max, at_once, fail);
        if (!gonet__fd_read_again(fd, &at_once, "read", fail))
            return -1;
    }
    *buffer = p;
    return read_done(fd, n, max, at_once, fail);
}
