/*
 * The turn of a worker: run what is runnable, look at the messages of others, bring the watches up
 * to date, poll the loop. Tasks never run inside uv_run; the loop's callbacks only mark and wake.
 */
#include "runtime/worker.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "base/fd.h"
#include "gonet/errno.h"
#include "runtime/clock.h"
#include "runtime/dump.h"
#include "runtime/fork.h"
#include "runtime/netpoll_task.h"
#include "runtime/resume.h"
#include "runtime/rseq.h"
#include "runtime/runtime.h"
#include "runtime/signals.h"
#include "runtime/spin.h"
#include "runtime/wait.h"
#include "runtime/watch.h"

#define UV_VERSION_OF(major, minor, patch) ((unsigned)((major) << 16 | (minor) << 8 | (patch)))

#define SLICE_NS    ((int64_t)10000000)   /* how often the worker on watch looks around */
#define MAX_SKIPPED 16                    /* turns without a look at the loop */
#define TRIM_NS     ((int64_t)1000000000) /* how long an unused stack keeps its memory */

bool gonet__worker_wake(gonet__worker_t *w)
{
    bool ours;

    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load_explicit(&w->sleeping, memory_order_relaxed))
        return false;
    atomic_fetch_add(&w->users, 1); /* it may wake by itself, and must not end meanwhile */
    ours = atomic_exchange(&w->sleeping, false);
    if (ours)
        uv_async_send(&w->async);
    atomic_fetch_sub_explicit(&w->users, 1, memory_order_release);
    return ours;
}

/* The tasks that others woke, in the order of their waking. */
GONET__NOINLINE static void take_inbox(gonet__worker_t *w)
{
    gonet__task_t *t = atomic_exchange_explicit(&w->inbox, NULL, memory_order_acquire);
    gonet__task_t *order = NULL;

    while (t != NULL) {
        gonet__task_t *next = t->next;
        t->next = order;
        order = t;
        t = next;
    }
    while (order != NULL) {
        gonet__task_t *next = order->next;
        gonet__worker_push(w, order);
        order = next;
    }
}

static inline void drain_inbox(gonet__worker_t *w)
{
    if (atomic_load_explicit(&w->inbox, memory_order_relaxed) != NULL)
        take_inbox(w);
}

/* Starts up to n tasks that have not begun; returns how many. */
GONET__NOINLINE static unsigned run_fresh(gonet__worker_t *w, unsigned n)
{
    unsigned ran = 0;

    while (ran < n && atomic_load_explicit(&w->fresh_count, memory_order_relaxed) > 0) {
        gonet__task_t *t = gonet__worker_begin_fresh(w);
        if (t == NULL)
            break;
        ran++;
        gonet__task_resume(w, t);
    }
    return ran;
}

/*
 * Runs tasks until none is runnable or the turn is over. A task that parks switches to the next one
 * by itself, so one resumption here may stand for many. Tasks that have not begun get their turn
 * even if the others never end.
 */
static void run_ready(gonet__worker_t *w)
{
    for (;;) {
        unsigned fresh;
        while (w->run_head != NULL && w->budget > 0) {
            w->budget--;
            gonet__task_resume(w, gonet__worker_pop(w));
        }
        drain_inbox(w);
        fresh = atomic_load_explicit(&w->fresh_count, memory_order_relaxed);
        if (fresh > 0)
            w->budget -= (int)run_fresh(w, fresh < GONET__TURN ? fresh : GONET__TURN);
        if (w->budget <= 0 || w->run_head == NULL)
            break;
    }
}

/* Whether the deadline of a wait has come; if it is later, the timer is set to it. */
static bool deadline_passed(gonet__worker_t *w, gonet__task_t *task, int64_t now)
{
    if (task->deadline > now)
        gonet__timer_arm(&w->timers, &task->timer, task->deadline);
    return task->deadline != 0 && task->deadline <= now;
}

/* One task's timer has come: what does it wait for today? */
static void timer_fired(gonet__worker_t *w, gonet__task_t *task, int64_t now)
{
    switch ((gonet__park_t)task->park) {
    case GONET__PARK_NONE:
        break;
    case GONET__PARK_WAIT:
        if (deadline_passed(w, task, now) && gonet__wait_end(task->parked_in, GONET__WAIT_EXPIRED))
            gonet__worker_push(w, task);
        break;
    case GONET__PARK_POLL:
        gonet__poll_timer(w, task, now);
        break;
    }
}

