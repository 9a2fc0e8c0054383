/*
 * Accepting from a listening descriptor. Acceptors hold the read lock, so many of them are served
 * one after the other, and one of them at most waits.
 */
#include "socket/fd_io.h"

#include <sched.h>

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

/*
 * A thread that has accepted a connection asks before it tries to accept the next one: the kernel
 * makes a file before it looks for a connection, so an attempt in vain costs 2.2 us, the question
 * 0.25. And before it sleeps the tasks that it has started get the processor, if they share it:
 * else the next connection wakes the thread in the midst of them, for itself alone. That takes a
 * short connection from 1.35 to 1.09 of bare epoll's CPU time on two processors, from 1.36 to 1.30
 * on one. A task asks nobody: it would pay with a turn of its loop.
 */
static bool wait_as_thread(gonet__fd_t *fd, gonet__fail_t *fail)
{
    struct pollfd p = {.fd = fd->pd.fd, .events = POLLIN};

    if (gonet__task_current() != NULL || gonet__sys_poll(&p, 1) != 0)
        return true;
    (void)sched_yield();
    return gonet__fd_wait(fd, GONET__SIDE_READ, fail);
}

int gonet__fd_accept(gonet__fd_t *fd, gonet__sockaddr_t *peer, bool *exported, gonet__fail_t *fail)
{
    int sysfd;

    if (!gonet__fd_begin(fd, GONET__SIDE_READ, fail))
        return -1;
    if (fd->drained && !wait_as_thread(fd, fail))
        return -1;
    fd->drained = false;
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
    fd->drained = gonet__task_current() == NULL;
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
