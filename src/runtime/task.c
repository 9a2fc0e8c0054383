/*
 * The life of a task: made by gonet_go, begun on a worker's thread, suspended and resumed there,
 * and taken back there by the scheduler after its function has returned.
 */
#include "runtime/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/clock.h"
#include "runtime/fatal.h"
#include "runtime/resume.h"
#include "runtime/runtime.h"
#include "runtime/signals.h"
#include "runtime/switch.h"
#include "runtime/wait.h"
#include "runtime/worker.h"

#define POOLED_TASKS 4096
#define MAX_STACK    ((size_t)1 << 30)

gonet__task_t *gonet__task_current(void)
{
    return gonet__worker_task();
}

void **gonet__task_keep(void)
{
    gonet__worker_t *w = gonet__here();

    return w != NULL ? &w->kept : NULL;
}

static void task_main(void *arg);

void gonet__task_begin(gonet__worker_t *w, gonet__task_t *task)
{
    gonet__stack_t *s = task->stack != NULL ? task->stack : gonet__stack_get(&w->stacks);
    char *high;

    gonet__cxx_turn(&w->cxx);
    task->stack = s;
    task->canary = s->guard == GONET__GUARD_NONE;
    task->entered = false;
    task->worker = w;
    task->id = ((uint64_t)w->id << 32) | (uint32_t)++w->begun;
    high = (char *)((uintptr_t)s & ~(uintptr_t)15);
    gonet__annotate_task(&task->tool, s->low, high);
    gonet__switch_make(&task->context, s->low, high, task_main, task);
    gonet__list_push_back(&w->tasks, &task->all);
}

static void free_task(gonet__worker_t *w, gonet__task_t *task)
{
    if (w == NULL || w->free_count >= POOLED_TASKS || gonet__stack_scarce()) {
        gonet__free(task);
        return;
    }
    task->next = w->free_tasks;
    w->free_tasks = task;
    w->free_count++;
}

void gonet__task_release_pool(gonet__worker_t *w)
{
    while (w->free_tasks != NULL) {
        gonet__task_t *t = w->free_tasks;
        w->free_tasks = t->next;
        gonet__free(t);
    }
    w->free_count = 0;
}

void gonet__task_take_back(gonet__worker_t *w)
{
    gonet__task_t *task = w->finished;

    w->finished = NULL;
    gonet__annotate_gone(&task->tool);
    gonet__timer_remove(&w->timers, &task->timer);
    gonet__list_remove(&task->all);
    gonet__stack_put(&w->stacks, task->stack);
    free_task(w, task);
    gonet__worker_count_own(w, -1);
    if (gonet__runtime_ending() && gonet__worker_live(w) == 0)
        gonet__runtime_worker_idle();
}

/* Goes over to another context; last: for good. */
GONET__INLINE void go_over(gonet__worker_t *w, gonet__task_t *task, gonet__context_t *to,
                           gonet__annotation_t *tool, int last)
{
    w->left = &task->tool;
    gonet__annotate_leave(&task->tool, tool, last);
    if (last)
        gonet__switch_last(to);
    gonet__switch(&task->context, to);
    gonet__task_entered(w, &task->tool);
}

/* Leaves the task's stack for the scheduler's. */
GONET__INLINE void leave_to_scheduler(gonet__worker_t *w, gonet__task_t *task, int last)
{
    gonet__task_set_current(w, NULL);
    go_over(w, task, &w->context, &w->tool, last);
}

/* Leaves the task's stack for the next runnable task's, as long as the turn lasts, or the
 * scheduler's. */
GONET__INLINE void leave(gonet__worker_t *w, gonet__task_t *task, int last)
{
    gonet__task_t *next = NULL;

    if (w->budget > 0 && w->probe == NULL) {
        next = w->run_head;
        if (next != NULL)
            gonet__worker_pop(w);
        else if (atomic_load_explicit(&w->fresh_count, memory_order_relaxed) > 0)
            next = gonet__worker_begin_fresh(w);
    }
    if (next == NULL) {
        leave_to_scheduler(w, task, last);
        return;
    }
    w->budget--;
    gonet__task_set_current(w, next);
    if (next == task)
        return;
    go_over(w, task, &next->context, &next->tool, last);
}

/* The first and last frame of every task. */
static void task_main(void *arg)
{
    gonet__task_t *task = arg;
    gonet__worker_t *w = task->worker;

    gonet__task_entered(w, &task->tool);
    task->entered = true;
    task->fn(task->arg);
    if (gonet__here() == NULL)
        gonet__fatal("fatal error: a task's function has returned in a forked child");
    w->finished = task;
    leave(w, task, 1);
    abort();
}

/* While the runtime looks at what is parked: see dump.c. */
GONET__COLD static void be_probed(gonet__worker_t *w, gonet__task_t *task)
{
    while (w->probe != NULL) {
        w->probe(task, w->probe_arg);
        leave_to_scheduler(w, task, 0);
    }
}

/* Inlined: a parked task has one frame of the two below, and a small one. */
GONET__INLINE void park(gonet__task_t *task)
{
    gonet__worker_t *w = task->worker;
    int saved_errno = *w->errno_at;

    if (task->canary && gonet__stack_overrun(task->stack))
        gonet__signals_report_overrun(task);
    task->parked_at = w->clock_ms;
    leave(w, task, 0);
    if (w->probe != NULL)
        be_probed(w, task);
    task->park = GONET__PARK_NONE;
    *w->errno_at = saved_errno;
}

