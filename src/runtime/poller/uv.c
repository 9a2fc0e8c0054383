/*
 * libuv, here alone: the loop, its timer, the handle by which others wake it, and a handle for each
 * watch. The callbacks only mark and wake, and stop the loop; tasks never run inside uv_run.
 */
#include "runtime/poller/loop.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "base/fd.h"
#include "gonet/errno.h"
#include "runtime/ground/fork.h"
#include "runtime/time/clock.h"

#define UV_VERSION_OF(major, minor, patch) ((unsigned)((major) << 16 | (minor) << 8 | (patch)))

typedef struct gonet__loop {
    uv_loop_t loop;
    uv_async_t async;
    uv_timer_t timer;
    int64_t timer_at; /* what the timer is set to; 0: stopped */
    bool old_libuv;   /* before 1.45 */
} loop_t;

typedef struct {
    uv_poll_t
        handle; /* it ends with what libuv looks at for an event, and so does the watch begin */
    gonet__watch_t watch;
} uv_watch_t;

static uv_watch_t *uv_watch(gonet__watch_t *watch)
{
    return GONET__CONTAINER(watch, uv_watch_t, watch);
}

/* libuv 1.44 runs timers before it polls: it is not to block now, tasks may be runnable, or the
 * next timer due. */
static void on_timer(uv_timer_t *timer)
{
    gonet__poller_t *p = timer->data;

    p->loop->timer_at = 0;
    p->due = true;
    uv_stop(&p->loop->loop);
}

static void on_async(uv_async_t *async)
{
    uv_stop(async->loop); /* the wake itself was the message */
}

/* Sets the timer for the earliest reason to wake, of which there is one. */
GONET__NOINLINE static void set_timer(loop_t *l, int64_t at)
{
    int64_t now = gonet__now();
    int64_t ms;

    if (l->timer_at != 0 && l->timer_at <= at)
        return;
    ms = at > now ? (at - now) / 1000000 + ((at - now) % 1000000 != 0) : 0;
    uv_update_time(&l->loop); /* its clock may be as old as the last task was slow */
    uv_timer_start(&l->timer, on_timer, (uint64_t)ms, 0);
    l->timer_at = at;
}

/*
 * How to run the loop until something happens. All callbacks stop it, so both modes will do. libuv
 * before 1.45 reads the clock once less without UV_RUN_ONCE, but then runs timers only after
 * another look at the descriptors; from 1.45 on it is the other way round.
 */
static uv_run_mode waiting_mode(const loop_t *l)
{
    return l->timer_at == 0 && l->old_libuv ? UV_RUN_DEFAULT : UV_RUN_ONCE;
}

void gonet__poller_run(gonet__poller_t *p, int64_t at, bool sleeps)
{
    loop_t *l = p->loop;

    if (at != 0)
        set_timer(l, at);
    p->due = false; /* else it came in a flush, and is set again */
    uv_run(&l->loop, sleeps ? waiting_mode(l) : UV_RUN_NOWAIT);
}

uint32_t gonet__poller_clock(const gonet__poller_t *p)
{
    return (uint32_t)uv_now(&p->loop->loop);
}

void gonet__loop_wake(gonet__poller_t *p)
{
    uv_async_send(&p->loop->async);
}

int gonet__poller_fd(const gonet__poller_t *p)
{
    return uv_backend_fd(&p->loop->loop);
}

/* A process's first loop makes a pipe that all loops share, after a descriptor of its own, and
 * libuv ends the process if there is none to be had. False, with errno: so it would. */
bool gonet__poller_can_open(void)
{
    int fds[4];
    bool enough;
    int e;

    if (gonet__fd_pipe(fds, 0) != 0)
        return false;
    enough = gonet__fd_pipe(fds + 2, 0) == 0;
    e = errno;
    for (int i = 0; i < (enough ? 4 : 2); i++)
        close(fds[i]);
    errno = e;
    return enough;
}

static void mark(const uv_loop_t *loop, void (*own_or_disown)(int fd))
{
    own_or_disown(uv_backend_fd(loop));
    own_or_disown(loop->async_io_watcher.fd);
    own_or_disown(loop->signal_pipefd[0]);
    own_or_disown(loop->signal_pipefd[1]);
}

