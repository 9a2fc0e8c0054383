/*
 * The turn of a worker: run what is runnable, look at the messages of others, bring the watches up
 * to date, look at the loop. Without anything to run: see whether another worker has too much, then
 * sleep in the loop.
 *
 * Fairness. The queue is first in, first out, so everything that is runnable runs once before
 * anything runs twice. A turn ends when all that were queued at its start have run, or, looked at
 * every 61 tasks, when the coarse clock (a few ms) has moved: so neither descriptors nor timers
 * wait behind a queue of any length for longer than two ticks and one task.
 *
 * Sleeping. `sleeping` is set, then the worker looks at its messages for the last time; who has a
 * message puts it in its place, then looks at `sleeping`. Both in sequential order, so none is
 * lost.
 */
#include "runtime/sched/worker.h"

#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "gonet/errno.h"
#include "runtime/ground/exit_guard.h"
#include "runtime/ground/fork.h"
#include "runtime/ground/rseq.h"
#include "runtime/ground/signals.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/birth.h"
#include "runtime/sched/crash.h"
#include "runtime/sched/held.h"
#include "runtime/sched/monitor.h"
#include "runtime/sched/name.h"
#include "runtime/sched/resume.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/steal.h"
#include "runtime/time/awake.h"
#include "runtime/time/clock.h"

#define MAX_SKIPPED 16                    /* turns without a look at the loop */
#define TRIM_NS     ((int64_t)1000000000) /* how long an unused stack keeps its memory */

/* The tasks that others woke, in the order of their waking. */
GONET__NOINLINE static void take_inbox(gonet__worker_t *w)
{
    w->mailed = true;
    for (gonet__task_t *t = gonet__worker_take_inbox(w), *next; t != NULL; t = next) {
        next = t->next;
        gonet__worker_accept(t);
    }
}

static inline void drain_inbox(gonet__worker_t *w)
{
    if (atomic_load_explicit(&w->inbox, memory_order_relaxed) != NULL)
        take_inbox(w);
}

static int64_t coarse_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
    return ts.tv_sec * GONET_SECOND + ts.tv_nsec;
}

static void new_turn(gonet__worker_t *w)
{
    int count = (int)gonet__queue_count(&w->queue);

    w->budget = GONET__TURN;
    w->turn = count - GONET__TURN;
    if (w->turn > 0)
        w->turn_tick = coarse_now();
}

bool gonet__worker_turn_goes_on(gonet__worker_t *w)
{
    if (w->turn <= 0 || coarse_now() != w->turn_tick)
        return false;
    w->budget = w->turn < GONET__TURN ? w->turn : GONET__TURN;
    w->turn -= w->budget;
    return true;
}

static gonet__task_t *first(gonet__worker_t *w)
{
    gonet__task_t *t;

    gonet__queue_enter(&w->queue);
    t = gonet__queue_first(&w->queue);
    gonet__queue_leave(&w->queue);
    return t;
}

/* The next to run, which may have yet to leave its stack elsewhere; NULL: none is runnable. */
static gonet__task_t *next(gonet__worker_t *w)
{
    unsigned turns = 0;
    gonet__task_t *t;

    for (;;) {
        gonet__queue_enter(&w->queue);
        t = gonet__queue_next(&w->queue);
        gonet__queue_leave(&w->queue);
        if (t != NULL || gonet__queue_count(&w->queue) == 0)
            return t;
        gonet__relax(&turns);
    }
}

/*
 * Runs tasks until none is runnable or the turn is over. A task that parks switches to the next one
 * by itself, so one resumption here may stand for many.
 */
static void run_ready(gonet__worker_t *w)
{
    while (w->budget > 0 || gonet__worker_turn_goes_on(w)) {
        gonet__task_t *t = next(w);

        if (t == NULL) {
            drain_inbox(w);
            t = next(w);
        }
        if (t == NULL)
            return;
        w->budget--;
        if (!gonet__task_has_begun(t))
            gonet__task_begin(w, t);
        gonet__task_resume(w, t);
    }
}

/* Unused stacks give their memory back a second after they were needed. */
GONET__NOINLINE static void trim(gonet__worker_t *w)
{
    int64_t now = gonet__now();

    if (w->trim_at == 0) {
        atomic_store_explicit(&w->trim_at, now + TRIM_NS, memory_order_relaxed);
        w->stacks.lowest = w->stacks.count;
    } else if (now >= w->trim_at) {
        gonet__stack_trim(&w->stacks);
        atomic_store_explicit(&w->trim_at, w->stacks.count > GONET__STACKS_KEPT ? now + TRIM_NS : 0,
                              memory_order_relaxed);
    }
}

static inline void plan_trim(gonet__worker_t *w)
{
    if (w->trim_at != 0 || w->stacks.count > GONET__STACKS_KEPT)
        trim(w);
}

