/*
 * libuv's part of a worker: the loop, its timer, and the handle by which others wake it. The
 * callbacks only mark and wake; tasks never run inside uv_run.
 */
#include "runtime/poller/loop.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/fd.h"
#include "gonet/errno.h"
#include "runtime/time/clock.h"
#include "runtime/ground/fork.h"
#include "runtime/netpoll/netpoll_task.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/wait.h"
#include "runtime/poller/watch.h"

#define UV_VERSION_OF(major, minor, patch) ((unsigned)((major) << 16 | (minor) << 8 | (patch)))

void gonet__loop_wait(gonet__worker_t *w)
{
    unsigned turns = 0;

    do
        gonet__relax(&turns);
    while (!gonet__loop_try_lock(w));
}

static int64_t fire(gonet__timer_t *t, int64_t now, gonet__task_t **woken)
{
    if (t->kind == GONET__TIMER_WAIT)
        return gonet__wait_timer(GONET__CONTAINER(t, gonet__task_t, timer), now, woken);
    return gonet__poll_timer(GONET__CONTAINER(t, gonet__pd_t, timer), now, woken);
}

void gonet__loop_run_timers(gonet__worker_t *w)
{
    int64_t now;

    if (gonet__timer_next(w->timers) == 0)
        return;
    now = gonet__now();
    for (;;) {
        gonet__task_t *woken[2] = {NULL, NULL};

        if (!gonet__timer_fire(w->timers, now, fire, woken))
            return;
        for (int i = 0; i < 2; i++) {
            if (woken[i] != NULL)
                gonet__task_ready(woken[i]);
        }
    }
}

static void on_timer(uv_timer_t *timer)
{
    gonet__worker_t *w = timer->data;

    w->timer_at = 0;
    gonet__loop_run_timers(w);
    /* libuv 1.44 runs timers before it polls: do not block now, tasks may be runnable, or the next
     * timer due. */
    uv_stop(&w->loop);
}

static void on_async(uv_async_t *async)
{
    uv_stop(async->loop); /* the wake itself was the message */
}

/* Sets the loop's timer for the earliest reason to wake, of which there is one. */
GONET__NOINLINE static void set_timer(gonet__worker_t *w, int64_t at)
{
    int64_t now = gonet__now();
    int64_t ms;

    if (w->timer_at != 0 && w->timer_at <= at)
        return;
    ms = at > now ? (at - now) / 1000000 + ((at - now) % 1000000 != 0) : 0;
    uv_update_time(&w->loop); /* its clock may be as old as the last task was slow */
    uv_timer_start(&w->timer, on_timer, (uint64_t)ms, 0);
    w->timer_at = at;
}

static inline void plan_timer(gonet__worker_t *w)
{
    int64_t at = gonet__earlier(gonet__timer_next(w->timers),
                                atomic_load_explicit(&w->trim_at, memory_order_relaxed));

    if (at != 0)
        set_timer(w, at);
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

void gonet__loop_run(gonet__worker_t *w, bool sleeps)
{
    plan_timer(w);
    uv_run(&w->loop, sleeps ? waiting_mode(w) : UV_RUN_NOWAIT);
}

void gonet__loop_wake(gonet__worker_t *w)
{
    uv_async_send(&w->async);
}

void gonet__loop_watch(gonet__worker_t *w, int set)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLONESHOT};

    if (epoll_ctl(set, EPOLL_CTL_MOD, uv_backend_fd(&w->loop), &e) != 0 && errno == ENOENT)
        epoll_ctl(set, EPOLL_CTL_ADD, uv_backend_fd(&w->loop), &e);
}

void gonet__loop_unwatch(gonet__worker_t *w, int set)
{
    epoll_ctl(set, EPOLL_CTL_DEL, uv_backend_fd(&w->loop), NULL);
}

int gonet__loop_open(gonet__worker_t *w)
{
    int r;

    w->old_libuv = uv_version() < UV_VERSION_OF(1, 45, 0);
    w->timer_at = 0;
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

void gonet__loop_close(gonet__worker_t *w)
{
    gonet__fork_mark_loop(&w->loop, gonet__fork_disown);
    uv_close((uv_handle_t *)&w->async, NULL);
    uv_close((uv_handle_t *)&w->timer, NULL);
    while (uv_run(&w->loop, UV_RUN_DEFAULT) != 0) { /* callbacks stop it */
    }
    gonet__watch_free_closed(w);
    if (uv_loop_close(&w->loop) != 0)
        abort(); /* a handle of ours was forgotten */
}
