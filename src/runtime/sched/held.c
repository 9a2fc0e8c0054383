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
#include "gonet/errno.h"
#include "runtime/ground/fork.h"
#include "runtime/ground/spin.h"
#include "runtime/poller/poller.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/steal.h"

_Atomic unsigned gonet__held_count;

static _Atomic int set = -1; /* the monitor's; a worker may come back when that has ended */

static void forget_held(void)
{
    atomic_store(&gonet__held_count, 0);
}

GONET__FORK_HOOK(forget_held)

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

/* One event of w's poller is to be told. */
static void ask_of(gonet__worker_t *w)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLONESHOT};
    int fd = gonet__poller_fd(&w->poller);

    if (epoll_ctl(atomic_load(&set), EPOLL_CTL_MOD, fd, &e) != 0 && errno == ENOENT)
        epoll_ctl(atomic_load(&set), EPOLL_CTL_ADD, fd, &e);
}

void gonet__held_begin(gonet__worker_t *w)
{
    /* Else it has come back, and may be about to end, or others look. */
    if (!gonet__poller_try_lock(&w->poller))
        return;
    if (atomic_load(&w->state) == GONET__WORKER_RUNS && !atomic_exchange(&w->held, true)) {
        atomic_fetch_add(&gonet__held_count, 1);
        ask_of(w);
    }
    gonet__poller_unlock(&w->poller);
}

void gonet__held_end(gonet__worker_t *w)
{
    if (!atomic_exchange(&w->held, false))
        return;
    atomic_fetch_sub(&gonet__held_count, 1);
    epoll_ctl(atomic_load(&set), EPOLL_CTL_DEL, gonet__poller_fd(&w->poller), NULL);
}

void gonet__held_look(gonet__worker_t *w)
{
    unsigned n = gonet__runtime_worker_made();

    for (unsigned i = 0; i < n; i++) {
        gonet__worker_t *v = gonet__runtime_worker(i);

        if (v == w || !atomic_load_explicit(&v->held, memory_order_relaxed))
            continue;
        gonet__steal_from_held(w, v);
        if (!gonet__poller_try_lock(&v->poller))
            continue;
        if (atomic_load(&v->held)) {
            gonet__poller_apply(&v->poller);
            gonet__worker_poll(v, false);
            gonet__poller_apply(&v->poller);
            gonet__poller_free_closed(&v->poller);
        }
        gonet__poller_unlock(&v->poller);
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
            if (!gonet__poller_try_lock(&v->poller)) {
                gonet__relax(&turns);
                continue;
            }
            if (atomic_load(&v->held))
                ask_of(v);
            gonet__poller_unlock(&v->poller);
            break;
        }
    }
}
