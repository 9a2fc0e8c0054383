/*
 * What is behind the poller: a loop over the kernel's events. These functions are all that watch.c,
 * which knows who wants what watched, needs of it; uv.c has them, with libuv.
 *
 * A watch is one descriptor in one loop. The loop makes and frees its memory, since its own part is
 * in front of it.
 */
#ifndef GONET_RUNTIME_POLLER_LOOP_H
#define GONET_RUNTIME_POLLER_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/list.h"
#include "runtime/poller/poller.h"

typedef struct gonet__watch {
    gonet__pd_t *pd; /* its memory is held as long as the watch lives */
    gonet__poller_t *poller;
    _Atomic bool dead;               /* written under the registration lock */
    _Atomic uint8_t want;            /* 1u << side; written under the pd's lock */
    uint8_t set;                     /* what the loop was told; under the poller's lock */
    int errnum;                      /* why it could not be started; under the poller's lock */
    bool dirty;                      /* under the poller's lock */
    bool started;                    /* the loop has it; registration lock */
    struct gonet__watch *next;       /* requests, retired or closed */
    struct gonet__watch *next_dirty; /* under the poller's lock */
    gonet__list_t all;               /* the poller's watches; registration lock */
} gonet__watch_t;

/* gonet__loop_open sets p->loop; 0 or an errno. gonet__loop_close ends it; no watch is started. */
int gonet__loop_open(gonet__poller_t *p);
void gonet__loop_close(gonet__poller_t *p);

/* gonet__loop_wake ends the sleep in gonet__poller_run, or the next one. Any thread, no lock. */
void gonet__loop_wake(gonet__poller_t *p);

/* gonet__loop_new returns a watch that is all zero, or NULL; gonet__loop_free frees one that is not
 * started. */
gonet__watch_t *gonet__loop_new(void);
void gonet__loop_free(gonet__watch_t *watch);

/*
 * The rest is under the poller's lock. gonet__loop_start lets the loop know the watch's descriptor;
 * 0 or an errno. gonet__loop_want says which sides are to be watched from the next turn on; all
 * that was said becomes the kernel's by gonet__loop_flush, which looks for events, but does not
 * sleep. gonet__loop_stop gives it up, and gonet__watch_closed is called when its memory is free.
 */
int gonet__loop_start(gonet__watch_t *watch);
void gonet__loop_want(gonet__watch_t *watch, unsigned sides);
void gonet__loop_flush(gonet__poller_t *p);
void gonet__loop_stop(gonet__watch_t *watch);

/* gonet__loop_forget takes fd away from the kernel's side of the loop, so that it can be closed.
 * Any thread, under the registration lock, while nothing is to be flushed; gonet__loop_stop is yet
 * to come. */
void gonet__loop_forget(gonet__poller_t *p, int fd);

/* What the loop calls. gonet__watch_mark: the watch is to be looked at before the next run. */
void gonet__watch_mark(gonet__watch_t *watch);
void gonet__watch_closed(gonet__watch_t *watch);

/* gonet__watch_event: the sides of the mask are ready; error: so they are said to be, and nothing
 * is watched any more. */
GONET__INLINE void gonet__watch_event(gonet__watch_t *watch, unsigned sides, bool error)
{
    gonet__pd_t *pd = watch->pd;

    if (atomic_load(&watch->dead))
        return;
    if (error) {
        watch->set = 0;
        gonet__watch_mark(watch);
    }
    for (int i = 0; i < 2; i++) {
        if ((sides & 1u << i) != 0 && !pd->calls->event(pd, (gonet__side_t)i, error))
            gonet__watch_mark(watch);
    }
}

#endif