/* Of a task that is handling an exception. */
GONET__COLD static void park_in_catch(gonet__task_t *task)
{
    gonet__cxx_t *cxx = &task->worker->cxx;
    gonet__cxx_globals_t kept[GONET__CXX_RUNTIMES];

    gonet__cxx_store(cxx, kept);
    park(task);
    gonet__cxx_load(cxx, kept);
}

void gonet__task_park(gonet__task_t *task)
{
    if (gonet__cxx_handles(&task->worker->cxx))
        park_in_catch(task);
    else
        park(task);
}

void gonet__task_post(gonet__task_t *task)
{
    gonet__worker_t *w = task->worker;
    gonet__task_t *head;

    atomic_fetch_add(&w->users, 1);
    head = atomic_load_explicit(&w->inbox, memory_order_relaxed);
    do {
        task->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&w->inbox, &head, task, memory_order_release,
                                                    memory_order_relaxed));
    gonet__worker_wake(w);
    atomic_fetch_sub_explicit(&w->users, 1, memory_order_release);
}

/* A pooled struct is as clean as a new one but for what gonet__task_begin and each wait write anew.
 */
static gonet__task_t *new_task(gonet__worker_t *w)
{
    gonet__task_t *t;

    if (w != NULL && w->free_tasks != NULL) {
        t = w->free_tasks;
        w->free_tasks = t->next;
        w->free_count--;
        return t;
    }
    return gonet__zalloc(sizeof(*t));
}

/* A task that runs fn(arg) on the default stack, which it takes when it begins, or on one of its
 * own. NULL with errno. */
static gonet__task_t *make_task(gonet__worker_t *w, void (*fn)(void *arg), void *arg,
                                size_t stack_size)
{
    gonet__task_t *task;

    if (gonet__runtime_ending()) {
        errno = EAGAIN;
        return NULL;
    }
    task = new_task(w);
    if (task != NULL) {
        task->fn = fn;
        task->arg = arg;
        task->stack = stack_size != 0 ? gonet__stack_get_sized(stack_size) : NULL;
        if (task->stack != NULL || stack_size == 0)
            return task;
        free_task(w, task);
    }
    errno = ENOMEM;
    return NULL;
}

/* Takes back a task that was not started; errno stays. */
static void unmake_task(gonet__worker_t *w, gonet__task_t *task)
{
    int e = errno;

    if (task->stack != NULL)
        gonet__stack_put(NULL, task->stack);
    free_task(w, task);
    errno = e;
}

int gonet_go_sized(void (*fn)(void *arg), void *arg, size_t stack_size)
{
    gonet__worker_t *w = gonet__here();
    gonet__task_t *task;

    if (fn == NULL || stack_size > MAX_STACK) {
        errno = EINVAL;
        return -1;
    }
    if (stack_size != 0 && stack_size < GONET__STACK_MIN)
        stack_size = GONET__STACK_MIN;
    task = make_task(w, fn, arg, stack_size);
    if (task == NULL) {
        gonet__task_tick(); /* somebody may try again and again */
        return -1;
    }
    if (!gonet__runtime_place(w, task)) {
        unmake_task(w, task);
        return -1;
    }
    return 0;
}

int gonet_go(void (*fn)(void *arg), void *arg)
{
    return gonet_go_sized(fn, arg, 0);
}

int gonet__task_go_here(void (*fn)(void *arg), void *arg)
{
    gonet__worker_t *w = gonet__here();
    gonet__task_t *task;

    if (w == NULL)
        return gonet_go(fn, arg);
    task = make_task(w, fn, arg, 0);
    if (task == NULL)
        return -1;
    if (!gonet__runtime_promise_stack(w)) {
        unmake_task(w, task);
        return -1;
    }
    gonet__task_begin(w, task);
    gonet__worker_count_own(w, 1);
    gonet__worker_push(w, task);
    return 0;
}

/* Puts a task that has not begun before all others: they get their turn, too. */
GONET__NOINLINE static void yield_to_fresh(gonet__task_t *task)
{
    gonet__worker_t *w = task->worker;
    gonet__task_t *t = w->budget > 0 && w->probe == NULL ? gonet__worker_begin_fresh(w) : NULL;

    if (t != NULL)
        gonet__worker_push_front(w, t);
    gonet__task_park(task);
}

void gonet__task_tick_over(void)
{
    gonet__local()->ticks = 0;
    if (gonet__task_current() != NULL)
        gonet_yield();
}

void gonet_yield(void)
{
    gonet__worker_t *w = gonet__here();
    gonet__task_t *task = gonet__worker_task();

    if (task == NULL) {
        sched_yield();
        return;
    }
    gonet__worker_push(w, task);
    if (atomic_load_explicit(&w->fresh_count, memory_order_relaxed) > 0)
        yield_to_fresh(task);
    else
        gonet__task_park(task);
}

bool gonet__task_give_way(void)
{
    gonet__worker_t *w = gonet__here();

    if (gonet__task_current() == NULL ||
        (w->run_head == NULL && atomic_load_explicit(&w->fresh_count, memory_order_relaxed) == 0))
        return false;
    gonet_yield();
    return true;
}

int gonet_sleep(gonet_duration_t d)
{
    gonet__wait_t w;

    if (d <= 0) {
        gonet__task_tick();
        return 0;
    }
    gonet__wait_init(&w); /* nobody knows of it: only time or gonet_shutdown end it */
    if (gonet__wait_for(&w, gonet__add_ns(gonet__now(), d), 0, "sleep") == GONET__WAIT_EXPIRED)
        return 0;
    errno = ECANCELED;
    return -1;
}
