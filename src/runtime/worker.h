/*
 * A worker: one thread, one libuv loop, and the tasks that live on it.
 *
 * Who may touch what: the thread alone, except the parts marked atomic, the list of tasks that have
 * not begun (own lock) and the registration of watches (registration lock). Nobody ever waits for a
 * worker to reach its loop.
 */
#ifndef GONET_RUNTIME_WORKER_H
#define GONET_RUNTIME_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/compiler.h"
#include "base/list.h"
#include "runtime/annotate.h"
#include "runtime/cxx.h"
#include "runtime/stack.h"
#include "runtime/task.h"
#include "runtime/timer.h"

struct gonet__watch;

/* How many tasks run between two looks at the loop, at the least. */
#define GONET__TURN 61

typedef struct gonet__worker {
    /* The thread's own; first what each turn and each switch needs. */
    gonet__task_t *current;
    gonet__task_t *run_head, **run_tail; /* runnable, first come first served */
    int run_count;
    int budget;                /* how many tasks may still run before the loop is looked at */
    uint32_t id;               /* never reused; > 0 */
    _Atomic(void *) running;   /* the task that runs, for the monitor */
    _Atomic uint64_t runs;     /* resumptions so far; only it writes */
    gonet__annotation_t *left; /* the context that was left last */

    gonet__context_t context; /* of the scheduler, while a task runs */
    gonet__task_t *finished;  /* ended on its own stack; its memory is to be taken back */
    void (*probe)(gonet__task_t *task, void *arg); /* run on each task's stack when it is resumed */
    int *errno_at; /* of the thread: each switch of tasks keeps it */
    gonet__cxx_t cxx;
    gonet__timer_heap_t timers;
    void *kept;       /* what the layers above keep for the next task: gonet__task_keep */
    unsigned polled;  /* tasks that the last poll made runnable */
    unsigned skipped; /* turns since the loop was looked at */

    struct gonet__watch *closed; /* watches that the loop has let go */
    struct gonet__watch *dirty;  /* watches that want another interest */
    int64_t timer_at;            /* what the loop's timer is set to; 0: stopped */
    int64_t trim_at;             /* when to give back unused stacks; 0: not planned */
    uint32_t clock_ms;           /* the loop's clock, when it was looked at last */
    bool on_watch;               /* sleeps in slices, to look for tasks that have not begun */
    bool old_libuv;              /* before 1.45 */
    gonet__stack_pool_t stacks;

    int64_t tick; /* of the coarse clock, when the loop was looked at last */
    gonet__task_t *free_tasks;
    unsigned free_count;
    uint32_t begun;      /* tasks begun so far */
    gonet__list_t tasks; /* those that have begun */
    gonet__annotation_t tool;
    uint64_t watch_count_seen;
    uv_loop_t loop;
    uv_async_t async;
    uv_timer_t timer;
    pthread_t thread;
    struct gonet__worker *next_retired; /* the runtime's */
    void *alternate_stack;
    void *probe_arg;
    _Atomic long live_own; /* tasks placed here by the worker itself; only it writes */

    _Alignas(64) _Atomic(gonet__task_t *) inbox; /* woken by others; last come first */
    _Atomic bool sleeping;
    _Atomic bool apply_wanted;
    _Atomic bool sweep_wanted; /* gonet_shutdown: wake whoever is parked */
    _Atomic bool stopping;     /* end when no task lives */
    _Atomic bool dump_wanted;
    _Atomic long live_others; /* tasks placed here or taken away by others: a difference */

    _Alignas(64) _Atomic uint32_t fresh_lock; /* guards the tasks that have not begun */
    gonet__task_t *fresh_head, **fresh_tail;
    _Atomic unsigned fresh_count;
    _Atomic uint64_t fresh_total; /* how many were ever added; written under the lock */
    _Atomic unsigned users;       /* foreign threads that are inside a call on this worker */

    /* a pi_lock: guards the two lists and every watch's dead mark */
    _Atomic uint32_t registration;
    struct gonet__watch *requests; /* to be started */
    struct gonet__watch *retired;  /* to be closed */
    gonet__list_t watches;
} gonet__worker_t;

