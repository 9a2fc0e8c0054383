/*
 * The monitor says `held`, the worker takes it back when it next takes its loop. Meanwhile its loop
 * is in the monitor's set, one shot at a time: an event wakes the monitor, which wakes a sleeper,
 * who looks, and who asks again before it sleeps. (Not one loop in another: libuv ends the process
 * when two sets contain each other.)
 */
#include "runtime/sched/held.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/ground/fork.h"
#include "runtime/poller/loop.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/steal.h"
#include "runtime/ground/spin.h"
#include "runtime/poller/watch.h"

_Atomic unsigned gonet__held_count;

static _Atomic int set = -1; /* the monitor's; a worker may come back when that has ended */

int gonet__held_open(void)
{
    int fd = gonet__fd_lift(epoll_create1(EPOLL_CLOEXEC));

    gonet__fork_own(fd);
    atomic_store(&set, fd);
    return fd;
}

void gonet__held_close(void)
{
    int fd = atomic_exchange(&set, -1);

    gonet__fork_disown(fd);
    close(fd);
}

void gonet__held_begin(gonet__worker_t *w)
{
    if (!gonet__loop_try_lock(w)) /* it has come back, and may be about to end, or others look */
        return;
    if (atomic_load(&w->state) == GONET__WORKER_RUNS && !atomic_exchange(&w->held, true)) {
        atomic_fetch_add(&gonet__held_count, 1);
        gonet__loop_watch(w, atomic_load(&set));
    }
    gonet__loop_unlock(w);
}

void gonet__held_end(gonet__worker_t *w)
{
    if (!atomic_exchange(&w->held, false))
        return;
    atomic_fetch_sub(&gonet__held_count, 1);
    gonet__loop_unwatch(w, atomic_load(&set));
}

void gonet__held_look(gonet__worker_t *w)
{
    unsigned n = gonet__runtime_worker_made();

    for (unsigned i = 0; i < n; i++) {
        gonet__worker_t *v = gonet__runtime_worker(i);

        if (v == w || !atomic_load_explicit(&v->held, memory_order_relaxed))
            continue;
        gonet__steal_from_held(w, v);
        if (!gonet__loop_try_lock(v))
            continue;
        if (atomic_load(&v->held)) {
            gonet__watch_apply(v);
            gonet__loop_run(v, false);
            gonet__watch_apply(v);
            gonet__watch_free_closed(v);
        }
        gonet__loop_unlock(v);
    }
}

void gonet__held_ask(gonet__worker_t *w)
{
    unsigned n = gonet__runtime_worker_made();

    for (unsigned i = 0; i < n; i++) {
        gonet__worker_t *v = gonet__runtime_worker(i);
        unsigned turns = 0;

        /* Locked, for a worker that comes back may end, and with it its descriptor. */
        while (v != w && atomic_load_explicit(&v->held, memory_order_relaxed)) {
            if (!gonet__loop_try_lock(v)) {
                gonet__relax(&turns);
                continue;
            }
            if (atomic_load(&v->held))
                gonet__loop_watch(v, atomic_load(&set));
            gonet__loop_unlock(v);
            break;
        }
    }
}
