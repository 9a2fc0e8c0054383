/*
 * Tasks that are born when a connection is readable. The descriptor does it (runtime/birth.h); a
 * connection without one has a task that waits.
 */
#include "gonet/serve.h"

#include "base/alloc.h"
#include "conn/object.h"
#include "error/errno_error.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/sched/task.h"

/* Who waits for c to be readable: c, or one inside of it; its class if that can be left to a task
 * that is not born yet, else NULL. */
static const gonet__conn_class_t *class_of(gonet_conn_t *c, gonet_conn_t **waits)
{
    size_t slot = offsetof(gonet_conn_vtable_t, wait_readable);
    const gonet__conn_class_t *class;

    *waits = (gonet_conn_t *)gonet__object_for(GONET__OBJECT(c), slot, slot);
    class = gonet__object_conn_class(&(*waits)->object);
    if ((*waits)->object.type == GONET__TYPE_USER || class->leave_unborn == NULL)
        return NULL;
    return class;
}

typedef struct {
    gonet_conn_t *c;
    void (*fn)(void *arg);
    void *arg;
} job_t;

/* fn meets what has failed here by its read. */
static void run(void *arg)
{
    job_t job = *(job_t *)arg;
    gonet_conn_t *waits;
    const gonet__conn_class_t *class = class_of(job.c, &waits);

    gonet__free(arg);
    if (class == NULL)
        (void)gonet_conn_wait_readable(job.c, NULL);
    else if (class->leave_unborn(waits, job.fn, job.arg, NULL) == 0)
        return;
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
    gonet_error_set(err, gonet__start_error(errno));
    return -1;
}

int gonet_conn_go_readable(gonet_conn_t *c, void (*fn)(void *arg), void *arg, gonet_error_t **err)
{
    const gonet__conn_class_t *class;
    gonet_conn_t *waits;

    gonet__error_clear(err);
    if (c == NULL || fn == NULL)
        return gonet__no_object(err);
    class = class_of(c, &waits);
    if (gonet__task_current() == NULL || class == NULL)
        return start_task(c, fn, arg, err);
    return class->leave_unborn(waits, fn, arg, err);
}
