/*
 * A close from inside a RawConn function of the same connection must not wait for that function. So
 * each such call puts a frame where its task, or thread, can find it.
 */
#include "socket/fd_callback.h"

#include "runtime/task.h"

static _Thread_local gonet__fd_callback_t *thread_frames;

static gonet__fd_callback_t **frames(void)
{
    gonet__task_t *task = gonet__task_current();

    return task != NULL ? (gonet__fd_callback_t **)&task->callbacks : &thread_frames;
}

void gonet__fd_callback_enter(gonet__fd_t *fd, gonet__fd_callback_t *frame)
{
    gonet__fd_callback_t **top = frames();

    frame->fd = fd;
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
