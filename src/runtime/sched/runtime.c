/*
 * Which workers there are: the first `count` of the array run tasks; those after them, which
 * gonet_set_max_procs has taken away, end as soon as no task is pinned to them, and are used again
 * when there are to be more. Their structs stay until gonet_shutdown, so everybody may look at any
 * of them at any time.
 */
#include "runtime/sched/runtime.h"

#include "gonet/errno.h"

#include "gonet/task.h"
#include "runtime/ground/fork.h"
#include "runtime/sched/place.h"
#include "runtime/sched/worker.h"

gonet__runtime_t gonet__runtime = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                   .idle = PTHREAD_COND_INITIALIZER};

#define rt gonet__runtime

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

/* Of two that end at once each counts itself, then looks at the other: one sees that it is the
 * last. */
void gonet__runtime_ended_one(void)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (gonet__runtime_live() != 0)
        return;
    gonet__fork_lock(&rt.lock);
    pthread_cond_broadcast(&rt.idle);
    pthread_mutex_unlock(&rt.lock);
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

/* A child has no workers. */
static void forget_workers(void)
{
    atomic_fetch_and(&gonet__alert, GONET__ALERT_UNDER);
    rt = (gonet__runtime_t){.wanted = rt.wanted, .layout = rt.layout};
    pthread_mutex_init(&rt.lock, NULL);
    pthread_cond_init(&rt.idle, NULL);
}

GONET__FORK_HOOK(forget_workers)

GONET__NOINLINE bool gonet__place_promise_more(gonet__worker_t *w)
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
