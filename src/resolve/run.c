/*
 * A thread's lookup, in a task of its own; the thread waits.
 */
#include "resolve/run.h"

#include <errno.h>

#include "error/error.h"
#include "gonet/task.h"
#include "runtime/task.h"
#include "runtime/wait.h"

typedef struct {
    void (*fn)(void *arg);
    void *arg;
    gonet__wait_t wait;
} job_t;

static void run(void *arg)
{
    job_t *job = arg;

    job->fn(job->arg);
    if (gonet__wait_claim(&job->wait))
        gonet__wait_wake(&job->wait);
}

static gonet_error_t *ending(const char *name)
{
    return gonet__dns_error_from(gonet_err_closed, name, "");
}

gonet_error_t *gonet__not_started(const char *name)
{
    return errno == EAGAIN ? ending(name) : gonet_err_no_memory;
}

gonet_error_t *gonet__refused(const gonet__limit_t *limit, const char *name)
{
    if (!gonet__wait_ending())
        return NULL;
    gonet__wait_told(gonet__limit_deadline(limit));
    return ending(name);
}

gonet_error_t *gonet__run_in_task(void (*fn)(void *arg), void *arg, const gonet__limit_t *limit,
                                  const char *name)
{
    job_t job = {.fn = fn, .arg = arg};

    if (gonet__task_current() != NULL) {
        gonet_error_t *e = gonet__refused(limit, name);

        if (e == NULL)
            fn(arg);
        return e;
    }
    gonet__wait_init(&job.wait);
    if (gonet_go(run, &job) != 0)
        return gonet__not_started(name);
    gonet__wait_for(&job.wait, 0, GONET__WAIT_UNINTERRUPTIBLE, "lookup");
    return NULL;
}
