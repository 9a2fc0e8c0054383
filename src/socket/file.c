/*
 * Reading and writing what may block. A call either has been made, or says EAGAIN: then its caller
 * waits, and tries again.
 */
#include "socket/file.h"

#include <sys/epoll.h>
#include <sys/stat.h>

#include "socket/fd_io.h"
#include "socket/file_call.h"
#include "base/fd.h"
#include "gonet/errno.h"
#include "socket/sys.h"

void gonet__file_unhold(gonet__file_t *f)
{
    if (atomic_fetch_sub_explicit(&f->memory, 1, memory_order_acq_rel) == 1)
        f->destroy(f);
}

static void way_gone(gonet__file_t *f)
{
    gonet__file_unhold(f);
}

static void read_way_gone(gonet__fd_t *way)
{
    way_gone(GONET__CONTAINER(way, gonet__file_t, way[GONET__SIDE_READ]));
}

static void write_way_gone(gonet__fd_t *way)
{
    way_gone(GONET__CONTAINER(way, gonet__file_t, way[GONET__SIDE_WRITE]));
}

/* Makes the reference that a failed call has of the way one of the file. Returns false. */
static bool failed(gonet__file_t *f, gonet__fd_t *way)
{
    atomic_fetch_add_explicit(&f->memory, 1, memory_order_relaxed);
    gonet__fd_unhold(way);
    return false;
}

static bool fail_with(gonet__file_t *f, gonet__fail_t *fail, gonet__fail_kind_t kind,
                      const char *syscall, int errnum)
{
    atomic_fetch_add_explicit(&f->memory, 1, memory_order_relaxed);
    *fail = (gonet__fail_t){.kind = kind, .syscall = syscall, .errnum = errnum};
    return false;
}

static bool fail_at(const char **syscall, const char *name)
{
    *syscall = name;
    return false;
}

/* An epoll set with number in it; -1 with errno, EPERM if poll can't watch that. */
static int new_set(int number, gonet__side_t side, const char **syscall)
{
    struct epoll_event e = {.events = side == GONET__SIDE_READ ? EPOLLIN : EPOLLOUT};
    int set = gonet__fd_lift(epoll_create1(EPOLL_CLOEXEC));
    int errnum;

    *syscall = "epoll_create1";
    if (set < 0)
        return -1;
    *syscall = "epoll_ctl";
    if (epoll_ctl(set, EPOLL_CTL_ADD, number, &e) == 0)
        return set;
    errnum = errno;
    (void)gonet__sys_close(set);
    errno = errnum;
    return -1;
}

static void add_way(gonet__file_t *f, gonet__side_t side, int set)
{
    gonet__fd_init(&f->way[side], set, 0, 0,
                   side == GONET__SIDE_READ ? read_way_gone : write_way_gone);
    f->has[side] = true;
    atomic_fetch_add_explicit(&f->memory, 1, memory_order_relaxed);
}

/* The sets for the directions in which it is open (mode), -1 for the others. False with errno:
 * there are none. */
static bool make_sets(int number, int mode, int sets[2], const char **syscall)
{
    int errnum;

    sets[0] = -1;
    sets[1] = -1;
    if ((mode & O_ACCMODE) != O_WRONLY &&
        (sets[0] = new_set(number, GONET__SIDE_READ, syscall)) < 0)
        return false;
    if ((mode & O_ACCMODE) == O_RDONLY ||
        (sets[1] = new_set(number, GONET__SIDE_WRITE, syscall)) >= 0)
        return true;
    errnum = errno;
    if (sets[0] >= 0)
        (void)gonet__sys_close(sets[0]);
    errno = errnum;
    return false;
}

static bool watch(gonet__file_t *f, const char **syscall)
{
    int mode = gonet__sys_fcntl(f->number, F_GETFL, 0);
    int sets[2];

    if (mode < 0)
        return fail_at(syscall, "fcntl");
    if (!make_sets(f->number, mode, sets, syscall))
        return false;
    for (int side = 0; side < 2; side++) {
        if (sets[side] >= 0)
            add_way(f, (gonet__side_t)side, sets[side]);
    }
    return true;
}

