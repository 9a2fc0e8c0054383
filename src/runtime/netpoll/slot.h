/*
 * What stands in the slot of a side, and how the one who is in there takes himself out: for
 * netpoll.c, which tells its life, and unborn.c.
 */
#ifndef GONET_RUNTIME_NETPOLL_SLOT_H
#define GONET_RUNTIME_NETPOLL_SLOT_H

#include "runtime/netpoll/netpoll.h"
#include "runtime/sched/worker.h"

/* The address of a task or a thread, with tags, or UNBORN. */
#define READY  ((uintptr_t)1)
#define THREAD ((uintptr_t)2)
#define PAUSES ((uintptr_t)4)
#define TAGS   ((uintptr_t)7)
#define UNBORN ((uintptr_t)8) /* no task has this address */

/* Takes the caller's own waiter v out of the slot before it parks; false: somebody else has it. */
static inline bool retract(gonet__poll_side_t *s, uintptr_t v)
{
    return atomic_compare_exchange_strong(&s->slot, &v, 0);
}

/* From the slot a closer may have taken the caller, and detached pd, which then is in no heap any
 * more: one of the two sees what the other has done. */
static inline void arm_timer(gonet__pd_t *pd, int64_t at)
{
    if (!gonet__timer_arm(gonet__here()->timers, &pd->timer, at))
        return;
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&pd->closing, memory_order_relaxed))
        gonet__timer_remove(&pd->timer);
}

/* gonet__netpoll_born is the function of a task that was unborn. */
void gonet__netpoll_born(gonet__pd_t *pd);

#endif
