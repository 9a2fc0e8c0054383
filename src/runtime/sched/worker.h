/*
 * A worker: one thread, one poller, one run queue. Any worker runs any task.
 *
 * Who may touch what: the thread alone, except the parts marked atomic, the queue (queue.h), the
 * timers (timer.h), and the poller, which another worker may run in the place of one that is held
 * (poller.h). Nobody ever waits for a worker to reach its poller.
 *
 * A worker's struct is kept until gonet_shutdown, and used again when gonet_set_max_procs starts
 * more workers after it has ended some.
 */
#ifndef GONET_RUNTIME_SCHED_WORKER_H
#define GONET_RUNTIME_SCHED_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/list.h"
#include "runtime/ground/here.h"
#include "runtime/poller/poller.h"
#include "runtime/sched/queue.h"
#include "runtime/sched/task.h"
#include "runtime/switch/annotate.h"
#include "runtime/switch/cxx.h"
#include "runtime/switch/stack.h"
#include "runtime/time/timer.h"

struct gonet__pd;

/* How many tasks run between two looks at the clock, and at the least between two at the loop. */
#define GONET__TURN 61

typedef enum {
    GONET__WORKER_ENDED = 0, /* no thread, or one that only has to be joined */
    GONET__WORKER_RUNS,
    GONET__WORKER_LEAVES /* about to end: nothing can stop it */
} gonet__worker_state_t;

typedef struct gonet__worker {
    /* The thread's own; first what each turn and each switch needs. */
    gonet__place_t place;
    gonet__task_t *left;     /* whose stack was left last; NULL: the scheduler's */
    gonet__task_t *finished; /* ended on its own stack; it is to be taken back */
    int budget;              /* how many tasks may still run before the clock is looked at */
    int turn;                /* how many after that, before the loop is looked at */
    _Atomic uint64_t runs;   /* resumptions so far; only it writes */
    gonet__queue_t queue;

    gonet__context_t context; /* of the scheduler, while a task runs */
    uint32_t id;              /* > 0 */
    uint32_t clock_ms;        /* the loop's clock, when it was looked at last */
    gonet__cxx_t cxx;
    _Atomic uint64_t spawned,
        ended; /* tasks that were started and that ended here; they only rise */
    void (*probe)(gonet__task_t *task, void *arg); /* run on each task's stack when it is resumed */
    void *probe_arg;
    gonet__annotation_t tool;
    gonet__task_t *free_tasks;
    unsigned free_count;
    gonet__stack_pool_t stacks;
    uint32_t begun; /* tasks begun so far */

    unsigned polled;             /* tasks that the last poll made runnable */
    unsigned skipped;            /* turns since the loop was looked at */
    int64_t tick;                /* of the coarse clock, when the loop was looked at last */
    int64_t turn_tick;           /* … when a long turn began */
    _Atomic int64_t trim_at;     /* when to give back unused stacks; 0: not planned */
    struct gonet__pd *unborn;    /* tasks to be born, for which there was no memory (birth.h) */
    _Atomic int64_t unborn_at;   /* when to try again; 0: none are left */
    struct gonet__worker *helps; /* who called; NULL: nobody */
    int64_t helps_since;
    unsigned helps_got; /* tasks that it took over since */
    bool mailed;        /* others have sent tasks since it looked last whether to stay awake */
    gonet__awake_t awake;
    pthread_t thread; /* to be joined, if it was started */
    bool started;
    void *alternate_stack;
    _Atomic(gonet__worker_state_t) state;

    gonet__timer_heap_t *timers;

    _Alignas(64) _Atomic(gonet__task_t *) inbox; /* woken by others; last come first */
    _Atomic(gonet__task_t *) gone;               /* tasks of this home that ended elsewhere */
    _Atomic(struct gonet__pd *) births;          /* tasks to be born; last come first */
    _Atomic bool waits_awake;                    /* for messages */
    _Atomic bool stopping;                       /* end as soon as no pinned task is left */
    _Atomic unsigned pinned;                     /* tasks that are pinned here */
    _Atomic unsigned users; /* foreign threads that are about to send it something */
    /* How others come to its help; see steal.c. */
    _Atomic bool eager;                     /* call a sleeper when a task becomes runnable here */
    _Atomic bool held;                      /* by a task: the monitor has seen it */
    _Atomic int64_t quiet;                  /* until when it is not to be eager; ns */
    _Atomic int64_t patience;               /* how long it was quiet the last time */
    _Atomic(struct gonet__worker *) caller; /* who has called this one for help */

    _Alignas(64) gonet__poller_t poller;
} gonet__worker_t;

static inline gonet__task_t *gonet__worker_task(const gonet__worker_t *w)
{
    return atomic_load_explicit(&w->place.task, memory_order_relaxed);
}

/* gonet__worker_count adds one to a counter that only the caller writes. */
static inline void gonet__worker_count(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_release);
}

/* gonet__worker_new makes a worker without a thread; NULL without memory. */
gonet__worker_t *gonet__worker_new(uint32_t id);

/* gonet__worker_start gives w, which has ended, a thread. 0 or an errno. */
int gonet__worker_start(gonet__worker_t *w);

/* gonet__worker_free releases a worker whose thread has been joined. */
void gonet__worker_free(gonet__worker_t *w);

