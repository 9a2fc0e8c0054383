/*
 * Tasks end with a wait group, threads with a join. The thread is no concern of gonet_shutdown: the
 * call that has made it ends it.
 */
#include "runtime/sync/beside.h"

#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/ground/exit_guard.h"
#include "runtime/ground/signals.h"
#include "runtime/sched/task.h"

static void run(void *arg)
{
    gonet__beside_t *b = arg;

    gonet_context_run(b->under, b->fn, b->arg);
}

static void *run_thread(void *arg)
{
    gonet__exit_guard_run(run, arg, "a function that a dial or a lookup calls");
    return NULL;
}

static void run_task(void *arg)
{
    gonet__beside_t *b = arg;

    run(b);
    gonet_wait_group_done(&b->end);
}

bool gonet__beside_start(gonet__beside_t *b, void (*fn)(void *arg), void *arg)
{
    *b = (gonet__beside_t){.fn = fn,
                           .arg = arg,
                           .under = gonet_context_current(),
                           .by_thread = gonet__task_current() == NULL};
    if (b->by_thread) {
        errno = gonet__signals_spawn(&b->thread, run_thread, b);
        return errno == 0;
    }
    gonet_wait_group_add(&b->end, 1);
    return gonet_go(run_task, b) == 0;
}

void gonet__beside_join(gonet__beside_t *b)
{
    if (b->by_thread)
        pthread_join(b->thread, NULL);
    else
        gonet_wait_group_wait(&b->end);
}
