/*
 * One read or write of a descriptor that may block, made so that it does not; or in the pool for
 * blocking work.
 */
#include "socket/file_call.h"

#include <limits.h>

#include "gonet/errno.h"
#include "runtime/life/pool.h"
#include "socket/sigpipe.h"
#include "socket/sys.h"

static void call_plainly(gonet__file_call_t *job)
{
    gonet__sigpipe_t guard;

    if (job->in != NULL) {
        job->n = gonet__sys_read(job->fd, job->in, job->len);
    } else {
        gonet__sigpipe_block(&guard);
        job->n = gonet__sys_write(job->fd, job->out, job->len);
        gonet__sigpipe_restore(&guard);
    }
    job->errnum = job->n < 0 ? errno : 0;
}

static void *run_job(void *arg)
{
    call_plainly(arg);
    return NULL;
}

/* What is non-blocking, although nobody could find out whether it can be watched, is waited for in
 * the pool. */
static void *run_unwatched(void *arg)
{
    gonet__file_call_t *job = arg;
    struct pollfd p = {.fd = job->fd, .events = job->in != NULL ? POLLIN : POLLOUT};

    do {
        call_plainly(job);
        if (job->errnum == EAGAIN)
            job->errnum = poll(&p, 1, -1) < 0 ? errno : EINTR;
    } while (job->errnum == EINTR);
    return NULL;
}

/* False: the kernel doesn't have that for this kind of file. */
static bool call_at_once(gonet__file_call_t *job)
{
    gonet__sigpipe_t guard;

    if (job->in != NULL) {
        job->n = gonet__sys_read_nowait(job->fd, job->in, job->len);
    } else {
        gonet__sigpipe_block(&guard);
        job->n = gonet__sys_write_nowait(job->fd, job->out, job->len);
        gonet__sigpipe_restore(&guard);
    }
    job->errnum = job->n < 0 ? errno : 0;
    return job->errnum != EOPNOTSUPP && job->errnum != ENOSYS && job->errnum != EPERM &&
           job->errnum != EACCES;
}

/* A pipe that is writable takes so much without blocking. */
static void call_when_ready(gonet__file_call_t *job)
{
    struct pollfd p = {.fd = job->fd, .events = job->in != NULL ? POLLIN : POLLOUT};
    int ready = gonet__sys_poll(&p, 1);

    if (ready <= 0) {
        job->n = -1;
        job->errnum = ready < 0 ? errno : EAGAIN;
        return;
    }
    if (job->out != NULL && job->len > PIPE_BUF)
        job->len = PIPE_BUF;
    (void)gonet__pool_call(GONET__WORK_FILE, run_job, job);
}

void gonet__file_try(gonet__file_call_t *job, _Atomic bool *must_plainly)
{
    int flags;

    if (!atomic_load_explicit(must_plainly, memory_order_relaxed)) {
        if (call_at_once(job))
            return;
        atomic_store_explicit(must_plainly, true, memory_order_relaxed);
    }
    flags = gonet__sys_fcntl(job->fd, F_GETFL, 0);
    if (flags >= 0 && (flags & O_NONBLOCK) != 0)
        call_plainly(job);
    else
        call_when_ready(job);
}

void gonet__file_call_in_pool(gonet__file_call_t *job)
{
    (void)gonet__pool_call(GONET__WORK_FILE, run_unwatched, job);
}
