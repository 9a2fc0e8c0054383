/*
 * The calls, as the linker's --wrap gives them to the library: __wrap_x is what it calls, __real_x
 * is libc's (or a sanitizer's). The list of the names is in CMakeLists.txt.
 */
#include "faults/wrap.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <fcntl.h>
#include <unistd.h>
#include <uv.h>

/* DECLARE(result, name, parameters): both sides of a call. */
#define DECLARE(result, name, parameters) \
    result __real_##name parameters;      \
    result __wrap_##name parameters;      \
    result __wrap_##name parameters

/* Calls that do nothing when they fail. */
#define PLAIN(result, failure, name, kind, parameters, arguments) \
    DECLARE(result, name, parameters)                             \
    {                                                             \
        int e = fault_next(kind);                                 \
                                                                  \
        if (e > 0) {                                              \
            errno = e;                                            \
            return failure;                                       \
        }                                                         \
        return __real_##name arguments;                           \
    }

PLAIN(int, -1, socket, FAULT_SOCKET, (int family, int type, int proto), (family, type, proto))
PLAIN(int, -1, bind, FAULT_BIND, (int fd, const struct sockaddr *sa, socklen_t len), (fd, sa, len))
PLAIN(int, -1, listen, FAULT_LISTEN, (int fd, int backlog), (fd, backlog))
PLAIN(int, -1, accept4, FAULT_ACCEPT4, (int fd, struct sockaddr *sa, socklen_t *len, int flags),
      (fd, sa, len, flags))
PLAIN(int, -1, getsockname, FAULT_GETSOCKNAME, (int fd, struct sockaddr *sa, socklen_t *len),
      (fd, sa, len))
PLAIN(int, -1, getpeername, FAULT_GETPEERNAME, (int fd, struct sockaddr *sa, socklen_t *len),
      (fd, sa, len))
PLAIN(int, -1, getsockopt, FAULT_GETSOCKOPT,
      (int fd, int level, int name, void *value, socklen_t *len), (fd, level, name, value, len))
PLAIN(int, -1, setsockopt, FAULT_SETSOCKOPT,
      (int fd, int level, int name, const void *value, socklen_t len),
      (fd, level, name, value, len))
PLAIN(ssize_t, -1, recvfrom, FAULT_RECVFROM,
      (int fd, void *p, size_t len, int flags, struct sockaddr *sa, socklen_t *sa_len),
      (fd, p, len, flags, sa, sa_len))
PLAIN(ssize_t, -1, sendto, FAULT_SENDTO,
      (int fd, const void *p, size_t len, int flags, const struct sockaddr *sa, socklen_t sa_len),
      (fd, p, len, flags, sa, sa_len))
PLAIN(ssize_t, -1, recvmsg, FAULT_RECVMSG, (int fd, struct msghdr *msg, int flags),
      (fd, msg, flags))
PLAIN(int, -1, pipe2, FAULT_PIPE2, (int fds[2], int flags), (fds, flags))
PLAIN(int, -1, shutdown, FAULT_SHUTDOWN, (int fd, int how), (fd, how))
PLAIN(int, -1, poll, FAULT_POLL, (struct pollfd * fds, nfds_t n, int timeout), (fds, n, timeout))
PLAIN(int, -1, epoll_create1, FAULT_EPOLL_CREATE, (int flags), (flags))
PLAIN(int, -1, eventfd, FAULT_EVENTFD, (unsigned count, int flags), (count, flags))
PLAIN(void *, MAP_FAILED, mmap, FAULT_MMAP,
      (void *at, size_t len, int prot, int flags, int fd, off_t offset),
      (at, len, prot, flags, fd, offset))
PLAIN(int, -1, mprotect, FAULT_MPROTECT, (void *at, size_t len, int prot), (at, len, prot))
PLAIN(ssize_t, -1, getrandom, FAULT_GETRANDOM, (void *p, size_t len, unsigned flags),
      (p, len, flags))
PLAIN(int, -1, stat, FAULT_STAT, (const char *path, struct stat *st), (path, st))
PLAIN(FILE *, NULL, fopen, FAULT_FOPEN, (const char *path, const char *mode), (path, mode))

