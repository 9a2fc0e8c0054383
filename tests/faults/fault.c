/*
 * Which call fails: one countdown, and the counters of a storm. Any thread.
 */
#include "faults/fault.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "faults/wrap.h"

/* clang-format off */
#define INTERRUPTS true, false
#define RETRIES    true, true
#define TELLS      false, false

/* Without its addresses a listener has none, and a TCP dial begins again, as in Go, or takes the next
 * address: the other side sees the first connection end. */
#define ADDRESS_ALSO "no address|EOF|connection reset by peer|broken pipe"

const fault_call_t fault_calls[FAULT_KINDS] = {
    [FAULT_SOCKET]      = {"socket", "socket|netlinkrib", {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM}, TELLS, NULL},
    [FAULT_BIND]        = {"bind", "bind|netlinkrib", {EADDRINUSE, EACCES, ENOMEM, EINVAL}, TELLS, NULL},
    [FAULT_LISTEN]      = {"listen", "listen", {EADDRINUSE, EINVAL}, TELLS, NULL},
    [FAULT_CONNECT]     = {"connect", "connect",
                           {EINTR, EAGAIN, ECONNREFUSED, ENETUNREACH, EPERM, ENOBUFS, EINVAL}, INTERRUPTS, NULL},
    [FAULT_ACCEPT4]     = {"accept4", "accept",
                           {EINTR, EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM}, RETRIES, NULL},
    [FAULT_GETSOCKNAME] = {"getsockname", "getsockname|netlinkrib", {ENOBUFS, EINVAL}, TELLS, ADDRESS_ALSO},
    [FAULT_GETPEERNAME] = {"getpeername", "getpeername", {ENOBUFS, ENOTCONN}, TELLS, ADDRESS_ALSO},
    [FAULT_GETSOCKOPT]  = {"getsockopt", "getsockopt", {ENOBUFS, EINVAL}, TELLS, ADDRESS_ALSO},
    [FAULT_SETSOCKOPT]  = {"setsockopt", "setsockopt", {ENOBUFS, ENOMEM, EINVAL, EPERM}, TELLS, NULL},
    [FAULT_RECV]        = {"recv", "read|recv|netlinkrib|splice", {EINTR, EAGAIN, ECONNRESET, ENOBUFS, ENOMEM, FAULT_SHORT}, RETRIES, NULL},
    [FAULT_SEND]        = {"send", "write|send|splice", {EINTR, EAGAIN, ECONNRESET, EPIPE, ENOBUFS, ENOMEM, EPERM, FAULT_SHORT}, RETRIES, NULL},
    [FAULT_RECVFROM]    = {"recvfrom", "recvfrom|read|netlinkrib", {EINTR, EAGAIN, ECONNRESET, ENOBUFS, ENOMEM}, RETRIES, NULL},
    [FAULT_SENDTO]      = {"sendto", "sendto|write|netlinkrib", {EINTR, EAGAIN, ENETUNREACH, ENOBUFS, ENOMEM, EPERM, EINVAL}, RETRIES, NULL},
    [FAULT_RECVMSG]     = {"recvmsg", "recvmsg", {EINTR, EAGAIN, ECONNRESET, ENOBUFS, ENOMEM}, RETRIES, NULL},
    [FAULT_SENDMSG]     = {"sendmsg", "sendmsg|writev|write", {EINTR, EAGAIN, EPIPE, ENOBUFS, ENOMEM, EPERM, EINVAL, FAULT_SHORT}, RETRIES, NULL},
    [FAULT_RECVMMSG]    = {"recvmmsg", "recvmmsg|recvmsg", {EINTR, EAGAIN, ENOBUFS, ENOMEM, FAULT_SHORT}, RETRIES, NULL},
    [FAULT_SENDMMSG]    = {"sendmmsg", "sendmmsg|sendmsg", {EINTR, EAGAIN, ENOBUFS, ENOMEM, EPERM, FAULT_SHORT}, RETRIES, NULL},
    [FAULT_READ]        = {"read", "read", {EINTR, EIO, FAULT_SHORT}, INTERRUPTS, NULL},
    [FAULT_WRITE]       = {"write", "write", {EINTR, EIO, ENOSPC, FAULT_SHORT}, INTERRUPTS, NULL},
    [FAULT_PREADV2]     = {"preadv2", "read", {EINTR, EAGAIN, EOPNOTSUPP, EIO, FAULT_SHORT}, RETRIES, NULL},
    [FAULT_EPOLL_CREATE] = {"epoll_create1", "epoll_create1", {EMFILE, ENFILE, ENOMEM}, TELLS, NULL},
    [FAULT_PWRITEV2]    = {"pwritev2", "write", {EINTR, EAGAIN, EOPNOTSUPP, EIO, EPIPE, FAULT_SHORT}, RETRIES, NULL},
    [FAULT_SENDFILE]    = {"sendfile", "sendfile", {EINTR, EAGAIN, EIO, EINVAL, ENOMEM, EPIPE, FAULT_SHORT}, RETRIES, NULL},
    [FAULT_SPLICE]      = {"splice", "splice", {EINTR, EAGAIN, EINVAL, ENOMEM, EPIPE, FAULT_SHORT}, RETRIES, NULL},
    [FAULT_PIPE2]       = {"pipe2", "pipe2", {EMFILE, ENFILE}, TELLS, NULL},
    [FAULT_SHUTDOWN]    = {"shutdown", "shutdown", {ENOTCONN, ENOBUFS}, TELLS, NULL},
    [FAULT_FCNTL]       = {"fcntl", "fcntl|dup|setnonblock", {EMFILE, EPERM}, TELLS, NULL},
    [FAULT_CLOSE]       = {"close", "close", {EINTR, EIO}, TELLS, NULL},
    [FAULT_OPEN]        = {"open", "open", {EMFILE, ENFILE, ENOMEM, EIO}, TELLS, NULL},
    [FAULT_POLL]        = {"poll", "poll", {EINTR, ENOMEM}, INTERRUPTS, NULL},
    [FAULT_EVENTFD]     = {"eventfd", "eventfd", {EMFILE, ENFILE, ENOMEM}, TELLS, NULL},
    [FAULT_EVENT_READ]  = {"read of an eventfd", "read", {EINTR}, INTERRUPTS, NULL},
    [FAULT_EVENT_WRITE] = {"write to an eventfd", "write", {EINTR}, INTERRUPTS, NULL},
    [FAULT_FUTEX]       = {"futex", "futex", {EINTR, EAGAIN}, RETRIES, NULL},
    [FAULT_MMAP]        = {"mmap", "mmap", {ENOMEM, EAGAIN}, TELLS, NULL},
    [FAULT_MPROTECT]    = {"mprotect", "mprotect", {ENOMEM}, TELLS, NULL},
    [FAULT_MADVISE]     = {"madvise", "madvise", {EINVAL, ENOMEM}, TELLS, NULL},
    [FAULT_PTHREAD_CREATE] = {"pthread_create", "pthread_create", {EAGAIN, EPERM}, TELLS, NULL},
    [FAULT_GETRANDOM]   = {"getrandom", "getrandom", {EINTR, ENOSYS}, INTERRUPTS, NULL},
    [FAULT_STAT]        = {"stat", "stat", {ENOENT, EACCES, ENOMEM}, TELLS, NULL},
    [FAULT_FOPEN]       = {"fopen", "open", {ENOENT, EMFILE, ENOMEM}, TELLS, NULL},
    [FAULT_UV_LOOP_INIT]  = {"uv_loop_init", "uv_loop_init", {EMFILE, ENFILE, ENOMEM}, TELLS, NULL},
    [FAULT_UV_ASYNC_INIT] = {"uv_async_init", "uv_async_init", {EMFILE, ENOMEM}, TELLS, NULL},
    [FAULT_UV_POLL_INIT]  = {"uv_poll_init", "read|write|accept|connect", {ENOMEM, ENOSPC}, TELLS, NULL},
    [FAULT_UV_ALLOC]    = {"libuv's malloc", NULL, {ENOMEM}, TELLS, NULL},
    [FAULT_UV_EPOLL]    = {"libuv's epoll_create1", "epoll_create1", {EMFILE, ENFILE, ENOMEM}, TELLS, NULL},
    [FAULT_UV_EVENTFD]  = {"libuv's eventfd", "eventfd", {EMFILE, ENFILE, ENOMEM}, TELLS, NULL},
    [FAULT_UV_PIPE]     = {"libuv's pipe2", "pipe2", {EMFILE, ENFILE}, TELLS, NULL},
    [FAULT_ARES_ALLOC]  = {"c-ares' malloc", NULL, {ENOMEM}, TELLS, NULL},
};
/* clang-format on */

