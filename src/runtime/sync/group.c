/*
 * Groups of tasks, and single tasks with a result: a wait group each, which its last task leaves
 * without touching anything any more.
 */
#include "gonet/group.h"

#include "base/alloc.h"
#include "error/errno_error.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/ground/fatal.h"

typedef struct {
    gonet_group_t *g;
    int (*fn)(void *arg, gonet_error_t **err);
    void *arg;
} job_t;

gonet_context_t *gonet_group_with_context(gonet_group_t *g, gonet_context_t *parent)
{
    gonet_context_free(g->private_ctx);
    g->private_ctx = gonet_context_with_cancel(parent);
    return gonet_context_ref(g->private_ctx);
}

void gonet_group_set_limit(gonet_group_t *g, int n)
{
    if (g->private_limit.private_taken != 0)
        gonet__fatal(
            "panic: errgroup: modify limit while goroutines in the group are still active");
    g->private_limited = n >= 0;
    g->private_limit.size = n;
}

/* The group's first error counts; takes e. */
static void fail(gonet_group_t *g, gonet_error_t *e)
{
    gonet_error_t *cause = gonet_error_ref(e);
    gonet_error_t *none = NULL;

    if (__atomic_compare_exchange_n(&g->private_err, &none, e, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED)) {
        gonet_context_cancel_cause(g->private_ctx, cause);
    } else {
        gonet_error_free(cause);
        gonet_error_free(e);
    }
}

static void run(void *arg)
{
    job_t job = *(job_t *)arg;
    gonet_error_t *e = NULL;

    gonet__free(arg);
    if (job.fn(job.arg, &e) != 0)
        fail(job.g,
             e != NULL ? e : gonet_error_new("group: the task's function failed without an error"));
    else
        gonet_error_free(e);
    if (job.g->private_limited)
        gonet_semaphore_release(&job.g->private_limit, 1);
    gonet_wait_group_done(&job.g->private_tasks);
}

/* Starts a task that the limit allows; 0, or the errno. */
static int start(gonet_group_t *g, int (*fn)(void *arg, gonet_error_t **err), void *arg)
{
    job_t *job = gonet__alloc(sizeof(*job));
    int why;

    if (job == NULL)
        return ENOMEM;
    *job = (job_t){.g = g, .fn = fn, .arg = arg};
    gonet_wait_group_add(&g->private_tasks, 1);
    if (gonet_go(run, job) == 0)
        return 0;
    why = errno;
    gonet_wait_group_done(&g->private_tasks);
    gonet__free(job);
    return why;
}

/* Starts a task, for which room has been made, or tells why (errnum) it can't be. 1 or -1. */
static int start_or_fail(gonet_group_t *g, int (*fn)(void *arg, gonet_error_t **err), void *arg,
                         int errnum)
{
    if (errnum == 0) {
        errnum = fn == NULL ? EINVAL : start(g, fn, arg);
        if (errnum == 0)
            return 1;
        if (g->private_limited)
            gonet_semaphore_release(&g->private_limit, 1);
    }
    fail(g, gonet__start_error(errnum));
    errno = errnum;
    return -1;
}

int gonet_group_go(gonet_group_t *g, int (*fn)(void *arg, gonet_error_t **err), void *arg)
{
    bool allowed =
        !g->private_limited || gonet_semaphore_acquire(&g->private_limit, NULL, 1, NULL) == 0;

    return start_or_fail(g, fn, arg, allowed ? 0 : ECANCELED) == 1 ? 0 : -1;
}

int gonet_group_try_go(gonet_group_t *g, int (*fn)(void *arg, gonet_error_t **err), void *arg)
{
    if (g->private_limited && !gonet_semaphore_try_acquire(&g->private_limit, 1))
        return 0;
    return start_or_fail(g, fn, arg, 0);
}

int gonet_group_wait(gonet_group_t *g, gonet_error_t **err)
{
    gonet_context_t *ctx;
    gonet_error_t *e;

    gonet_wait_group_wait(&g->private_tasks);
    e = __atomic_exchange_n(&g->private_err, NULL, __ATOMIC_ACQ_REL);
    ctx = g->private_ctx;
    g->private_ctx = NULL;
    gonet_context_cancel(ctx);
    gonet_context_free(ctx);
    gonet_error_set(err, e);
    return e == NULL ? 0 : -1;
}

/* ---- a task with a result ---- */

enum { IDLE, STARTED };

static void run_future(void *arg)
{
    gonet_future_t *f = arg;

    f->private_value = f->private_fn(f->private_value);
    __atomic_store_n(&f->private_state, IDLE, __ATOMIC_RELEASE);
    gonet_wait_group_done(&f->private_done);
}

int gonet_future_go(gonet_future_t *f, void *(*fn)(void *arg), void *arg)
{
    uint32_t idle = IDLE;
    int why = EINVAL;

    if (!__atomic_compare_exchange_n(&f->private_state, &idle, STARTED, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED)) {
        errno = EBUSY;
        return -1;
    }
    f->private_fn = fn;
    f->private_value = arg;
    gonet_wait_group_add(&f->private_done, 1);
    if (fn != NULL && gonet_go(run_future, f) == 0)
        return 0;
    if (fn != NULL)
        why = errno;
    f->private_value = NULL;
    __atomic_store_n(&f->private_state, IDLE, __ATOMIC_RELEASE);
    gonet_wait_group_done(&f->private_done);
    errno = why;
    return -1;
}

void *gonet_future_wait(gonet_future_t *f)
{
    gonet_wait_group_wait(&f->private_done);
    return f->private_value;
}

bool gonet_future_wait_until(gonet_future_t *f, gonet_time_t deadline, void **value)
{
    bool ended = gonet_wait_group_wait_until(&f->private_done, deadline);

    if (value != NULL)
        *value = ended ? f->private_value : NULL;
    return ended;
}
