/*
 * One non-blocking descriptor with Go's fd-mutex semantics: reads are serialised, writes are
 * serialised, close wakes everybody and waits for the calls that are inside the kernel, and the
 * descriptor's number is given back only when nobody uses it any more.
 *
 * An operation takes a side's lock (read or write) or just a reference, makes its system calls, and
 * leaves (fd_lock.h). When it fails, whoever reports the failure needs the object's memory
 * (addresses, names) although the descriptor may be gone by then: so every failing call below
 * leaves with one memory reference, "held", that the caller drops by gonet__fd_unhold when the
 * error object has been made.
 */
#ifndef GONET_SOCKET_FD_H
#define GONET_SOCKET_FD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/list.h"
#include "error/error.h"
#include "runtime/netpoll/netpoll.h"

/* How many reads wait first after an attempt that found no message: so many at first, twice as many
 * each time, at most so many. */
#define GONET__SKIP_FIRST 3
#define GONET__SKIP_MOST  96

typedef struct gonet__fd gonet__fd_t;

struct gonet__fd {
    _Atomic uint64_t state;      /* the fd mutex: closed, locks, queues, references */
    _Atomic uint32_t generation; /* of the process that used it last (fork) */
    uint8_t family;              /* AF_INET, … */
    uint8_t sotype;              /* SOCK_STREAM, … */
    bool stream; /* SOCK_STREAM: partial writes, 1 GiB chunks, readiness is worth remembering */
    bool zero_is_eof;  /* a read of 0 bytes is the end: not for SOCK_DGRAM and SOCK_RAW */
    bool connected;    /* made by a dial (not: what the kernel thinks) */
    bool drained;      /* read side: nothing is thought to be left, so ask or wait before trying */
    uint8_t skip;      /* read side, messages: how many reads are still to wait first (fd_read.c) */
    uint8_t next_skip; /* as many after the next attempt in vain */
    /* Others have, had or may have the descriptor, and may set its options: SO_RCVLOWAT, so that
     * readiness can't be concluded, and SO_LINGER. */
    _Atomic bool exported;
    _Atomic bool lingers;    /* close(2) may block (SO_LINGER > 0) */
    uint16_t close_errnum;   /* of the close(2) made by the last user */
    gonet__pd_t pd;          /* pd.fd is the descriptor */
    _Atomic uint32_t memory; /* references to the memory: owner, watches, failed calls */
    _Atomic uint32_t queue_lock;
    gonet__list_t queue[2]; /* callers who wait for a side's lock, first come first served */
    void (*destroy)(gonet__fd_t *fd);     /* the memory's last reference is gone */
    _Atomic(struct gonet__wait *) closer; /* waits for the last user */
    void (*unborn_fn)(void *arg);         /* what the reader's unborn task is to do */
    void *unborn_arg;
};

/* Why an operation failed; what conn and dial make an error object from. */
typedef enum {
    GONET__FAIL_NONE = 0,
    GONET__FAIL_EOF,            /* gonet_eof */
    GONET__FAIL_CLOSED,         /* gonet_err_closed */
    GONET__FAIL_TIMEOUT,        /* gonet_err_deadline_exceeded */
    GONET__FAIL_CANCELED,       /* the error of the context that the caller runs under */
    GONET__FAIL_NOT_POLLABLE,   /* "not pollable" */
    GONET__FAIL_UNEXPECTED_EOF, /* gonet_err_unexpected_eof */
    GONET__FAIL_NO_MEMORY,      /* gonet_err_no_memory */
    GONET__FAIL_ERRNO,          /* errnum without a system call's name */
    GONET__FAIL_SYSCALL         /* errnum, from the system call named */
} gonet__fail_kind_t;

typedef struct {
    gonet__fail_kind_t kind;
    int errnum;
    const char *syscall;
} gonet__fail_t;

/* gonet__fail_error makes the error object of a failure (new reference; sentinels where Go has
 * them). */
GONET__COLD gonet_error_t *gonet__fail_error(const gonet__fail_t *fail);

