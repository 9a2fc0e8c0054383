/*
 * What the loops do with tasks that are parked for a descriptor. On any worker.
 */
#ifndef GONET_RUNTIME_NETPOLL_TASK_H
#define GONET_RUNTIME_NETPOLL_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/netpoll/netpoll.h"
#include "runtime/sched/worker.h"

/* gonet__poll_timer: pd's timer has fired; the deadlines of the day decide. See
 * gonet__timer_fire_t. */
int64_t gonet__poll_timer(gonet__pd_t *pd, int64_t now, gonet__task_t **woken);

/* gonet__poll_recheck lets those who wait for pd look at closed, deadline and shutdown again. Any
 * thread. */
void gonet__poll_recheck(gonet__pd_t *pd);

/* gonet__poll_event wakes the side's waiter; false if nobody waits there through a loop. */
bool gonet__poll_event(gonet__pd_t *pd, gonet__side_t side, bool error);

/* gonet__poll_wanted says whether somebody waits, or is just being woken, through a loop. */
bool gonet__poll_wanted(gonet__pd_t *pd, gonet__side_t side);

/* gonet__poll_failed wakes both sides' waiters: fd can't be watched. */
void gonet__poll_failed(gonet__pd_t *pd, int errnum);

#endif
