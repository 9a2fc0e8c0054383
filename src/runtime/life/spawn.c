/*
 * New tasks. A task's call appends to the queue of its worker; a thread's finds a worker, and
 * starts the runtime if there is none.
 */
#include "runtime/life/spawn.h"

#include "base/compiler.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/ground/fork.h"
#include "runtime/life/start.h"
#include "runtime/sched/name.h"
#include "runtime/sched/place.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/worker.h"

#define rt        gonet__runtime
#define MAX_STACK ((size_t)1 << 30)

/* The runtime can't end while the caller, a task, lives: no lock. */
static bool place_from_task(gonet__worker_t *w, gonet__task_t *task, bool pinned)
{
    if (task->stack == NULL && !gonet__place_promise(w))
        return false;
    if (pinned)
        gonet__task_pin_to(task, w);
    gonet__worker_count(&w->spawned);
    gonet__place_enqueue(w, task);
    return true;
}

/* Nobody but the new task itself keeps the runtime from ending: so it is counted, then this looks
 * whether the end has begun; gonet_shutdown says so, then looks at the counts. */
static bool place_outside(gonet__worker_t *w, gonet__task_t *task)
{
    bool promised;

    gonet__worker_count(&w->spawned);
    atomic_thread_fence(memory_order_seq_cst);
    errno = EAGAIN;
    promised = !gonet__runtime_ending() && gonet__place_promise(w);
    if (promised) {
        gonet__place_enqueue(w, task);
        return true;
    }
    gonet__worker_count(&w->ended);
    if (gonet__alerted(GONET__ALERT_ENDING | GONET__ALERT_DRAINING))
        gonet__runtime_ended_one();
    return false;
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
    if (!gonet__start()) {
        int e = errno;
        pthread_mutex_unlock(&rt.lock);
        errno = e == EAGAIN ? ENOMEM : e;
        return false;
    }
    if (task->stack == NULL && !gonet__place_promise(NULL)) {
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

static bool place(gonet__worker_t *w, gonet__task_t *task, bool pinned)
{
    return w != NULL ? place_from_task(w, task, pinned) : place_from_thread(task, pinned);
}

static int start(void (*fn)(void *arg), void *arg, size_t stack_size, bool pinned, const char *name)
{
    gonet__worker_t *w = gonet__here();
    gonet__task_t *task;

    if (fn == NULL || stack_size > MAX_STACK) {
        errno = EINVAL;
        return -1;
    }
    if (stack_size != 0 && stack_size < GONET__STACK_MIN)
        stack_size = GONET__STACK_MIN;
    task = gonet__task_make(w, fn, arg, stack_size);
    if (task == NULL) {
        gonet__task_tick(); /* somebody may try again and again */
        return -1;
    }
    if (name != NULL && !gonet__name_give(task, name)) {
        errno = ENOMEM;
        gonet__task_unmake(w, task);
        return -1;
    }
    if (!place(w, task, pinned)) {
        gonet__task_unmake(w, task);
        return -1;
    }
    return 0;
}

int gonet__spawn_outside(void (*fn)(void *arg), void *arg)
{
    gonet__worker_t *w = gonet__here();
    gonet__task_t *task = gonet__task_make(w, fn, arg, 0);

    if (task == NULL)
        return -1;
    if (place_outside(w, task))
        return 0;
    gonet__task_unmake(w, task);
    return -1;
}

int gonet_go_sized(void (*fn)(void *arg), void *arg, size_t stack_size)
{
    return start(fn, arg, stack_size, false, NULL);
}

int gonet_go(void (*fn)(void *arg), void *arg)
{
    return start(fn, arg, 0, false, NULL);
}

int gonet_go_pinned(void (*fn)(void *arg), void *arg)
{
    return start(fn, arg, 0, true, NULL);
}

int gonet_go_named(void (*fn)(void *arg), void *arg, const char *name)
{
    return start(fn, arg, 0, false, name);
}