/* gonet__worker_task is gonet__task_current, inline. */
static inline gonet__task_t *gonet__worker_task(void)
{
    gonet__worker_t *w = gonet__here();

    return w != NULL ? w->current : NULL;
}

/* gonet__worker_start makes a worker and its thread; NULL with errno set when that fails. */
gonet__worker_t *gonet__worker_start(void);

/* gonet__worker_free releases a worker whose thread has been joined. */
void gonet__worker_free(gonet__worker_t *w);

/* gonet__worker_wake makes a sleeping worker look around. Any thread, after its message is in
 * place. Whether the worker slept, and the caller was the one who woke it. */
bool gonet__worker_wake(gonet__worker_t *w);

/* gonet__worker_push appends to the run queue. The worker's thread only. */
static inline void gonet__worker_push(gonet__worker_t *w, gonet__task_t *task)
{
    task->next = NULL;
    *w->run_tail = task;
    w->run_tail = &task->next;
    w->run_count++;
}

/* gonet__worker_push_front makes task the next to run. The worker's thread only. */
static inline void gonet__worker_push_front(gonet__worker_t *w, gonet__task_t *task)
{
    task->next = w->run_head;
    if (task->next == NULL)
        w->run_tail = &task->next;
    w->run_head = task;
    w->run_count++;
}

/* gonet__task_post is gonet__task_ready for a task of another worker. */
void gonet__task_post(gonet__task_t *task);

/* gonet__task_ready makes a task that parks, or is about to, runnable. Any thread. */
static inline void gonet__task_ready(gonet__task_t *task)
{
    if (task->worker == gonet__here())
        gonet__worker_push(task->worker, task);
    else
        gonet__task_post(task);
}

/*
 * gonet__worker_pop takes the first of the run queue, which is not empty. The worker's thread only.
 * Of many tasks few are in the cache: while this one runs, the stack of the next comes, and the
 * struct of the one after that.
 */
static inline gonet__task_t *gonet__worker_pop(gonet__worker_t *w)
{
    gonet__task_t *t = w->run_head;
    gonet__task_t *next = t->next;

    w->run_count--;
    w->run_head = next;
    if (next == NULL) {
        w->run_tail = &w->run_head;
    } else if (next->next != NULL) {
        GONET__PREFETCH(next->next);
        GONET__PREFETCH(next->context.sp);
        GONET__PREFETCH((char *)next->context.sp + 64);
    }
    return t;
}

/* gonet__worker_add_fresh hands the worker a task that has not begun. Any thread. Returns how many
 * were there. */
unsigned gonet__worker_add_fresh(gonet__worker_t *w, gonet__task_t *task);

/* gonet__worker_begin_fresh gives the first task that has not begun its stack; NULL: there is none.
 * The worker's thread only. */
gonet__task_t *gonet__worker_begin_fresh(gonet__worker_t *w);

/* gonet__worker_steal takes half of another worker's tasks that have not begun; false: there are
 * none. The worker's thread only, outside any task. */
bool gonet__worker_steal(gonet__worker_t *w);

/* gonet__worker_live returns how many tasks are placed on w. */
static inline long gonet__worker_live(gonet__worker_t *w)
{
    return atomic_load_explicit(&w->live_own, memory_order_relaxed) +
           atomic_load_explicit(&w->live_others, memory_order_relaxed);
}

/* gonet__worker_count_own changes the count of placed tasks. The worker's thread only. */
static inline void gonet__worker_count_own(gonet__worker_t *w, long d)
{
    atomic_store_explicit(&w->live_own,
                          atomic_load_explicit(&w->live_own, memory_order_relaxed) + d,
                          memory_order_relaxed);
}

#endif
