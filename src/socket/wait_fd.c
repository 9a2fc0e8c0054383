/*
 * poll(2) for one descriptor of the user's. A thread calls it. A task waits for an epoll set with
 * the descriptor in it, for which a loop's interests (readable, writable) are enough, whatever the
 * events are, and which is the library's own: the user may have the number in other sets, and close
 * it as soon as the call has returned.
 */
#include "gonet/fd.h"

#include <sys/epoll.h>

#include "base/alloc.h"
#include "gonet/errno.h"
#include "runtime/time/clock.h"
#include "runtime/sched/task.h"
#include "runtime/netpoll/thread.h"
#include "socket/fd_io.h"
#include "socket/sys.h"

static void destroy(gonet__fd_t *set)
{
    gonet__free(set);
}

/* What is there now: events, 0, or -1 with errno. */
static int look(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    int n;

    do
        n = gonet__sys_poll(&p, 1);
    while (n < 0 && errno == EINTR);
    if (n > 0 && (p.revents & POLLNVAL) != 0) {
        errno = EBADF;
        return -1;
    }
    return n <= 0 ? n : p.revents;
}

static int wait_as_thread(int fd, short events, int64_t deadline)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = events};
        int errnum = gonet__thread_poll(&p, 1, deadline);
        int ready;

        if (errnum != 0) {
            errno = errnum;
            return -1;
        }
        ready = look(fd, events);
        if (ready != 0 || (deadline != 0 && gonet__now() >= deadline))
            return ready;
    }
}

/* The epoll set with fd in it; NULL with errno. */
static gonet__fd_t *new_set(int fd, short events)
{
    struct epoll_event e = {.events = (uint16_t)events}; /* the numbers are poll's */
    gonet__fd_t *set = gonet__zalloc(sizeof(*set));
    int sysfd = set != NULL ? gonet__fd_lift(epoll_create1(EPOLL_CLOEXEC)) : -1;

    if (sysfd >= 0 && epoll_ctl(sysfd, EPOLL_CTL_ADD, fd, &e) == 0) {
        gonet__fd_init(set, sysfd, 0, 0, destroy);
        return set;
    }
    if (sysfd >= 0) {
        int errnum = errno;
        (void)gonet__sys_close(sysfd);
        errno = errnum;
    }
    if (set == NULL)
        errno = ENOMEM;
    gonet__free(set);
    return NULL;
}

static int errno_of(const gonet__fail_t *fail)
{
    switch (fail->kind) {
    case GONET__FAIL_NO_MEMORY:
        return ENOMEM;
    case GONET__FAIL_ERRNO:
    case GONET__FAIL_SYSCALL:
        return fail->errnum;
    default:
        return ECANCELED;
    }
}

/* The events that ended a wait; 0: none after all. Not poll's, for fd may be another file by now.
 */
static int found(gonet__fd_t *set)
{
    struct epoll_event e;

    return epoll_wait(set->pd.fd, &e, 1, 0) > 0 ? (int)e.events : 0;
}

/* Waits once. 0, or an errno: ETIMEDOUT is the deadline. */
static int wait_for_set(gonet__fd_t *set)
{
    gonet__fail_t fail;
    int errnum;

    if (gonet__fd_wait_readable(set, &fail))
        return 0;
    errnum = fail.kind == GONET__FAIL_TIMEOUT ? ETIMEDOUT : errno_of(&fail);
    gonet__fd_unhold(set);
    return errnum;
}

static int wait_as_task(int fd, short events, int64_t deadline)
{
    gonet__fd_t *set = new_set(fd, events);
    gonet__fail_t fail;
    int errnum, ready = 0;

    if (set == NULL)
        return -1;
    if (!gonet__fd_set_deadline(set, 1u << GONET__SIDE_READ, deadline, &fail))
        gonet__fd_unhold(set);
    do
        errnum = wait_for_set(set);
    while (errnum == 0 && (ready = found(set)) == 0);
    if (!gonet__fd_close(set, &fail))
        gonet__fd_unhold(set);
    gonet__fd_unhold(set);
    if (errnum == 0)
        return ready;
    errno = errnum;
    return errnum == ETIMEDOUT ? 0 : -1;
}

int gonet_wait_fd(int fd, short events, gonet_time_t deadline)
{
    int ready = look(fd, events);

    if (ready != 0 || (deadline.ns != 0 && deadline.ns <= gonet__now())) {
        gonet__task_tick();
        return ready;
    }
    if (gonet__task_current() == NULL)
        return wait_as_thread(fd, events, deadline.ns);
    return wait_as_task(fd, events, deadline.ns);
}
