/*
 * gonet_timer_t and gonet_ticker_t. With a channel they are one, and a time in it (chan.c): nothing
 * fires, who waits looks at the clock. With a function they are a call that comes later (later.c).
 */
#include "gonet/timer.h"

#include "base/alloc.h"
#include "base/list.h"
#include "gonet/errno.h"
#include "runtime/sync/chan.h"
#include "runtime/time/clock.h"
#include "runtime/life/later.h"
#include "runtime/sched/task.h"

struct gonet_timer {
    union {
        gonet_chan_t chan; /* first: who frees the channel last frees all */
        gonet__later_t later;
    };
    bool calls;
};

struct gonet_ticker {
    gonet_chan_t chan;
};

static int64_t from_now(gonet_duration_t d)
{
    int64_t now = gonet__now();

    return d > 0 ? gonet__add_ns(now, d) : now;
}

static void make_chan(gonet_chan_t *ch, gonet_duration_t d, gonet_duration_t period)
{
    *ch = (gonet_chan_t){.lock = gonet__spin_init(),
                         .timer = true,
                         .receive_only = true,
                         .elem_size = sizeof(gonet_time_t),
                         .deadline = from_now(d),
                         .period = period,
                         .refs = 1};
}

static gonet_timer_t *make_timer(void)
{
    gonet_timer_t *t = gonet__zalloc(sizeof(*t));

    if (t == NULL)
        errno = ENOMEM;
    return t;
}

gonet_timer_t *gonet_timer_new(gonet_duration_t d)
{
    gonet_timer_t *t = make_timer();

    if (t != NULL)
        make_chan(&t->chan, d, 0);
    return t;
}

static void release(gonet__later_t *later)
{
    gonet__free(GONET__CONTAINER(later, gonet_timer_t, later));
}

gonet_timer_t *gonet_after_func(gonet_duration_t d, void (*fn)(void *arg), void *arg)
{
    gonet_timer_t *t = NULL;
    int errnum;
    bool was;

    if (fn == NULL)
        errno = EINVAL;
    else
        t = make_timer();
    if (t == NULL)
        return NULL;
    t->calls = true;
    gonet__later_init(&t->later, fn, arg, release);
    errnum = gonet__later_set(&t->later, from_now(d), &was);
    if (errnum == 0)
        return t;
    gonet__later_free(&t->later);
    errno = errnum;
    return NULL;
}

gonet_chan_t *gonet_timer_chan(gonet_timer_t *t)
{
    return t != NULL && !t->calls ? &t->chan : NULL;
}

bool gonet_timer_stop(gonet_timer_t *t)
{
    bool was;

    if (t == NULL)
        return false;
    was = t->calls ? gonet__later_stop(&t->later) : gonet__chan_set_timer(&t->chan, 0, 0);
    gonet__task_tick();
    return was;
}

int gonet_timer_reset(gonet_timer_t *t, gonet_duration_t d)
{
    int errnum = 0;
    bool was;

    if (t == NULL) {
        errno = EINVAL;
        return -1;
    }
    if (t->calls)
        errnum = gonet__later_set(&t->later, from_now(d), &was);
    else
        was = gonet__chan_set_timer(&t->chan, from_now(d), 0);
    gonet__task_tick();
    if (errnum == 0)
        return was;
    errno = errnum;
    return -1;
}

void gonet_timer_free(gonet_timer_t *t)
{
    if (t == NULL)
        return;
    if (t->calls) {
        gonet__later_free(&t->later);
        return;
    }
    gonet__chan_set_timer(&t->chan, 0, 0);
    gonet_chan_free(&t->chan);
}

gonet_ticker_t *gonet_ticker_new(gonet_duration_t d)
{
    gonet_ticker_t *t;

    if (d <= 0) {
        errno = EINVAL;
        return NULL;
    }
    t = gonet__alloc(sizeof(*t));
    if (t == NULL)
        errno = ENOMEM;
    else
        make_chan(&t->chan, d, d);
    return t;
}

gonet_chan_t *gonet_ticker_chan(gonet_ticker_t *t)
{
    return t != NULL ? &t->chan : NULL;
}

void gonet_ticker_stop(gonet_ticker_t *t)
{
    if (t != NULL)
        gonet__chan_set_timer(&t->chan, 0, 0);
    gonet__task_tick();
}

int gonet_ticker_reset(gonet_ticker_t *t, gonet_duration_t d)
{
    if (t == NULL || d <= 0) {
        errno = EINVAL;
        return -1;
    }
    gonet__chan_set_timer(&t->chan, from_now(d), d);
    gonet__task_tick();
    return 0;
}

void gonet_ticker_free(gonet_ticker_t *t)
{
    if (t == NULL)
        return;
    gonet__chan_set_timer(&t->chan, 0, 0);
    gonet_chan_free(&t->chan);
}
