/*
 * The system-call seam: every system call of this layer goes through here. In release builds each
 * function is the libc call and nothing else; in test builds (GONET_TEST_HOOKS) the n-th one can be
 * made to fail.
 */
#ifndef GONET_SOCKET_SYS_H
#define GONET_SOCKET_SYS_H

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fd.h"
#include "gonet/errno.h"

typedef enum {
    GONET__SYS_ANY = 0,
    GONET__SYS_SOCKET,
    GONET__SYS_BIND,
    GONET__SYS_LISTEN,
    GONET__SYS_CONNECT,
    GONET__SYS_ACCEPT,
    GONET__SYS_GETSOCKNAME,
    GONET__SYS_GETPEERNAME,
    GONET__SYS_GETSOCKOPT,
    GONET__SYS_SETSOCKOPT,
    GONET__SYS_READ,
    GONET__SYS_WRITE,
    GONET__SYS_RECVMSG,
    GONET__SYS_SENDMSG,
    GONET__SYS_RECVMMSG,
    GONET__SYS_SENDMMSG,
    GONET__SYS_SENDFILE,
    GONET__SYS_SPLICE,
    GONET__SYS_PIPE,
    GONET__SYS_SHUTDOWN,
    GONET__SYS_FCNTL,
    GONET__SYS_POLL,
    GONET__SYS_CLOSE
} gonet__sys_call_t;

#ifdef GONET_TEST_HOOKS
/* gonet__sys_fail_at lets the n-th call of this kind from now (1 is the next) fail with errnum; n
 * == 0 ends it. */
void gonet__sys_fail_at(gonet__sys_call_t call, long n, int errnum);

/* gonet__sys_failed says how many calls were made to fail since the last gonet__sys_fail_at. */
long gonet__sys_failed(void);

/* gonet__sys_left says how many calls of this kind are left until the one that is to fail. */
long gonet__sys_left(void);

/* gonet__sys_fails counts a call, and says whether it is to fail: errno is then set. */
bool gonet__sys_fails(gonet__sys_call_t call);

#define GONET__SYS(name, call) (gonet__sys_fails(GONET__SYS_##name) ? -1 : (call))
#else
#define GONET__SYS(name, call) (call)
#endif

/*
 * libc's recv and send are cancellation points: in a program with threads each call switches
 * asynchronous cancellation on and off, which costs more than all of our locking. These never
 * block, so there is nothing to cancel. The sanitizers want to see libc's.
 *
 * Where we know how, not even libc's syscall is called: coming back from the kernel the processor
 * does not know any more where to return to, and each function that was entered for the call has
 * its return mispredicted. Tests want to see syscall, to make it fail, unless
 * GONET_INLINE_SYSCALLS is defined.
 */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || !defined(SYS_recvfrom) || \
    !defined(SYS_sendto)
#define GONET__RECV(fd, p, len)                        recv(fd, p, len, 0)
#define GONET__SEND(fd, p, len)                        send(fd, p, len, MSG_NOSIGNAL)
#define GONET__RECVFROM(fd, p, len, flags, sa, sa_len) recvfrom(fd, p, len, flags, sa, sa_len)
#define GONET__SENDTO(fd, p, len, flags, sa, sa_len)   sendto(fd, p, len, flags, sa, sa_len)
#elif defined(__x86_64__) && defined(__LP64__) && \
    (!defined(GONET_TEST_HOOKS) || defined(GONET_INLINE_SYSCALLS))
static inline long gonet__sys_kernel(long number, int fd, const void *p, size_t len, int flags,
                                     const void *sa, uintptr_t sa_len)
{
    register long r10 __asm__("r10") = flags;
    register const void *r8 __asm__("r8") = sa;
    register uintptr_t r9 __asm__("r9") = sa_len;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"((long)fd), "S"(p), "d"(len), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory", "cc");
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}
#define GONET__RECVFROM(fd, p, len, flags, sa, sa_len) \
    gonet__sys_kernel(SYS_recvfrom, fd, p, len, flags, sa, (uintptr_t)(sa_len))
#define GONET__SENDTO(fd, p, len, flags, sa, sa_len) \
    gonet__sys_kernel(SYS_sendto, fd, p, len, flags, sa, sa_len)
#else
#define GONET__RECVFROM(fd, p, len, flags, sa, sa_len) \
    syscall(SYS_recvfrom, fd, p, len, flags, sa, sa_len)
#define GONET__SENDTO(fd, p, len, flags, sa, sa_len) \
    syscall(SYS_sendto, fd, p, len, flags, sa, sa_len)
#endif
#ifndef GONET__RECV
#define GONET__RECV(fd, p, len) GONET__RECVFROM(fd, p, len, 0, NULL, NULL)
#define GONET__SEND(fd, p, len) GONET__SENDTO(fd, p, len, MSG_NOSIGNAL, NULL, 0)
#endif

static inline int gonet__sys_socket(int family, int type, int proto)
{
    return GONET__SYS(SOCKET, gonet__fd_socket(family, type, proto));
}

static inline int gonet__sys_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
    return GONET__SYS(BIND, bind(fd, sa, len));
}

static inline int gonet__sys_listen(int fd, int backlog)
{
    return GONET__SYS(LISTEN, listen(fd, backlog));
}

/* A connect that is made to be interrupted goes on in the kernel, as a real one does. */
static inline int gonet__sys_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
#ifdef GONET_TEST_HOOKS
    if (gonet__sys_fails(GONET__SYS_CONNECT)) {
        if (errno == EINTR) {
            (void)connect(fd, sa, len);
            errno = EINTR;
        }
        return -1;
    }
#endif
    return connect(fd, sa, len);
}

