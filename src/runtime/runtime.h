/*
 * The runtime as a whole: which workers there are, where a new task goes, starting and ending.
 */
#ifndef GONET_RUNTIME_RUNTIME_H
#define GONET_RUNTIME_RUNTIME_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/netpoll.h"
#include "runtime/task.h"
#include "runtime/worker.h"

#define GONET__MAX_WORKERS 256

typedef struct {
    pthread_mutex_t lock;   /* starting, ending, and the number of workers */
    pthread_cond_t idle;    /* a worker's last task has ended while the runtime ends */
    _Atomic unsigned count; /* workers that take new tasks: the first of the array */
    _Atomic(gonet__worker_t *) worker[GONET__MAX_WORKERS];
    _Atomic(gonet__worker_t *)
        retired;           /* ending with their last task, or ended; kept until shutdown */
    unsigned wanted;       /* by gonet_set_max_procs; 0: the default */
    _Atomic uint32_t ends; /* how many a gonet_shutdown has begun */
    bool shutting;         /* a gonet_shutdown is at work: no worker and no task can be started */
    /* Sleepers who were called for tasks that have not begun; see runtime.c. */
    _Atomic(gonet__worker_t *) searcher;
    _Atomic(gonet__worker_t *) watcher;
    _Atomic uint32_t moves_begun, moves_ended; /* of tasks from worker to worker */
    const void *layout; /* the table for debuggers: keeps it in the program */
} gonet__runtime_t;

extern gonet__runtime_t gonet__runtime;

/* Whether gonet_shutdown wants every task to come back. */
static inline bool gonet__runtime_ending(void)
{
    return atomic_load_explicit(&gonet__ending, memory_order_relaxed);
}

/* Whether there is one worker and never was another: nobody to take tasks from, or to call. */
static inline bool gonet__runtime_alone(void)
{
    return atomic_load(&gonet__runtime.count) == 1 && atomic_load(&gonet__runtime.retired) == NULL;
}

static inline unsigned gonet__runtime_worker_count(void)
{
    return atomic_load_explicit(&gonet__runtime.count, memory_order_relaxed);
}

static inline gonet__worker_t *gonet__runtime_worker(unsigned i)
{
    return atomic_load_explicit(&gonet__runtime.worker[i], memory_order_acquire);
}

/*
 * gonet__runtime_place counts the task and hands it to a worker, starting the runtime if need be. w
 * is the caller's worker, or NULL in a thread. False with errno: no worker could be started.
 */
bool gonet__runtime_place(gonet__worker_t *w, gonet__task_t *task);

/* gonet__runtime_promise_stack promises a stack of the default size to a task that w's task starts
 * (NULL: a thread, under the lock). False with errno: memory is out. */
bool gonet__runtime_promise_stack(gonet__worker_t *w);

/* For workers that look for work: another one that has tasks that have not begun, or NULL; … */
gonet__worker_t *gonet__runtime_victim(const gonet__worker_t *w);
/* … whether w was called to look, or is on watch; … */
bool gonet__runtime_called(const gonet__worker_t *w);
bool gonet__runtime_on_watch(const gonet__worker_t *w);
/* … the search is over (more: another one should help); … */
void gonet__runtime_search_done(gonet__worker_t *w, bool more);
/* … and the watch is given up. */
void gonet__runtime_watch_done(gonet__worker_t *w);
/* How many tasks were ever started. */
uint64_t gonet__runtime_started(void);

/* gonet__runtime_live returns how many tasks live; one that is just being moved counts once. Under
 * the runtime's lock. */
long gonet__runtime_live(void);

/* gonet__runtime_adjust makes the number of workers the one wanted, if there are any. Under the
 * runtime's lock, while none shuts it down. */
void gonet__runtime_adjust(void);

/* A worker's last task has ended while the runtime is ending. */
void gonet__runtime_worker_idle(void);

/* gonet__runtime_each calls f for every worker, also those that are ending. Under the runtime's
 * lock. */
void gonet__runtime_each(void (*f)(gonet__worker_t *w, void *arg), void *arg);

#endif
