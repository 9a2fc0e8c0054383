/*
 * How a new task comes into the queue of a worker, on that worker's thread: it is promised a stack,
 * then appended.
 */
#ifndef GONET_RUNTIME_SCHED_PLACE_H
#define GONET_RUNTIME_SCHED_PLACE_H

#include "base/compiler.h"
#include "runtime/sched/steal.h"
#include "runtime/sched/worker.h"

/* The slow part of gonet__place_promise. */
bool gonet__place_promise_more(gonet__worker_t *w);

/* gonet__place_promise promises a stack of the default size to a task that w's task starts; NULL: a
 * thread. False with errno ENOMEM. */
static inline bool gonet__place_promise(gonet__worker_t *w)
{
    return (w != NULL && gonet__stack_keep_promise(&w->stacks)) || gonet__place_promise_more(w);
}

/* gonet__place_enqueue puts a new task, counted, into w's queue. On w's thread. */
GONET__INLINE void gonet__place_enqueue(gonet__worker_t *w, gonet__task_t *task)
{
    gonet__queue_enter(&w->queue);
    gonet__worker_settle(w, task);
    if (!GONET__STEAL_ALWAYS)
        gonet__queue_append(&w->queue, task);
    gonet__queue_leave(&w->queue);
    if (GONET__STEAL_ALWAYS)
        gonet__worker_send(task);
    else if (__builtin_expect(atomic_load_explicit(&w->eager, memory_order_relaxed), 0))
        gonet__steal_call(w);
}

#endif
