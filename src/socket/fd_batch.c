/*
 * Many messages with one system call. The kernel goes through them one by one and stops at the
 * first that fails: of an error behind a message that went well it tells nothing but the count
 * (receiving, it keeps the error for the next call; sending, it does not). Where these calls are
 * refused, messages go one by one; if it was the first message that was refused, it says so itself.
 *
 * Errors carry the name of the call for one message, as those of single messages do.
 */
#include "socket/fd_io.h"

#include "gonet/errno.h"
#include "socket/sys.h"

/* EINVAL is about a message. */
static bool calls_are_refused(int errnum)
{
    return errnum != EINVAL && gonet__sys_refused(errnum);
}

static int receive_one(int sysfd, struct mmsghdr *v)
{
    ssize_t n = gonet__sys_recvmsg(sysfd, &v->msg_hdr, MSG_DONTWAIT);

    if (n < 0)
        return -1;
    v->msg_len = (unsigned)n;
    return 1;
}

int gonet__fd_recvmmsg(gonet__fd_t *fd, struct mmsghdr *v, unsigned n, gonet__fail_t *fail)
{
    const unsigned wanted = n;
    bool at_once;
    int count;

    if (!gonet__fd_begin_read(fd, &at_once, fail))
        return -1;
    do {
        count = n == 1 ? receive_one(fd->pd.fd, v) : gonet__sys_recvmmsg(fd->pd.fd, v, n);
        if (count < 0 && n > 1 && calls_are_refused(errno))
            n = 1;
        else if (count < 0 && !gonet__fd_read_again(fd, &at_once, "recvmsg", fail))
            return -1;
    } while (count < 0);
    if (wanted == 1)
        gonet__fd_guess(fd, at_once);
    else if (n > 1 && !fd->pd.side[GONET__SIDE_READ].error)
        fd->drained = (unsigned)count < n;
    gonet__fd_end(fd, GONET__SIDE_READ);
    return count;
}

static int send_one(int sysfd, struct mmsghdr *v)
{
    ssize_t n = gonet__sys_sendmsg(sysfd, &v->msg_hdr);

    if (n < 0)
        return -1;
    v->msg_len = (unsigned)n;
    return 1;
}

int gonet__fd_sendmmsg(gonet__fd_t *fd, struct mmsghdr *v, unsigned n, int *errnum,
                       gonet__fail_t *fail)
{
    *errnum = 0;
    for (;;) {
        int count = n == 1 ? send_one(fd->pd.fd, v) : gonet__sys_sendmmsg(fd->pd.fd, v, n);

        if (count > 0)
            return count;
        if (errno == EINTR)
            continue;
        if (n > 1 && calls_are_refused(errno)) {
            n = 1;
            continue;
        }
        *errnum = errno;
        if (errno != EAGAIN)
            return 0;
        if (!gonet__fd_wait(fd, GONET__SIDE_WRITE, fail))
            return -1;
    }
}
