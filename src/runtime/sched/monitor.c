/*
 * The monitor: one thread that looks at the workers from outside, when there are two or more, or
 * when GONETDEBUG asks for it.
 *
 * While a worker is awake it looks every 10 ms, and every 2 ms for a second after it has found one
 * held. A worker that has run the same task at two looks is held: its loop is given to the others
 * (held.c), and somebody is called for what it has queued. A worker that has waited long enough may
 * call for help again (steal.c). When all have slept for 100 ms the monitor sleeps, too, until a
 * worker wakes: at rest it costs nothing.
 *
 * It runs no tasks, and takes no lock but by trying. What it looks at stays until gonet_shutdown,
 * which ends it first.
 */
#include "runtime/sched/monitor.h"

#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "gonet/errno.h"
#include "runtime/ground/fork.h"
#include "runtime/ground/signals.h"
#include "runtime/sched/held.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/steal.h"
#include "runtime/time/clock.h"

#define LOOK_NS ((int64_t)10000000)
#define SOON_NS ((int64_t)2000000)
#define ALERT_NS \
    ((int64_t)1000000000)            /* how long it looks more often after it has found one held */
#define REST_NS ((int64_t)100000000) /* how long all have slept when it sleeps, too */
#define EVENTS  16

static struct {
    void (*also)(int64_t now); /* what else is to be done at each look */
    int rest;                  /* ms until the next one, while all workers sleep; -1: none */
    pthread_t thread;
    bool running;
    _Atomic bool stop;
    int set; /* held.c's, and event */
    int event;
    int64_t alert; /* until when it looks more often */
    int64_t awake; /* when somebody was seen awake last */
} monitor = {.set = -1, .event = -1};

_Atomic bool gonet__monitor_rests;

void gonet__monitor_tell(void)
{
    uint64_t one = 1;

    while (write(monitor.event, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

bool gonet__monitor_runs(void)
{
    return monitor.running;
}

typedef struct {
    uint64_t runs;
    bool looked; /* at the last look it was awake, in a task */
} seen_t;

static seen_t seen[GONET__MAX_WORKERS];

/* One worker; true: it is awake. */
static bool look_at_worker(gonet__worker_t *w, seen_t *s, int64_t now)
{
    uint64_t runs = atomic_load_explicit(&w->runs, memory_order_relaxed);
    bool in_task = gonet__worker_task(w) != NULL;
    bool still = s->looked && in_task && runs == s->runs;
    bool patient = atomic_load_explicit(&w->quiet, memory_order_relaxed) <= now;
    int64_t first;

    *s = (seen_t){.runs = runs, .looked = in_task};
    if (gonet__poller_sleeps(&w->poller) || atomic_load(&w->state) != GONET__WORKER_RUNS) {
        s->looked = false;
        return false;
    }
    if (still) {
        gonet__held_begin(w);
        monitor.alert = now + ALERT_NS;
    }
    if (patient)
        atomic_store_explicit(&w->eager, true, memory_order_relaxed);
    first = gonet__timer_next(w->timers);
    if ((gonet__queue_movable(&w->queue) > 0 && (still || patient)) ||
        (still && (atomic_load(&w->inbox) != NULL || gonet__poller_behind(&w->poller) ||
                   (first != 0 && first <= now))))
        (void)gonet__steal_call_for(w);
    return true;
}

static void look(int64_t now)
{
    unsigned n = gonet__runtime_worker_made();

    for (unsigned i = 0; i < n; i++) {
        if (look_at_worker(gonet__runtime_worker(i), &seen[i], now))
            monitor.awake = now;
    }
}

static bool all_asleep(void)
{
    unsigned n = gonet__runtime_worker_made();

    for (unsigned i = 0; i < n; i++) {
        gonet__worker_t *w = gonet__runtime_worker(i);

        if (!gonet__poller_sleeps(&w->poller) && atomic_load(&w->state) == GONET__WORKER_RUNS)
            return false;
    }
    return true;
}

/* Until the next look: ms; -1: until somebody wakes, or tells it. */
static int pause_until(int64_t now, int64_t next)
{
    if (now - monitor.awake >= REST_NS) {
        atomic_store(&gonet__monitor_rests, true);
        if (all_asleep())
            return monitor.rest;
        atomic_store(&gonet__monitor_rests, false);
        monitor.awake = now;
    }
    return next > now ? (int)((next - now) / GONET_MILLISECOND) + 1 : 0;
}

/* Waits for the next look, or for an event in the loop of a held worker. */
static void wait_for_event(int ms)
{
    struct epoll_event e[EVENTS];
    int n = epoll_wait(monitor.set, e, EVENTS, ms);
    uint64_t count;

    atomic_store(&gonet__monitor_rests, false);
    if (n < 0 && errno != EINTR) /* no sandbox is expected to go that far */
        usleep((useconds_t)(LOOK_NS / GONET_MICROSECOND));
    for (int i = 0; i < n; i++) {
        if (e[i].data.ptr == &monitor)
            (void)!read(monitor.event, &count, sizeof(count));
        else
            (void)gonet__steal_call_for(NULL);
    }
}

static void *monitor_main(void *arg)
{
    int64_t next = 0;

    (void)arg;
    pthread_setname_np(pthread_self(), "gonet-monitor");
    while (!atomic_load(&monitor.stop)) {
        int64_t now = gonet__now();

        if (now >= next) {
            look(now);
            next = now + (now < monitor.alert ? SOON_NS : LOOK_NS);
        }
        monitor.also(now);
        wait_for_event(pause_until(now, next));
    }
    return NULL;
}

static bool open_set(void)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &monitor};

    monitor.event = gonet__fd_lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (monitor.event < 0)
        return false;
    gonet__fork_own(monitor.event);
    monitor.set = gonet__held_open();
    return monitor.set >= 0 && epoll_ctl(monitor.set, EPOLL_CTL_ADD, monitor.event, &e) == 0;
}

static void close_set(void)
{
    if (monitor.set >= 0)
        gonet__held_close();
    if (monitor.event >= 0) {
        gonet__fork_disown(monitor.event);
        close(monitor.event);
    }
    monitor.set = monitor.event = -1;
}

/* Without it the workers go on: each helps itself. */
bool gonet__monitor_start(void (*also)(int64_t now), int rest)
{
    if (!open_set()) {
        close_set();
        return false;
    }
    memset(seen, 0, sizeof(seen));
    atomic_store(&monitor.stop, false);
    atomic_store(&gonet__monitor_rests, false);
    monitor.also = also;
    monitor.rest = rest;
    monitor.alert = 0;
    monitor.awake = gonet__now();
    monitor.running = gonet__signals_spawn(&monitor.thread, monitor_main, NULL) == 0;
    if (!monitor.running)
        close_set();
    return monitor.running;
}

void gonet__monitor_stop(void)
{
    if (!monitor.running)
        return;
    atomic_store(&monitor.stop, true);
    gonet__monitor_tell();
    pthread_join(monitor.thread, NULL);
    monitor.running = false;
}

void gonet__monitor_close(void)
{
    close_set();
}

void gonet__monitor_wake_up(void)
{
    if (atomic_exchange(&gonet__monitor_rests, false))
        gonet__monitor_tell();
}

static void forget_monitor(void)
{
    monitor.running = false;
    monitor.set = monitor.event = -1;
    atomic_store(&gonet__monitor_rests, false);
}

GONET__FORK_HOOK(forget_monitor)