/* Of these the kernel says that they are always ready. */
static bool is_file(int number)
{
    struct stat st;

    return fstat(number, &st) == 0 &&
           (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode));
}

const char *gonet__file_init(gonet__file_t *f, int number, bool watched,
                             void (*destroy)(gonet__file_t *f))
{
    const char *syscall = "epoll_ctl"; /* it would say so */
    int errnum = EPERM;

    *f = (gonet__file_t){.number = number, .destroy = destroy};
    if (!is_file(number)) {
        f->polls = watch(f, &syscall);
        errnum = errno;
    }
    if (f->polls)
        return NULL;
    if (!watched) { /* it can also be done without */
        add_way(f, GONET__SIDE_READ, number);
        return NULL;
    }
    (void)gonet__sys_close(number);
    errno = errnum;
    return syscall;
}

/* Makes the call, waiting as often as need be; the way's lock is the caller's. False: it has been
 * left; fail, held. */
static bool call(gonet__file_t *f, gonet__side_t side, gonet__file_call_t *job, gonet__fail_t *fail)
{
    const char *name = side == GONET__SIDE_READ ? "read" : "write";
    gonet__fd_t *way = &f->way[side];
    size_t len = job->len;

    for (;;) {
        job->len = len;
        gonet__file_try(job, &f->must_plainly[side]);
        if (job->n >= 0)
            return true;
        if (job->errnum == EINTR)
            continue;
        if (job->errnum != EAGAIN) {
            gonet__fd_end_fail(way, GONET__SIDE_READ, fail, GONET__FAIL_SYSCALL, name, job->errnum);
            return failed(f, way);
        }
        if (!gonet__fd_wait(way, GONET__SIDE_READ, fail)) {
            if (fail->kind == GONET__FAIL_ERRNO)
                *fail = (gonet__fail_t){GONET__FAIL_SYSCALL, fail->errnum, name};
            return failed(f, way);
        }
    }
}

/* What poll can't watch takes no lock: nobody waits there, and gonet_shutdown ends nothing. */
static bool call_unwatched(gonet__file_t *f, gonet__file_call_t *job, gonet__fail_t *fail)
{
    gonet__fd_t *way = &f->way[GONET__SIDE_READ];

    if (!gonet__fd_ref(way, fail))
        return failed(f, way);
    gonet__file_call_in_pool(job);
    gonet__fd_unref(way);
    return job->n >= 0 ||
           fail_with(f, fail, GONET__FAIL_SYSCALL, job->in != NULL ? "read" : "write", job->errnum);
}

/* Begins what is done in one direction. */
static bool begin(gonet__file_t *f, gonet__side_t side, gonet__fail_t *fail)
{
    if (!f->has[side])
        return fail_with(f, fail, GONET__FAIL_SYSCALL, side == GONET__SIDE_READ ? "read" : "write",
                         EBADF);
    return gonet__fd_begin(&f->way[side], GONET__SIDE_READ, fail) || failed(f, &f->way[side]);
}

ssize_t gonet__file_read(gonet__file_t *f, void *p, size_t len, gonet__fail_t *fail)
{
    gonet__file_call_t job = {.fd = f->number, .in = p, .len = len};

    if (len == 0)
        return 0;
    if (!f->polls) {
        if (!call_unwatched(f, &job, fail))
            return -1;
    } else {
        if (!begin(f, GONET__SIDE_READ, fail) || !call(f, GONET__SIDE_READ, &job, fail))
            return -1;
        gonet__fd_end(&f->way[GONET__SIDE_READ], GONET__SIDE_READ);
    }
    if (job.n > 0)
        return job.n;
    (void)fail_with(f, fail, GONET__FAIL_EOF, NULL, 0);
    return -1;
}

