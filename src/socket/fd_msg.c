/*
 * Messages with control data. One system call is one message, so there is nothing to loop over but
 * interruptions and waiting.
 */
#include "socket/fd_inline.h"

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
    return gonet__fd_received(fd, n, at_once, fail);
}

ssize_t gonet__fd_sendmsg(gonet__fd_t *fd, const struct msghdr *msg, gonet__fail_t *fail)
{
    unsigned vain = 0;
    ssize_t n;

    if (!gonet__fd_begin(fd, GONET__SIDE_WRITE, fail))
        return -1;
    do {
        n = gonet__sys_sendmsg(fd->pd.fd, msg);
        if (n < 0 && !gonet__fd_send_again(fd, &vain, "sendmsg", fail))
            return -1;
    } while (n < 0);
    gonet__fd_end(fd, GONET__SIDE_WRITE);
    return n;
}
