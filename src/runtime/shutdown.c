/*
 * gonet_shutdown: every worker is asked once to sweep, which brings its parked tasks back; when no
 * task lives any more the workers end, and only then may another runtime start.
 */
#include "runtime/runtime.h"

#include "base/say.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/clock.h"
#include "runtime/dump.h"
#include "runtime/end_hook.h"
#include "runtime/fork.h"
#include "runtime/pool.h"
#include "runtime/signals.h"
#include "runtime/stack.h"

_Atomic bool gonet__ending;

#define rt gonet__runtime

void gonet__runtime_worker_idle(void)
{
    gonet__fork_lock(&rt.lock);
    pthread_cond_broadcast(&rt.idle);
    pthread_mutex_unlock(&rt.lock);
}

static void ask_sweep(gonet__worker_t *w, void *arg)
{
    (void)arg;
    atomic_store(&w->sweep_wanted, true);
    gonet__worker_wake(w);
}

static void forget_sweep(gonet__worker_t *w, void *arg)
{
    (void)arg;
    atomic_store(&w->sweep_wanted, false);
}

static void ask_stop(gonet__worker_t *w, void *arg)
{
    (void)arg;
    atomic_store(&w->stopping, true);
    gonet__worker_wake(w);
}

/* Under the lock. Waits until no task lives; false at the deadline. */
static bool wait_for_tasks(gonet_duration_t wait)
{
    const int64_t at = gonet__add_ns(gonet__now(), wait);

    while (gonet__runtime_live() > 0) {
        if (wait < 0)
            pthread_cond_wait(&rt.idle, &rt.lock);
        else if (!gonet__cond_until(&rt.idle, &rt.lock, at))
            return gonet__runtime_live() == 0;
    }
    return true;
}

static void join(gonet__worker_t *w, void *arg)
{
    (void)arg;
    pthread_join(w->thread, NULL);
}

static void release(gonet__worker_t *w, void *arg)
{
    (void)arg;
    gonet__worker_free(w);
}

/*
 * Under the lock, which is given up meanwhile: no task lives, and until shutting is false again
 * none can be started. So what the hooks free is the old runtime's alone.
 */
static void take_down(void)
{
    gonet__runtime_each(ask_stop, NULL);
    pthread_mutex_unlock(&rt.lock);
    gonet__dump_stop();
    gonet__pool_stop();
    gonet__runtime_each(join, NULL); /* not under the lock: a worker's end may want it */
    gonet__end_hook_run();
    gonet__fork_lock(&rt.lock);
    gonet__runtime_each(release, NULL);
    for (unsigned i = 0; i < gonet__runtime_worker_count(); i++)
        atomic_store(&rt.worker[i], NULL);
    atomic_store(&rt.count, 0);
    atomic_store(&rt.retired, NULL);
    atomic_store(&rt.searcher, NULL);
    atomic_store(&rt.watcher, NULL);
    gonet__stack_release_all();
    gonet__signals_uninstall();
}

/* Under the lock. Some tasks have not come to their end: the runtime goes on. */
static void go_on(void)
{
    gonet__runtime_each(forget_sweep, NULL); /* a held worker would do it to later tasks */
    gonet__runtime_adjust(); /* gonet_set_max_procs may have been called meanwhile */
}

int gonet_shutdown(gonet_duration_t wait)
{
    bool done;

    if (gonet__local()->in_runtime) {
        errno = EDEADLK;
        return -1;
    }
    gonet__fork_lock(&rt.lock);
    if (rt.shutting) {
        pthread_mutex_unlock(&rt.lock);
        errno = EALREADY;
        return -1;
    }
    rt.shutting = true;
    atomic_fetch_add(&rt.ends, 1);
    atomic_store(&gonet__ending, true);
    gonet__runtime_each(ask_sweep, NULL);
    done = wait_for_tasks(wait);
    if (done)
        take_down();
    else
        go_on();
    atomic_store(&gonet__ending, false);
    rt.shutting = false;
    pthread_mutex_unlock(&rt.lock);
    if (done)
        return 0;
    if (gonet__stderr() != NULL)
        gonet_dump_tasks(gonet__stderr());
    errno = EBUSY;
    return -1;
}