static void run_timers(gonet__worker_t *w)
{
    gonet__timer_t *t;
    int64_t now;

    if (w->timers.root == NULL)
        return;
    now = gonet__now();
    while ((t = gonet__timer_pop(&w->timers, now)) != NULL)
        timer_fired(w, GONET__CONTAINER(t, gonet__task_t, timer), now);
}

static void on_timer(uv_timer_t *timer)
{
    gonet__worker_t *w = timer->data;

    w->timer_at = 0;
    run_timers(w);
    /* libuv 1.44 runs timers before it polls: do not block now, tasks may be runnable, or the next
     * timer due. */
    uv_stop(&w->loop);
}

static void on_async(uv_async_t *async)
{
    uv_stop(async->loop); /* the wake itself was the message */
}

/* Sets the loop's timer for the earliest reason to wake, of which there is one. */
GONET__NOINLINE static void set_timer(gonet__worker_t *w)
{
    int64_t at = gonet__timer_next(&w->timers);
    int64_t now = gonet__now();
    int64_t ms;

    if (w->trim_at != 0)
        at = gonet__earlier(at, w->trim_at);
    if (w->on_watch)
        at = gonet__earlier(at, now + SLICE_NS);
    if (w->timer_at != 0 && w->timer_at <= at)
        return;
    ms = at > now ? (at - now) / 1000000 + ((at - now) % 1000000 != 0) : 0;
    uv_update_time(&w->loop); /* its clock may be as old as the last task was slow */
    uv_timer_start(&w->timer, on_timer, (uint64_t)ms, 0);
    w->timer_at = at;
}

static inline void plan_timer(gonet__worker_t *w)
{
    if (w->timers.root != NULL || w->trim_at != 0 || w->on_watch)
        set_timer(w);
}

/* Unused stacks give their memory back a second after they were needed. */
GONET__NOINLINE static void trim(gonet__worker_t *w)
{
    int64_t now = gonet__now();

    if (w->trim_at == 0) {
        w->trim_at = now + TRIM_NS;
        w->stacks.lowest = w->stacks.count;
    } else if (now >= w->trim_at) {
        gonet__stack_trim(&w->stacks);
        w->trim_at = w->stacks.count > GONET__STACKS_KEPT ? now + TRIM_NS : 0;
    }
}

static inline void plan_trim(gonet__worker_t *w)
{
    if (w->trim_at != 0 || w->stacks.count > GONET__STACKS_KEPT)
        trim(w);
}

/* gonet_shutdown: whoever is parked comes back. */
GONET__COLD static void sweep(gonet__worker_t *w)
{
    gonet__list_t *n;

    if (!atomic_exchange(&w->sweep_wanted, false) || !atomic_load(&gonet__ending))
        return;
    for (n = w->tasks.next; n != &w->tasks; n = n->next) {
        gonet__task_t *t = GONET__CONTAINER(n, gonet__task_t, all);
        switch ((gonet__park_t)t->park) {
        case GONET__PARK_NONE:
            break;
        case GONET__PARK_WAIT:
            if ((t->flags & GONET__WAIT_UNINTERRUPTIBLE) == 0 &&
                gonet__wait_end(t->parked_in, GONET__WAIT_INTERRUPTED)) {
                gonet__wait_note_told(t);
                gonet__worker_push(w, t);
            }
            break;
        case GONET__PARK_POLL:
            gonet__poll_recheck(w, t);
            break;
        }
    }
    /* its last task may have ended just before, without telling */
    if (gonet__worker_live(w) == 0)
        gonet__runtime_worker_idle();
}

/* What others asked for. */
static void attend(gonet__worker_t *w)
{
    drain_inbox(w);
    if (atomic_load_explicit(&w->sweep_wanted, memory_order_relaxed))
        sweep(w);
    if (atomic_load_explicit(&w->dump_wanted, memory_order_relaxed))
        gonet__dump_own_tasks(w);
    gonet__watch_apply(w);
}

