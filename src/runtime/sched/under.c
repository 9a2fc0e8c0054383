/*
 * Functions that run under a context. See under.h.
 */
#include "runtime/sched/under.h"

#include "base/list.h"
#include "gonet/errno.h"
#include "runtime/ground/fork.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/task.h"
#include "runtime/sched/worker.h"

/* Where the caller's is. */
static gonet__under_t **place(void)
{
    gonet__task_t *task = gonet__task_current();

    return task != NULL ? &task->under : &gonet__local()->under;
}

gonet__under_t *gonet__under_find(void)
{
    return *place();
}

bool gonet__under_is_over(void)
{
    gonet__under_t *u = *place();

    return u != NULL && u->why(u) != 0;
}

int gonet__under_errno(void)
{
    gonet__under_t *u = gonet__under_now();
    int errnum = u != NULL ? u->why(u) : 0;

    return errnum != 0 ? errnum : ECANCELED;
}

/* Whom that concerns is left in told. */
static void halt(gonet__under_t *u, gonet__told_t *told)
{
    gonet__spin_lock(&u->lock);
    if (u->stop != NULL)
        u->stop(u->what, u->side, told);
    gonet__spin_unlock(&u->lock);
}

void gonet__under_tell(gonet__under_t *u)
{
    gonet__told_t told = {.task = NULL};

    halt(u, &told);
    if (told.task != NULL)
        gonet__task_ready(told.task);
    else if (told.wake != NULL)
        told.wake(told.arg);
}

/* A task's deadline has come. */
static int64_t fire(gonet__timer_t *t, int64_t now, gonet__fired_t *fired)
{
    gonet__told_t told = {.task = NULL};

    (void)now;
    halt(GONET__CONTAINER(t, gonet__under_t, timer), &told);
    fired->woken[0] = told.task;
    return 0;
}

gonet__under_t *gonet__under_begin(gonet__under_t *u)
{
    gonet__under_t *outer = *place();

    if (u != NULL) {
        u->timer = (gonet__timer_t){.fire = fire};
        u->stop = NULL;
        atomic_init(&u->lock, gonet__spin_init());
        if (!gonet__alerted(GONET__ALERT_UNDER))
            atomic_fetch_or(&gonet__alert, GONET__ALERT_UNDER);
    }
    *place() = u;
    return outer;
}

void gonet__under_end(gonet__under_t *u, gonet__under_t *outer, bool forked)
{
    *place() = outer;
    if (u != NULL && !forked) /* else the heap is the parent's */
        gonet__timer_remove(&u->timer);
}

bool gonet__under_enter(gonet__under_t *u, gonet__under_stop_t *stop, void *what, unsigned side)
{
    gonet__spin_lock(&u->lock);
    u->what = what;
    u->side = side;
    u->stop = stop;
    gonet__spin_unlock(&u->lock);
    /* A task's deadline comes by its timer, now that it is known where it waits; a thread wakes by
     * itself. */
    if (u->deadline != 0 && gonet__here() != NULL)
        gonet__timer_arm(gonet__here()->timers, &u->timer, u->deadline);
    return u->why(u) == 0;
}

void gonet__under_leave(gonet__under_t *u)
{
    gonet__spin_lock(&u->lock);
    u->stop = NULL;
    gonet__spin_unlock(&u->lock);
}
