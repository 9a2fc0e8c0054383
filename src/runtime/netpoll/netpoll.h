/*
 * Waiting for one descriptor (pd.h): the only way between the sockets and the pollers. Deadlines
 * are numbers that may be stored by anybody.
 */
#ifndef GONET_RUNTIME_NETPOLL_NETPOLL_H
#define GONET_RUNTIME_NETPOLL_NETPOLL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/ground/alert.h"
#include "runtime/poller/pd.h"
#include "runtime/sched/runtime.h"

typedef enum {
    GONET__POLL_OK = 0,
    GONET__POLL_CLOSED,       /* closed: nothing was taken from the caller, who leaves as usual */
    GONET__POLL_TAKEN,        /* closed while parked: the closer has dropped the caller's lock and
                                 descriptor reference; the caller owns a memory reference instead */
    GONET__POLL_TIMEOUT,      /* the side's deadline has passed */
    GONET__POLL_NOT_POLLABLE, /* only an error queue is readable, or the kernel cannot poll this
                                 file */
    GONET__POLL_SHUTDOWN,     /* gonet_shutdown is under way, and the caller is a task */
    GONET__POLL_CANCELED,     /* the context has ended that the caller runs under */
    GONET__POLL_NO_MEMORY, /* a watch could not be made; errnum says why (ENOMEM, ENOSPC, EPERM) */
    GONET__POLL_REFUSED,   /* a thread may not poll; errnum says why */
} gonet__poll_status_t;

/* gonet__pd_init prepares pd for fd; the functions may be set before or after. */
void gonet__pd_init(gonet__pd_t *pd, int fd);

/* gonet__pd_clear says that nothing is closed, limited or on alert: most operations may start at
 * once. */
static inline bool gonet__pd_clear(gonet__pd_t *pd, gonet__side_t side)
{
    return !atomic_load(&pd->closing) && atomic_load(&pd->side[side].deadline) == 0 &&
           atomic_load_explicit(&gonet__alert, memory_order_relaxed) == 0;
}

/*
 * gonet__pd_check says whether an operation on side may start: CLOSED, TIMEOUT, SHUTDOWN, CANCELED
 * or OK, in this order.
 */
gonet__poll_status_t gonet__pd_check(gonet__pd_t *pd, gonet__side_t side);

/*
 * gonet__pd_wait parks the caller until side is ready (OK: try again; spurious wakes happen), or
 * for one of the other reasons. Holder of the side's lock only. Sets *errnum with NO_MEMORY and
 * REFUSED.
 */
gonet__poll_status_t gonet__pd_wait(gonet__pd_t *pd, gonet__side_t side, int *errnum);

/*
 * gonet__pd_pause parks the caller for ms milliseconds, whatever becomes ready (OK), or for one of
 * the other reasons but NO_MEMORY: where readiness was told and is not. As gonet__pd_wait.
 */
gonet__poll_status_t gonet__pd_pause(gonet__pd_t *pd, gonet__side_t side, unsigned ms, int *errnum);

/*
 * gonet__pd_leave_unborn leaves the read side to a task that does not exist yet: it is born, and
 * calls ops->born, when the side is ready, or for one of the other reasons to come back; until then
 * it takes no memory at all. OK: the caller's lock and descriptor reference are that task's, which
 * may have come and gone by now. Anything else: there will be no such task. From a task.
 */
gonet__poll_status_t gonet__pd_leave_unborn(gonet__pd_t *pd, int *errnum);

/*
 * gonet__pd_set_deadline stores a deadline (0: none, otherwise absolute, maybe past) for the sides
 * in mask (1u << side) and wakes whom it concerns.
 */
void gonet__pd_set_deadline(gonet__pd_t *pd, unsigned mask, int64_t deadline);

/*
 * gonet__pd_close marks pd as closing: every later check says CLOSED. Then gonet__pd_take is called
 * for each side.
 */
void gonet__pd_close(gonet__pd_t *pd);

/*
 * gonet__pd_take takes the task that waits for a side away, if one is parked or woken but not yet
 * running, and wakes it with TAKEN; true if there was one. The closer then drops that caller's lock
 * and descriptor reference for it. The taken caller owns one memory reference (ops->hold
 * was called), which it drops when it is done; an unborn one is born for that. A thread that waits
 * is woken with CLOSED, and leaves as usual: until it has, the descriptor may not be closed.
 */
bool gonet__pd_take(gonet__pd_t *pd, gonet__side_t side);

/*
 * gonet__pd_detach removes fd from all loops; after it close(2) is safe. By whoever dropped the
 * last descriptor reference, once; nobody waits and nobody will.
 */
void gonet__pd_detach(gonet__pd_t *pd);

/* gonet__pd_reset forgets all waiters and watches: in a forked child, before the first use of an
 * inherited pd. Returns how many references to the memory went with the parent's loops. */
unsigned gonet__pd_reset(gonet__pd_t *pd);

/* gonet__netpoll_timer: the timer of a descriptor's deadlines has fired. */
gonet__timer_fire_t gonet__netpoll_timer;

#endif
