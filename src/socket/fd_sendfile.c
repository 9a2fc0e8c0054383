/*
 * Copying from a file to a socket. Reading a file blocks if it has to go to the disk, and a worker
 * must not be held by that: in a task, pieces that are not in memory are sent by the pool for
 * blocking work, while only the caller waits.
 */
#include "socket/fd_copy.h"

#include <sys/uio.h>
#include <unistd.h>

#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/life/pool.h"
#include "runtime/sched/task.h"
#include "socket/sigpipe.h"
#include "socket/sys.h"

/* What one call sends: at home no more than the kernel reads ahead anyway, on the pool more. */
#define DIRECT_CHUNK ((size_t)256 * 1024)
#define POOL_CHUNK   ((size_t)4 << 20)

/* Others get a turn after so many bytes at the latest. */
#define YIELD_BYTES ((int64_t)4 << 20)

typedef struct {
    int out;
    int in;
    size_t len;
    ssize_t n;
    int errnum;
} job_t;

static void *run_job(void *arg)
{
    job_t *job = arg;
    gonet__sigpipe_t guard;

    gonet__sigpipe_block(&guard);
    job->n = gonet__sys_sendfile(job->out, job->in, job->len);
    job->errnum = job->n < 0 ? errno : 0;
    gonet__sigpipe_restore(&guard);
    return NULL;
}

/*
 * Whether the file's next byte is in memory. At the end, and for what is no such file, too: nothing
 * blocks there. Where the kernel does not say it, it may not be.
 */
static bool is_at_hand(int in)
{
    char byte;
    struct iovec iov = {&byte, 1};
    off_t at = lseek(in, 0, SEEK_CUR);

    /* Without a place of its own the read would take the byte away. */
    if (at < 0)
        return true;
    return preadv2(in, &iov, 1, at, RWF_NOWAIT) >= 0 ||
           (errno != EAGAIN && !gonet__sys_refused(errno));
}

/* Sends at most left bytes (< 0: no limit). As sendfile, with errno. */
static ssize_t send_piece(int out, int in, int64_t left)
{
    bool direct = gonet__task_current() == NULL || is_at_hand(in);
    job_t job = {.out = out, .in = in, .len = direct ? DIRECT_CHUNK : POOL_CHUNK};

    if (left >= 0 && (uint64_t)left < job.len)
        job.len = (size_t)left;
    if (direct)
        (void)run_job(&job);
    else
        (void)gonet__pool_call(GONET__WORK_FILE, run_job, &job);
    errno = job.errnum;
    return job.n;
}

bool gonet__fd_sendfile(gonet__fd_t *dst, int in, int64_t limit, int64_t *n, bool *handled,
                        gonet__fail_t *fail)
{
    int64_t unyielded = 0;

    *n = 0;
    *handled = false;
    if (!gonet__fd_begin(dst, GONET__SIDE_WRITE, fail)) {
        /* The generic way fails in its own words (behaviour 12.9). */
        gonet__fd_unhold(dst);
        return true;
    }
    while (limit < 0 || *n < limit) {
        ssize_t sent = send_piece(dst->pd.fd, in, limit < 0 ? -1 : limit - *n);

        if (sent > 0) {
            *n += sent;
            unyielded += sent;
            if (unyielded >= YIELD_BYTES) {
                unyielded = 0;
                gonet_yield();
            }
        } else if (sent == 0) {
            break;
        } else if (errno == EAGAIN) {
            *handled = true;
            if (!gonet__fd_wait(dst, GONET__SIDE_WRITE, fail))
                return false;
        } else if (gonet__sys_refused(errno)) {
            gonet__fd_end(dst, GONET__SIDE_WRITE);
            *handled = false;
            return true;
        } else if (errno != EINTR) {
            *handled = true;
            gonet__fd_end_fail(dst, GONET__SIDE_WRITE, fail, GONET__FAIL_SYSCALL, "sendfile",
                               errno);
            return false;
        }
    }
    *handled = true;
    gonet__fd_end(dst, GONET__SIDE_WRITE);
    return true;
}
