/*
 * A channel's inside, for the operations in chan.c, for select, and for contexts and timers, whose
 * channel is a part of them.
 *
 * Who waits leaves a node in the channel and a pin, which keeps the memory for the time when it
 * comes back to take its node out. A node of a plain send or receive that was claimed needs no
 * visit: the claimer drops its pin. The cases of a select always come back.
 */
#ifndef GONET_RUNTIME_SYNC_CHAN_H
#define GONET_RUNTIME_SYNC_CHAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonet/chan.h"
#include "runtime/ground/spin.h"
#include "runtime/sync/waitq.h"

struct gonet_context;

struct gonet_chan {
    _Atomic uint32_t lock; /* guards everything up to senders, and a timer's times */
    uint32_t pins;
    bool closed;
    bool orphan;       /* no owner is left: the last pin releases */
    bool timer;        /* from the deadline on an element is to be had; its receivers are selects */
    bool receive_only; /* not for the program to send to, or to close */
    size_t head;       /* the oldest stored element */
    size_t count;
    gonet__waiter_t *receivers;
    gonet__waiter_t *senders;

    /* For gonet_chan_fd (chan_fd.c), under the lock, too; 0: none. */
    int event;
    bool signalled; /* event is readable */

    size_t elem_size;
    size_t cap;
    unsigned char *stored; /* cap elements */
    /* Of a context: closed from then on. Of a timer: the next element. 0: none. */
    int64_t deadline;
    int64_t period;                /* of a timer that comes again */
    struct gonet_context *context; /* which this is the done channel of, or NULL */
    _Atomic size_t refs;           /* unused in a done channel: its context counts */
    void (*destroy)(void *elem);   /* for what is left in the end; NULL: nothing to do */
};

/* One who waits for a channel. A claimer copies the element, sets ok, and wakes. */
typedef struct {
    gonet__waiter_t node;
    void *elem;     /* of a send, only read */
    uint32_t index; /* of the case, for the wait's value */
    bool in_select;
    bool ok;
} gonet__chan_waiter_t;

/* gonet__chan_forget resets a channel that was locked for the first time in this process. */
void gonet__chan_forget(gonet_chan_t *ch, gonet__spin_found_t found);

static inline void gonet__chan_lock(gonet_chan_t *ch)
{
    gonet__spin_found_t found = gonet__spin_lock(&ch->lock);

    if (found != GONET__SPIN_KNOWN)
        gonet__chan_forget(ch, found);
}

/* gonet__chan_fd_update makes event say what the channel is; gonet__chan_fd_renew makes it the
 * child's own after a fork, and gonet__chan_fd_close closes it. */
void gonet__chan_fd_update(gonet_chan_t *ch);
void gonet__chan_fd_renew(gonet_chan_t *ch);
void gonet__chan_fd_close(gonet_chan_t *ch);

static inline void gonet__chan_unlock(gonet_chan_t *ch)
{
    if (__builtin_expect(ch->event != 0, 0))
        gonet__chan_fd_update(ch);
    gonet__spin_unlock(&ch->lock);
}

/*
 * gonet__chan_send_locked and gonet__chan_recv_locked try the operation under the channel's lock
 * and return what gonet_chan_try_send returns. *peer is then the waiter to wake after the unlock,
 * or NULL.
 */
int gonet__chan_send_locked(gonet_chan_t *ch, const void *elem, gonet__chan_waiter_t **peer);
int gonet__chan_recv_locked(gonet_chan_t *ch, void *elem, gonet__chan_waiter_t **peer);

/* gonet__chan_closed_locked says whether ch is closed, looking at the clock for a context's sake.
 * gonet__chan_due_locked says whether a timer's element is to be had. */
bool gonet__chan_closed_locked(gonet_chan_t *ch);
bool gonet__chan_due_locked(const gonet_chan_t *ch);

/* gonet__chan_enqueue queues w for wait and adds its pin. Under the lock. */
void gonet__chan_enqueue(gonet_chan_t *ch, gonet__waiter_t **queue, gonet__chan_waiter_t *w,
                         gonet__wait_t *wait);

/*
 * gonet__chan_leave takes w out of queue, if it still is there, and drops its pin. Without the
 * lock; the caller may not touch ch afterwards.
 */
void gonet__chan_leave(gonet_chan_t *ch, gonet__waiter_t **queue, gonet__chan_waiter_t *w);

/* The value of a wait that is to look at its channels again. */
#define GONET__CHAN_AGAIN UINT32_MAX

/* gonet__chan_set_timer lets a timer's channel have an element at that time (0: never), and then
 * each period (0: never again). True: there was one to come, or to be received. */
bool gonet__chan_set_timer(gonet_chan_t *ch, int64_t at, int64_t period);

/* gonet__chan_shut closes ch, whatever it is; false if it was closed. */
bool gonet__chan_shut(gonet_chan_t *ch);

/*
 * gonet__chan_retire closes ch for want of owners. True: the caller releases the memory now; false:
 * the last pin will.
 */
bool gonet__chan_retire(gonet_chan_t *ch);

#endif