/* Only the call that makes guards may fail: the others don't, with good arguments. */
DECLARE(int, madvise, (void *at, size_t len, int advice))
{
    int e = advice != MADV_DONTNEED ? fault_next(FAULT_MADVISE) : 0;

    if (e > 0) {
        errno = e;
        return -1;
    }
    return __real_madvise(at, len, advice);
}

/* A close that fails closes all the same, as the kernel's do. */
DECLARE(int, close, (int fd))
{
    int e = fault_next(FAULT_CLOSE);
    int result = __real_close(fd);

    if (e > 0) {
        errno = e;
        return -1;
    }
    return result;
}

/* ---- transfers, which may be short ---- */

static bool is_stream(int fd)
{
    int type = 0;
    socklen_t len = sizeof(type);
    int saved = errno;
    int r = __real_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);

    errno = saved;
    return r == 0 && type == SOCK_STREAM;
}

/* A connect that is interrupted goes on in the kernel. Only streams wait there. */
DECLARE(int, connect, (int fd, const struct sockaddr *sa, socklen_t len))
{
    int e = fault_next(FAULT_CONNECT);

    if (e == EINTR) {
        int r = __real_connect(fd, sa, len);

        if (!is_stream(fd))
            return r;
    }
    if (e > 0) {
        errno = e;
        return -1;
    }
    return __real_connect(fd, sa, len);
}

/* A socket that is not reported writable, although a little would fit, has no EAGAIN to give that
 * waiting cures. */
static bool is_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    return __real_poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

/* True: the call fails, with errno set. Else *len is how much it may transfer. out is the
 * descriptor that is written to, or -1; only a stream's call may transfer less than it was asked
 * for. */
static bool transfer(fault_kind_t kind, int out, bool stream, size_t *len)
{
    int e = fault_next(kind);

    if (e == EAGAIN && out >= 0 && !is_writable(out))
        return false;
    if (e > 0) {
        errno = e;
        return true;
    }
    if (stream && e == FAULT_SHORT && *len > 1)
        *len = (*len + 1) / 2;
    else if (stream)
        *len = fault_cut(kind, *len);
    return false;
}

DECLARE(ssize_t, recv, (int fd, void *p, size_t len, int flags))
{
    return transfer(FAULT_RECV, -1, is_stream(fd), &len) ? -1 : __real_recv(fd, p, len, flags);
}

DECLARE(ssize_t, send, (int fd, const void *p, size_t len, int flags))
{
    return transfer(FAULT_SEND, fd, is_stream(fd), &len) ? -1 : __real_send(fd, p, len, flags);
}

DECLARE(ssize_t, sendfile, (int out, int in, off_t *offset, size_t len))
{
    return transfer(FAULT_SENDFILE, out, true, &len) ? -1 : __real_sendfile(out, in, offset, len);
}

DECLARE(ssize_t, splice, (int in, off64_t *at, int out, off64_t *to, size_t len, unsigned flags))
{
    return transfer(FAULT_SPLICE, -1, true, &len) ? -1 : __real_splice(in, at, out, to, len, flags);
}

/* Without control data the first piece that is not empty alone goes out, or a part of it. */
DECLARE(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags))
{
    struct msghdr copy = *msg;
    struct iovec piece;
    size_t len = 0;
    size_t i = 0;
    size_t all;

    while (i + 1 < msg->msg_iovlen && msg->msg_iov[i].iov_len == 0)
        i++;
    if (msg->msg_iovlen > 0)
        len = msg->msg_iov[i].iov_len;
    all = len;
    if (transfer(FAULT_SENDMSG, fd, msg->msg_controllen == 0 && is_stream(fd), &len))
        return -1;
    if (len == all)
        return __real_sendmsg(fd, msg, flags);
    piece = (struct iovec){msg->msg_iov[i].iov_base, len};
    copy.msg_iov = &piece;
    copy.msg_iovlen = 1;
    return __real_sendmsg(fd, &copy, flags);
}

/* True: the call fails, with errno set. Else *n is how many messages it may transfer. */
static bool transfer_some(fault_kind_t kind, int out, unsigned *n)
{
    size_t some = *n;
    bool fails = transfer(kind, out, true, &some);

    *n = (unsigned)some;
    return fails;
}

DECLARE(int, recvmmsg,
        (int fd, struct mmsghdr *msgs, unsigned n, int flags, struct timespec *timeout))
{
    return transfer_some(FAULT_RECVMMSG, -1, &n) ? -1
                                                 : __real_recvmmsg(fd, msgs, n, flags, timeout);
}

