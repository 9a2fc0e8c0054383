/*
 * The life of a task: made by gonet_go, begun when it first comes up, suspended and resumed, by
 * whatever worker has it, and taken back there after its function has returned.
 *
 * Leaving a stack. A task that waits can be made runnable before it has left its stack, and another
 * worker may have it in hand by then. So a task has a flag, `on`, set by who takes it out of a
 * queue to run it, and cleared by the first code on the stack that comes after it. Who takes a task
 * out of a queue and finds it on: if it is about to leave a stack itself, it puts the task back and
 * leaves for the scheduler, for two tasks that wait for each other to be gone would wait for ever;
 * the scheduler waits, since the other side is a few instructions from the end.
 */
#include "runtime/sched/task.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/ground/fatal.h"
#include "runtime/sched/crash.h"
#include "runtime/sched/name.h"
#include "runtime/sched/resume.h"
#include "runtime/sched/place.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/under.h"
#include "runtime/sched/wait.h"
#include "runtime/sched/worker.h"
#include "runtime/switch/switch.h"
#include "runtime/time/clock.h"

#define POOLED_TASKS 4096

static void task_main(void *arg);

void gonet__task_begin(gonet__worker_t *w, gonet__task_t *task)
{
    gonet__stack_t *s = task->stack != NULL ? task->stack : gonet__stack_get(&w->stacks);
    char *high;

    gonet__cxx_turn(&w->cxx);
    task->stack = s;
    task->canary = s->guard == GONET__GUARD_NONE;
    task->began = w;
    task->id = ((uint64_t)w->id << 32) | (uint32_t)++w->begun;
    high = (char *)((uintptr_t)s & ~(uintptr_t)15);
    gonet__annotate_task(&task->tool, s->low, high);
    gonet__switch_make(&task->context, s->low, high, task_main, task);
    atomic_store_explicit(&task->begun, true, memory_order_release);
}

/* Keeps the struct for another task, or frees it. w is the calling worker, or NULL. */
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

/* Takes what has ended elsewhere out of its home's list. Entered, or seized. */
static gonet__task_t *unlist_gone(gonet__worker_t *home)
{
    gonet__task_t *all = atomic_exchange_explicit(&home->gone, NULL, memory_order_acquire);

    for (gonet__task_t *t = all; t != NULL; t = t->next)
        gonet__list_remove(&t->all);
    return all;
}

static void dispose(gonet__worker_t *w, gonet__task_t *all)
{
    while (all != NULL) {
        gonet__task_t *next = all->next;

        if (all->stack != NULL)
            gonet__stack_put(&w->stacks, all->stack);
        free_task(w, all);
        all = next;
    }
}

void gonet__task_take_gone(gonet__worker_t *w)
{
    gonet__task_t *all;

    gonet__queue_enter(&w->queue);
    all = unlist_gone(w);
    gonet__queue_leave(&w->queue);
    dispose(w, all);
}

/* The struct goes home, where it was taken from, so that pools neither run dry nor grow; with it
 * the stack, if that is from another pool than this worker's. */
static void send_home(gonet__worker_t *w, gonet__task_t *task)
{
    gonet__worker_t *home = task->home;
    gonet__task_t *all;

    gonet__worker_leave_at(&home->gone, task);
    if (atomic_load(&home->state) != GONET__WORKER_ENDED || !gonet__queue_seize(&home->queue))
        return;
    all = unlist_gone(home);
    gonet__queue_release(&home->queue);
    dispose(w, all);
}

void gonet__task_take_back(gonet__worker_t *w)
{
    gonet__task_t *task = w->finished;
    gonet__worker_t *home = task->home;

    w->finished = NULL;
    gonet__annotate_gone(&task->tool);
    gonet__timer_remove(&task->timer);
    gonet__name_drop(task);
    if (home == w || task->began == w || task->stack->slab == NULL || gonet__stack_scarce()) {
        gonet__stack_put(&w->stacks, task->stack);
        task->stack = NULL;
    }
    if (home == w) {
        gonet__queue_enter(&w->queue);
        gonet__list_remove(&task->all);
        gonet__queue_leave(&w->queue);
        free_task(w, task);
    } else {
        send_home(w, task);
    }
    gonet__worker_count(&w->ended);
    if (gonet__alerted(GONET__ALERT_ENDING | GONET__ALERT_DRAINING))
        gonet__runtime_ended_one();
}

/* Where the caller is, on a stack that has just been entered: others have had their turn. */
static inline gonet__worker_t *arrive(void)
{
    gonet__local_t *local = gonet__local();

    local->ticks = 0;
    return local->worker;
}

/* Leaves the task's stack for another; *to is where. The caller goes on, maybe much later, in
 * another thread: on the worker that is returned. */