static inline int gonet__sys_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
    return GONET__SYS(ACCEPT, gonet__fd_lift(accept4(fd, sa, len, flags)));
}

/* For where accept4 is refused. */
static inline int gonet__sys_accept(int fd, struct sockaddr *sa, socklen_t *len)
{
    return GONET__SYS(ACCEPT, gonet__fd_lift(accept(fd, sa, len)));
}

static inline int gonet__sys_getsockname(int fd, struct sockaddr *sa, socklen_t *len)
{
    return GONET__SYS(GETSOCKNAME, getsockname(fd, sa, len));
}

static inline int gonet__sys_getpeername(int fd, struct sockaddr *sa, socklen_t *len)
{
    return GONET__SYS(GETPEERNAME, getpeername(fd, sa, len));
}

static inline int gonet__sys_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    return GONET__SYS(GETSOCKOPT, getsockopt(fd, level, name, value, len));
}

static inline int gonet__sys_setsockopt(int fd, int level, int name, const void *value,
                                        socklen_t len)
{
    return GONET__SYS(SETSOCKOPT, setsockopt(fd, level, name, value, len));
}

static inline ssize_t gonet__sys_read(int fd, void *p, size_t len)
{
    return GONET__SYS(READ, read(fd, p, len));
}

/* Like read, but never blocking, whatever the file's flags say. */
static inline ssize_t gonet__sys_read_nowait(int fd, void *p, size_t len)
{
    struct iovec v = {.iov_base = p, .iov_len = len};

    return GONET__SYS(READ, preadv2(fd, &v, 1, -1, RWF_NOWAIT));
}

static inline ssize_t gonet__sys_recv(int fd, void *p, size_t len)
{
    return GONET__SYS(READ, GONET__RECV(fd, p, len));
}

static inline ssize_t gonet__sys_write(int fd, const void *p, size_t len)
{
    return GONET__SYS(WRITE, write(fd, p, len));
}

/* Like write, but never blocking. */
static inline ssize_t gonet__sys_write_nowait(int fd, const void *p, size_t len)
{
    struct iovec v = {.iov_base = (void *)p, .iov_len = len};

    return GONET__SYS(WRITE, pwritev2(fd, &v, 1, -1, RWF_NOWAIT));
}

static inline ssize_t gonet__sys_send(int fd, const void *p, size_t len)
{
    return GONET__SYS(WRITE, GONET__SEND(fd, p, len));
}

static inline ssize_t gonet__sys_recvmsg(int fd, struct msghdr *msg, int flags)
{
    return GONET__SYS(RECVMSG, recvmsg(fd, msg, flags));
}

static inline ssize_t gonet__sys_recvfrom(int fd, void *p, size_t len, struct sockaddr *sa,
                                          socklen_t *sa_len)
{
    return GONET__SYS(RECVMSG, GONET__RECVFROM(fd, p, len, 0, sa, sa_len));
}

static inline ssize_t gonet__sys_sendmsg(int fd, const struct msghdr *msg)
{
    return GONET__SYS(SENDMSG, sendmsg(fd, msg, MSG_NOSIGNAL));
}

static inline ssize_t gonet__sys_sendto(int fd, const void *p, size_t len,
                                        const struct sockaddr *sa, socklen_t sa_len)
{
    return GONET__SYS(SENDMSG, GONET__SENDTO(fd, p, len, MSG_NOSIGNAL, sa, sa_len));
}

static inline int gonet__sys_recvmmsg(int fd, struct mmsghdr *v, unsigned n)
{
    return GONET__SYS(RECVMMSG, recvmmsg(fd, v, n, MSG_DONTWAIT, NULL));
}

static inline int gonet__sys_sendmmsg(int fd, struct mmsghdr *v, unsigned n)
{
    return GONET__SYS(SENDMMSG, sendmmsg(fd, v, n, MSG_NOSIGNAL));
}

/*
 * gonet__sys_refused says whether errnum may mean that a call is not to be had, and that another
 * way is to be tried: it is not in this kernel, not for these descriptors, or a filter is before it
 * (seccomp). If it means something else, the other way will meet that, too.
 */
static inline bool gonet__sys_refused(int errnum)
{
    return errnum == ENOSYS || errnum == EPERM || errnum == EACCES || errnum == EOPNOTSUPP ||
           errnum == EINVAL;
}

static inline ssize_t gonet__sys_sendfile(int out, int in, size_t len)
{
    return GONET__SYS(SENDFILE, sendfile(out, in, NULL, len));
}

static inline ssize_t gonet__sys_splice(int in, int out, size_t len)
{
    return GONET__SYS(SPLICE, splice(in, NULL, out, NULL, len, SPLICE_F_NONBLOCK));
}

static inline int gonet__sys_pipe2(int fds[2], int flags)
{
    return GONET__SYS(PIPE, gonet__fd_pipe(fds, flags));
}

static inline int gonet__sys_shutdown(int fd, int how)
{
    return GONET__SYS(SHUTDOWN, shutdown(fd, how));
}

static inline int gonet__sys_fcntl(int fd, int command, int arg)
{
    return GONET__SYS(FCNTL, fcntl(fd, command, arg));
}

/* gonet__sys_poll looks, and does not wait. */
static inline int gonet__sys_poll(struct pollfd *p, unsigned n)
{
    return GONET__SYS(POLL, poll(p, n, 0));
}

/* A close that is made to fail closes all the same, as the kernel's do. */
static inline int gonet__sys_close(int fd)
{
#ifdef GONET_TEST_HOOKS
    if (gonet__sys_fails(GONET__SYS_CLOSE)) {
        close(fd);
        return -1;
    }
#endif
    return close(fd);
}

#endif
