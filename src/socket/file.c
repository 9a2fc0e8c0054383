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

/* An epoll set with number in it; -1 with errno, EPERM if poll can't watch that. */
static int new_set(int number, gonet__side_t side)
{
    struct epoll_event e = {.events = side == GONET__SIDE_READ ? EPOLLIN : EPOLLOUT};
    int set = gonet__fd_lift(epoll_create1(EPOLL_CLOEXEC));
    int errnum;

    if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, number, &e) == 0)
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

/* A set for each direction in which it is open. False with errno. */
static bool watch(gonet__file_t *f)
{
    int mode = gonet__sys_fcntl(f->number, F_GETFL, 0);
    int sets[2] = {-1, -1};
    bool ok = mode >= 0;

    for (int side = 0; ok && side < 2; side++) {
        if ((mode & O_ACCMODE) == (side == GONET__SIDE_READ ? O_WRONLY : O_RDONLY))
            continue;
        sets[side] = new_set(f->number, (gonet__side_t)side);
        ok = sets[side] >= 0;
    }
    for (int side = 0; side < 2; side++) {
        int errnum = errno;

        if (ok && sets[side] >= 0)
            add_way(f, (gonet__side_t)side, sets[side]);
        else if (sets[side] >= 0)
            (void)gonet__sys_close(sets[side]);
        errno = errnum;
    }
    return ok;
}

/* Of these the kernel says that they are always ready. */
static bool is_file(int number)
{
    struct stat st;

    return fstat(number, &st) == 0 &&
           (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode));
}

bool gonet__file_init(gonet__file_t *f, int number, bool watched, void (*destroy)(gonet__file_t *f))
{
    int errnum;

    *f = (gonet__file_t){.number = number, .destroy = destroy};
    errno = EPERM;
    f->polls = !is_file(number) && watch(f);
    if (f->polls)
        return true;
    if (!watched) { /* it can also be done without */
        add_way(f, GONET__SIDE_READ, number);
        return true;
    }
    errnum = errno;
    (void)gonet__sys_close(number);
    errno = errnum;
    return false;
}

/* Makes the call, waiting as often as need be; the way's lock is the caller's. False: it has been
 * left; fail, held. */
static bool call(gonet__file_t *f, gonet__side_t side, gonet__file_call_t *job, gonet__fail_t *fail)
{
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
            gonet__fd_end_fail(way, GONET__SIDE_READ, fail, GONET__FAIL_SYSCALL,
                               side == GONET__SIDE_READ ? "read" : "write", job->errnum);
            return failed(f, way);
        }
        if (!gonet__fd_wait(way, GONET__SIDE_READ, fail))
            return failed(f, way);
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

bool gonet__file_close(gonet__file_t *f, gonet__fail_t *fail)
{
    int closed = 0;
    int r = 0;

    for (int side = 0; side < 2; side++) {
        gonet__fd_t *way = &f->way[side];

        if (f->has[side] && gonet__fd_close(way, fail))
            closed++;
        else if (f->has[side])
            (void)failed(f, way);
        else
            continue;
        if (closed == 0)
            return false; /* another one has closed it, or does */
    }
    if (f->polls)
        r = gonet__sys_close(f->number);
    return r == 0 || fail_with(f, fail, GONET__FAIL_ERRNO, NULL, errno);
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
