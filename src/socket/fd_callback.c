/*
 * A close from inside a RawConn function of the same connection must not wait for that function. So
 * each such call puts a frame where its task, or thread, can find it.
 */
#include "socket/fd_callback.h"

#include "base/compiler.h"
#include "runtime/ground/fork.h"
#include "runtime/sched/task.h"
#include "socket/fd_lock.h"

static _Thread_local gonet__fd_callback_t *thread_frames;

static GONET__OPAQUE gonet__fd_callback_t **frames(void)
{
    gonet__task_t *task = gonet__task_current();

    return task != NULL ? (gonet__fd_callback_t **)&task->callbacks : &thread_frames;
}

/* All that the frames from f on hold of fd. */
static uint64_t held_of(gonet__fd_t *fd, const gonet__fd_callback_t *f)
{
    uint64_t held = 0;

    for (; f != NULL; f = f->outer) {
        if (f->fd == fd)
            held += GONET__FD_REF + (f->side >= 0 ? GONET__FD_LOCK(f->side) : 0);
    }
    return held;
}

static bool comes_before(gonet__fd_callback_t *top, gonet__fd_callback_t *f)
{
    for (; top != f; top = top->outer) {
        if (top->fd == f->fd)
            return true;
    }
    return false;
}

/* A user's function has forked, maybe: in the child it goes on as a thread, and has what it had. */
static GONET__OPAQUE void reset_after_fork(void)
{
    gonet__task_t *task = gonet__task_forking();

    if (task != NULL)
        thread_frames = task->callbacks;
    for (gonet__fd_callback_t *f = thread_frames; f != NULL; f = f->outer) {
        if (!comes_before(thread_frames, f))
            gonet__fd_keep_in_child(f->fd, held_of(f->fd, f));
    }
}

GONET__FORK_HOOK(reset_after_fork)

void gonet__fd_callback_enter(gonet__fd_t *fd, int side, gonet__fd_callback_t *frame)
{
    gonet__fd_callback_t **top = frames();

    frame->fd = fd;
    frame->side = side;
    frame->outer = *top;
    *top = frame;
}

void gonet__fd_callback_leave(gonet__fd_callback_t *frame)
{
    *frames() = frame->outer;
}

bool gonet__fd_callback_inside(gonet__fd_t *fd)
{
    for (gonet__fd_callback_t *f = *frames(); f != NULL; f = f->outer) {
        if (f->fd == fd)
            return true;
    }
    return false;
}
