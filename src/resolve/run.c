/*
 * A thread's lookup, in a task of its own; the thread waits.
 */
#include "resolve/run.h"

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

bool gonet__run_in_task(void (*fn)(void *arg), void *arg)
{
    job_t job = {.fn = fn, .arg = arg};

    if (gonet__task_current() != NULL) {
        fn(arg);
        return true;
    }
    gonet__wait_init(&job.wait);
    if (gonet_go(run, &job) != 0)
        return false;
    gonet__wait_for(&job.wait, 0, GONET__WAIT_UNINTERRUPTIBLE, "lookup");
    return true;
}