/* The worker on watch resigns when nothing has been started for a slice. */
GONET__NOINLINE static void keep_watch(gonet__worker_t *w)
{
    uint64_t started;

    if (!gonet__runtime_on_watch(w) || w->timer_at != 0)
        return;
    started = gonet__runtime_started();
    if (started == w->watch_count_seen)
        gonet__runtime_watch_done(w);
    w->watch_count_seen = started;
}

/* After a sleep. Who was called looks for tasks first: those of its own may hold it. A lone worker
 * is called for messages only, and looks at those again before it sleeps. */
static void wake_up(gonet__worker_t *w)
{
    if (gonet__runtime_alone()) {
        atomic_store_explicit(&w->sleeping, false, memory_order_release);
        return;
    }
    atomic_store(&w->sleeping, false);
    if (gonet__runtime_called(w))
        gonet__worker_steal(w);
}

/* Whether there is a task, here or elsewhere, that the worker could begin. */
static bool has_fresh(gonet__worker_t *w)
{
    return atomic_load(&w->fresh_count) != 0 ||
           (!gonet__runtime_alone() && !atomic_load(&w->stopping) &&
            gonet__runtime_victim(w) != NULL);
}

static bool has_message(gonet__worker_t *w)
{
    return atomic_load(&w->inbox) != NULL || atomic_load(&w->apply_wanted) ||
           atomic_load(&w->sweep_wanted) || atomic_load(&w->dump_wanted) ||
           (atomic_load(&w->stopping) && gonet__worker_live(w) == 0) || has_fresh(w);
}

/* A turn lasts until everybody who is runnable now has run: a descriptor that is ready and not yet
 * served would be reported again by each look at the loop. */
static void new_turn(gonet__worker_t *w)
{
    w->budget = w->run_count > GONET__TURN ? w->run_count : GONET__TURN;
}

static void run_loop(gonet__worker_t *w, uv_run_mode mode)
{
    w->polled = 0;
    w->skipped = 0;
    uv_run(&w->loop, mode);
    w->clock_ms = (uint32_t)uv_now(&w->loop);
    new_turn(w);
}

/*
 * Whether the loop may be left alone for another turn, because the last look found nothing, few
 * turns have passed since, and the coarse clock (a few ms) has not moved.
 */
static bool may_skip(gonet__worker_t *w)
{
    struct timespec ts;
    int64_t tick;
    bool moved;

    if (w->polled > 0 || ++w->skipped >= MAX_SKIPPED)
        return false;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
    tick = ts.tv_sec * GONET_SECOND + ts.tv_nsec;
    moved = tick != w->tick;
    w->tick = tick;
    return !moved;
}

/*
 * How to run the loop until something happens. All callbacks stop it, so both modes will do. libuv
 * before 1.45 reads the clock once less without UV_RUN_ONCE, but then runs timers only after
 * another look at the descriptors; from 1.45 on it is the other way round.
 */
static uv_run_mode waiting_mode(const gonet__worker_t *w)
{
    return w->timer_at == 0 && w->old_libuv ? UV_RUN_DEFAULT : UV_RUN_ONCE;
}

/* Where memory is scarce others may want it. */
GONET__COLD static void keep_nothing(gonet__worker_t *w)
{
    gonet__stack_drain(&w->stacks);
    gonet__task_release_pool(w);
}

static void poll_loop(gonet__worker_t *w)
{
    if (gonet__stack_scarce())
        keep_nothing(w);
    if (w->run_head != NULL || atomic_load_explicit(&w->fresh_count, memory_order_relaxed) > 0) {
        if (may_skip(w)) {
            new_turn(w);
            return;
        }
        plan_timer(w);
        run_loop(w, UV_RUN_NOWAIT);
        return;
    }
    if (!gonet__runtime_alone()) {
        keep_watch(w);
        if (gonet__worker_steal(w))
            return;
        w->on_watch = gonet__runtime_on_watch(w);
    }
    plan_trim(w);
    plan_timer(w);
    atomic_store(&w->sleeping, true);
    run_loop(w, has_message(w) ? UV_RUN_NOWAIT : waiting_mode(w));
    wake_up(w);
}

