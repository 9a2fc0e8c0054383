/*
 * Reading, writing, accepting and connecting on one descriptor: try the system call, wait when it
 * would block, try again. Those that each message needs are in fd_inline.h.
 *
 * All of these return with their lock released. On failure they fill fail, and one memory reference
 * is held (see fd.h). On success they don't touch fd after the lock is released.
 */
#ifndef GONET_SOCKET_FD_IO_H
#define GONET_SOCKET_FD_IO_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "socket/fd_lock.h"
#include "socket/sockaddr.h"

/* The most that one system call moves on a stream socket. */
#define GONET__MAX_CHUNK ((size_t)1 << 30)

/* The most pieces that one writev takes. */
#define GONET__MAX_IOVEC 1024

/*
 * gonet__fd_begin_read begins a read, and waits first if the socket is known or thought to be
 * empty. *at_once: it has not waited. False: fail, held.
 */
static inline bool gonet__fd_begin_read(gonet__fd_t *fd, bool *at_once, gonet__fail_t *fail)
{
    gonet__poll_status_t status;
    int errnum = 0;

    if (!gonet__fd_begin(fd, GONET__SIDE_READ, fail))
        return false;
    *at_once = !fd->drained;
    if (*at_once)
        return true;
    fd->drained = false;
    if (atomic_load_explicit(&fd->exported, memory_order_relaxed))
        return true;
    status = gonet__pd_wait(&fd->pd, GONET__SIDE_READ, &errnum);
    /* Who may not wait tries: something may be there. */
    return status == GONET__POLL_OK || status == GONET__POLL_REFUSED ||
           gonet__fd_wait_failed(fd, GONET__SIDE_READ, status, errnum, fail);
}

/*
 * gonet__fd_read_again follows a failed system call, with errno set: true to try again (*at_once is
 * false then, if it has waited), false when the lock has been left.
 */
bool gonet__fd_read_again(gonet__fd_t *fd, bool *at_once, const char *syscall, gonet__fail_t *fail);

/* gonet__fd_write_again is the same for writes. */
GONET__COLD bool gonet__fd_write_again(gonet__fd_t *fd, const char *syscall, gonet__fail_t *fail);

/*
 * gonet__fd_send_again is the same for messages to somewhere. *vain, 0 at first, counts the
 * attempts in vain: of a full receiver (unixgram) the sender's readiness knows nothing, so after a
 * few waits that ended at once it is asked again in pauses that grow.
 */
GONET__COLD bool gonet__fd_send_again(gonet__fd_t *fd, unsigned *vain, const char *syscall,
                                      gonet__fail_t *fail);

/* gonet__fd_read_nothing is the read of 0 bytes: 0, or -1. */
GONET__COLD ssize_t gonet__fd_read_nothing(gonet__fd_t *fd, gonet__fail_t *fail);

/*
 * gonet__fd_guess follows the read of a message, before the lock is left: is there another one? An
 * error that may be there must be met by a read, not by a wait.
 */
static inline void gonet__fd_guess(gonet__fd_t *fd, bool at_once)
{
    if (at_once) {
        fd->next_skip = GONET__SKIP_FIRST;
    } else if (fd->skip > 0 && !fd->pd.side[GONET__SIDE_READ].error) {
        fd->skip--;
        fd->drained = true;
    }
}

/* gonet__fd_wait_readable waits until a read would not wait, and reads nothing. Errors of the
 * socket itself are left to the read. */
bool gonet__fd_wait_readable(gonet__fd_t *fd, gonet__fail_t *fail);

/*
 * gonet__fd_writev writes the pieces that *v and *count say, moving both on as bytes go out
 * (behaviour 18); *n is what was written, also on failure.
 */
bool gonet__fd_writev(gonet__fd_t *fd, struct iovec **v, size_t *count, int64_t *n,
                      gonet__fail_t *fail);

/*
 * gonet__fd_accept returns a new descriptor (non-blocking, close-on-exec) and its peer, or -1.
 * *exported: others may have set options of fd, which the new one has inherited; then
 * gonet__fd_inherit is to be called for it.
 */
int gonet__fd_accept(gonet__fd_t *fd, gonet__sockaddr_t *peer, bool *exported, gonet__fail_t *fail);

/* gonet__fd_inherit finds out which of the options that matter here fd, fresh from an accept, has
 * got from its listener. */
void gonet__fd_inherit(gonet__fd_t *fd);

/*
 * gonet__fd_connect connects and waits until that has ended or the write deadline passes. peer is
 * what getpeername said, or of length 0 if nobody asked it.
 */
bool gonet__fd_connect(gonet__fd_t *fd, const gonet__sockaddr_t *to, gonet__sockaddr_t *peer,
                       gonet__fail_t *fail);

/* gonet__fd_recvmsg receives as msg says, with these flags; msg's results are the kernel's. */
ssize_t gonet__fd_recvmsg(gonet__fd_t *fd, struct msghdr *msg, int flags, gonet__fail_t *fail);

/* gonet__fd_sendmsg sends what msg says. The count, or -1. */
ssize_t gonet__fd_sendmsg(gonet__fd_t *fd, const struct msghdr *msg, gonet__fail_t *fail);

/*
 * gonet__fd_recvmmsg waits for a message, and receives what else is there into the n headers of v,
 * whose results are the kernel's. The count, at least 1, or -1.
 */
int gonet__fd_recvmmsg(gonet__fd_t *fd, struct mmsghdr *v, unsigned n, gonet__fail_t *fail);

/*
 * gonet__fd_sendmmsg sends the first few of n messages, at least one, waiting for room if need be.
 * Only for the holder of the write lock (gonet__fd_begin), who keeps it. The count, and *errnum
 * EAGAIN if it waited, else 0; or 0 with *errnum: the first message failed; or -1: the wait failed,
 * and the lock has been left.
 */
int gonet__fd_sendmmsg(gonet__fd_t *fd, struct mmsghdr *v, unsigned n, int *errnum,
                       gonet__fail_t *fail);

/* gonet__fd_shutdown shuts down SHUT_RD or SHUT_WR. */
bool gonet__fd_shutdown(gonet__fd_t *fd, int how, gonet__fail_t *fail);

/* gonet__fd_dup returns a duplicate (close-on-exec), or -1; the readiness of fd can't be concluded
 * any more. */
int gonet__fd_dup(gonet__fd_t *fd, gonet__fail_t *fail);

#endif
