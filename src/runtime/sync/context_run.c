/*
 * gonet_context_run: the context's watch tells what the function runs under (sched/under.h).
 */
#include "runtime/sync/context_run.h"

#include "base/list.h"
#include "gonet/errno.h"
#include "runtime/ground/fork.h"
#include "runtime/sched/task.h"
#include "runtime/sync/context.h"

typedef struct {
    gonet__under_t under;
    gonet_context_t *ctx;
    gonet__context_watch_t watch;
} run_t;

static run_t *now(void)
{
    gonet__under_t *u = gonet__under_now();

    return u != NULL ? GONET__CONTAINER(u, run_t, under) : NULL;
}

gonet_context_t *gonet_context_current(void)
{
    run_t *run = now();

    return run != NULL ? run->ctx : NULL;
}

gonet_error_t *gonet__under_look(void)
{
    return gonet__context_err(gonet_context_current());
}

/* A task that forks goes on as a thread. */
static void keep_in_child(void)
{
    if (gonet__task_forking() != NULL)
        gonet__local()->under = gonet__task_forking()->under;
}

GONET__FORK_HOOK(keep_in_child)

static int why(const gonet__under_t *u)
{
    gonet_error_t *err = gonet__context_err(GONET__CONTAINER(u, run_t, under)->ctx);

    if (err == NULL)
        return 0;
    if (err == gonet_err_context_deadline_exceeded)
        return ETIMEDOUT;
    return err == gonet_err_no_memory ? ENOMEM : ECANCELED;
}

/* The context was cancelled. */
static void tell(void *run)
{
    gonet__under_tell(&((run_t *)run)->under);
}

void gonet_context_run(gonet_context_t *ctx, void (*fn)(void *arg), void *arg)
{
    run_t run = {.under = {.why = why, .deadline = gonet__context_deadline_ns(ctx)}, .ctx = ctx};
    gonet__under_t *under = ctx != NULL ? &run.under : NULL;
    gonet__under_t *outer = gonet__under_begin(under);
    uint32_t generation = gonet__fork_now();

    (void)gonet__context_watch(&run.watch, ctx, tell, &run); /* false: each call will see it */
    fn(arg);
    gonet__under_end(under, outer, generation != gonet__fork_now());
    gonet__context_unwatch(&run.watch);
}