bool gonet__file_write(gonet__file_t *f, const void *p, size_t len, size_t *n, gonet__fail_t *fail)
{
    gonet__file_call_t job = {.fd = f->number};

    *n = 0;
    if (f->polls && !begin(f, GONET__SIDE_WRITE, fail))
        return false;
    while (*n < len) {
        job.out = (const char *)p + *n;
        job.len = len - *n;
        if (!(f->polls ? call(f, GONET__SIDE_WRITE, &job, fail) : call_unwatched(f, &job, fail)))
            return false;
        *n += (size_t)job.n;
    }
    if (f->polls)
        gonet__fd_end(&f->way[GONET__SIDE_WRITE], GONET__SIDE_READ);
    return true;
}

bool gonet__file_wait_readable(gonet__file_t *f, gonet__fail_t *fail)
{
    gonet__fd_t *way = &f->way[GONET__SIDE_READ];

    if (!f->has[GONET__SIDE_READ])
        return fail_with(f, fail, GONET__FAIL_SYSCALL, "read", EBADF);
    return gonet__fd_wait_readable(way, fail) || failed(f, way);
}

bool gonet__file_leave_unborn(gonet__file_t *f, void (*fn)(void *arg), void *arg,
                              gonet__fail_t *fail)
{
    gonet__fd_t *way = &f->way[GONET__SIDE_READ];

    if (!f->has[GONET__SIDE_READ])
        return fail_with(f, fail, GONET__FAIL_SYSCALL, "read", EBADF);
    return gonet__fd_leave_unborn(way, fn, arg, fail) || failed(f, way);
}

bool gonet__file_set_deadline(gonet__file_t *f, unsigned mask, int64_t deadline,
                              gonet__fail_t *fail)
{
    for (int side = 0; side < 2; side++) {
        if (f->has[side] && (mask & (1u << side)) != 0 &&
            !gonet__fd_set_deadline(&f->way[side], 1u << GONET__SIDE_READ, deadline, fail))
            return failed(f, &f->way[side]);
    }
    return true;
}

int gonet__file_dup(gonet__file_t *f, gonet__fail_t *fail)
{
    gonet__fd_t *way = &f->way[f->has[GONET__SIDE_READ] ? GONET__SIDE_READ : GONET__SIDE_WRITE];
    int copy;

    if (!gonet__fd_ref(way, fail)) {
        (void)failed(f, way);
        return -1;
    }
    copy = gonet__sys_fcntl(f->number, F_DUPFD_CLOEXEC, GONET__FD_LEAST);
    if (copy < 0)
        (void)fail_with(f, fail, GONET__FAIL_SYSCALL, "dup", errno);
    gonet__fd_unref(way);
    return copy;
}

/* Closes one way, if there is it; whether the caller was the one. How the close of a set of the
 * library's own ends does not matter. */
static bool close_way(gonet__file_t *f, gonet__side_t side, gonet__fail_t *fail)
{
    gonet__fd_t *way = &f->way[side];

    if (gonet__fd_close(way, fail))
        return true;
    gonet__fd_unhold(way);
    return fail->kind != GONET__FAIL_CLOSED;
}

bool gonet__file_close(gonet__file_t *f, gonet__fail_t *fail)
{
    gonet__side_t first = f->has[GONET__SIDE_READ] ? GONET__SIDE_READ : GONET__SIDE_WRITE;

    if (!close_way(f, first, fail))
        return fail_with(f, fail, GONET__FAIL_CLOSED, NULL, 0);
    if (!f->polls) /* it was the way's descriptor */
        return true;
    if (first == GONET__SIDE_READ && f->has[GONET__SIDE_WRITE])
        (void)close_way(f, GONET__SIDE_WRITE, fail);
    return gonet__sys_close(f->number) == 0 || fail_with(f, fail, GONET__FAIL_ERRNO, NULL, errno);
}

void gonet__file_release(gonet__file_t *f)
{
    gonet__fail_t fail;
    bool has[2] = {f->has[0], f->has[1]};

    if (!gonet__file_close(f, &fail))
        gonet__file_unhold(f);
    for (int side = 0; side < 2; side++) {
        if (has[side])
            gonet__fd_unhold(&f->way[side]);
    }
}