/* What others asked for. */
static void attend(gonet__worker_t *w)
{
    drain_inbox(w);
    gonet__birth_attend(w);
    if (atomic_load_explicit(&w->gone, memory_order_relaxed) != NULL)
        gonet__task_take_gone(w);
    if (gonet__poller_behind(&w->poller)) {
        gonet__poller_lock(&w->poller);
        gonet__poller_apply(&w->poller);
        gonet__poller_unlock(&w->poller);
    }
}

static bool may_leave(gonet__worker_t *w)
{
    return atomic_load_explicit(&w->stopping, memory_order_relaxed) &&
           atomic_load_explicit(&w->pinned, memory_order_acquire) == 0;
}

static bool has_message(void *worker)
{
    gonet__worker_t *w = worker;

    return atomic_load(&w->inbox) != NULL || atomic_load(&w->births) != NULL ||
           gonet__poller_behind(&w->poller) || (atomic_load(&w->stopping) && may_leave(w));
}

/* Whether messages come soon: only who has had one expects the next. */
static bool wait_awake(gonet__worker_t *w)
{
    bool called = false;

    atomic_store_explicit(&w->waits_awake, w->mailed, memory_order_relaxed);
    if (w->mailed)
        called = gonet__wait_awake(&w->awake, has_message, w);
    w->mailed = false;
    atomic_store_explicit(&w->waits_awake, false, memory_order_relaxed);
    return called;
}

/* The loop is the worker's own again. Before it says that it sleeps: somebody who looks at the loop
 * in its place would take the wake out of it. */
static void take_loop(gonet__worker_t *w)
{
    gonet__poller_lock(&w->poller);
    if (atomic_load_explicit(&w->held, memory_order_relaxed))
        gonet__held_end(w);
}

/* Wakes those whose time has come. */
GONET__NOINLINE static void run_timers(gonet__timer_heap_t *heap)
{
    int64_t now;

    if (gonet__timer_next(heap) == 0)
        return;
    now = gonet__now();
    for (;;) {
        gonet__fired_t fired = {.then = NULL};

        if (!gonet__timer_fire(heap, now, &fired))
            return;
        for (int i = 0; i < 2; i++) {
            if (fired.woken[i] != NULL)
                gonet__task_ready(fired.woken[i]);
        }
        if (fired.then != NULL)
            fired.then(fired.arg);
    }
}

GONET__INLINE void look(gonet__worker_t *w, bool sleeps)
{
    int64_t at = gonet__earlier(gonet__timer_next(w->timers),
                                atomic_load_explicit(&w->trim_at, memory_order_relaxed));

    at = gonet__earlier(at, atomic_load_explicit(&w->unborn_at, memory_order_relaxed));
    gonet__poller_run(&w->poller, at, sleeps);
    if (w->poller.due)
        run_timers(w->timers);
}

void gonet__worker_poll(gonet__worker_t *w, bool sleeps)
{
    look(w, sleeps);
}

static void run_loop(gonet__worker_t *w, bool sleeps)
{
    w->polled = 0;
    w->skipped = 0;
    look(w, sleeps);
    w->clock_ms = gonet__poller_clock(&w->poller);
    gonet__poller_free_closed(&w->poller);
    gonet__poller_unlock(&w->poller);
    gonet__birth_attend(w);
    new_turn(w);
}

/*
 * Whether the loop may be left alone for another turn, because the last look found nothing, few
 * turns have passed since, and the coarse clock (a few ms) has not moved.
 */
static bool may_skip(gonet__worker_t *w)
{
    int64_t tick;
    bool moved;

    if (w->polled > 0 || ++w->skipped >= MAX_SKIPPED)
        return false;
    tick = coarse_now();
    moved = tick != w->tick;
    w->tick = tick;
    return !moved;
}

/* Where memory is scarce others may want it. */
GONET__COLD static void keep_nothing(gonet__worker_t *w)
{
    gonet__stack_drain(&w->stacks);
    gonet__task_release_pool(w);
}

static void poll_loop(gonet__worker_t *w)
{
    bool helps = gonet__runtime_worker_count() > 1 &&
                 !atomic_load_explicit(&w->stopping, memory_order_relaxed);

    if (gonet__stack_scarce())
        keep_nothing(w);
    gonet__held_poll(w);
    if (gonet__queue_count(&w->queue) > 0 || (helps && gonet__steal(w)) || wait_awake(w)) {
        if (may_skip(w)) {
            new_turn(w);
            return;
        }
        take_loop(w);
        run_loop(w, false);
        return;
    }
    gonet__steal_report(w);
    plan_trim(w);
    take_loop(w);
    gonet__poller_will_sleep(&w->poller, true);
    gonet__held_rearm(w);
    run_loop(w, !has_message(w));
    gonet__poller_will_sleep(&w->poller, false);
    gonet__monitor_wake();
    gonet__steal_called(w);
}