static _Atomic int armed = -1; /* the kind, or -1 */
static _Atomic bool keeps;
static _Atomic int number;
static atomic_long countdown;
static atomic_long failed;
static atomic_long total;
static atomic_long total_inside;
static atomic_long seen[FAULT_KINDS];
static atomic_long blocks;

static _Atomic bool storming;
static fault_storm_t storm; /* written while nobody runs */
static _Atomic unsigned weather[FAULT_KINDS];

static _Thread_local bool exempt;

static atomic_long calls_to_fork;
static void (*fork_child)(void);
static _Atomic int fork_status;

void fault_arm(fault_kind_t kind, long n, int errnum, bool sticky)
{
    fault_watch();
    atomic_store(&failed, 0);
    atomic_store(&number, errnum);
    atomic_store(&countdown, n);
    atomic_store(&keeps, sticky);
    atomic_store(&armed, (int)kind);
}

long fault_disarm(void)
{
    atomic_store(&armed, -1);
    return atomic_load(&failed);
}

long fault_hits(void)
{
    return atomic_load(&armed) >= 0 ? atomic_load(&failed) : 0;
}

void fault_fork(long n, void (*in_child)(void))
{
    fork_child = in_child;
    atomic_store(&fork_status, -1);
    atomic_store(&calls_to_fork, n);
}

