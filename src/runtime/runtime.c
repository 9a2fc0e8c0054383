/*
 * Which workers there are, and where a new task goes: to the spawner's own worker, unless that has
 * many more than the others. Tasks that have not begun can be taken over by a worker without work,
 * so a worker held by one task delays none of them. That one comes is certain:
 *
 * - a worker looks for such tasks before it sleeps;
 * - whoever adds to a list that is not empty calls a sleeper, the searcher, unless one is on its
 *   way;
 * - whoever adds to an empty one makes sure that a sleeper is on watch, who looks around every 10
 * ms as long as tasks are being started. A watcher that is not asleep does not count: a task may
 * hold it.
 *
 * Who is called looks for tasks before it runs its own, which may hold it, and calls another one if
 * there is more than it can begin at once.
 */
#include "runtime/runtime.h"

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
#include "runtime/clock.h"
#include "runtime/debug.h"
#include "runtime/dump.h"
#include "runtime/fork.h"
#include "runtime/signals.h"
#include "runtime/spin.h"

gonet__runtime_t gonet__runtime = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                   .idle = PTHREAD_COND_INITIALIZER,
                                   .layout = &gonet__debug_layout};

#define rt gonet__runtime

/* Calls a sleeper, if there is one, to a post that was held by before. */
static void appoint(_Atomic(gonet__worker_t *) *post, gonet__worker_t *before)
{
    unsigned n = gonet__runtime_worker_count();

    for (unsigned i = 0; i < n; i++) {
        gonet__worker_t *w = gonet__runtime_worker(i);
        gonet__worker_t *expected = before;
        if (w == gonet__here() || !atomic_load(&w->sleeping))
            continue;
        if (!atomic_compare_exchange_strong(post, &expected, w))
            return; /* somebody else sees to it */
        if (gonet__worker_wake(w))
            return;
        before = w; /* it woke by itself, maybe to be held */
    }
    if (before != NULL)
        atomic_compare_exchange_strong(post, &before, NULL);
}

/* A task was added to a list that had before others. */
static void call_help(unsigned before)
{
    gonet__worker_t *w;

    atomic_thread_fence(memory_order_seq_cst);
    if (before > 0) {
        if (atomic_load_explicit(&rt.searcher, memory_order_relaxed) == NULL)
            appoint(&rt.searcher, NULL);
        return;
    }
    w = atomic_load(&rt.watcher);
    if (w == NULL || !atomic_load(&w->sleeping))
        appoint(&rt.watcher, w);
}

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

/* Under the lock. Starts workers until there are n; false if there is none at all. */
static bool grow(unsigned n)
{
    unsigned i = gonet__runtime_worker_count();

    while (i < n) {
        gonet__worker_t *w = gonet__worker_start();
        if (w == NULL)
            break; /* fewer will do, but not none */
        atomic_store_explicit(&rt.worker[i], w, memory_order_release);
        atomic_store(&rt.count, ++i);
        gonet__worker_wake(w); /* it may have looked for work before it was counted */
    }
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
    gonet__signals_install();
    if (rt.wanted == 0)
        rt.wanted = default_workers();
    if (!grow(rt.wanted))
        return false;
    started = true;
    gonet__dump_start();
    return true;
}

