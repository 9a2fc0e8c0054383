/*
 * gonet_drain: the tasks end by themselves.
 */
#include "runtime/life/drain.h"

#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/ground/fork.h"
#include "runtime/sched/runtime.h"
#include "runtime/time/clock.h"

#define rt gonet__runtime

#define FIRST_PAUSE (10 * GONET_MILLISECOND)
#define LAST_PAUSE  (100 * GONET_MILLISECOND)

_Atomic(void (*)(bool begins)) gonet__drain_hook;

void gonet__drain_tell(bool begins)
{
    void (*hook)(bool) = NULL;

    gonet__fork_lock(&rt.lock);
    rt.begun = begins;
    hook = atomic_load(&gonet__drain_hook);
    pthread_mutex_unlock(&rt.lock);
    if (hook != NULL)
        hook(begins);
}

/* Under the lock. A task that ends may just have looked whether somebody waits: so it looks again.
 */
static bool wait_for_tasks(gonet_duration_t wait)
{
    int64_t end = wait < 0 ? INT64_MAX : gonet__add_ns(gonet__now(), wait);
    int64_t pause = FIRST_PAUSE;

    while (gonet__runtime_live() > 0) {
        int64_t now = gonet__now();

        if (now >= end)
            return false;
        (void)gonet__cond_until(&rt.idle, &rt.lock, now + pause < end ? now + pause : end);
        pause = pause * 2 < LAST_PAUSE ? pause * 2 : LAST_PAUSE;
    }
    return true;
}

int gonet_drain(gonet_duration_t wait)
{
    bool done;

    if (gonet__local()->in_runtime) {
        errno = EDEADLK;
        return -1;
    }
    gonet__fork_lock(&rt.lock);
    if (rt.draining || rt.shutting) {
        pthread_mutex_unlock(&rt.lock);
        errno = EALREADY;
        return -1;
    }
    rt.draining = true;
    pthread_mutex_unlock(&rt.lock);
    gonet__drain_tell(true);
    gonet__fork_lock(&rt.lock);
    atomic_fetch_or(&gonet__alert, GONET__ALERT_DRAINING);
    done = wait_for_tasks(wait);
    atomic_fetch_and(&gonet__alert, ~GONET__ALERT_DRAINING);
    rt.draining = false;
    pthread_mutex_unlock(&rt.lock);
    if (done)
        return 0;
    errno = EBUSY;
    return -1;
}