GONET__INLINE gonet__worker_t *switch_to(gonet__worker_t *w, gonet__task_t *task,
                                         gonet__context_t *to, gonet__annotation_t *tool, int last)
{
    w->left = task;
    gonet__annotate_leave(&task->tool, tool, last);
    if (last)
        gonet__switch_last(to);
    gonet__switch(&task->context, to);
    w = arrive();
    gonet__task_entered(w, &task->tool);
    return w;
}

GONET__INLINE gonet__worker_t *leave_to_scheduler(gonet__worker_t *w, gonet__task_t *task, int last)
{
    gonet__task_set_current(w, NULL);
    return switch_to(w, task, &w->context, &w->tool, last);
}

/* Leaves the task's stack for the next runnable task's, as long as the turn lasts, or for the
 * scheduler's. yields: the task itself is runnable, behind all others. Returns where it goes on. */
GONET__INLINE gonet__worker_t *leave(gonet__worker_t *w, gonet__task_t *task, int last, bool yields)
{
    gonet__task_t *next;

    if (__builtin_expect(w->budget <= 0, 0) && !gonet__worker_turn_goes_on(w)) {
        if (yields)
            gonet__worker_push(w, task);
        return leave_to_scheduler(w, task, last);
    }
    gonet__queue_enter(&w->queue);
    if (!yields)
        next = gonet__queue_next(&w->queue);
    else if (w->queue.head != NULL)
        next = gonet__queue_rotate(&w->queue, task);
    else
        next = task; /* alone: on it goes */
    gonet__queue_leave(&w->queue);
    if (next == NULL)
        return leave_to_scheduler(w, task, last);
    w->budget--;
    if (!gonet__task_has_begun(next))
        gonet__task_begin(w, next);
    gonet__task_set_current(w, next);
    if (next == task)
        return w;
    return switch_to(w, task, &next->context, &next->tool, last);
}

/* The first and last frame of every task. */
static void task_main(void *arg)
{
    gonet__task_t *task = arg;
    gonet__worker_t *w = arrive();

    gonet__task_entered(w, &task->tool);
    task->entered = true;
    task->fn(task->arg);
    w = gonet__here();
    if (w == NULL)
        gonet__fatal("fatal error: a task's function has returned in a forked child");
    if (task->pin != NULL)
        gonet__task_unpin(task);
    w->finished = task;
    leave(w, task, 1, false);
    abort();
}

/* While somebody looks at what is parked: see dump.c. */
GONET__COLD static gonet__worker_t *be_probed(gonet__worker_t *w, gonet__task_t *task)
{
    while (w->probe != NULL) {
        w->probe(task, w->probe_arg);
        w = leave_to_scheduler(w, task, 0);
    }
    return w;
}

/* Inlined: a parked task has one frame of the two below, and a small one. */
GONET__INLINE void park(gonet__worker_t *w, gonet__task_t *task, bool yields)
{
    int saved_errno = *w->place.errno_at;

    if (task->canary && gonet__stack_overrun(task->stack))
        gonet__crash_overrun(task);
    task->parked_at = w->clock_ms;
    w = leave(w, task, 0, yields);
    if (w->probe != NULL)
        w = be_probed(w, task);
    task->park = GONET__PARK_NONE;
    *w->place.errno_at = saved_errno;
}

/* Of a task that is handling an exception. */
GONET__COLD static void park_in_catch(gonet__worker_t *w, gonet__task_t *task, bool yields)
{
    gonet__cxx_globals_t kept[GONET__CXX_RUNTIMES];

    gonet__cxx_store(&w->cxx, kept);
    park(w, task, yields);
    gonet__cxx_load(&gonet__here()->cxx, kept);
}

/* w is the caller's worker, and out of date when it returns. */
GONET__INLINE void suspend(gonet__worker_t *w, gonet__task_t *task, bool yields)
{
    if (gonet__cxx_handles(&w->cxx))
        park_in_catch(w, task, yields);
    else
        park(w, task, yields);
}

void gonet__task_park(gonet__task_t *task)
{
    suspend(gonet__here(), task, false);
}

/* A pooled struct is as clean as a new one but for what gonet__task_begin and each wait write anew.
 */
static gonet__task_t *reuse(gonet__worker_t *w)
{
    gonet__task_t *t = w->free_tasks;

    w->free_tasks = t->next;
    w->free_count--;
    t->home = NULL;
    t->worker = NULL;
    atomic_store_explicit(&t->begun, false, memory_order_relaxed);
    t->entered = false;
    atomic_store_explicit(&t->on, false, memory_order_relaxed);
    return t;
}

