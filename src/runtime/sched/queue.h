/*
 * A worker's run queue: first in, first out, of tasks that have begun and of those that have not.
 * Its owner works on it all the time, others now and then: to take tasks over, to look at them.
 *
 * So the owner pays for no atomic operation. It says that it is busy, then looks whether somebody
 * wants the queue; who wants it says so, then makes every thread of the process pass a barrier
 * (membarrier(2), about 1 us), then looks whether the owner is busy. Of the two, one sees the
 * other's word. Where there is no such system call, the owner has a barrier of its own.
 *
 * A program may put itself into a sandbox later, which refuses the call from then on. Who finds
 * that out lets the owner know, by the word that the owner looks at anyway, but does not have the
 * queue before the owner has seen it, on its way to a task.
 *
 * Measured for a yield among two contexts, ns: a list that nobody else may touch 4.8, this 5.0, the
 * list under a spin lock 9.4 to 14.9. The whole library with a spin lock for each queue in its
 * place takes more, with one worker and with two (medians of 41 pairs): a yield among two tasks 9
 * and 34 %, among 1000 3 and 3 %, 1000 tasks spawned at once 30 and 17 %, a word over a channel and
 * back 11 and 6 %.
 */
#ifndef GONET_RUNTIME_SCHED_QUEUE_H
#define GONET_RUNTIME_SCHED_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/list.h"
#include "runtime/sched/task.h"

#define GONET__QUEUE_TAKEN  1u /* somebody else has it, or waits for it */
#define GONET__QUEUE_FENCED 2u /* for good: its owner needs a barrier of its own */

typedef struct {
    gonet__task_t *head, **tail;
    _Atomic uint32_t count;  /* who has the queue writes it, anybody reads it */
    _Atomic uint32_t pinned; /* of these, tasks that must stay */
    _Atomic bool busy;       /* the owner is at it */
    _Atomic bool fenced;     /* the owner has seen that, or there is no owner */
    gonet__list_t home;      /* the tasks whose memory belongs here, in the queue or not */

    _Alignas(64) _Atomic uint8_t seized; /* GONET__QUEUE_… */
} gonet__queue_t;

/* Whether all owners need a barrier of their own. */
extern _Atomic bool gonet__queue_fenced;

/* gonet__queue_choose finds out about the barrier: before the first worker of a process. */
void gonet__queue_choose(void);

/* gonet__queue_init makes an empty queue, without an owner. */
void gonet__queue_init(gonet__queue_t *q);

/* gonet__queue_own: from now on the queue has an owner, who will be another thread; or none any
 * more. Both in sequential order with `seized`, as a barrier is. */
static inline void gonet__queue_own(gonet__queue_t *q, bool owned)
{
    atomic_store(&q->fenced, !owned);
}

/* gonet__queue_enter_slowly lets the one who has seized the queue finish, and has a barrier. */
GONET__COLD void gonet__queue_enter_slowly(gonet__queue_t *q);

/* gonet__queue_enter and gonet__queue_leave are around what the owner does with the queue. */
static inline void gonet__queue_enter(gonet__queue_t *q)
{
    atomic_store_explicit(&q->busy, true, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (__builtin_expect(atomic_load(&q->seized) != 0, 0))
        gonet__queue_enter_slowly(q);
}

static inline void gonet__queue_leave(gonet__queue_t *q)
{
    atomic_store_explicit(&q->busy, false, memory_order_release);
}

/* gonet__queue_seize makes the queue the caller's, who is not its owner, until
 * gonet__queue_release: no system call meanwhile. False: somebody else has it, or its owner does
 * not come to an end, or has yet to see that it needs a barrier; now is not the time. */
bool gonet__queue_seize(gonet__queue_t *q);

/* Whether it can't be had before the owner has come by. */
static inline bool gonet__queue_awaits_owner(const gonet__queue_t *q)
{
    return (atomic_load(&q->seized) & GONET__QUEUE_FENCED) != 0 && !atomic_load(&q->fenced);
}

static inline void gonet__queue_release(gonet__queue_t *q)
{
    atomic_fetch_and_explicit(&q->seized, (uint8_t)~GONET__QUEUE_TAKEN, memory_order_release);
}

static inline uint32_t gonet__queue_count(const gonet__queue_t *q)
{
    return atomic_load_explicit(&q->count, memory_order_relaxed);
}

/* gonet__queue_movable returns how many tasks another worker could run. Any thread: a hint. */
static inline uint32_t gonet__queue_movable(const gonet__queue_t *q)
{
    uint32_t pinned = atomic_load_explicit(&q->pinned, memory_order_relaxed);
    uint32_t count = gonet__queue_count(q);

    return count > pinned ? count - pinned : 0;
}

/* Entered, or seized, is whoever calls the rest. */
static inline void gonet__queue_add(_Atomic uint32_t *counter, uint32_t d)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + d,
                          memory_order_relaxed);
}