/* Under the lock. A worker that is taken out of the array ends with its last task. */
static void shrink(unsigned n)
{
    while (gonet__runtime_worker_count() > n) {
        unsigned last = gonet__runtime_worker_count() - 1;
        gonet__worker_t *w = gonet__runtime_worker(last);
        atomic_store(&rt.count, last);
        w->next_retired = atomic_load(&rt.retired);
        atomic_store(&rt.retired, w);
        atomic_store(&w->stopping, true);
        gonet__runtime_watch_done(w);
        gonet__worker_wake(w);
        call_help(1); /* for what has not begun there */
    }
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

static gonet__worker_t *fewest(long *live)
{
    gonet__worker_t *best = NULL;
    unsigned n = gonet__runtime_worker_count();

    for (unsigned i = 0; i < n; i++) {
        gonet__worker_t *w = gonet__runtime_worker(i);
        long l = gonet__worker_live(w);
        if (best == NULL || l < *live) {
            best = w;
            *live = l;
        }
    }
    return best;
}

/* Where a task that a task starts goes. */
static gonet__worker_t *choose(gonet__worker_t *own)
{
    long live = gonet__worker_live(own);
    long least = 0;
    gonet__worker_t *w;
    bool stopping = atomic_load_explicit(&own->stopping, memory_order_relaxed);

    if (live <= 16 && !stopping)
        return own;
    w = fewest(&least);
    if (w == NULL)
        return own;
    return stopping || live > least + (least / 8 > 16 ? least / 8 : 16) ? w : own;
}

GONET__NOINLINE static bool promise_more(gonet__worker_t *w)
{
    bool promised = gonet__stack_promise(w != NULL ? &w->stacks : NULL);

    if (gonet__stack_announce()) {
        unsigned n = gonet__runtime_worker_count();
        for (unsigned i = 0; i < n; i++)
            gonet__worker_wake(gonet__runtime_worker(i));
    }
    if (!promised)
        errno = ENOMEM;
    return promised;
}

bool gonet__runtime_promise_stack(gonet__worker_t *w)
{
    return (w != NULL && gonet__stack_keep_promise(&w->stacks)) || promise_more(w);
}

/* From a task: no lock, the runtime can't end while the caller lives. */
static bool place_from_task(gonet__worker_t *own, gonet__task_t *task)
{
    gonet__worker_t *w = own;

    if (task->stack == NULL && !gonet__runtime_promise_stack(own))
        return false;
    if (gonet__runtime_worker_count() > 1 ||
        atomic_load_explicit(&own->stopping, memory_order_relaxed))
        w = choose(own);
    if (w != own) {
        atomic_fetch_add(&w->users, 1);
        if (!atomic_load(&w->stopping)) {
            atomic_fetch_add_explicit(&w->live_others, 1, memory_order_relaxed);
            call_help(gonet__worker_add_fresh(w, task));
            gonet__worker_wake(w);
            atomic_fetch_sub_explicit(&w->users, 1, memory_order_release);
            return true;
        }
        atomic_fetch_sub_explicit(&w->users, 1, memory_order_release);
    }
    gonet__worker_count_own(own, 1);
    unsigned before = gonet__worker_add_fresh(own, task);
    if (gonet__runtime_worker_count() > 1 ||
        atomic_load_explicit(&own->stopping, memory_order_relaxed))
        call_help(before);
    return true;
}

/* Not inlined: a task's call needs no such frame. */
GONET__NOINLINE static bool place_from_thread(gonet__task_t *task)
{
    gonet__worker_t *w;
    long live = 0;
    unsigned before;

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
    if (task->stack == NULL && !gonet__runtime_promise_stack(NULL)) {
        pthread_mutex_unlock(&rt.lock);
        errno = ENOMEM;
        return false;
    }
    w = fewest(&live);
    atomic_fetch_add_explicit(&w->live_others, 1, memory_order_relaxed);
    before = gonet__worker_add_fresh(w, task);
    gonet__worker_wake(w);
    if (gonet__runtime_worker_count() > 1)
        call_help(before);
    pthread_mutex_unlock(&rt.lock);
    return true;
}

bool gonet__runtime_place(gonet__worker_t *w, gonet__task_t *task)
{
    return w != NULL ? place_from_task(w, task) : place_from_thread(task);
}

gonet__worker_t *gonet__runtime_victim(const gonet__worker_t *w)
{
    unsigned n = atomic_load(&rt.count);

    for (unsigned i = 0; i < n; i++) {
        gonet__worker_t *v = gonet__runtime_worker((w->id + i) % n);
        if (v != NULL && v != w && atomic_load(&v->fresh_count) > 0)
            return v;
    }
    for (gonet__worker_t *v = atomic_load(&rt.retired); v != NULL; v = v->next_retired) {
        if (v != w && atomic_load(&v->fresh_count) > 0)
            return v;
    }
    return NULL;
}

bool gonet__runtime_called(const gonet__worker_t *w)
{
    return atomic_load(&rt.searcher) == w || atomic_load(&rt.watcher) == w;
}

bool gonet__runtime_on_watch(const gonet__worker_t *w)
{
    return atomic_load(&rt.watcher) == w;
}

void gonet__runtime_search_done(gonet__worker_t *w, bool more)
{
    if (atomic_load_explicit(&rt.searcher, memory_order_relaxed) == w)
        atomic_store(&rt.searcher, NULL);
    if (more)
        call_help(1);
}

void gonet__runtime_watch_done(gonet__worker_t *w)
{
    atomic_compare_exchange_strong(&rt.watcher, &w, NULL);
}

uint64_t gonet__runtime_started(void)
{
    uint64_t sum = 0;
    unsigned n = gonet__runtime_worker_count();

    for (unsigned i = 0; i < n; i++)
        sum += atomic_load_explicit(&gonet__runtime_worker(i)->fresh_total, memory_order_relaxed);
    return sum;
}

void gonet__runtime_each(void (*f)(gonet__worker_t *w, void *arg), void *arg)
{
    unsigned n = gonet__runtime_worker_count();

    for (unsigned i = 0; i < n; i++)
        f(gonet__runtime_worker(i), arg);
    for (gonet__worker_t *w = atomic_load(&rt.retired), *next; w != NULL; w = next) {
        next = w->next_retired; /* f may release w */
        f(w, arg);
    }
}

static void add_live(gonet__worker_t *w, void *sum)
{
    *(long *)sum += gonet__worker_live(w);
}

long gonet__runtime_live(void)
{
    unsigned turns = 0;
    uint32_t moves;
    long sum;

    do {
        sum = 0;
        moves = atomic_load(&rt.moves_ended);
        if (moves != atomic_load(&rt.moves_begun)) {
            gonet__relax(&turns);
            continue;
        }
        gonet__runtime_each(add_live, &sum);
        atomic_thread_fence(memory_order_acquire);
    } while (moves != atomic_load(&rt.moves_begun));
    return sum;
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
