/*
 * Copying from a socket to a file, by splice. Writing to a file blocks, so in a task that part goes
 * to the pool for blocking work, while only the caller waits.
 */
#include "socket/fd_copy.h"

#include <sys/stat.h>

#include "gonet/task.h"
#include "runtime/life/pool.h"
#include "socket/fd_pipe.h"
#include "socket/sys.h"

/* Others get a turn after so many bytes at the latest. */
#define YIELD_BYTES ((size_t)4 << 20)

typedef struct {
    gonet__pipe_t pipe;
    int out;
    size_t len, n;
    bool refused;
    int errnum;
} job_t;

static void *run_job(void *arg)
{
    job_t *job = arg;

    job->errnum = gonet__pipe_to_file(&job->pipe, job->out, job->len, &job->n, &job->refused);
    return NULL;
}

/* Splice writes to a place, so not to the end of a file; other files block in ways of their own. */
static bool takes_splice(int out)
{
    struct stat st;
    int flags = gonet__sys_fcntl(out, F_GETFL, 0);

    return flags >= 0 && (flags & O_APPEND) == 0 && fstat(out, &st) == 0 && S_ISREG(st.st_mode);
}

bool gonet__fd_to_file(int out, gonet__fd_t *src, int64_t limit, int64_t *n, bool *handled,
                       int *errnum, gonet__fail_t *fail)
{
    job_t job = {.pipe = {-1, -1}, .out = out, .refused = !takes_splice(out)};
    size_t unyielded = 0;

    *n = 0;
    *errnum = 0;
    *handled = true;
    while (!job.refused && (limit < 0 || *n < limit)) {
        size_t max = limit >= 0 && (uint64_t)(limit - *n) < GONET__PIPE_SIZE ? (size_t)(limit - *n)
                                                                             : GONET__PIPE_SIZE;
        ssize_t got = gonet__pipe_fill(&job.pipe, src, max, true, fail);

        if (got < 0 && fail->kind != GONET__FAIL_EOF)
            return false;
        if (got < 0) {
            gonet__fd_unhold(src);
            return true;
        }
        if (got == 0)
            break;
        job.len = (size_t)got;
        (void)gonet__pool_call(GONET__WORK_FILE, run_job, &job);
        *n += (int64_t)job.n;
        *errnum = job.errnum;
        if (job.errnum != 0) {
            gonet__pipe_drop(&job.pipe);
            return false;
        }
        gonet__pipe_put(&job.pipe);
        unyielded += job.n;
        if (unyielded >= YIELD_BYTES) {
            unyielded = 0;
            gonet_yield();
        }
    }
    *handled = limit >= 0 && *n == limit;
    return true;
}
