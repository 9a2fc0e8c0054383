/*
 * A worker's libuv loop. It is run by its worker, or, while a task holds that, by another one in
 * its place: libuv keeps nothing by thread, so a lock suffices. The owner takes it, and has it also
 * while it sleeps in there; others only try, and have it for one look without a wait.
 */
#ifndef GONET_RUNTIME_LOOP_H
#define GONET_RUNTIME_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "runtime/sched/worker.h"

/* gonet__loop_open makes the loop, locked; 0 or an errno. gonet__loop_close ends it, locked. */
int gonet__loop_open(gonet__worker_t *w);
void gonet__loop_close(gonet__worker_t *w);

static inline bool gonet__loop_try_lock(gonet__worker_t *w)
{
    return atomic_exchange_explicit(&w->loop_lock, 1, memory_order_acquire) == 0;
}

/* The slow part of gonet__loop_lock. */
void gonet__loop_wait(gonet__worker_t *w);

/* gonet__loop_lock is for w's own thread. */
static inline void gonet__loop_lock(gonet__worker_t *w)
{
    if (!gonet__loop_try_lock(w))
        gonet__loop_wait(w);
}

static inline void gonet__loop_unlock(gonet__worker_t *w)
{
    atomic_store_explicit(&w->loop_lock, 0, memory_order_release);
}

/* gonet__loop_run looks for events, and sleeps until there is one if it may. Locked. What becomes
 * runnable does so on the calling worker. */
void gonet__loop_run(gonet__worker_t *w, bool sleeps);

/* gonet__loop_wake wakes who sleeps in gonet__loop_run, or is about to. Any thread, no lock. */
void gonet__loop_wake(gonet__worker_t *w);

/* For those who look at the loops of held workers. The monitor: one of w's turns is due when fd in
 * set is readable; … */
void gonet__loop_watch(gonet__worker_t *w, int set);
void gonet__loop_unwatch(gonet__worker_t *w, int set);

/* gonet__loop_run_timers wakes those whose time has come. On any worker. */
void gonet__loop_run_timers(gonet__worker_t *w);

#endif
