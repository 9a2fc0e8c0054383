/*
 * Reading from a descriptor. The reader holds the read lock during the whole call.
 *
 * After a short read a stream socket is known to be empty, so the next read waits before it tries:
 * waiting is level-triggered, and whatever has arrived meanwhile ends it at once. Not where others
 * may have set SO_RCVLOWAT, so that few bytes are there and nobody is told: on a descriptor that
 * came from outside or was handed out, and on one that has it from its listener.
 *
 * Of messages nobody knows whether there is another one, and an attempt that finds nothing costs a
 * system call. But they come in runs, and so do the waits for them: after such an attempt the next
 * few reads wait first, after another one twice as many, until one finds a message at once. A wrong
 * guess costs a turn of the loop.
 */
#include "socket/fd_io.h"

#include "gonet/errno.h"
#include "socket/sys.h"

/* Go's Read of an empty buffer: queues behind other readers, then finds nothing to do
 * (behaviour 9.10). */
ssize_t gonet__fd_read_nothing(gonet__fd_t *fd, gonet__fail_t *fail)
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
    if (*at_once && !fd->stream) {
        fd->skip = fd->next_skip;
        if (fd->next_skip < GONET__SKIP_MOST)
            fd->next_skip *= 2;
    }
    *at_once = false;
    return gonet__fd_wait(fd, GONET__SIDE_READ, fail);
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