DECLARE(int, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned n, int flags))
{
    return transfer_some(FAULT_SENDMMSG, fd, &n) ? -1 : __real_sendmmsg(fd, msgs, n, flags);
}

static bool is_event(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == 0;
}

DECLARE(ssize_t, read, (int fd, void *p, size_t len))
{
    bool event = is_event(fd);

    return transfer(event ? FAULT_EVENT_READ : FAULT_READ, -1, !event, &len)
               ? -1
               : __real_read(fd, p, len);
}

DECLARE(ssize_t, write, (int fd, const void *p, size_t len))
{
    bool event = is_event(fd);

    return transfer(event ? FAULT_EVENT_WRITE : FAULT_WRITE, -1, !event, &len)
               ? -1
               : __real_write(fd, p, len);
}

/* Of one piece, as the library makes them. */
DECLARE(ssize_t, preadv2, (int fd, const struct iovec *v, int n, off_t at, int flags))
{
    struct iovec piece = *v;

    (void)n;
    return transfer(FAULT_PREADV2, -1, true, &piece.iov_len)
               ? -1
               : __real_preadv2(fd, &piece, 1, at, flags);
}

DECLARE(ssize_t, pwritev2, (int fd, const struct iovec *v, int n, off_t at, int flags))
{
    struct iovec piece = *v;

    (void)n;
    return transfer(FAULT_PWRITEV2, fd, true, &piece.iov_len)
               ? -1
               : __real_pwritev2(fd, &piece, 1, at, flags);
}

/* ---- calls with a variable number of arguments ---- */

DECLARE(int, fcntl, (int fd, int command, ...))
{
    va_list args;
    long arg;
    int e = fault_next(FAULT_FCNTL);

    if (e > 0) {
        errno = e;
        return -1;
    }
    va_start(args, command);
    arg = va_arg(args, long);
    va_end(args);
    return __real_fcntl(fd, command, arg);
}

DECLARE(int, open, (const char *path, int flags, ...))
{
    va_list args;
    int mode;
    int e = fault_next(FAULT_OPEN);

    if (e > 0) {
        errno = e;
        return -1;
    }
    va_start(args, flags);
    mode = va_arg(args, int);
    va_end(args);
    return __real_open(path, flags, mode);
}

static bool waits(int op)
{
    op &= FUTEX_CMD_MASK;
    return op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET;
}

/* Where the library calls the kernel without libc's function. */
DECLARE(long, syscall, (long call, ...))
{
    va_list args;
    long a[6];
    bool fails = false;
    size_t len;

    va_start(args, call);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    len = (size_t)a[2];
    if (call == SYS_recvfrom)
        fails = transfer(FAULT_RECV, -1, is_stream((int)a[0]), &len);
    else if (call == SYS_sendto)
        fails = transfer(FAULT_SEND, (int)a[0], is_stream((int)a[0]), &len);
    else if (call == SYS_futex && waits((int)a[1]))
        fails = transfer(FAULT_FUTEX, -1, false, &len);
    if (fails)
        return -1;
    return __real_syscall(call, a[0], a[1], call == SYS_futex ? a[2] : (long)len, a[3], a[4], a[5]);
}

/* ---- calls that return their error ---- */

DECLARE(int, pthread_create,
        (pthread_t * thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg))
{
    int e = fault_next(FAULT_PTHREAD_CREATE);

    return e > 0 ? e : __real_pthread_create(thread, attr, fn, arg);
}

DECLARE(int, uv_loop_init, (uv_loop_t * loop))
{
    int e = fault_next(FAULT_UV_LOOP_INIT);

    return e > 0 ? -e : __real_uv_loop_init(loop);
}

DECLARE(int, uv_async_init, (uv_loop_t * loop, uv_async_t *async, uv_async_cb fn))
{
    int e = fault_next(FAULT_UV_ASYNC_INIT);

    return e > 0 ? -e : __real_uv_async_init(loop, async, fn);
}

DECLARE(int, uv_poll_init, (uv_loop_t * loop, uv_poll_t *poll, int fd))
{
    int e = fault_next(FAULT_UV_POLL_INIT);

    return e > 0 ? -e : __real_uv_poll_init(loop, poll, fd);
}
