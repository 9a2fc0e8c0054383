/*
 * Workers that a task holds: it computes, or blocks outside of gonet. The monitor finds them, and
 * from then on the others look at their loops, too: each time they look at their own, and when the
 * monitor is told of an event there.
 */
#ifndef GONET_RUNTIME_SCHED_HELD_H
#define GONET_RUNTIME_SCHED_HELD_H

#include <stdatomic.h>
#include <stdbool.h>

#include "runtime/sched/worker.h"

extern _Atomic unsigned gonet__held_count;

/* gonet__held_open returns the set (an epoll descriptor) in which the loops of held workers are;
 * -1 with errno. By the monitor, as the two after it. */
int gonet__held_open(void);
void gonet__held_close(void);
void gonet__held_begin(gonet__worker_t *w);

/* gonet__held_end: w runs its loop itself again. On its thread. */
void gonet__held_end(gonet__worker_t *w);

/* The slow parts of the two below. */
void gonet__held_look(gonet__worker_t *w);
void gonet__held_ask(gonet__worker_t *w);

/* gonet__held_poll looks at the queues and loops of held workers, for w, which runs what is
 * runnable there. */
static inline void gonet__held_poll(gonet__worker_t *w)
{
    if (__builtin_expect(atomic_load_explicit(&gonet__held_count, memory_order_relaxed) > 0, 0))
        gonet__held_look(w);
}

/* gonet__held_rearm asks to be told of the next event there, since w is about to sleep. */
static inline void gonet__held_rearm(gonet__worker_t *w)
{
    if (__builtin_expect(atomic_load_explicit(&gonet__held_count, memory_order_relaxed) > 0, 0))
        gonet__held_ask(w);
}

#endif