static int init(loop_t *l)
{
    int r = uv_loop_init(&l->loop);

    if (r != 0) {
        if (uv_backend_fd(&l->loop) > 0) /* libuv before 1.51 forgets it; 0: it was not reached */
            close(uv_backend_fd(&l->loop));
        return -r;
    }
    r = uv_async_init(&l->loop, &l->async, on_async);
    if (r != 0) {
        uv_loop_close(&l->loop);
        return -r;
    }
    uv_timer_init(&l->loop, &l->timer);
    mark(&l->loop, gonet__fork_own);
    return 0;
}

int gonet__loop_open(gonet__poller_t *p)
{
    loop_t *l = gonet__zalloc(sizeof(*l));
    int e;

    if (l == NULL)
        return ENOMEM;
    l->old_libuv = uv_version() < UV_VERSION_OF(1, 45, 0);
    gonet__fd_reserve(); /* libuv takes any number, and ends the process when it closes 0, 1 or 2 */
    e = init(l);
    if (e != 0) {
        gonet__free(l);
        return e;
    }
    l->timer.data = p;
    p->loop = l;
    return 0;
}

void gonet__loop_close(gonet__poller_t *p)
{
    loop_t *l = p->loop;

    mark(&l->loop, gonet__fork_disown);
    uv_close((uv_handle_t *)&l->async, NULL);
    uv_close((uv_handle_t *)&l->timer, NULL);
    while (uv_run(&l->loop, UV_RUN_DEFAULT) != 0) { /* callbacks stop it */
    }
    gonet__poller_free_closed(p);
    if (uv_loop_close(&l->loop) != 0)
        abort(); /* a handle of ours was forgotten */
    gonet__free(l);
    p->loop = NULL;
}

gonet__watch_t *gonet__loop_new(void)
{
    uv_watch_t *u = gonet__zalloc(sizeof(*u));

    return u != NULL ? &u->watch : NULL;
}

void gonet__loop_free(gonet__watch_t *watch)
{
    gonet__free(uv_watch(watch));
}

GONET__COLD static void on_error(uv_watch_t *u)
{
    if (!atomic_load(&u->watch.dead))
        uv_poll_stop(&u->handle); /* libuv has stopped it, and left it in the kernel's set */
    gonet__watch_event(&u->watch, 1u << GONET__SIDE_READ | 1u << GONET__SIDE_WRITE, true);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    uv_watch_t *u = GONET__CONTAINER(handle, uv_watch_t, handle);
    unsigned sides = ((events & UV_READABLE) != 0 ? 1u << GONET__SIDE_READ : 0) |
                     ((events & UV_WRITABLE) != 0 ? 1u << GONET__SIDE_WRITE : 0);

    uv_stop(handle->loop);
    if (__builtin_expect(status < 0, 0))
        on_error(u);
    else
        gonet__watch_event(&u->watch, sides, false);
}

int gonet__loop_start(gonet__watch_t *watch)
{
    return -uv_poll_init(&watch->poller->loop->loop, &uv_watch(watch)->handle, watch->pd->fd);
}

void gonet__loop_want(gonet__watch_t *watch, unsigned sides)
{
    uv_poll_t *handle = &uv_watch(watch)->handle;

    if (sides == 0) {
        uv_poll_stop(handle);
        return;
    }
    uv_poll_start(handle,
                  ((sides & 1u << GONET__SIDE_READ) != 0 ? UV_READABLE : 0) |
                      ((sides & 1u << GONET__SIDE_WRITE) != 0 ? UV_WRITABLE : 0),
                  on_poll);
}

void gonet__loop_flush(gonet__poller_t *p)
{
    uv_run(&p->loop->loop, UV_RUN_NOWAIT);
}

static void on_closed(uv_handle_t *handle)
{
    uv_stop(handle->loop); /* for its memory to be released */
    gonet__watch_closed(&GONET__CONTAINER((uv_poll_t *)handle, uv_watch_t, handle)->watch);
}

void gonet__loop_stop(gonet__watch_t *watch)
{
    uv_close((uv_handle_t *)&uv_watch(watch)->handle, on_closed);
}

void gonet__loop_forget(gonet__poller_t *p, int fd)
{
    epoll_ctl(uv_backend_fd(&p->loop->loop), EPOLL_CTL_DEL, fd, NULL);
}
