/*
 * Tasks that are born when a connection is readable. The descriptor does it (runtime/birth.h); a
 * connection without one has a task that waits.
 */
#include "gonet/serve.h"

#include "base/alloc.h"
#include "conn/object.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/sched/task.h"

typedef struct {
    gonet_conn_t *c;
    void (*fn)(void *arg);
    void *arg;
} job_t;

/* fn meets what has failed here by its read. */
static void run(void *arg)
{
    job_t job = *(job_t *)arg;
    const gonet__conn_class_t *class = gonet__object_conn_class(&job.c->object);

    gonet__free(arg);
    if (job.c->object.type != GONET__TYPE_USER && class->leave_unborn != NULL) {
        if (class->leave_unborn(job.c, job.fn, job.arg, NULL) == 0)
            return;
    } else {
        (void)gonet_conn_wait_readable(job.c, NULL);
    }
    job.fn(job.arg);
}

static int start_task(gonet_conn_t *c, void (*fn)(void *arg), void *arg, gonet_error_t **err)
{
    job_t *job = gonet__alloc(sizeof(*job));

    if (job != NULL) {
        *job = (job_t){.c = c, .fn = fn, .arg = arg};
        if (gonet_go(run, job) == 0)
            return 0;
        gonet__free(job);
    } else {
        errno = ENOMEM;
    }
    if (errno == EAGAIN)
        gonet_error_set(err, gonet_err_closed);
    else
        gonet_error_set(err, errno == ENOMEM ? gonet_err_no_memory : gonet_errno_error(errno));
    return -1;
}

int gonet_conn_go_readable(gonet_conn_t *c, void (*fn)(void *arg), void *arg, gonet_error_t **err)
{
    const gonet__conn_class_t *class;

    gonet__error_clear(err);
    if (c == NULL || fn == NULL)
        return gonet__no_object(err);
    class = gonet__object_conn_class(&c->object);
    if (gonet__task_current() == NULL || c->object.type == GONET__TYPE_USER ||
        class->leave_unborn == NULL)
        return start_task(c, fn, arg, err);
    return class->leave_unborn(c, fn, arg, err);
}
