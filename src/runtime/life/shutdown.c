/*
 * gonet_shutdown: whoever is parked comes back; when no task lives any more the workers end, and
 * only then may another runtime start.
 *
 * A task looks whether the end has begun, and then lets others end its wait, without a barrier
 * between the two; so the sweep that ends the waits may miss one that begins at that moment, and is
 * repeated as long as there are tasks.
 */
#include "runtime/sched/runtime.h"

#include <time.h>

#include "base/say.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/debug/slow.h"
#include "runtime/ground/end_hook.h"
#include "runtime/ground/exit_guard.h"
#include "runtime/ground/fork.h"
#include "runtime/life/drain.h"
#include "runtime/life/pool.h"
#include "runtime/life/start.h"
#include "runtime/poller/poller.h"
#include "runtime/sched/monitor.h"
#include "runtime/sched/crash.h"
#include "runtime/sched/wait.h"
#include "runtime/switch/stack.h"
#include "runtime/time/clock.h"

#define rt gonet__runtime

#define FIRST_SWEEP ((int64_t)10000000) /* ns to the second sweep, and so on, doubling */
#define LAST_SWEEP  ((int64_t)1000000000)

/* Ends the waits of the tasks of one home, and lets those who wait for descriptors look again. */
static void sweep(gonet__worker_t *w, void *arg)
{
    gonet__task_t *woken = NULL, *next;
    gonet__list_t *n;

    (void)arg;
    if (!gonet__worker_seize(w)) /* next time */
        return;
    for (n = w->queue.home.next; n != &w->queue.home; n = n->next) {
        gonet__task_t *t = GONET__CONTAINER(n, gonet__task_t, all);

        if (gonet__wait_sweep(t)) {
            t->next = woken;
            woken = t;
        }
    }
    gonet__queue_release(&w->queue);
    for (; woken != NULL; woken = next) {
        next = woken->next;
        gonet__wait_note_told(woken);
        gonet__task_ready(woken);
    }
    gonet__poller_sweep(&w->poller);
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
    int64_t end = wait < 0 ? INT64_MAX : gonet__add_ns(gonet__now(), wait);

    for (int64_t pause = FIRST_SWEEP;; pause = pause < LAST_SWEEP ? pause * 2 : pause) {
        int64_t now = gonet__now(), at = now + pause < end ? now + pause : end;

        gonet__runtime_each(sweep, NULL);
        while (gonet__runtime_live() > 0 && gonet__cond_until(&rt.idle, &rt.lock, at)) {
        }
        if (gonet__runtime_live() == 0 || gonet__now() >= end)
            return gonet__runtime_live() == 0;
    }
}

static void join(gonet__worker_t *w, void *arg)
{
    (void)arg;
    if (w->started)
        pthread_join(w->thread, NULL);
    w->started = false;
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
    gonet__monitor_stop();
    gonet__pool_stop();
    gonet__runtime_each(join, NULL); /* not under the lock: a worker's end may want it */
    gonet__monitor_close();
    gonet__slow_close();
    gonet__end_hook_run();
    gonet__fork_lock(&rt.lock);
    gonet__runtime_each(release, NULL);
    for (unsigned i = 0; i < gonet__runtime_worker_made(); i++)
        atomic_store(&rt.worker[i], NULL);
    atomic_store(&rt.count, 0);
    atomic_store(&rt.made, 0);
    atomic_store(&rt.spawned, 0);
    gonet__stack_release_all();
    gonet__crash_uninstall();
    gonet__exit_guard_close();
}

/* Under the lock. Some tasks have not come to their end: the runtime goes on. */
static void go_on(void)
{
    atomic_fetch_and(&gonet__alert, ~GONET__ALERT_ENDING);
    gonet__start_adjust(); /* gonet_set_max_procs may have been called meanwhile */
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
    pthread_mutex_unlock(&rt.lock);
    gonet__drain_tell(true); /* before tasks can't be started any more */
    gonet__fork_lock(&rt.lock);
    if (rt.shutting) {
        pthread_mutex_unlock(&rt.lock);
        errno = EALREADY;
        return -1;
    }
    rt.shutting = true;
    atomic_fetch_add(&rt.ends, 1);
    atomic_fetch_or(&gonet__alert, GONET__ALERT_ENDING);
    done = wait_for_tasks(wait);
    if (done)
        take_down();
    else
        go_on();
    atomic_fetch_and(&gonet__alert, ~GONET__ALERT_ENDING);
    rt.shutting = false;
    pthread_mutex_unlock(&rt.lock);
    gonet__drain_tell(false);
    if (done)
        return 0;
    if (gonet__stderr() != NULL)
        gonet_dump_tasks(gonet__stderr());
    errno = EBUSY;
    return -1;
}