/*
 * gonet__fd_init takes over the descriptor sysfd (non-blocking, close-on-exec), with one memory
 * reference for the owner. destroy releases the memory around fd.
 */
void gonet__fd_init(gonet__fd_t *fd, int sysfd, int family, int sotype,
                    void (*destroy)(gonet__fd_t *fd));

/* gonet__fd_keep_in_child is for a fork's hook: what the caller itself has of fd (locks and
 * references, as in the word), when a user's function that runs on it has forked. */
void gonet__fd_keep_in_child(gonet__fd_t *fd, uint64_t held);

/* Memory references. */
void gonet__fd_hold(gonet__fd_t *fd);
void gonet__fd_unhold(gonet__fd_t *fd);

/* gonet__fd_wait_failed is what gonet__fd_wait does with any status but OK. Returns false. */
GONET__COLD bool gonet__fd_wait_failed(gonet__fd_t *fd, gonet__side_t side,
                                       gonet__poll_status_t status, int errnum,
                                       gonet__fail_t *fail);

/* gonet__fd_wait parks the holder of side until it is ready; spurious wakes happen. False: the lock
 * has been left; fail, held. Inline: frames of a parked task are memory that a wake touches. */
static inline bool gonet__fd_wait(gonet__fd_t *fd, gonet__side_t side, gonet__fail_t *fail)
{
    int errnum = 0;
    gonet__poll_status_t status = gonet__pd_wait(&fd->pd, side, &errnum);

    return status == GONET__POLL_OK || gonet__fd_wait_failed(fd, side, status, errnum, fail);
}

/*
 * gonet__fd_leave_unborn leaves the read side to a task that is born when a read would not wait any
 * more, and runs fn(arg): with the lock, which it gives back before fn begins. From a task, which
 * parks only while others read. False: it is not left; fail, held.
 */
bool gonet__fd_leave_unborn(gonet__fd_t *fd, void (*fn)(void *arg), void *arg, gonet__fail_t *fail);

/* gonet__fd_born is that task's part of it: ops->born of netpoll.h. */
void gonet__fd_born(gonet__pd_t *pd, bool taken);

/* gonet__fd_end_fail leaves side with a failure: fills fail, held. syscall NULL: a bare errno. */
GONET__COLD void gonet__fd_end_fail(gonet__fd_t *fd, gonet__side_t side, gonet__fail_t *fail,
                                    gonet__fail_kind_t kind, const char *syscall, int errnum);

/* gonet__fd_ref keeps the descriptor open for a call that takes no side (options, shutdown, dup).
 * False (closed): fail, held. */
bool gonet__fd_ref(gonet__fd_t *fd, gonet__fail_t *fail);
void gonet__fd_unref(gonet__fd_t *fd);

/* gonet__fd_unref_fail drops a reference with a failure: fills fail, held. */
void gonet__fd_unref_fail(gonet__fd_t *fd, gonet__fail_t *fail, const char *syscall, int errnum);

/*
 * gonet__fd_close closes: wakes everybody, waits for the calls in the kernel. Returns true, or
 * false with fail, held: CLOSED when it was closed before, ERRNO when close(2) failed.
 */
bool gonet__fd_close(gonet__fd_t *fd, gonet__fail_t *fail);

/* gonet__fd_set_deadline: mask is 1u << side, or both; deadline 0 is none. False (closed): fail,
 * held. */
bool gonet__fd_set_deadline(gonet__fd_t *fd, unsigned mask, int64_t deadline, gonet__fail_t *fail);

/*
 * A user's function that is called with the descriptor (RawConn) runs between these two, on top of
 * a lock or reference: a close from inside it returns at once, and takes effect when it returns.
 */
typedef struct gonet__fd_callback {
    gonet__fd_t *fd;
    int side; /* that is locked; -1: a reference alone */
    struct gonet__fd_callback *outer;
} gonet__fd_callback_t;
void gonet__fd_callback_enter(gonet__fd_t *fd, int side, gonet__fd_callback_t *frame);
void gonet__fd_callback_leave(gonet__fd_callback_t *frame);

#endif
