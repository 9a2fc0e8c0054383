/*
 * The mover: what it does between the calls of its part.
 */
#include "stress/moves.h"

#include <stdio.h>
#include <unistd.h>

#include "gonet.h"
#include "runtime/sched/task.h"
#include "support/check.h"

#define MARK 5000 /* no errno is as high */

moves_plan_t moves_plan;

/* Not inlined, nor the same twice: the thread of this moment. */
__attribute__((noinline)) static pid_t thread_now(void)
{
    return gettid();
}

void mover_mark(mover_t *m)
{
    m->mark = MARK + (int)dice_below(&m->dice, 1000);
    errno = m->mark;
}

void mover_here(mover_t *m)
{
    if (m->pins > 0)
        CHECK_INT(thread_now(), m->thread);
}

void mover_same(mover_t *m)
{
    if (m->task) /* a thread's may be anything after a call that blocked */
        CHECK_INT(errno, m->mark);
    mover_here(m);
}

void mover_begin(mover_t *m, schedule_t *s, uint64_t seed)
{
    *m = (mover_t){.schedule = s, .dice = {seed}, .task = gonet__task_current() != NULL};
    mover_mark(m);
}

void mover_end(mover_t *m)
{
    mover_here(m);
    while (m->pins > 0 && !dice_one_in(&m->dice, 4)) {
        gonet_unpin();
        m->pins--;
    }
}

void mover_cancelled(mover_t *m)
{
    CHECK(m->task);
    CHECK(atomic_load(&m->schedule->over));
    mover_here(m);
}

gonet_time_t mover_deadline(mover_t *m)
{
    switch (dice_below(&m->dice, 6)) {
    case 0:
        return gonet_no_deadline;
    case 1:
        return gonet_after(GONET_HOUR);
    case 2:
        return gonet_after(-GONET_MILLISECOND);
    case 3:
        return gonet_after((gonet_duration_t)dice_below(&m->dice, 3000) * GONET_MICROSECOND);
    default:
        return gonet_after((gonet_duration_t)dice_below(&m->dice, 100) * GONET_MICROSECOND);
    }
}

static void sleep_a_little(mover_t *m)
{
    gonet_duration_t d = dice_below(&m->dice, dice_one_in(&m->dice, 16) ? 3000 : 200);
    gonet_time_t end;

    d *= GONET_MICROSECOND;
    end = gonet_after(d);
    if (gonet_sleep(d) == 0) {
        CHECK(gonet_until(end) <= 0);
        return;
    }
    CHECK_INT(errno, ECANCELED);
    mover_cancelled(m);
    mover_mark(m);
}

/* Mostly short; now and then long enough for the worker to be held. */
static void compute(mover_t *m)
{
    unsigned n = dice_below(&m->dice, dice_one_in(&m->dice, 32) ? 8000000 : 20000);

    for (volatile unsigned i = 0; i < n; i++) {
    }
}

static void pin(mover_t *m)
{
    if (m->pins >= 3)
        return;
    gonet_pin();
    if (m->pins++ == 0)
        m->thread = thread_now();
}

static void unpin(mover_t *m)
{
    gonet_unpin(); /* nothing, if it is not pinned */
    m->pins -= m->pins > 0;
}

static void *give_back(void *arg)
{
    errno = ((mover_t *)arg)->mark + 1;
    return arg;
}

static void block(mover_t *m)
{
    CHECK(gonet_blocking(give_back, m) == m);
    m->mark++; /* the function's errno is the caller's */
}

static void change_workers(mover_t *m)
{
    if (!moves_plan.steady)
        gonet_set_max_procs(1 + (int)dice_below(&m->dice, (unsigned)moves_plan.workers));
    mover_mark(m);
}

static void list_tasks(mover_t *m)
{
    FILE *f = dice_one_in(&m->dice, 8) ? fopen("/dev/null", "we") : NULL;

    if (f != NULL) {
        gonet_dump_tasks(f);
        mover_here(m);
        fclose(f);
    }
    mover_mark(m);
}

void mover_pause(mover_t *m)
{
    unsigned number = dice_below(&m->dice, 256);

    STRESS_COUNT(operations, 1);
    mover_mark(m);
    if (number < 64)
        gonet_yield();
    else if (number < 80)
        sleep_a_little(m);
    else if (number < 96)
        compute(m);
    else if (number < 112)
        pin(m);
    else if (number < 136)
        unpin(m);
    else if (number < 139)
        block(m);
    else if (number < 141)
        change_workers(m);
    else if (number == 141)
        list_tasks(m);
    mover_same(m);
}

void mover_pauses(mover_t *m, unsigned n)
{
    for (unsigned i = dice_below(&m->dice, n); i > 0; i--)
        mover_pause(m);
}

void start_member(schedule_t *s, member_t *p, void *object, void (*fn)(void *arg))
{
    *p = (member_t){object, dice_next(&s->dice)};
    stress_start(s, fn, p);
}