static void close_loop(gonet__worker_t *w)
{
    gonet__watch_detach_all(w);
    gonet__fork_mark_loop(&w->loop, gonet__fork_disown);
    uv_close((uv_handle_t *)&w->async, NULL);
    uv_close((uv_handle_t *)&w->timer, NULL);
    while (uv_run(&w->loop, UV_RUN_DEFAULT) != 0) { /* callbacks stop it */
    }
    gonet__watch_free_closed(w);
    if (uv_loop_close(&w->loop) != 0)
        abort(); /* a handle of ours was forgotten */
}

/* Whether no task is placed here, and nobody is about to place one or to wake. */
static bool may_end(gonet__worker_t *w)
{
    unsigned turns = 0;

    if (gonet__worker_live(w) != 0)
        return false;
    while (atomic_load_explicit(&w->users, memory_order_acquire) != 0)
        gonet__relax(&turns);
    return gonet__worker_live(w) == 0;
}

static void *worker_main(void *arg)
{
    gonet__worker_t *w = arg;

    gonet__local()->worker = w;
    /* for good: what ends with the thread is not to end the runtime */
    gonet__local()->in_runtime = true;
    w->errno_at = &errno;
    gonet__annotate_worker(&w->tool);
    gonet__signals_enter_worker(w);
    gonet__rseq_leave();
    (void)gonet__cxx_look(&w->cxx);
    w->clock_ms = (uint32_t)uv_now(&w->loop);
    for (;;) {
        run_ready(w);
        attend(w);
        if (atomic_load_explicit(&w->stopping, memory_order_relaxed) && may_end(w))
            break;
        poll_loop(w);
        gonet__cxx_turn(&w->cxx);
        gonet__watch_free_closed(w);
    }
    gonet__runtime_watch_done(w);
    gonet__runtime_search_done(w, gonet__runtime_victim(w) != NULL);
    close_loop(w);
    gonet__stack_drain(&w->stacks);
    gonet__task_release_pool(w);
    gonet__free(w->kept);
    gonet__signals_leave_worker(w);
    gonet__local()->worker = NULL;
    return NULL;
}

static gonet__worker_t *new_worker(void)
{
    static _Atomic uint32_t ids;
    gonet__worker_t *w = NULL;

    if (posix_memalign((void **)&w, 64, sizeof(*w)) != 0)
        return NULL;
    *w = (gonet__worker_t){.id = atomic_fetch_add(&ids, 1) + 1,
                           .old_libuv = uv_version() < UV_VERSION_OF(1, 45, 0)};
    w->run_tail = &w->run_head;
    w->fresh_tail = &w->fresh_head;
    gonet__list_init(&w->tasks);
    gonet__list_init(&w->watches);
    return w;
}

static int open_loop(gonet__worker_t *w)
{
    int r;

    gonet__fd_reserve(); /* libuv takes any number, and ends the process when it closes 0, 1 or 2 */
    r = uv_loop_init(&w->loop);
    if (r != 0) {
        if (uv_backend_fd(&w->loop) > 0) /* libuv before 1.51 forgets it; 0: it was not reached */
            close(uv_backend_fd(&w->loop));
        return -r;
    }
    r = uv_async_init(&w->loop, &w->async, on_async);
    if (r != 0) {
        uv_loop_close(&w->loop);
        return -r;
    }
    uv_timer_init(&w->loop, &w->timer);
    w->timer.data = w;
    gonet__fork_mark_loop(&w->loop, gonet__fork_own);
    return 0;
}

gonet__worker_t *gonet__worker_start(void)
{
    gonet__worker_t *w = new_worker();
    int e;

    if (w == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    e = open_loop(w);
    if (e == 0) {
        e = gonet__signals_spawn(&w->thread, worker_main, w);
        if (e != 0) {
            gonet__fork_mark_loop(&w->loop, gonet__fork_disown);
            uv_close((uv_handle_t *)&w->async, NULL);
            uv_close((uv_handle_t *)&w->timer, NULL);
            uv_run(&w->loop, UV_RUN_DEFAULT);
            uv_loop_close(&w->loop);
        }
    }
    if (e != 0) {
        gonet__worker_free(w);
        errno = e;
        return NULL;
    }
    return w;
}

void gonet__worker_free(gonet__worker_t *w)
{
    free(w);
}
