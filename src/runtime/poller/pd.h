/*
 * A poll descriptor (pd): a descriptor that somebody may wait for. It has two sides; one is used by
 * one caller at a time (the holder of the fd's read or write lock). Who waits, and until when, is
 * netpoll.c's; which poller watches a side is this room's.
 */
#ifndef GONET_RUNTIME_POLLER_PD_H
#define GONET_RUNTIME_POLLER_PD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/time/timer.h"

struct gonet__pd;
struct gonet__watch;

typedef enum { GONET__SIDE_READ = 0, GONET__SIDE_WRITE = 1 } gonet__side_t;

/* What a poller asks and tells those who wait, on whatever thread it runs. */
typedef struct {
    /* Something can be done on the side, or an error is to be had: wakes its waiter. False: nobody
     * waits there through a poller. */
    bool (*event)(struct gonet__pd *pd, gonet__side_t side, bool error);
    /* Whether somebody waits, or is just being woken, through a poller. */
    bool (*wanted)(struct gonet__pd *pd, gonet__side_t side);
    /* The descriptor can't be watched: wakes the waiters of both sides. */
    void (*failed)(struct gonet__pd *pd, int errnum);
    /* Wakes the waiters of both sides to look again: what watches them may have changed. Any
     * thread. */
    void (*recheck)(struct gonet__pd *pd);
    /* The function of a task that was unborn (sched/birth.h); in it. */
    void (*born)(struct gonet__pd *pd);
} gonet__pd_calls_t;

typedef struct {
    _Atomic(uintptr_t) slot;  /* 0, or the waiter with its tags (netpoll.c) */
    _Atomic int64_t deadline; /* monotonic ns; 0: none */
    _Atomic bool armed;       /* some poller watches this side */
    _Atomic bool error;       /* the last wake was an error event (two pollers may say so at once:
                                 each side can have a watch of its own) */
    uint8_t delay;            /* how often an error event led to nothing */
    bool rechecks;            /* an unborn task was called to look at deadlines, not by an event */
} gonet__poll_side_t;

/* What the layer above is to do for a pd. */
typedef struct {
    void (*hold)(struct gonet__pd *pd);   /* adds a reference to the memory around pd */
    void (*unhold)(struct gonet__pd *pd); /* drops one; may free pd */
    /* The unborn task of the read side is born, and this is what it does: it has the lock and the
     * descriptor reference that gonet__pd_leave_unborn was called with; taken: a memory reference
     * instead (GONET__POLL_TAKEN). NULL: never used. */
    void (*born)(struct gonet__pd *pd, bool taken);
} gonet__pd_ops_t;

typedef struct gonet__pd {
    int fd;
    _Atomic int poll_errnum; /* why fd could not be watched; 0: it could */
    _Atomic uint32_t lock;   /* a pi_lock: guards watch and armed on the slow paths */
    _Atomic bool closing;    /* set first by the closer */
    gonet__poll_side_t side[2];
    gonet__timer_t timer; /* for the deadlines of the tasks that wait for the two */
    /* which watch serves each side, its worker arms it; under the lock */
    _Atomic(struct gonet__watch *) watch[2];
    const gonet__pd_calls_t *calls;
    const gonet__pd_ops_t *ops;
    struct gonet__pd *next_unborn; /* in a list of those whose tasks are to be born */
    /* text for gonet_dump_tasks: what is waited for, into buf; may be NULL */
    void (*describe)(struct gonet__pd *pd, gonet__side_t side, char *buf, unsigned size);
} gonet__pd_t;

#endif
