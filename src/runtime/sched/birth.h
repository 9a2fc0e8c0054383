/*
 * Unborn tasks: one lies in the slot of a descriptor's read side in the place of a task, and takes
 * no memory: neither stack nor struct. When the side is ready it is sent to a worker, which makes a
 * task of it between two turns. What an idle connection costs is the connection.
 *
 * It counts as a task from the moment when it is left there (gonet__pd_leave_unborn): so
 * gonet_shutdown, which has all of them born, waits for it. Where there is no memory for a task it
 * is tried again a little later: nobody is there to be told.
 */
#ifndef GONET_RUNTIME_SCHED_BIRTH_H
#define GONET_RUNTIME_SCHED_BIRTH_H

#include "runtime/poller/pd.h"
#include "runtime/sched/worker.h"

/* gonet__birth_send lets pd's task be born: on the caller's worker, or if the caller is a thread,
 * on one that sleeps, if there is one. Any thread; by who has made the slot ready, or has taken
 * what was in it. */
void gonet__birth_send(gonet__pd_t *pd);

/* The slow part of gonet__birth_attend. */
void gonet__birth_bear(gonet__worker_t *w);

/* gonet__birth_attend makes tasks of those that were sent to w. On w's thread, outside any task. */
static inline void gonet__birth_attend(gonet__worker_t *w)
{
    if (atomic_load_explicit(&w->births, memory_order_relaxed) != NULL || w->unborn != NULL)
        gonet__birth_bear(w);
}

/* gonet__birth_hand_over sends those of a worker that ends to others. */
void gonet__birth_hand_over(gonet__worker_t *w);

/* gonet__birth_count counts an unborn task; gonet__birth_uncount: there will be none. On w's
 * thread. */
static inline void gonet__birth_count(gonet__worker_t *w)
{
    gonet__worker_count(&w->spawned);
}

static inline void gonet__birth_uncount(gonet__worker_t *w)
{
    gonet__worker_count(&w->ended);
}

#endif
