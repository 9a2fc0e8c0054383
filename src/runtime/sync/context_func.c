/*
 * A function that is called when a context has ended: a call that comes later (later.h), of which
 * the context's cancellation tells, and at its deadline a worker's heap.
 */
#include "base/alloc.h"
#include "base/list.h"
#include "gonet/context.h"
#include "gonet/errno.h"
#include "runtime/sync/context.h"
#include "runtime/life/later.h"
#include "runtime/sched/task.h"

struct gonet_context_func {
    gonet__later_t later;
    gonet__context_watch_t watch;
};

static void release(gonet__later_t *later)
{
    gonet__free(GONET__CONTAINER(later, gonet_context_func_t, later));
}

static void tell(void *arg)
{
    gonet__later_tell(arg);
}

gonet_context_func_t *gonet_context_after_func(gonet_context_t *ctx, void (*fn)(void *arg),
                                               void *arg)
{
    int64_t deadline = gonet__context_deadline_ns(ctx);
    gonet_context_func_t *f = NULL;
    int errnum = EINVAL;
    bool was;

    if (fn != NULL) {
        f = gonet__zalloc(sizeof(*f));
        errnum = ENOMEM;
    }
    if (f != NULL) {
        gonet__later_init(&f->later, fn, arg, release);
        errnum = gonet__later_set(&f->later, deadline != 0 ? deadline : GONET__LATER_TOLD, &was);
    }
    if (errnum != 0) {
        if (f != NULL)
            gonet__later_free(&f->later);
        errno = errnum;
        return NULL;
    }
    if (!gonet__context_watch(&f->watch, ctx, tell, &f->later))
        gonet__later_tell(&f->later);
    return f;
}

bool gonet_context_func_stop(gonet_context_func_t *f)
{
    bool stopped = f != NULL && gonet__later_stop(&f->later);

    gonet__task_tick();
    return stopped;
}

void gonet_context_func_free(gonet_context_func_t *f)
{
    if (f == NULL)
        return;
    gonet__context_unwatch(&f->watch);
    gonet__later_free(&f->later);
}