/*
 * Two tasks have no cache line in common, since they may run on two workers: measured, a task that
 * each of two workers starts and lets run, 160 to 290 ns with such a line, 70 to 100 without. That
 * takes no more memory, as a struct is little smaller than two pairs of lines.
 */
static gonet__task_t *new_task(gonet__worker_t *w)
{
    gonet__task_t *t;

    if (w != NULL && w->free_tasks == NULL &&
        atomic_load_explicit(&w->gone, memory_order_relaxed) != NULL)
        gonet__task_take_gone(w);
    if (w != NULL && w->free_tasks != NULL)
        return reuse(w);
    t = gonet__zalloc_lines(sizeof(*t));
    if (t != NULL) {
        gonet__list_init(&t->all);
        t->timer.fire = gonet__wait_timer;
    }
    return t;
}

static gonet__task_t *fill(gonet__task_t *task, void (*fn)(void *arg), void *arg,
                           gonet__stack_t *stack)
{
    task->fn = fn;
    task->arg = arg;
    task->stack = stack;
    return task;
}

/* Not inlined: a struct from the pool needs no such frame. */
GONET__NOINLINE static gonet__task_t *make_slowly(gonet__worker_t *w, void (*fn)(void *arg),
                                                  void *arg, size_t stack_size)
{
    gonet__stack_t *stack = NULL;
    gonet__task_t *task;

    if (gonet__runtime_ending()) {
        errno = EAGAIN;
        return NULL;
    }
    task = new_task(w);
    if (task != NULL) {
        if (stack_size != 0)
            stack = gonet__stack_get_sized(stack_size);
        if (stack != NULL || stack_size == 0)
            return fill(task, fn, arg, stack);
        free_task(w, task);
    }
    errno = ENOMEM;
    return NULL;
}

gonet__task_t *gonet__task_make(gonet__worker_t *w, void (*fn)(void *arg), void *arg,
                                size_t stack_size)
{
    if (w == NULL || w->free_tasks == NULL || stack_size != 0 || gonet__runtime_ending())
        return make_slowly(w, fn, arg, stack_size);
    return fill(reuse(w), fn, arg, NULL);
}

void gonet__task_unmake(gonet__worker_t *w, gonet__task_t *task)
{
    int e = errno;

    if (task->stack != NULL)
        gonet__stack_put(NULL, task->stack);
    task->pin = NULL;
    gonet__name_drop(task);
    free_task(w, task);
    errno = e;
}

bool gonet__task_bear(gonet__worker_t *w, void (*fn)(void *arg), void *arg)
{
    gonet__task_t *task = new_task(w);

    if (task == NULL)
        return false;
    task = fill(task, fn, arg, NULL);
    if (!gonet__place_promise(w)) {
        free_task(w, task);
        return false;
    }
    gonet__place_enqueue(w, task);
    return true;
}
void gonet__task_pin_to(gonet__task_t *task, gonet__worker_t *w)
{
    atomic_fetch_add_explicit(&w->pinned, 1, memory_order_relaxed);
    task->pin = w;
    task->pins = 1;
}

void gonet__task_unpin(gonet__task_t *task)
{
    atomic_fetch_sub_explicit(&task->pin->pinned, 1, memory_order_release);
    task->pin = NULL;
    task->pins = 0;
}

void gonet_pin(void)
{
    gonet__task_t *task = gonet__task_current();

    if (task == NULL)
        return;
    if (task->pin == NULL)
        gonet__task_pin_to(task, gonet__here());
    else
        task->pins++;
}

void gonet_unpin(void)
{
    gonet__task_t *task = gonet__task_current();

    if (task != NULL && task->pin != NULL && --task->pins == 0)
        gonet__task_unpin(task);
}

void gonet__task_tick_over(void)
{
    gonet__local()->ticks = 0;
    if (gonet__task_current() != NULL)
        gonet_yield();
}

/* For tests: on, but elsewhere. */
static void yield_away(gonet__worker_t *w, gonet__task_t *task)
{
    gonet__worker_send(task);
    suspend(w, task, false);
}

void gonet_yield(void)
{
    gonet__worker_t *w = gonet__here();
    gonet__task_t *task = w != NULL ? gonet__worker_task(w) : NULL;

    if (task == NULL)
        sched_yield();
    else if (GONET__STEAL_ALWAYS)
        yield_away(w, task);
    else
        suspend(w, task, true);
}

bool gonet__task_give_way(void)
{
    if (gonet__task_current() == NULL || gonet__queue_count(&gonet__here()->queue) == 0)
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
    gonet__wait_init(&w); /* no primitive knows of it: only time ends it, or an interruption */
    if (gonet__wait_for(&w, gonet__add_ns(gonet__now(), d), 0, "sleep") == GONET__WAIT_EXPIRED)
        return 0;
    errno = gonet__under_errno();
    return -1;
}