/* gonet__worker_wake makes a sleeping worker look around: see gonet__poller_wake. */
static inline bool gonet__worker_wake(gonet__worker_t *w)
{
    return gonet__poller_wake(&w->poller);
}

/* gonet__worker_poll looks for events and timers of w, and sleeps until there are some if it may.
 * With the poller locked. What becomes runnable does so on the calling worker. */
void gonet__worker_poll(gonet__worker_t *w, bool sleeps);

/* gonet__worker_seize makes w's queue the caller's, as gonet__queue_seize does, however long that
 * takes. Any thread. False: its owner has yet to see that it needs a barrier, and may wait for a
 * lock of the caller's. */
bool gonet__worker_seize(gonet__worker_t *w);

/* gonet__worker_leave_at puts task where others find it, last come first. */
static inline void gonet__worker_leave_at(_Atomic(gonet__task_t *) *list, gonet__task_t *task)
{
    task->next = atomic_load_explicit(list, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(list, &task->next, task, memory_order_release,
                                                  memory_order_relaxed)) {
    }
}

/* gonet__worker_choose returns the best worker for a task that a thread wakes, which ran on last
 * (NULL: nowhere); not except, if there are others. */
gonet__worker_t *gonet__worker_choose(const gonet__worker_t *last, const gonet__worker_t *except);

/* gonet__worker_give hands a runnable task to any other worker, since the caller's ends. */
void gonet__worker_give(gonet__task_t *task);

/* gonet__worker_take_inbox takes over all that was sent to w, oldest first. Any worker. */
gonet__task_t *gonet__worker_take_inbox(gonet__worker_t *w);

/* gonet__worker_accept puts a task that somebody has sent into the caller's queue; one that is
 * pinned elsewhere goes there. */
void gonet__worker_accept(gonet__task_t *task);

/* gonet__worker_turn_goes_on: the budget is used up, but the turn is not over. On w's thread. */
bool gonet__worker_turn_goes_on(gonet__worker_t *w);

/* gonet__worker_settle lists a task that comes into its first queue. Entered. */
static inline void gonet__worker_settle(gonet__worker_t *w, gonet__task_t *task)
{
    task->home = w;
    gonet__list_push_back(&w->queue.home, &task->all);
}

/* The slow part of gonet__task_ready: the task is pinned, or the caller a thread. */
void gonet__worker_send(gonet__task_t *task);

/* gonet__steal_call: see steal.c. */
GONET__COLD void gonet__steal_call(gonet__worker_t *w);

/* gonet__worker_push makes task runnable here. On w's thread. */
static inline void gonet__worker_push(gonet__worker_t *w, gonet__task_t *task)
{
    gonet__queue_enter(&w->queue);
    gonet__queue_append(&w->queue, task);
    gonet__queue_leave(&w->queue);
    if (__builtin_expect(atomic_load_explicit(&w->eager, memory_order_relaxed), 0))
        gonet__steal_call(w);
}

#ifdef GONET_TEST_HOOKS
/* Tasks move at every chance: whoever becomes runnable goes to another worker. */
extern _Atomic bool gonet__steal_always;
#define GONET__STEAL_ALWAYS atomic_load_explicit(&gonet__steal_always, memory_order_relaxed)
#else
#define GONET__STEAL_ALWAYS false
#endif

/* gonet__task_ready makes a task that parks, or is about to, runnable: on the caller's worker, or
 * if the caller is a thread, on one that sleeps, if there is one. Any thread. */
static inline void gonet__task_ready(gonet__task_t *task)
{
    gonet__worker_t *w = gonet__here();

    if (w == NULL || task->pin != NULL || GONET__STEAL_ALWAYS)
        gonet__worker_send(task);
    else
        gonet__worker_push(w, task);
}

static inline bool gonet__task_has_begun(const gonet__task_t *task)
{
    return atomic_load_explicit(&task->begun, memory_order_relaxed);
}

/* gonet__task_make makes a task that runs fn(arg) on the default stack, which it takes when it
 * begins, or on one of its own; w is the calling worker, or NULL. NULL with errno.
 * gonet__task_unmake takes back one that was not started; errno stays. */
gonet__task_t *gonet__task_make(gonet__worker_t *w, void (*fn)(void *arg), void *arg,
                                size_t stack_size);
void gonet__task_unmake(gonet__worker_t *w, gonet__task_t *task);

/* gonet__task_bear makes a runnable task that was counted before it existed (birth.h). False: no
 * memory. On w's thread, outside any task. */
bool gonet__task_bear(gonet__worker_t *w, void (*fn)(void *arg), void *arg);

/* gonet__task_begin gives a task the stack that it was promised. On its worker's thread. */
void gonet__task_begin(gonet__worker_t *w, gonet__task_t *task);

/* gonet__task_take_gone takes back the tasks of w's that ended elsewhere. On w's thread. */
void gonet__task_take_gone(gonet__worker_t *w);

/* gonet__task_pin_to and gonet__task_unpin: by the task, or before it is in a queue. */
void gonet__task_pin_to(gonet__task_t *task, gonet__worker_t *w);
void gonet__task_unpin(gonet__task_t *task);

/* gonet__task_release_pool frees the pooled task structs of a worker that ends. */
void gonet__task_release_pool(gonet__worker_t *w);

#endif
