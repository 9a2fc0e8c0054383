/*
 * Timers and tickers: a channel that has something to receive when a time has come, for
 * gonet_chan_recv and gonet_select; and a function that is called then.
 *
 * The channels are Go's since 1.23: they store nothing (gonet_chan_len and gonet_chan_cap are 0),
 * and after a stop or a reset nothing can be received that was due before. A channel's timer needs
 * no thread, no worker and no memory but its own: whoever waits for the channel waits until then.
 * So a million of them may be set, stopped and set again, from tasks or in a program that has none,
 * each at the cost of a store under a lock; one that nobody receives from costs nothing. A function
 * is started by the workers, which gonet_after_func starts if there are none.
 */
#ifndef GONET_TIMER_H
#define GONET_TIMER_H

#include "gonet/chan.h"
#include "gonet/export.h"
#include "gonet/time.h"

GONET_BEGIN_DECLS

/* gonet_timer_t is one time to come: made by gonet_timer_new, with a channel, or by
 * gonet_after_func, with a function. Any number of tasks and threads may use it; one of them frees
 * it, when no other is in a call with it any more. Go: time.Timer. */
typedef struct gonet_timer gonet_timer_t;

/*
 * gonet_timer_new makes a timer whose channel has one value to receive, d from now: the instant for
 * which it was set. d <= 0: at once.
 *
 * Parks:    never.
 * Returns:  the timer, to release with gonet_timer_free, or NULL with errno set.
 * Errors:   ENOMEM.
 * Threads:  any task or thread; no worker is needed.
 * Example:  examples/ticker.c
 * Go:       time.NewTimer
 */
GONET_API GONET_NODISCARD gonet_timer_t *gonet_timer_new(gonet_duration_t d);

/*
 * gonet_after_func calls fn(arg) in a task of its own, d from now (d <= 0: at once), and again
 * after each gonet_timer_reset. fn may stop, reset and free the timer. If there is no memory for
 * the task, it is tried again every 10 ms. gonet_shutdown stops the timer, once it has begun; one
 * that fails with EBUSY does not. In a forked child the timer is stopped; its function is called in
 * the parent.
 *
 * Parks:    never.
 * Returns:  the timer, to release with gonet_timer_free, or NULL with errno set, and fn will not be
 *           called.
 * Errors:   ENOMEM, EINVAL (fn is NULL), EAGAIN (gonet_shutdown is under way); called by a thread,
 *           EMFILE and ENFILE (no descriptors for the first worker), too.
 * Threads:  any task or thread. By a thread, the runtime starts, as for gonet_go.
 * Go:       time.AfterFunc
 */
GONET_API GONET_NODISCARD gonet_timer_t *gonet_after_func(gonet_duration_t d, void (*fn)(void *arg),
                                                          void *arg);

/*
 * gonet_timer_chan returns the channel of t, whose elements are of type gonet_time_t. It can't be
 * sent to or closed.
 *
 * Parks:    never.
 * Returns:  the channel, borrowed: it lives as long as t, or longer with gonet_chan_ref. NULL
 * (never ready) if t is of gonet_after_func, or NULL. Threads:  any task or thread. Go:       the
 * field C of time.Timer
 */
GONET_API gonet_chan_t *gonet_timer_chan(gonet_timer_t *t);

/*
 * gonet_timer_stop stops t. What was due and was not yet received is dropped: after it, nothing can
 * be received from the channel until t is reset. A function that has been started is not waited
 * for.
 *
 * Parks:    never.
 * Returns:  true if this call stopped it; false if its value was received, its function was
 *           started, or it was stopped before. NULL: false.
 * Threads:  any task or thread.
 * Go:       (*time.Timer).Stop
 */
GONET_API bool gonet_timer_stop(gonet_timer_t *t);

/*
 * gonet_timer_reset sets t, stopped, over or not, to d from now (d <= 0: at once). What was due
 * before can no longer be received, and who waits for the channel waits for the new time.
 *
 * Parks:    never.
 * Returns:  1 if t was set (as gonet_timer_stop, true), 0 if it was not, or -1 with errno set, and
 *           then t is stopped.
 * Errors:   never for a timer with a channel; for one with a function ENOMEM, EMFILE and ENFILE
 * (the runtime can't be started), EAGAIN (gonet_shutdown is under way). EINVAL if t is NULL.
 * Threads:  any task or thread.
 * Go:       (*time.Timer).Reset
 */
GONET_API int gonet_timer_reset(gonet_timer_t *t, gonet_duration_t d);

/*
 * gonet_timer_free stops t and releases it. Who waits for its channel without an own reference to
 * that comes back, as from a closed one. It does not wait for a function that has been started.
 * NULL is fine.
 *
 * Parks:    never.
 * Threads:  any task or thread, also the function of t.
 */
GONET_API void gonet_timer_free(gonet_timer_t *t);

/* gonet_ticker_t is a time that comes again and again. Any number of tasks and threads may use it;
 * one of them frees it, when no other is in a call with it any more. Go: time.Ticker. */
typedef struct gonet_ticker gonet_ticker_t;

/*
 * gonet_ticker_new makes a ticker whose channel has a value to receive every d: the instant for
 * which it was set. Who comes late receives one tick for all that he has missed; the next ones come
 * in their rhythm.
 *
 * Parks:    never.
 * Returns:  the ticker, to release with gonet_ticker_free, or NULL with errno set.
 * Errors:   ENOMEM, EINVAL (d is not positive; Go panics).
 * Threads:  any task or thread; no worker is needed.
 * Example:  examples/ticker.c
 * Go:       time.NewTicker
 */
GONET_API GONET_NODISCARD gonet_ticker_t *gonet_ticker_new(gonet_duration_t d);

/*
 * gonet_ticker_chan returns the channel of t, whose elements are of type gonet_time_t. It can't be
 * sent to or closed.
 *
 * Parks:    never.
 * Returns:  the channel, borrowed: it lives as long as t, or longer with gonet_chan_ref. NULL
 * (never ready) if t is NULL. Threads:  any task or thread. Go:       the field C of time.Ticker
 */
GONET_API gonet_chan_t *gonet_ticker_chan(gonet_ticker_t *t);

/*
 * gonet_ticker_stop ends the ticks. A tick that was due and was not yet received is dropped. The
 * channel is not closed: who waits for it goes on waiting. NULL is fine.
 *
 * Parks:    never.
 * Threads:  any task or thread.
 * Go:       (*time.Ticker).Stop
 */
GONET_API void gonet_ticker_stop(gonet_ticker_t *t);

/*
 * gonet_ticker_reset lets t, stopped or not, tick every d from now on; the next tick comes after d.
 * A tick that was due and was not yet received is dropped.
 *
 * Parks:    never.
 * Returns:  0, or -1 with errno set, and then nothing has changed.
 * Errors:   EINVAL (d is not positive, for which Go panics, or t is NULL).
 * Threads:  any task or thread.
 * Go:       (*time.Ticker).Reset
 */
GONET_API int gonet_ticker_reset(gonet_ticker_t *t, gonet_duration_t d);

/*
 * gonet_ticker_free stops t and releases it. Who waits for its channel without an own reference to
 * that comes back, as from a closed one. NULL is fine.
 *
 * Parks:    never.
 * Threads:  any task or thread.
 */
GONET_API void gonet_ticker_free(gonet_ticker_t *t);

GONET_DEFINE_AUTO(gonet_timer_t, gonet_timer_free)
GONET_DEFINE_AUTO(gonet_ticker_t, gonet_ticker_free)

GONET_END_DECLS

#endif
