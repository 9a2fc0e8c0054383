/*
 * Accepting from a listening descriptor. Acceptors hold the read lock, so many of them are served
 * one after the other, and one of them at most waits.
 */
#include "socket/fd_io.h"

#include "gonet/errno.h"
#include "socket/sockopt.h"
#include "socket/sys.h"

/* Where accept4 is refused: what it would have set comes after. Another thread's fork may be
 * faster, so not when there is the other. */
static int accept_plainly(int sysfd, gonet__sockaddr_t *peer)
{
    int fd, flags, errnum;

    peer->len = sizeof(peer->u);
    fd = gonet__sys_accept(sysfd, &peer->u.sa, &peer->len);
    if (fd < 0)
        return -1;
    flags = gonet__sys_fcntl(fd, F_GETFL, 0);
    if (flags >= 0 && gonet__sys_fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
        gonet__sys_fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
        return fd;
    errnum = errno;
    (void)gonet__sys_close(fd);
    errno = errnum;
    return -1;
}

static int accept_one(int sysfd, gonet__sockaddr_t *peer)
{
    int fd;

    peer->len = sizeof(peer->u);
    fd = gonet__sys_accept4(sysfd, &peer->u.sa, &peer->len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 && gonet__sys_refused(errno) ? accept_plainly(sysfd, peer) : fd;
}

int gonet__fd_accept(gonet__fd_t *fd, gonet__sockaddr_t *peer, bool *exported, gonet__fail_t *fail)
{
    int sysfd;

    if (!gonet__fd_begin(fd, GONET__SIDE_READ, fail))
        return -1;
    for (;;) {
        sysfd = accept_one(fd->pd.fd, peer);
        if (sysfd >= 0)
            break;
        /* A connection that was gone before it was accepted is nobody's error. */
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (errno != EAGAIN) {
            gonet__fd_end_fail(fd, GONET__SIDE_READ, fail, GONET__FAIL_SYSCALL, "accept4", errno);
            return -1;
        }
        if (!gonet__fd_wait(fd, GONET__SIDE_READ, fail))
            return -1;
    }
    *exported = atomic_load(&fd->exported);
    gonet__fd_end(fd, GONET__SIDE_READ);
    return sysfd;
}

/* Nobody else has the descriptor, so the answers hold. */
void gonet__fd_inherit(gonet__fd_t *fd)
{
    int lowat = 0;
    socklen_t len = sizeof(lowat);

    if (gonet__sys_getsockopt(fd->pd.fd, SOL_SOCKET, SO_RCVLOWAT, &lowat, &len) < 0 || lowat != 1)
        atomic_store(&fd->exported, true);
    if (gonet__sockopt_lingers(fd->pd.fd))
        atomic_store(&fd->lingers, true);
}
