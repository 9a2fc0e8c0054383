/*
 * Keeping SIGPIPE away from plain threads.
 */
#include "socket/sigpipe.h"

#include <pthread.h>
#include <stddef.h>
#include <time.h>

#include "gonet/errno.h"
#include "runtime/sched/task.h"

void gonet__sigpipe_block(gonet__sigpipe_t *s)
{
    sigset_t pipe_only, pending;

    s->active = gonet__task_current() == NULL;
    if (!s->active)
        return;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&pending);
    s->pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_only, &s->old);
}

void gonet__sigpipe_restore(gonet__sigpipe_t *s)
{
    const struct timespec now = {0, 0};
    int saved = errno;
    sigset_t pipe_only;

    if (!s->active)
        return;
    if (!s->pending) {
        sigemptyset(&pipe_only);
        sigaddset(&pipe_only, SIGPIPE);
        while (sigtimedwait(&pipe_only, NULL, &now) < 0 && errno == EINTR)
            continue;
    }
    pthread_sigmask(SIG_SETMASK, &s->old, NULL);
    errno = saved;
}
