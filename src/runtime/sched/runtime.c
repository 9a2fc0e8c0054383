/*
 * Which workers there are: the first `count` of the array run tasks; those after them, which
 * gonet_set_max_procs has taken away, end as soon as no task is pinned to them, and are used again
 * when there are to be more. Their structs stay until gonet_shutdown, so everybody may look at any
 * of them at any time.
 */
#include "runtime/sched/runtime.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/fd.h"
#include "base/setting.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/time/clock.h"
#include "runtime/debug/debug.h"
#include "runtime/ground/exit_guard.h"
#include "runtime/ground/fork.h"
#include "runtime/sched/monitor.h"
#include "runtime/ground/signals.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/steal.h"

gonet__runtime_t gonet__runtime = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                   .idle = PTHREAD_COND_INITIALIZER,
                                   .layout = &gonet__debug_layout};

#define rt gonet__runtime

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
        gonet__monitor_start(i > 1);
    return i > 0;
}

/* A process's first loop makes a pipe that all loops share, after a descriptor of its own, and
 * libuv ends the process if there is none to be had. False, with errno: so it would. */
static bool has_descriptors(void)
{
    int fds[4];
    bool enough;
    int e;

    if (gonet__fd_pipe(fds, 0) != 0)
        return false;
    enough = gonet__fd_pipe(fds + 2, 0) == 0;
    e = errno;
    for (int i = 0; i < (enough ? 4 : 2); i++)
        close(fds[i]);
    errno = e;
    return enough;
}

/* Under the lock. */
static bool start(void)
{
    static bool started;

    if (gonet__runtime_worker_count() > 0)
        return true;
    if (!started && !has_descriptors())
        return false;
    gonet__queue_choose();
    gonet__steal_choose();
    gonet__signals_install();
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

bool gonet__runtime_leaves(gonet__worker_t *w)
{
    bool leaves;

    gonet__fork_lock(&rt.lock);
    leaves = atomic_load(&w->stopping) && atomic_load(&w->pinned) == 0;
    if (leaves)
        atomic_store(&w->state, GONET__WORKER_LEAVES);
    pthread_mutex_unlock(&rt.lock);
    return leaves;
}

void gonet__runtime_adjust(void)
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
            gonet__runtime_adjust();
    }
    pthread_mutex_unlock(&rt.lock);
    return before;
}

GONET__NOINLINE static bool promise_more(gonet__worker_t *w)
{
    bool promised = gonet__stack_promise(w != NULL ? &w->stacks : NULL);

    if (gonet__stack_announce()) {
        unsigned n = gonet__runtime_worker_made();
        for (unsigned i = 0; i < n; i++)
            gonet__worker_wake(gonet__runtime_worker(i));
    }
    if (!promised)
        errno = ENOMEM;
    return promised;
}

/* A stack of the default size for a task that w's task starts; NULL: a thread. */
static bool promise_stack(gonet__worker_t *w)
{
    return (w != NULL && gonet__stack_keep_promise(&w->stacks)) || promise_more(w);
}

/* The runtime can't end while the caller, a task, lives: no lock. */
static bool place_from_task(gonet__worker_t *w, gonet__task_t *task, bool pinned)
{
    if (task->stack == NULL && !promise_stack(w))
        return false;
    if (pinned)
        gonet__task_pin_to(task, w);
    gonet__worker_count(&w->spawned);
    gonet__queue_enter(&w->queue);
    gonet__worker_settle(w, task);
    if (!GONET__STEAL_ALWAYS)
        gonet__queue_append(&w->queue, task);
    gonet__queue_leave(&w->queue);
    if (GONET__STEAL_ALWAYS)
        gonet__worker_send(task);
    else if (atomic_load_explicit(&w->eager, memory_order_relaxed))
        gonet__steal_call(w);
    return true;
}

/* Not inlined: a task's call needs no such frame. */
GONET__NOINLINE static bool place_from_thread(gonet__task_t *task, bool pinned)
{
    static unsigned next;

    gonet__fork_lock(&rt.lock);
    if (rt.shutting) { /* not before the old runtime has been taken down */
        pthread_mutex_unlock(&rt.lock);
        errno = EAGAIN;
        return false;
    }
    if (!start()) {
        int e = errno;
        pthread_mutex_unlock(&rt.lock);
        errno = e == EAGAIN ? ENOMEM : e;
        return false;
    }
    if (task->stack == NULL && !promise_stack(NULL)) {
        pthread_mutex_unlock(&rt.lock);
        errno = ENOMEM;
        return false;
    }
    if (pinned)
        gonet__task_pin_to(task, gonet__runtime_worker(next++ % gonet__runtime_worker_count()));
    gonet__worker_count(&rt.spawned);
    gonet__worker_send(task);
    pthread_mutex_unlock(&rt.lock);
    return true;
}

bool gonet__runtime_place(gonet__worker_t *w, gonet__task_t *task, bool pinned)
{
    return w != NULL ? place_from_task(w, task, pinned) : place_from_thread(task, pinned);
}

void gonet__runtime_each(void (*f)(gonet__worker_t *w, void *arg), void *arg)
{
    unsigned n = gonet__runtime_worker_made();

    for (unsigned i = 0; i < n; i++)
        f(gonet__runtime_worker(i), arg);
}

/* Both counts only rise, and what has ended was started before: so the ended are read first. */
long gonet__runtime_live(void)
{
    unsigned n = gonet__runtime_worker_made();
    uint64_t ended = 0, spawned = 0;

    for (unsigned i = 0; i < n; i++)
        ended += atomic_load_explicit(&gonet__runtime_worker(i)->ended, memory_order_acquire);
    for (unsigned i = 0; i < n; i++)
        spawned += atomic_load_explicit(&gonet__runtime_worker(i)->spawned, memory_order_acquire);
    spawned += atomic_load_explicit(&rt.spawned, memory_order_acquire);
    return (long)(spawned - ended);
}

int gonet_num_task(void)
{
    long n;

    gonet__fork_lock(&rt.lock);
    n = gonet__runtime_live();
    pthread_mutex_unlock(&rt.lock);
    gonet__task_tick();
    return (int)n;
}
