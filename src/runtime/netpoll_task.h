/*
 * What a worker does with tasks that are parked for a descriptor. On the task's worker, outside any
 * task.
 */
#ifndef GONET_RUNTIME_NETPOLL_TASK_H
#define GONET_RUNTIME_NETPOLL_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/netpoll.h"
#include "runtime/worker.h"

/* gonet__poll_timer: the task's timer has fired; the deadline of the day decides. */
void gonet__poll_timer(gonet__worker_t *w, gonet__task_t *task, int64_t now);

/* gonet__poll_recheck lets the task look at closed, deadline and shutdown again. */
void gonet__poll_recheck(gonet__worker_t *w, gonet__task_t *task);

/* gonet__poll_event wakes the side's waiter; false if nobody waits there through a loop. */
bool gonet__poll_event(gonet__worker_t *w, gonet__pd_t *pd, gonet__side_t side, bool error);

/* gonet__poll_wanted says whether somebody waits, or is just being woken, through a loop. */
bool gonet__poll_wanted(gonet__pd_t *pd, gonet__side_t side);

/* gonet__poll_failed wakes both sides' waiters: fd can't be watched. */
void gonet__poll_failed(gonet__pd_t *pd, int errnum);

#endif
