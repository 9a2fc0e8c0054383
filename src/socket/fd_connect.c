/*
 * Connecting a descriptor. connect(2) is called once; how it ended is told by SO_ERROR, and by
 * getpeername, since a wake-up alone may be spurious.
 */
#include "socket/fd_io.h"

#include "gonet/errno.h"
#include "socket/sys.h"

typedef enum { CONNECT_PENDING, CONNECT_DONE, CONNECT_FAILED } progress_t;

/* How far the connect that was started has come. CONNECT_FAILED: errno and *syscall say why. */
static progress_t look(const gonet__fd_t *fd, gonet__sockaddr_t *peer, const char **syscall)
{
    /* These have no connection to wait for, and, without a port, no peer that the kernel tells. */
    bool done = fd->sotype == SOCK_DGRAM || fd->sotype == SOCK_RAW;
    int sysfd = fd->pd.fd, value = 0;
    socklen_t len = sizeof(value);

    if (gonet__sys_getsockopt(sysfd, SOL_SOCKET, SO_ERROR, &value, &len) < 0) {
        *syscall = "getsockopt";
        return CONNECT_FAILED;
    }
    switch (value) {
    case EINPROGRESS:
    case EALREADY:
    case EINTR:
        return CONNECT_PENDING;
    case EISCONN:
        return CONNECT_DONE;
    case 0:
        peer->len = sizeof(peer->u);
        if (gonet__sys_getpeername(sysfd, &peer->u.sa, &peer->len) == 0)
            return CONNECT_DONE;
        peer->len = 0;
        return done ? CONNECT_DONE : CONNECT_PENDING;
    default:
        *syscall = "connect";
        errno = value;
        return CONNECT_FAILED;
    }
}

/*
 * Looks before it waits: over the loopback interface a connect has ended by now, and the descriptor
 * need not be watched at all.
 */
static bool await_connect(gonet__fd_t *fd, gonet__sockaddr_t *peer, gonet__fail_t *fail)
{
    const char *syscall = NULL;

    for (;;) {
        switch (look(fd, peer, &syscall)) {
        case CONNECT_DONE:
            return true;
        case CONNECT_FAILED:
            gonet__fd_end_fail(fd, GONET__SIDE_WRITE, fail, GONET__FAIL_SYSCALL, syscall, errno);
            return false;
        case CONNECT_PENDING:
            break;
        }
        if (!gonet__fd_wait(fd, GONET__SIDE_WRITE, fail))
            return false;
    }
}

bool gonet__fd_connect(gonet__fd_t *fd, const gonet__sockaddr_t *to, gonet__sockaddr_t *peer,
                       gonet__fail_t *fail)
{
    peer->len = 0;
    if (!gonet__fd_begin(fd, GONET__SIDE_WRITE, fail))
        return false;
    if (gonet__sockaddr_connect(fd->pd.fd, to) != 0 && errno != EISCONN) {
        if (errno != EINPROGRESS && errno != EALREADY && errno != EINTR) {
            gonet__fd_end_fail(fd, GONET__SIDE_WRITE, fail, GONET__FAIL_SYSCALL, "connect", errno);
            return false;
        }
        if (!await_connect(fd, peer, fail))
            return false;
    }
    gonet__fd_end(fd, GONET__SIDE_WRITE);
    return true;
}
