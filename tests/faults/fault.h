/*
 * Faults in system calls. The programs of this folder are linked with --wrap for every call that
 * the library makes, in whichever layer: so the library is the one that users get, and each call
 * can be made to fail, or to transfer less than it was asked for. So can what libuv and c-ares need
 * themselves, memory and descriptors (inside.c). The calls of libc are not touched, nor are those
 * of a thread that is exempt.
 */
#ifndef TESTS_FAULTS_FAULT_H
#define TESTS_FAULTS_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/* In the place of an errno: the call is made with a smaller length, or for fewer messages. Streams
 * and batches only. */
#define FAULT_SHORT (-1)

/* What a call may be made to fail with, and what the library's errors call it. */
typedef struct {
    const char *name;  /* libc's */
    const char *told;  /* names that an error may have for it, separated by '|' */
    int errnums[10];   /* ends with 0 */
    bool storm_eintr;  /* EINTR is never to be noticed */
    bool storm_eagain; /* nor is EAGAIN */
    const char *also;  /* texts that may stand for its failure, likewise */
} fault_call_t;

/* clang-format off */
#define FAULT_CALLS(X)                                                                             \
    X(SOCKET, "socket") X(BIND, "bind") X(LISTEN, "listen") X(CONNECT, "connect")                  \
    X(ACCEPT4, "accept4") X(GETSOCKNAME, "getsockname") X(GETPEERNAME, "getpeername")              \
    X(GETSOCKOPT, "getsockopt") X(SETSOCKOPT, "setsockopt") X(RECV, "recv") X(SEND, "send")        \
    X(RECVFROM, "recvfrom") X(SENDTO, "sendto") X(RECVMSG, "recvmsg") X(SENDMSG, "sendmsg")        \
    X(RECVMMSG, "recvmmsg") X(SENDMMSG, "sendmmsg") X(READ, "read") X(WRITE, "write")              \
    X(SENDFILE, "sendfile") X(SPLICE, "splice") X(PIPE2, "pipe2") X(SHUTDOWN, "shutdown")          \
    X(PREADV2, "preadv2") X(EPOLL_CREATE, "epoll_create1") X(PWRITEV2, "pwritev2")                                                 \
    X(FCNTL, "fcntl") X(CLOSE, "close") X(OPEN, "open") X(POLL, "poll")                            \
    X(EVENTFD, "eventfd") X(EVENT_READ, "read of an eventfd")                                      \
    X(EVENT_WRITE, "write to an eventfd") X(FUTEX, "futex") X(MMAP, "mmap")                        \
    X(MPROTECT, "mprotect") X(MADVISE, "madvise") X(PTHREAD_CREATE, "pthread_create")              \
    X(GETRANDOM, "getrandom") X(STAT, "stat") X(FOPEN, "fopen") X(UV_LOOP_INIT, "uv_loop_init")    \
    X(UV_ASYNC_INIT, "uv_async_init") X(UV_POLL_INIT, "uv_poll_init")                              \
    X(UV_ALLOC, "libuv's malloc") X(UV_EPOLL, "libuv's epoll_create1")                             \
    X(UV_EVENTFD, "libuv's eventfd") X(UV_PIPE, "libuv's pipe2") X(ARES_ALLOC, "c-ares' malloc")
/* clang-format on */

typedef enum {
#define FAULT_ENUM(id, name) FAULT_##id,
    FAULT_CALLS(FAULT_ENUM)
#undef FAULT_ENUM
        FAULT_KINDS
} fault_kind_t;

extern const fault_call_t fault_calls[FAULT_KINDS];

/* fault_arm lets the n-th call of this kind from now (1 is the next) fail; sticky: and all after
 * it.
 */
void fault_arm(fault_kind_t kind, long n, int errnum, bool sticky);

/* fault_disarm ends it, and says how many calls have failed. */
long fault_disarm(void);

/* fault_hits says how many calls have failed since fault_arm; 0 after fault_disarm. */
long fault_hits(void);

/* fault_seen says how many calls of a kind were made since fault_arm or fault_watch. */
long fault_seen(fault_kind_t kind);

/*
 * fault_fork lets the process fork right before the n-th call from now, of whichever kind and
 * thread; the child runs in_child, which does not return, and the thread waits for its end.
 * fault_forked ends it: the child's status as waitpid tells it, or -1: it came to no fork.
 */
void fault_fork(long n, void (*in_child)(void));
int fault_forked(void);

/* fault_watch only counts. */
void fault_watch(void);

/* fault_exempt keeps the calling thread's own calls out of all this, until it is ended. */
void fault_exempt(bool on);

/* A storm: every so-manieth call fails like that; 0: none. Transfers of streams are cut short, all
 * or every so-manieth. */
typedef struct {
    unsigned eintr;
    unsigned eagain;
    unsigned cut;
} fault_storm_t;

/* fault_storm begins a storm, or ends it (NULL). */
void fault_storm(const fault_storm_t *storm);

/* fault_total says how many faults were injected so far, in all; fault_total_inside: how many of
 * them inside libuv and c-ares. */
long fault_total(void);
long fault_total_inside(void);

/* fault_sees_libuv says whether the descriptors that libuv makes can fail. Only in programs that
 * have inside.c. */
bool fault_sees_libuv(void);

/* fault_count_block counts blocks of memory that libuv and c-ares took, or gave back;
 * fault_blocks says how many they have. */
void fault_count_block(int n);
long fault_blocks(void);

/* fault_errnum_name is "EINTR", or "a short transfer". */
const char *fault_errnum_name(int errnum);

#endif
