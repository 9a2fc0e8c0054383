/*
 * The runtime starts at the first need. What stands below knows nothing of what stands above, so
 * this is where they are put together.
 */
#include "runtime/life/start.h"

#include <sched.h>
#include <stdlib.h>

#include "base/setting.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/debug/debug.h"
#include "runtime/debug/slow.h"
#include "runtime/ground/debug_setting.h"
#include "runtime/ground/exit_guard.h"
#include "runtime/ground/fork.h"
#include "runtime/ground/signals.h"
#include "runtime/life/deadlock.h"
#include "runtime/poller/poller.h"
#include "runtime/sched/monitor.h"
#include "runtime/sched/crash.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/steal.h"
#include "runtime/time/awake.h"

#define rt gonet__runtime
#define DEADLOCK_MS                                                              \
    100 /* while all sleep: a thread that acts wakes none when it begins to wait \
         */

/* How many processors the process may use. The kernel refuses a set that is smaller than its own,
 * whose size is not told; a machine has thousands at most. */
static unsigned usable_processors(void)
{
    for (int room = CPU_SETSIZE; room <= 1 << 20; room *= 2) {
        cpu_set_t *set = CPU_ALLOC(room);
        size_t size = CPU_ALLOC_SIZE(room);
        int r = set != NULL ? sched_getaffinity(0, size, set) : -1;
        int n = r == 0 ? CPU_COUNT_S(size, set) : 0;
        bool too_small = set != NULL && r != 0 && errno == EINVAL;

        CPU_FREE(set);
        if (!too_small)
            return n > 0 ? (unsigned)n : 1;
    }
    return 1;
}

static unsigned default_workers(void)
{
    unsigned long n;

    if (!gonet__setting_number(GONET__SETTING_MAXPROCS, 1, GONET__MAX_WORKERS, &n))
        n = usable_processors();
    return n > GONET__MAX_WORKERS ? GONET__MAX_WORKERS : (unsigned)n;
}

/* Under the lock. Makes the worker with index i run; errno when that fails. */
static int revive(unsigned i)
{
    gonet__worker_t *w = gonet__runtime_worker(i);

    if (w == NULL) {
        w = gonet__worker_new(i + 1);
        if (w == NULL)
            return ENOMEM;
        atomic_store_explicit(&rt.worker[i], w, memory_order_release);
        atomic_store_explicit(&rt.made, i + 1, memory_order_release);
    } else if (atomic_load(&w->state) == GONET__WORKER_RUNS) {
        atomic_store(&w->stopping, false); /* it has not left yet, and may stay */
        return 0;
    } else if (w->started) {
        pthread_join(w->thread, NULL); /* it runs no task any more */
        w->started = false;
    }
    return gonet__worker_start(w);
}

static void look(int64_t now)
{
    gonet__slow_look(now);
    gonet__deadlock_look(now);
}

/* Under the lock. Without it the workers go on: each helps itself. */
static void start_monitor(bool several)
{
    int rest = gonet__debug_setting()->deadlock ? DEADLOCK_MS : -1;

    if (gonet__monitor_runs() || !(several || gonet__debug_asked()))
        return;
    gonet__slow_open();
    if (!gonet__monitor_start(look, rest))
        gonet__slow_close();
}

/* Under the lock. Starts workers until there are n; false, with errno, if there is none at all. */
static bool grow(unsigned n)
{
    unsigned i = gonet__runtime_worker_count();

    while (i < n) {
        int e = revive(i);

        if (e != 0) {
            errno = e;
            break; /* fewer will do, but not none */
        }
        atomic_store(&rt.count, ++i);
    }
    if (i > 0)
        start_monitor(i > 1);
    return i > 0;
}

bool gonet__start(void)
{
    static bool started;

    if (gonet__runtime_worker_count() > 0)
        return true;
    if (!started && !gonet__poller_can_open())
        return false;
    rt.layout = &gonet__debug_layout;
    gonet__awake_choose(usable_processors());
    gonet__queue_choose();
    gonet__steal_choose();
    gonet__signals_remember();
    gonet__crash_install();
    gonet__exit_guard_open();
    if (rt.wanted == 0)
        rt.wanted = default_workers();
    if (!grow(rt.wanted))
        return false;
    started = true;
    return true;
}

/* Under the lock. */
static void shrink(unsigned n)
{
    while (gonet__runtime_worker_count() > n) {
        unsigned last = gonet__runtime_worker_count() - 1;
        gonet__worker_t *w = gonet__runtime_worker(last);
        atomic_store(&rt.count, last);
        atomic_store(&w->stopping, true);
        gonet__worker_wake(w);
    }
}

void gonet__start_adjust(void)
{
    if (gonet__runtime_worker_count() == 0)
        return;
    shrink(rt.wanted);
    grow(rt.wanted);
}

int gonet_set_max_procs(int n)
{
    int before;

    gonet__fork_lock(&rt.lock);
    before = (int)(rt.wanted != 0 ? rt.wanted : default_workers());
    if (n > 0) {
        rt.wanted = n > GONET__MAX_WORKERS ? GONET__MAX_WORKERS : (unsigned)n;
        if (!rt.shutting)
            gonet__start_adjust();
    }
    pthread_mutex_unlock(&rt.lock);
    return before;
}

int gonet__start_arm(gonet__timer_t *t, int64_t at)
{
    int errnum = 0;

    gonet__fork_lock(&rt.lock);
    if (rt.shutting) {
        errnum = EAGAIN;
    } else if (!gonet__start()) {
        errnum = errno == EAGAIN ? ENOMEM : errno;
    } else {
        gonet__worker_t *w = gonet__runtime_worker(0);

        gonet__timer_arm(w->timers, t, at);
        if (gonet__timer_next(w->timers) == at) /* it may have gone to sleep for longer */
            gonet__worker_wake(w);
    }
    pthread_mutex_unlock(&rt.lock);
    return errnum;
}