/* All that a worker that ends has, goes to others. Nobody sends it anything any more. */
static void hand_over(gonet__worker_t *w)
{
    gonet__worker_t *heir = gonet__runtime_worker(0);
    gonet__task_t *t;
    unsigned turns = 0;

    while (atomic_load_explicit(&w->users, memory_order_acquire) != 0)
        gonet__relax(&turns);
    gonet__poller_detach_all(&w->poller);
    drain_inbox(w);
    gonet__birth_hand_over(w);
    while ((t = first(w)) != NULL)
        gonet__worker_give(t);
    if (heir == w || atomic_load(&heir->stopping)) { /* all of them end */
        gonet__timer_hand_over(w->timers, NULL);
    } else {
        gonet__timer_hand_over(w->timers, heir->timers);
        gonet__worker_wake(heir);
    }
}

static void *worker_main(void *arg)
{
    gonet__worker_t *w = arg;

    gonet__local()->worker = w;
    gonet__exit_guard_set(w);
    gonet__name_thread(w->id);
    gonet__local()->in_runtime = true; /* for good: what ends with it is not to end the runtime */
    w->place.errno_at = gonet_errno_location();
    gonet__annotate_worker(&w->tool);
    gonet__crash_enter_worker(w);
    gonet__rseq_leave();
    (void)gonet__cxx_look(&w->cxx);
    w->clock_ms = gonet__poller_clock(&w->poller);
    new_turn(w);
    gonet__poller_unlock(&w->poller);
    gonet__monitor_wake();
    for (;;) {
        run_ready(w);
        attend(w);
        if (may_leave(w) && gonet__runtime_leaves(w))
            break;
        poll_loop(w);
        gonet__cxx_turn(&w->cxx);
    }
    gonet__poller_lock(&w->poller); /* for good */
    if (atomic_load(&w->held))
        gonet__held_end(w);
    hand_over(w);
    gonet__task_take_gone(w);
    gonet__poller_close(&w->poller);
    gonet__stack_drain(&w->stacks);
    gonet__task_release_pool(w);
    gonet__free(w->place.kept);
    w->place.kept = NULL;
    gonet__crash_leave_worker(w);
    gonet__local()->worker = NULL;
    gonet__queue_own(&w->queue, false);
    atomic_store(&w->state, GONET__WORKER_ENDED);
    return NULL;
}

/* The heaps outlive the workers: a thread that closes a descriptor during gonet_shutdown may be
 * about to look into one. */
static gonet__timer_heap_t *heap_of(uint32_t id)
{
    static struct {
        _Alignas(64) gonet__timer_heap_t heap;
    } heaps[GONET__MAX_WORKERS];
    gonet__timer_heap_t *heap = &heaps[id - 1].heap;

    heap->root = NULL; /* else its entries are the parent's, who forked this process */
    atomic_store_explicit(&heap->first, 0, memory_order_relaxed);
    return heap;
}

gonet__worker_t *gonet__worker_new(uint32_t id)
{
    gonet__worker_t *w = NULL;

    if (posix_memalign((void **)&w, 64, sizeof(*w)) != 0)
        return NULL;
    *w = (gonet__worker_t){.id = id, .timers = id > 0 ? heap_of(id) : NULL};
    gonet__queue_init(&w->queue);
    return w;
}

int gonet__worker_start(gonet__worker_t *w)
{
    int e;

    e = gonet__poller_open(&w->poller, w);
    if (e != 0)
        return e;
    atomic_store(&w->stopping, false);
    atomic_store(&w->eager, true);
    atomic_store(&w->quiet, 0);
    atomic_store(&w->patience, 0);
    atomic_store(&w->caller, NULL);
    atomic_store(&w->state, GONET__WORKER_RUNS);
    w->helps = NULL;
    w->cxx = (gonet__cxx_t){.count = 0};
    gonet__queue_own(&w->queue, true);
    e = gonet__signals_spawn(&w->thread, worker_main, w);
    w->started = e == 0;
    if (e != 0) {
        gonet__queue_own(&w->queue, false);
        gonet__poller_close(&w->poller);
        atomic_store(&w->state, GONET__WORKER_ENDED);
    }
    return e;
}

void gonet__worker_free(gonet__worker_t *w)
{
    gonet__list_t *n;

    /* What came when it had looked for the last time, and what came to it as an heir. */
    gonet__timer_hand_over(w->timers, NULL);
    gonet__task_take_gone(w);
    gonet__task_release_pool(w);
    while ((n = gonet__list_pop_front(&w->queue.home)) != NULL)
        gonet__free(GONET__CONTAINER(n, gonet__task_t, all));
    free(w);
}
