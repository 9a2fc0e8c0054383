/*
 * Writing to a descriptor. The writer holds the write lock until everything is out, so that
 * concurrent writes never interleave. SIGPIPE is never raised: send and sendmsg with MSG_NOSIGNAL
 * stand for write and writev, whose names the errors keep.
 */
#include "socket/fd_io.h"

#include <string.h>

#include "gonet/errno.h"
#include "socket/sys.h"

/* So many waits for a full receiver end at once, during which it may run; then it is looked at
 * after 1, 2, 4, …, 32 ms. */
#define WAITS_IN_VAIN  4
#define MOST_DOUBLINGS 5

bool gonet__fd_write_again(gonet__fd_t *fd, const char *syscall, gonet__fail_t *fail)
{
    if (errno == EINTR)
        return true;
    if (errno == EAGAIN)
        return gonet__fd_wait(fd, GONET__SIDE_WRITE, fail);
    gonet__fd_end_fail(fd, GONET__SIDE_WRITE, fail, GONET__FAIL_SYSCALL, syscall, errno);
    return false;
}

bool gonet__fd_send_again(gonet__fd_t *fd, unsigned *vain, const char *syscall, gonet__fail_t *fail)
{
    gonet__poll_status_t status;
    unsigned doublings;
    int errnum = 0;

    if (errno != EAGAIN || *vain < WAITS_IN_VAIN) {
        *vain += errno == EAGAIN;
        return gonet__fd_write_again(fd, syscall, fail);
    }
    doublings = (*vain)++ - WAITS_IN_VAIN;
    status = gonet__pd_pause(&fd->pd, GONET__SIDE_WRITE,
                             doublings < MOST_DOUBLINGS ? 1u << doublings : 1u << MOST_DOUBLINGS,
                             &errnum);
    return status == GONET__POLL_OK ||
           gonet__fd_wait_failed(fd, GONET__SIDE_WRITE, status, errnum, fail);
}

/* Takes n bytes off the front of the list; pieces that are empty by then go, too. */
static void consume(struct iovec **v, size_t *count, size_t n)
{
    while (*count > 0 && (*v)->iov_len <= n) {
        n -= (*v)->iov_len;
        (*v)++;
        (*count)--;
    }
    if (*count > 0) {
        (*v)->iov_base = (char *)(*v)->iov_base + n;
        (*v)->iov_len -= n;
    }
}

/* The next batch: empty pieces at its front are skipped, those in between do no harm. False:
 * nothing is left. */
static bool next_batch(struct msghdr *msg, struct iovec *v, size_t count)
{
    while (count > 0 && v->iov_len == 0) {
        v++;
        count--;
    }
    memset(msg, 0, sizeof(*msg));
    msg->msg_iov = v;
    msg->msg_iovlen = count < GONET__MAX_IOVEC ? count : GONET__MAX_IOVEC;
    return count > 0;
}

bool gonet__fd_writev(gonet__fd_t *fd, struct iovec **v, size_t *count, int64_t *n,
                      gonet__fail_t *fail)
{
    struct msghdr msg;

    *n = 0;
    if (!gonet__fd_begin(fd, GONET__SIDE_WRITE, fail))
        return false;
    while (next_batch(&msg, *v, *count)) {
        ssize_t sent = gonet__sys_sendmsg(fd->pd.fd, &msg);

        if (sent < 0) {
            if (!gonet__fd_write_again(fd, "writev", fail))
                return false;
            continue;
        }
        if (sent == 0) {
            gonet__fd_end_fail(fd, GONET__SIDE_WRITE, fail, GONET__FAIL_UNEXPECTED_EOF, NULL, 0);
            return false;
        }
        *n += sent;
        consume(v, count, (size_t)sent);
    }
    gonet__fd_end(fd, GONET__SIDE_WRITE);
    return true;
}
