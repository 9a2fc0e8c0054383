/*
 * The poller: what a worker waits in, and what wakes those who wait for descriptors. Each worker
 * has one. This is all that the scheduler and those who wait know of it; they see neither a loop
 * nor an event of libuv, which is in uv.c alone.
 *
 * The contract:
 *
 * - A poller belongs to the worker that has opened it, and is run by whoever has its lock: its
 *   worker, which takes it and keeps it while it sleeps, or, while a task holds that, another one
 * in its place, which only tries and never sleeps in there. Nothing is kept by thread.
 * - gonet__poller_run calls back (gonet__pd_calls_t) for each side of a descriptor that is armed
 * and ready, on the calling thread, and runs nothing else. A side stays armed until an event finds
 *   nobody waiting there: one who waits again and again asks once.
 * - It says whether the time has come that it was given; timers are not its concern.
 * - To sleep: gonet__poller_will_sleep, then a last look at all messages, then gonet__poller_run.
 * To send a message: put it in its place, then gonet__poller_wake. Both are in sequential order, so
 *   no message is slept over.
 * - After gonet__poller_detach the descriptor may be closed, on any thread, at once, and its number
 *   used again: no event of what it was comes any more.
 *
 * Another poller (io_uring, say) is another file beside uv.c, with the functions of loop.h.
 */
#ifndef GONET_RUNTIME_POLLER_POLLER_H
#define GONET_RUNTIME_POLLER_POLLER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "runtime/poller/pd.h"

struct gonet__loop;
struct gonet__worker;

typedef struct gonet__poller {
    /* Under the lock, but for itself. */
    _Atomic uint32_t lock;
    struct gonet__watch *closed; /* watches that the loop has let go */
    struct gonet__watch *dirty;  /* watches that want another interest */
    struct gonet__loop *loop;    /* uv.c's */
    struct gonet__worker *owner;
    bool due;

    _Alignas(64) _Atomic bool sleeping;
    _Atomic bool apply_wanted;
    _Atomic unsigned wakers; /* who are about to wake it */

    /* a pi_lock: guards the lists and every watch's dead mark */
    _Alignas(64) _Atomic uint32_t registration;
    struct gonet__watch *requests; /* to be started */
    struct gonet__watch *retired;  /* to be closed */
    gonet__list_t watches;
} gonet__poller_t;

/* gonet__poller_can_open is for before a process's first poller; false, with errno: there are not
 * enough descriptors. */
bool gonet__poller_can_open(void);

/* gonet__poller_open opens p for owner, locked; 0 or an errno. gonet__poller_close ends it, locked,
 * after gonet__poller_detach_all. p was all zero, or closed, before. */
int gonet__poller_open(gonet__poller_t *p, struct gonet__worker *owner);
void gonet__poller_close(gonet__poller_t *p);

static inline bool gonet__poller_try_lock(gonet__poller_t *p)
{
    return atomic_exchange_explicit(&p->lock, 1, memory_order_acquire) == 0;
}

/* The slow part of gonet__poller_lock. */
void gonet__poller_wait(gonet__poller_t *p);

/* gonet__poller_lock is for the owner. */
static inline void gonet__poller_lock(gonet__poller_t *p)
{
    if (!gonet__poller_try_lock(p))
        gonet__poller_wait(p);
}

static inline void gonet__poller_unlock(gonet__poller_t *p)
{
    atomic_store_explicit(&p->lock, 0, memory_order_release);
}

/* gonet__poller_run looks for events, and if it may sleep until there is one, or a wake, or the
 * time at (monotonic ns; 0: none). p->due says then whether that time has come. Locked. */
void gonet__poller_run(gonet__poller_t *p, int64_t at, bool sleeps);

/* gonet__poller_clock returns the time in ms at the last run; it wraps. Locked. */
uint32_t gonet__poller_clock(const gonet__poller_t *p);

/* gonet__poller_will_sleep says that the owner is about to sleep, or does so no more. */
static inline void gonet__poller_will_sleep(gonet__poller_t *p, bool sleeps)
{
    atomic_store(&p->sleeping, sleeps);
}

/* gonet__poller_sleeps says whether it sleeps. Any thread. */
static inline bool gonet__poller_sleeps(const gonet__poller_t *p)
{
    return atomic_load(&p->sleeping);
}

/* gonet__poller_wake makes a sleeping owner look around. Any thread, after its message is in place.
 * Whether it slept, and the caller was the one who woke it. */
bool gonet__poller_wake(gonet__poller_t *p);

/* gonet__poller_fd returns a descriptor that can be read when p is to be run: for the monitor, that
 * looks at the pollers of held workers. */
int gonet__poller_fd(const gonet__poller_t *p);

/* gonet__poller_arm makes p watch side, from its next turn on, unless pd is being closed: the
 * descriptor may be another's by then. By p's owner, in a task that holds the side, or did. False:
 * no memory. */
bool gonet__poller_arm(gonet__poller_t *p, gonet__pd_t *pd, gonet__side_t side);

/* gonet__poller_detach removes the descriptor from all pollers. Any thread; no waiter is left, and
 * none will come. */
void gonet__poller_detach(gonet__pd_t *pd);

/* gonet__poller_detach_all takes all descriptors off a poller that ends, and lets who waits look
 * again. By its owner, locked. */
void gonet__poller_detach_all(gonet__poller_t *p);

/* gonet__poller_sweep lets all who wait for descriptors of p look again. Any thread. */
void gonet__poller_sweep(gonet__poller_t *p);

/* What the two below do when there is something to do. */
void gonet__poller_apply_wanted(gonet__poller_t *p);
void gonet__poller_free_list(gonet__poller_t *p);

/* gonet__poller_behind says whether gonet__poller_apply has something to do. Any thread. */
static inline bool gonet__poller_behind(const gonet__poller_t *p)
{
    return atomic_load(&p->apply_wanted);
}

/* gonet__poller_apply brings what is watched up to date: before p is run. Locked. */
static inline void gonet__poller_apply(gonet__poller_t *p)
{
    if (atomic_load_explicit(&p->apply_wanted, memory_order_relaxed))
        gonet__poller_apply_wanted(p);
}

/* gonet__poller_free_closed frees what is watched no more: after p was run. Locked. */
static inline void gonet__poller_free_closed(gonet__poller_t *p)
{
    if (p->closed != NULL)
        gonet__poller_free_list(p);
}

#endif