static inline void gonet__queue_link(gonet__queue_t *q, gonet__task_t *task)
{
    task->next = NULL;
    *q->tail = task;
    q->tail = &task->next;
    if (__builtin_expect(task->pin != NULL, 0))
        gonet__queue_add(&q->pinned, 1);
}

static inline void gonet__queue_append(gonet__queue_t *q, gonet__task_t *task)
{
    gonet__queue_link(q, task);
    gonet__queue_add(&q->count, 1);
}

static inline void gonet__queue_prepend(gonet__queue_t *q, gonet__task_t *task)
{
    task->next = q->head;
    if (task->next == NULL)
        q->tail = &task->next;
    q->head = task;
    gonet__queue_add(&q->count, 1);
    if (__builtin_expect(task->pin != NULL, 0))
        gonet__queue_add(&q->pinned, 1);
}

/* Of many tasks few are in the cache: while the first one runs, the stack of the next comes, and
 * the struct of the one after that. */
static inline gonet__task_t *gonet__queue_unlink(gonet__queue_t *q)
{
    gonet__task_t *t = q->head;
    gonet__task_t *next = t->next;

    if (__builtin_expect(t->pin != NULL, 0))
        gonet__queue_add(&q->pinned, (uint32_t)-1);
    q->head = next;
    if (next == NULL) {
        q->tail = &q->head;
    } else if (next->next != NULL) {
        GONET__PREFETCH(next->next);
        GONET__PREFETCH(next->context.sp);
        GONET__PREFETCH((void *)((uintptr_t)next->context.sp + 64)); /* NULL: not begun */
    }
    return t;
}

/* gonet__queue_first takes the first task out; NULL: there is none. */
static inline gonet__task_t *gonet__queue_first(gonet__queue_t *q)
{
    if (q->head == NULL)
        return NULL;
    gonet__queue_add(&q->count, (uint32_t)-1);
    return gonet__queue_unlink(q);
}

/* Whether gonet_dump_tasks looks at tasks: then who takes one out of a queue may meet the dumper.
 */
extern _Atomic bool gonet__queue_watched;

/* gonet__queue_catch puts the task on, unless the dumper has done so. */
GONET__COLD bool gonet__queue_catch(gonet__task_t *task);

/* A task that was taken out, to run now: it is `on` from here on. NULL: it has not left its stack
 * yet, and is the first again. */
static inline gonet__task_t *gonet__queue_on(gonet__queue_t *q, gonet__task_t *t)
{
    if (__builtin_expect(atomic_load_explicit(&gonet__queue_watched, memory_order_relaxed), 0)) {
        if (gonet__queue_catch(t))
            return t;
    } else if (__builtin_expect(!atomic_load_explicit(&t->on, memory_order_acquire), 1)) {
        atomic_store_explicit(&t->on, true, memory_order_relaxed);
        return t;
    }
    gonet__queue_prepend(q, t);
    return NULL;
}

/* gonet__queue_next takes out the first one to run; NULL: there is none, or see above. */
static inline gonet__task_t *gonet__queue_next(gonet__queue_t *q)
{
    gonet__task_t *t = gonet__queue_first(q);

    return t != NULL ? gonet__queue_on(q, t) : NULL;
}

/* gonet__queue_rotate appends task and takes out the first one to run, of a queue that is not
 * empty: their number stays. */
static inline gonet__task_t *gonet__queue_rotate(gonet__queue_t *q, gonet__task_t *task)
{
    gonet__queue_link(q, task);
    return gonet__queue_on(q, gonet__queue_unlink(q));
}

/* gonet__queue_cut takes out the first n tasks that are not pinned, in their order; the list ends
 * in NULL. */
gonet__task_t *gonet__queue_cut(gonet__queue_t *q, uint32_t n);

#endif
