/*
 * A channel's eventfd, readable while there is something to receive. It follows the channel under
 * its lock, as the last thing before each unlock: it is never the other way round for anybody who
 * could act on it. The two system calls don't wait.
 */
#include "gonet/loop.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "gonet/errno.h"
#include "runtime/sync/chan.h"
#include "runtime/sched/task.h"

static bool holds(const gonet_chan_t *ch)
{
    return ch->count > 0 || ch->senders != NULL || ch->closed;
}

void gonet__chan_fd_update(gonet_chan_t *ch)
{
    uint64_t n = 1;
    int saved = errno;
    bool is = holds(ch);
    ssize_t r;

    if (is == ch->signalled)
        return;
    ch->signalled = is;
    do
        r = is ? write(ch->event, &n, sizeof(n)) : read(ch->event, &n, sizeof(n));
    while (r < 0 && errno == EINTR); /* else the program has read it, or written to it */
    errno = saved;
}

void gonet__chan_fd_renew(gonet_chan_t *ch)
{
    int event = gonet__fd_lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

    ch->signalled = false;
    if (event < 0)
        return; /* the parent's stays there, which is better than somebody else's */
    (void)dup3(event, ch->event, O_CLOEXEC);
    close(event);
}

void gonet__chan_fd_close(gonet_chan_t *ch)
{
    close(ch->event);
    ch->event = 0;
}

/* Adds event, unless another one was faster: then that. */
static int install(gonet_chan_t *ch, int event)
{
    int had;

    gonet__chan_lock(ch);
    had = ch->event;
    if (had == 0)
        ch->event = event;
    gonet__chan_unlock(ch);
    if (had == 0)
        return event;
    if (event >= 0)
        close(event);
    return had;
}

int gonet_chan_fd(gonet_chan_t *ch)
{
    int event;

    if (ch == NULL || ch->context != NULL) {
        errno = EINVAL;
        return -1;
    }
    gonet__chan_lock(ch);
    event = ch->event;
    gonet__chan_unlock(ch);
    gonet__task_tick();
    if (event != 0)
        return event;
    event = gonet__fd_lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    return event < 0 ? -1 : install(ch, event);
}
