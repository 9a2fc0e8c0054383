/*
 * The runtime as a whole: which workers there are.
 */
#ifndef GONET_RUNTIME_SCHED_RUNTIME_H
#define GONET_RUNTIME_SCHED_RUNTIME_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/ground/alert.h"
#include "runtime/sched/task.h"
#include "runtime/sched/worker.h"

#define GONET__MAX_WORKERS 256

typedef struct {
    pthread_mutex_t lock;   /* starting, ending, and the number of workers */
    pthread_cond_t idle;    /* the last task has ended while the runtime ends */
    _Atomic unsigned count; /* workers that take tasks: the first of the array */
    _Atomic unsigned
        made; /* how many of the array there are; the rest of them is ending, or ended */
    _Atomic(gonet__worker_t *) worker[GONET__MAX_WORKERS];
    unsigned wanted;       /* by gonet_set_max_procs; 0: the default */
    _Atomic uint32_t ends; /* how many a gonet_shutdown has begun */
    bool begun;            /* an end has begun, and no gonet_shutdown is over since */
    bool draining;         /* a gonet_drain is at work */
    bool shutting;         /* a gonet_shutdown is at work: no worker and no task can be started */
    _Atomic uint64_t spawned; /* tasks that threads have started; under the lock */
    const void *layout;       /* the table for debuggers: keeps it in the program */
} gonet__runtime_t;

extern gonet__runtime_t gonet__runtime;

/* Whether gonet_shutdown wants every task to come back. */
static inline bool gonet__runtime_ending(void)
{
    return gonet__alerted(GONET__ALERT_ENDING);
}

static inline unsigned gonet__runtime_worker_count(void)
{
    return atomic_load_explicit(&gonet__runtime.count, memory_order_relaxed);
}

static inline unsigned gonet__runtime_worker_made(void)
{
    return atomic_load_explicit(&gonet__runtime.made, memory_order_acquire);
}

static inline gonet__worker_t *gonet__runtime_worker(unsigned i)
{
    return atomic_load_explicit(&gonet__runtime.worker[i], memory_order_acquire);
}

/* gonet__runtime_leaves: w, which is asked to stop, ends now; false: it is to go on after all. On
 * its thread. */
bool gonet__runtime_leaves(gonet__worker_t *w);

/* gonet__runtime_live returns how many tasks live, or did a moment ago: 0 is certain, if none can
 * be started. Any thread. */
long gonet__runtime_live(void);

/* gonet__runtime_ended_one: a task has ended, and is counted, while the runtime is ending. */
void gonet__runtime_ended_one(void);

/* gonet__runtime_each calls f for every worker, also those that are ending or have ended. Under the
 * runtime's lock. */
void gonet__runtime_each(void (*f)(gonet__worker_t *w, void *arg), void *arg);

#endif