int fault_forked(void)
{
    atomic_store(&calls_to_fork, 0);
    return atomic_load(&fork_status);
}

static void fork_here(void)
{
    int saved = errno, status = 0;
    pid_t child = fork();

    if (child == 0)
        fork_child();
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    atomic_store(&fork_status, status);
    errno = saved;
}

void fault_watch(void)
{
    for (int i = 0; i < FAULT_KINDS; i++)
        atomic_store(&seen[i], 0);
}

long fault_seen(fault_kind_t kind)
{
    return atomic_load(&seen[kind]);
}

void fault_exempt(bool on)
{
    exempt = on;
}

void fault_storm(const fault_storm_t *s)
{
    atomic_store(&storming, false);
    if (s == NULL)
        return;
    storm = *s;
    atomic_store(&storming, true);
}

long fault_total(void)
{
    return atomic_load(&total);
}

long fault_total_inside(void)
{
    return atomic_load(&total_inside);
}

void fault_count_block(int n)
{
    atomic_fetch_add(&blocks, n);
}

long fault_blocks(void)
{
    return atomic_load(&blocks);
}

static int injected(int errnum)
{
    atomic_fetch_add(&total, 1);
    return errnum;
}

/* Each kind has its own turn, so that no kind is spared because of the others' rhythm. A call that
 * has failed succeeds the next time. */
static int storm_errnum(fault_kind_t kind)
{
    const fault_call_t *call = &fault_calls[kind];
    unsigned turn = atomic_fetch_add(&weather[kind], 1) + 1;

    if (storm.eintr != 0 && call->storm_eintr && turn % storm.eintr == 0)
        return injected(EINTR);
    if (storm.eagain != 0 && call->storm_eagain && turn % storm.eagain == 1)
        return injected(EAGAIN);
    return 0;
}

int fault_next(fault_kind_t kind)
{
    int saved = errno;
    long left;

    if (exempt)
        return 0;
    if (atomic_load_explicit(&calls_to_fork, memory_order_relaxed) > 0 &&
        atomic_fetch_sub(&calls_to_fork, 1) == 1)
        fork_here();
    if (atomic_load_explicit(&storming, memory_order_relaxed))
        return storm_errnum(kind);
    atomic_fetch_add(&seen[kind], 1);
    errno = saved;
    if (atomic_load(&armed) != (int)kind)
        return 0;
    left = atomic_fetch_sub(&countdown, 1);
    if (left > 1 || (left < 1 && !atomic_load(&keeps)))
        return 0;
    atomic_fetch_add(&failed, 1);
    if (kind >= FAULT_UV_ALLOC)
        atomic_fetch_add(&total_inside, 1);
    return injected(atomic_load(&number));
}

size_t fault_cut(fault_kind_t kind, size_t len)
{
    uint32_t turn;

    if (len <= 1 || exempt || storm.cut == 0 ||
        !atomic_load_explicit(&storming, memory_order_relaxed))
        return len;
    turn = atomic_fetch_add(&weather[kind], 1) + 1;
    if (turn % storm.cut != 0)
        return len;
    atomic_fetch_add(&total, 1);
    return 1 + (turn * 2654435761u >> 8) % (len < 16384 ? len - 1 : 16383);
}

const char *fault_errnum_name(int errnum)
{
    return errnum == FAULT_SHORT ? "a short transfer" : strerrorname_np(errnum);
}
