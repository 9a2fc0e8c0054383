/*
 * Files as readers and writers, on a duplicate of the user's descriptor. Files block, so in a task
 * each call goes to the pool for blocking work; a descriptor that is non-blocking all the same is
 * waited for there with poll.
 */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "conn/stream.h"
#include "gonet/errno.h"
#include "runtime/life/pool.h"

/* One read or write on the pool. */
typedef struct {
    int fd;
    void *in; /* to read into; NULL: a write */
    const void *out;
    size_t len;
    ssize_t n;
    int errnum;
    const char *call; /* that failed */
} job_t;

static void *run_job(void *arg)
{
    job_t *job = arg;

    for (;;) {
        struct pollfd p = {.fd = job->fd, .events = job->in != NULL ? POLLIN : POLLOUT};

        job->n =
            job->in != NULL ? read(job->fd, job->in, job->len) : write(job->fd, job->out, job->len);
        job->errnum = job->n < 0 ? errno : 0;
        job->call = job->in != NULL ? "read" : "write";
        if (job->errnum == EAGAIN) {
            job->errnum = poll(&p, 1, -1) < 0 ? errno : EINTR;
            job->call = "poll";
        }
        if (job->errnum != EINTR)
            return NULL;
    }
}

static ssize_t read_slot(void *self, void *p, size_t len, gonet_error_t **err)
{
    job_t job = {.fd = ((gonet_file_reader_t *)self)->fd, .in = p, .len = len};

    if (len == 0)
        return 0;
    (void)gonet__pool_call(GONET__WORK_FILE, run_job, &job);
    if (job.n < 0)
        gonet_error_set(err, gonet_syscall_error_new(job.call, job.errnum));
    else if (job.n == 0)
        gonet_error_set(err, gonet_eof);
    return job.n;
}

static void reader_destroy(void *self)
{
    close(((gonet_file_reader_t *)self)->fd);
    gonet__free(self);
}

static const gonet_reader_vtable_t reader_vtable = {
    .size = sizeof(gonet_reader_vtable_t), .read = read_slot, .destroy = reader_destroy};

static int write_slot(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    job_t job = {.fd = ((gonet_file_writer_t *)self)->fd};

    while (*n < len) {
        job.out = (const char *)p + *n;
        job.len = len - *n;
        (void)gonet__pool_call(GONET__WORK_FILE, run_job, &job);
        if (job.n < 0) {
            gonet_error_set(err, gonet_syscall_error_new(job.call, job.errnum));
            return -1;
        }
        *n += (size_t)job.n;
    }
    return 0;
}

static void writer_destroy(void *self)
{
    close(((gonet_file_writer_t *)self)->fd);
    gonet__free(self);
}

static const gonet_writer_vtable_t writer_vtable = {
    .size = sizeof(gonet_writer_vtable_t), .write = write_slot, .destroy = writer_destroy};

/* A duplicate of fd, or -1 with *err. */
static int duplicate(int fd, gonet_error_t **err)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, GONET__FD_LEAST);

    gonet_error_set(err, copy < 0 ? gonet_syscall_error_new("fcntl", errno) : NULL);
    return copy;
}

gonet_file_reader_t *gonet_file_reader_new(int fd, gonet_error_t **err)
{
    gonet_file_reader_t *r;
    int copy = duplicate(fd, err);

    if (copy < 0)
        return NULL;
    r = gonet__zalloc(sizeof(*r));
    if (r == NULL) {
        close(copy);
        gonet_error_set(err, gonet_err_no_memory);
        return NULL;
    }
    gonet__object_init(&r->object, GONET__KIND_READER, GONET__TYPE_FILE_READER, &reader_vtable);
    r->fd = copy;
    return r;
}

void gonet_file_reader_free(gonet_file_reader_t *r)
{
    gonet__object_unref(GONET__OBJECT(r));
}

gonet_reader_t *gonet_file_reader_as_reader(gonet_file_reader_t *r)
{
    return (gonet_reader_t *)r;
}

gonet_file_writer_t *gonet_file_writer_new(int fd, gonet_error_t **err)
{
    gonet_file_writer_t *w;
    int copy = duplicate(fd, err);

    if (copy < 0)
        return NULL;
    w = gonet__zalloc(sizeof(*w));
    if (w == NULL) {
        close(copy);
        gonet_error_set(err, gonet_err_no_memory);
        return NULL;
    }
    gonet__object_init(&w->object, GONET__KIND_WRITER, GONET__TYPE_FILE_WRITER, &writer_vtable);
    w->fd = copy;
    return w;
}

void gonet_file_writer_free(gonet_file_writer_t *w)
{
    gonet__object_unref(GONET__OBJECT(w));
}

gonet_writer_t *gonet_file_writer_as_writer(gonet_file_writer_t *w)
{
    return (gonet_writer_t *)w;
}
