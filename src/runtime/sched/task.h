/*
 * A task: where it is in its life, its stack, and what it waits for.
 *
 * Who may touch what: a task that is in a queue, or runs, belongs to the worker that has it. One
 * that waits belongs to nobody; who claims its wait (wait.h), or its side of a descriptor
 * (netpoll.c), makes it runnable, once, and after that must not touch it. Its memory stays until
 * its home worker takes it back, so the word that is claimed may be looked at by whoever holds the
 * lock of something that the task is in.
 */
#ifndef GONET_RUNTIME_SCHED_TASK_H
#define GONET_RUNTIME_SCHED_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "runtime/ground/here.h"
#include "runtime/switch/annotate.h"
#include "runtime/switch/stack.h"
#include "runtime/switch/switch.h"
#include "runtime/time/timer.h"

struct gonet__worker;

typedef enum {
    GONET__PARK_NONE = 0, /* running, runnable, or not begun */
    GONET__PARK_WAIT,     /* in a gonet__wait_t */
    GONET__PARK_POLL      /* for a side of a descriptor */
} gonet__park_t;

typedef struct gonet__task {
    /* First what each switch needs: 64 bytes. */
    struct gonet__task *next;     /* in a queue, an inbox, or a list of those that have ended */
    gonet__context_t context;     /* where it is suspended */
    struct gonet__worker *worker; /* on which it runs, or ran last; NULL: on none yet */
    struct gonet__worker *pin;    /* the only one on which it may run; NULL: any */
    _Atomic uint64_t wait;        /* of the day: see wait.h */
    uint32_t parked_at;           /* the worker's clock in ms when it parked */
    _Atomic bool on;    /* its registers are on some CPU, or somebody looks at its stack */
    _Atomic bool begun; /* has a stack and a context */
    bool canary;        /* the stack has one instead of a guard */
    uint8_t park;       /* gonet__park_t */

    _Atomic int64_t
        until;       /* the wait's deadline; 0: it may not be ended by time or gonet_shutdown */
    void *parked_in; /* gonet__pd_t */
    const char *why; /* what it waits for, in words */
    gonet__stack_t *stack; /* NULL: not begun, on one of the default size */
    bool rechecks;         /* woken to look at deadlines again, not by an event */
    uint8_t side;          /* of the descriptor */
    _Atomic uint8_t flags; /* of the wait */
    bool entered;          /* has run: its stack can be unwound */
    uint8_t told;          /* how many more calls the last gonet_shutdown has ended */
    uint32_t told_of;      /* the last gonet_shutdown that ended a call of this task */
    void (*fn)(void *arg);
    void *arg;
    gonet__timer_t timer;        /* may fire early, for a wait of the past */
    struct gonet__worker *home;  /* where its memory belongs; NULL: not yet in a queue */
    gonet__list_t all;           /* in home's list */
    struct gonet__worker *began; /* the worker that gave it its stack */
    char *name;                  /* that was given to it: name.h; NULL: none */
    unsigned pins;               /* how often it was pinned */
    uint64_t id;
    void *callbacks;            /* the socket layer's: which user functions it is inside of */
    struct gonet__under *under; /* whose context ends its calls; NULL: none */
    gonet__annotation_t tool;   /* for sanitizers and Valgrind */
} gonet__task_t;

/* What the code of a task needs of its worker: the beginning of a gonet__worker_t. */
typedef struct {
    _Atomic(gonet__task_t *) task; /* which runs; NULL: the scheduler does */
    int *errno_at;                 /* of the thread: each switch of tasks keeps it */
    void *kept;                    /* gonet__task_keep */
} gonet__place_t;

/* gonet__task_place returns that of the worker whose thread this is; NULL: a plain thread. */
static inline gonet__place_t *gonet__task_place(void)
{
    return (gonet__place_t *)(void *)gonet__here();
}

/* gonet__task_current returns the task that the caller runs in, or NULL in a plain thread. */
static inline gonet__task_t *gonet__task_current(void)
{
    gonet__place_t *place = gonet__task_place();

    return place != NULL ? atomic_load_explicit(&place->task, memory_order_relaxed) : NULL;
}

/* gonet__task_forking returns the task that forks, for a hook of fork.h; NULL: a thread does. */
static inline gonet__task_t *gonet__task_forking(void)
{
    gonet__place_t *place = (gonet__place_t *)(void *)gonet__local()->forking;

    return place != NULL ? atomic_load_explicit(&place->task, memory_order_relaxed) : NULL;
}

/*
 * gonet__task_park suspends the current task until gonet__task_ready (worker.h) is called for it,
 * exactly once, by anybody, maybe before it is suspended. The fields that describe the wait have
 * been set. It may come back in another thread.
 */
void gonet__task_park(gonet__task_t *task);

/* So many calls of a thread since the last switch may pass without one. */
#define GONET__MAX_TICKS 128

/* gonet__task_tick_over is the slow part of gonet__task_tick. */
void gonet__task_tick_over(void);

/* gonet__task_tick_due counts a call that did not have to wait; when it says true the caller calls
 * gonet__task_tick_over. */
static inline bool gonet__task_tick_due(void)
{
    return ++gonet__local()->ticks >= GONET__MAX_TICKS;
}

/*
 * gonet__task_tick ends a call that did not have to wait: a task that makes many such calls in a
 * row lets others run now and then. Nothing for a thread.
 */
static inline void gonet__task_tick(void)
{
    if (gonet__task_tick_due())
        gonet__task_tick_over();
}

/* gonet__task_give_way lets the others of the worker have a turn before the caller goes on; false
 * if there are none, and for a thread. */
bool gonet__task_give_way(void);

/*
 * gonet__task_keep returns a place where the layers above keep one allocation (gonet__alloc) for
 * the next task of this worker, who frees it in the end; the place is stable until the task parks.
 * NULL for a thread.
 */
static inline void **gonet__task_keep(void)
{
    gonet__place_t *place = gonet__task_place();

    return place != NULL ? &place->kept : NULL;
}

#endif
