/*
 * Messages with addresses and control data: recvfrom, recvmsg, sendto, sendmsg. One system call is
 * one message, so there is nothing to loop over but interruptions and waiting.
 */
#include "socket/fd_io.h"

#include <errno.h>

#include "socket/sys.h"

/* After a failed write with errno set: true to try again, false when the lock has been left. */
static bool again(gonet__fd_t *fd, const char *syscall, gonet__fail_t *fail)
{
    if (errno == EINTR)
        return true;
    if (errno == EAGAIN)
        return gonet__fd_wait(fd, GONET__SIDE_WRITE, fail);
    gonet__fd_end_fail(fd, GONET__SIDE_WRITE, fail, GONET__FAIL_SYSCALL, syscall, errno);
    return false;
}

/* What follows a received message: 0 bytes end a stream, although the call could carry more
 * (behaviour 9.19). */
static ssize_t received(gonet__fd_t *fd, ssize_t n, bool at_once, gonet__fail_t *fail)
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

ssize_t gonet__fd_recvfrom(gonet__fd_t *fd, void *p, size_t len, gonet__sockaddr_t *from,
                           gonet__fail_t *fail)
{
    bool at_once;
    ssize_t n;

    if (!gonet__fd_begin_read(fd, &at_once, fail))
        return -1;
    do {
        if (from != NULL)
            from->len = sizeof(from->u);
        n = gonet__sys_recvfrom(fd->pd.fd, p, len, from == NULL ? NULL : &from->u.sa,
                                from == NULL ? NULL : &from->len);
        if (n < 0 && !gonet__fd_read_again(fd, &at_once, "recvfrom", fail))
            return -1;
    } while (n < 0);
    return received(fd, n, at_once, fail);
}

ssize_t gonet__fd_recvmsg(gonet__fd_t *fd, struct msghdr *msg, int flags, gonet__fail_t *fail)
{
    const socklen_t name_len = msg->msg_namelen;
    const size_t control_len = msg->msg_controllen;
    bool at_once;
    ssize_t n;

    if (!gonet__fd_begin_read(fd, &at_once, fail))
        return -1;
    do {
        msg->msg_namelen = name_len;
        msg->msg_controllen = control_len;
        n = gonet__sys_recvmsg(fd->pd.fd, msg, flags);
        if (n < 0 && !gonet__fd_read_again(fd, &at_once, "recvmsg", fail))
            return -1;
    } while (n < 0);
    return received(fd, n, at_once, fail);
}

ssize_t gonet__fd_sendto(gonet__fd_t *fd, const void *p, size_t len, const gonet__sockaddr_t *to,
                         gonet__fail_t *fail)
{
    ssize_t n;

    if (!gonet__fd_begin(fd, GONET__SIDE_WRITE, fail))
        return -1;
    do {
        n = gonet__sockaddr_sendto(fd->pd.fd, p, len, to);
        if (n < 0 && !again(fd, "sendto", fail))
            return -1;
    } while (n < 0);
    gonet__fd_end(fd, GONET__SIDE_WRITE);
    return n;
}

ssize_t gonet__fd_sendmsg(gonet__fd_t *fd, const struct msghdr *msg, gonet__fail_t *fail)
{
    ssize_t n;

    if (!gonet__fd_begin(fd, GONET__SIDE_WRITE, fail))
        return -1;
    do {
        n = gonet__sys_sendmsg(fd->pd.fd, msg);
        if (n < 0 && !again(fd, "sendmsg", fail))
            return -1;
    } while (n < 0);
    gonet__fd_end(fd, GONET__SIDE_WRITE);
    return n;
}
