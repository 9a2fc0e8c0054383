/*
 * The fd mutex, as most calls meet it: one CAS to enter, one to leave, in the middle of their
 * callers. All else (queues, closing, the first use after a fork) is in fd.c.
 */
#ifndef GONET_SOCKET_FD_LOCK_H
#define GONET_SOCKET_FD_LOCK_H

#include "base/compiler.h"
#include "runtime/ground/fork.h"
#include "runtime/sched/task.h"
#include "socket/fd.h"

/* The word. */
#define GONET__FD_CLOSED      ((uint64_t)1 << 0)
#define GONET__FD_LOCK(side)  ((uint64_t)1 << (1 + (side))) /* the side's lock is held */
#define GONET__FD_QUEUE(side) ((uint64_t)1 << (3 + (side))) /* somebody queues for it */
#define GONET__FD_REF         ((uint64_t)1 << 8)
#define GONET__FD_REFS        (((uint64_t)1 << 20) - 1)
#define GONET__FD_MANY        ((uint64_t)1 << 27) /* references: time to count them exactly */

/* The slow parts of the three below. gonet__fd_may_begin is for who has the lock. */
GONET__COLD bool gonet__fd_queue_for(gonet__fd_t *fd, gonet__side_t side, gonet__fail_t *fail);
GONET__COLD bool gonet__fd_may_begin(gonet__fd_t *fd, gonet__side_t side, gonet__fail_t *fail);
GONET__COLD void gonet__fd_leave(gonet__fd_t *fd, gonet__side_t side);

/* gonet__fd_begin_lock locks side (parks while another caller has it), and does not look at the
 * deadline (a read of 0 bytes). False (closed): fail, held. */
static inline bool gonet__fd_begin_lock(gonet__fd_t *fd, gonet__side_t side, gonet__fail_t *fail)
{
    uint64_t old = atomic_load_explicit(&fd->state, memory_order_relaxed);
    uint64_t taken = GONET__FD_CLOSED | GONET__FD_LOCK(side) | GONET__FD_MANY;

    return ((old & taken) == 0 && !gonet__fork_is_first(&fd->generation) &&
            atomic_compare_exchange_strong_explicit(&fd->state, &old,
                                                    (old | GONET__FD_LOCK(side)) + GONET__FD_REF,
                                                    memory_order_acq_rel, memory_order_relaxed)) ||
           gonet__fd_queue_for(fd, side, fail);
}

/* gonet__fd_begin locks side, and checks closed and deadline. False: fail, held. */
static inline bool gonet__fd_begin(gonet__fd_t *fd, gonet__side_t side, gonet__fail_t *fail)
{
    return gonet__fd_begin_lock(fd, side, fail) &&
           (gonet__pd_clear(&fd->pd, side) || gonet__fd_may_begin(fd, side, fail));
}

/* gonet__fd_end leaves side; fd may be gone afterwards. */
static inline void gonet__fd_end(gonet__fd_t *fd, gonet__side_t side)
{
    uint64_t old = atomic_load_explicit(&fd->state, memory_order_relaxed);

    if ((old & GONET__FD_QUEUE(side)) != 0 ||
        (old & (GONET__FD_REFS * GONET__FD_REF)) == GONET__FD_REF ||
        !atomic_compare_exchange_strong_explicit(&fd->state, &old,
                                                 (old - GONET__FD_REF) & ~GONET__FD_LOCK(side),
                                                 memory_order_acq_rel, memory_order_relaxed))
        gonet__fd_leave(fd, side);
    gonet__task_tick();
}

#endif
