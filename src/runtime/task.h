/*
 * A task: where it is in its life, its stack, and what it waits for. But for the links by which
 * others hand it to its worker, everything belongs to that worker's thread.
 */
#ifndef GONET_RUNTIME_TASK_H
#define GONET_RUNTIME_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "runtime/annotate.h"
#include "runtime/here.h"
#include "runtime/stack.h"
#include "runtime/switch.h"
#include "runtime/timer.h"

struct gonet__worker;

typedef enum {
    GONET__PARK_NONE = 0, /* running, runnable, or not begun */
    GONET__PARK_WAIT,     /* in a gonet__wait_t */
    GONET__PARK_POLL      /* for a side of a descriptor */
} gonet__park_t;

typedef struct gonet__task {
    /* First what each wait needs: 64 bytes. */
    struct gonet__task
        *next; /* in the run queue, the inbox, the list of those not begun, the pool */
    gonet__context_t context; /* where it is suspended */
    struct gonet__worker *worker;
    void *parked_in;    /* gonet__wait_t or gonet__pd_t */
    uint32_t parked_at; /* the worker's clock in ms when it parked */
    uint8_t park;       /* gonet__park_t */
    uint8_t side;       /* of the descriptor */
    uint8_t flags;      /* of the wait */
    bool rechecks;      /* woken to look at deadlines again, not by an event */
    bool canary;        /* the stack has one instead of a guard */
    bool entered;       /* has run: its stack can be unwound */

    gonet__stack_t *stack; /* NULL: not begun, on one of the default size */
    const char *why;       /* what it waits for, in words */
    int64_t deadline;      /* of the wait; 0: none */
    gonet__timer_t timer;  /* may fire early, for a wait of the past */
    void (*fn)(void *arg);
    void *arg;
    gonet__list_t all; /* the worker's tasks that have begun */
    uint64_t id;
    void *callbacks;          /* the socket layer's: which user functions it is inside of */
    uint32_t told_of;         /* the last gonet_shutdown that ended a call of this task */
    uint8_t told;             /* how many more calls that one has ended */
    gonet__annotation_t tool; /* for sanitizers and Valgrind */
} gonet__task_t;

/* gonet__task_current returns the task that the caller runs in, or NULL in a plain thread. */
gonet__task_t *gonet__task_current(void);

/*
 * gonet__task_park suspends the current task until gonet__task_ready is called for it, exactly
 * once, by anybody, maybe before it is suspended. The fields that describe the wait have been set.
 */
void gonet__task_park(gonet__task_t *task);

/*
 * gonet__task_go_here starts a task that stays on the caller's worker, where it has begun at once;
 * for a thread it is gonet_go. 0, or -1 with errno.
 */
int gonet__task_go_here(void (*fn)(void *arg), void *arg);

/* So many calls of a thread since the last switch may pass without one. */
#define GONET__MAX_TICKS 128

/* gonet__task_tick_over is the slow part of gonet__task_tick. */
void gonet__task_tick_over(void);

/*
 * gonet__task_tick ends a call that did not have to wait: a task that makes many such calls in a
 * row lets others run now and then. Nothing for a thread.
 */
static inline void gonet__task_tick(void)
{
    if (++gonet__local()->ticks >= GONET__MAX_TICKS)
        gonet__task_tick_over();
}

/* gonet__task_give_way lets the others of the worker have a turn before the caller goes on; false
 * if there are none, and for a thread. */
bool gonet__task_give_way(void);

/* gonet__task_tick_due counts alike; when it says true the caller calls gonet__task_tick_over. */
static inline bool gonet__task_tick_due(void)
{
    return ++gonet__local()->ticks >= GONET__MAX_TICKS;
}

/*
 * gonet__task_keep returns a place where the layers above keep one allocation (gonet__alloc) for
 * the next task of this worker, who frees it in the end; the place is stable until the task parks.
 * NULL for a thread.
 */
void **gonet__task_keep(void);

/* gonet__task_begin gives a task the stack that it was promised. On its worker's thread. */
void gonet__task_begin(struct gonet__worker *w, gonet__task_t *task);

/* gonet__task_release_pool frees the pooled task structs of a worker that ends. */
void gonet__task_release_pool(struct gonet__worker *w);

#endif
