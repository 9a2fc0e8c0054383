/*
 * Contexts carry a cancellation, a deadline and values into the calls below. NULL is the background
 * context everywhere: never cancelled, without deadline and values.
 *
 * A context is derived from a parent, and cancelled when its parent is. It is counted: the last
 * gonet_context_free cancels it and whatever was derived from it. Parents and children may be freed
 * in any order (a child still finds the values of a parent that was freed).
 *
 * A context owns no timer: gonet_context_err compares with the clock, and whoever waits arms the
 * earliest deadline for itself.
 */
#ifndef GONET_CONTEXT_H
#define GONET_CONTEXT_H

#include "gonet/chan.h"
#include "gonet/error.h"
#include "gonet/export.h"
#include "gonet/time.h"

GONET_BEGIN_DECLS

/* gonet_context_t is a context. Go: context.Context. */
typedef struct gonet_context gonet_context_t;

/*
 * gonet_context_with_cancel derives a context that gonet_context_cancel ends. parent may be NULL.
 * Never NULL: without memory the result is born cancelled, and its error is gonet_err_no_memory.
 * Release it with gonet_context_free. Go: context.WithCancel (cancel and free together are Go's
 * cancel function).
 */
GONET_API GONET_NODISCARD gonet_context_t *gonet_context_with_cancel(gonet_context_t *parent);

/*
 * gonet_context_with_cancel_cause is gonet_context_with_cancel, under the name that Go has for a
 * context which is cancelled with a cause. Here any can be: see gonet_context_cancel_cause.
 *
 * Parks:    never.
 * Returns:  the context, to release with gonet_context_free; never NULL: without memory it is born
 *           cancelled, and its error is gonet_err_no_memory.
 * Threads:  any task or thread.
 * Go:       context.WithCancelCause
 */
GONET_API GONET_NODISCARD gonet_context_t *gonet_context_with_cancel_cause(gonet_context_t *parent);

/*
 * gonet_context_without_cancel derives a context that has parent's values, but neither its deadline
 * nor its end: for what has to be done when parent is over. Cancelling or freeing it ends it alone,
 * with what is derived from it.
 *
 * Parks:    never.
 * Returns:  the context, to release with gonet_context_free; never NULL: without memory it is born
 *           cancelled, and its error is gonet_err_no_memory.
 * Threads:  any task or thread.
 * Go:       context.WithoutCancel
 */
GONET_API GONET_NODISCARD gonet_context_t *gonet_context_without_cancel(gonet_context_t *parent);

/*
 * gonet_context_with_deadline is gonet_context_with_cancel with a deadline: the earlier one of d
 * and the parent's. { 0 } adds none; a past one makes it expired at once. Go: context.WithDeadline.
 */
GONET_API GONET_NODISCARD gonet_context_t *gonet_context_with_deadline(gonet_context_t *parent,
                                                                       gonet_time_t d);

/* gonet_context_with_timeout sets the deadline d nanoseconds from now. Go: context.WithTimeout. */
GONET_API GONET_NODISCARD gonet_context_t *gonet_context_with_timeout(gonet_context_t *parent,
                                                                      gonet_duration_t d);

/*
 * gonet_context_with_deadline_cause derives a context with a deadline, the earlier one of d ({ 0 }:
 * none) and parent's; when d has passed, gonet_context_cause is cause. If parent's comes first,
 * cause is not used. Takes cause, which may be NULL.
 *
 * Parks:    never.
 * Returns:  the context, to release with gonet_context_free; never NULL: without memory it is born
 *           cancelled, and its error is gonet_err_no_memory.
 * Threads:  any task or thread.
 * Go:       context.WithDeadlineCause
 */
GONET_API GONET_NODISCARD gonet_context_t *gonet_context_with_deadline_cause(
    gonet_context_t *parent, gonet_time_t d, gonet_error_t *cause);

/*
 * gonet_context_with_timeout_cause derives a context whose deadline is d nanoseconds from now, or
 * parent's, if that is earlier; when d has passed, gonet_context_cause is cause. Takes cause, which
 * may be NULL.
 *
 * Parks:    never.
 * Returns:  the context, to release with gonet_context_free; never NULL: without memory it is born
 *           cancelled, and its error is gonet_err_no_memory.
 * Threads:  any task or thread.
 * Go:       context.WithTimeoutCause
 */
GONET_API GONET_NODISCARD gonet_context_t *gonet_context_with_timeout_cause(gonet_context_t *parent,
                                                                            gonet_duration_t d,
                                                                            gonet_error_t *cause);

/*
 * gonet_context_with_value is gonet_context_with_cancel with a value. Keys are compared by address.
 * Takes value: destroy(value), if not NULL, is called once, when the context and all that were
 * derived from it have been freed (or at once, without memory). Go: context.WithValue.
 */
GONET_API GONET_NODISCARD gonet_context_t *gonet_context_with_value(gonet_context_t *parent,
                                                                    const void *key, void *value,
                                                                    void (*destroy)(void *value));

/* gonet_context_ref adds an owner and returns ctx. NULL is fine. */
GONET_API gonet_context_t *gonet_context_ref(gonet_context_t *ctx);

/* gonet_context_free drops an owner; the last one cancels ctx and the derived ones. NULL is fine.
 */
GONET_API void gonet_context_free(gonet_context_t *ctx);

/*
 * gonet_context_cancel cancels ctx and what was derived from it; the first end counts. Never parks.
 * NULL: nothing happens. Go: a CancelFunc.
 */
GONET_API void gonet_context_cancel(gonet_context_t *ctx);

/*
 * gonet_context_cancel_cause cancels ctx, whatever made it, and what was derived from it, and lets
 * gonet_context_cause of all of them be cause (NULL: gonet_err_canceled). The first end counts: the
 * cause of a context that has ended already stays. Takes cause.
 *
 * Parks:    never.
 * Threads:  any task or thread. NULL for ctx: nothing is cancelled.
 * Go:       a CancelCauseFunc
 */
GONET_API void gonet_context_cancel_cause(gonet_context_t *ctx, gonet_error_t *cause);

/*
 * gonet_context_cause returns why ctx has ended, in the words of who ended it: the cause that it,
 * or the one above it that ended first, was cancelled with, or that was given with its deadline;
 * without one, what gonet_context_err returns.
 *
 * Parks:    never.
 * Returns:  the cause, borrowed: it lives as long as ctx, or longer with gonet_error_ref. NULL
 * while ctx has not ended. Threads:  any task or thread. Go:       context.Cause
 */
GONET_API const gonet_error_t *gonet_context_cause(gonet_context_t *ctx);

/*
 * gonet_context_err returns why ctx has ended: gonet_err_canceled,
 * gonet_err_context_deadline_exceeded, gonet_err_no_memory, or NULL while it has not. Static: no
 * release. Go: Err.
 */
GONET_API gonet_error_t *gonet_context_err(gonet_context_t *ctx);

/*
 * gonet_context_done returns a channel that is closed when ctx ends, for gonet_select; at the
 * deadline, too. Borrowed: it lives as long as ctx, or longer with gonet_chan_ref. It carries
 * nothing else, and cannot be closed or sent to. NULL (never ready) for the background. Go: Done.
 */
GONET_API gonet_chan_t *gonet_context_done(gonet_context_t *ctx);

/*
 * gonet_context_deadline says whether ctx, or what it was derived from, has a deadline, and stores
 * the earliest in *t ({ 0 } if none). Go: Deadline.
 */
GONET_API bool gonet_context_deadline(gonet_context_t *ctx, gonet_time_t *t);

/*
 * gonet_context_value returns the value that ctx, or the nearest one it was derived from, has for
 * key, or NULL. Borrowed: it lives as long as ctx. Go: Value.
 */
GONET_API void *gonet_context_value(gonet_context_t *ctx, const void *key);

/* gonet_context_func_t is a function that is called when a context has ended: see
 * gonet_context_after_func. Go: the stop function that context.AfterFunc returns. */
typedef struct gonet_context_func gonet_context_func_t;

/*
 * gonet_context_after_func calls fn(arg) in a task of its own when ctx has ended: cancelled, or at
 * its deadline; at once if it has ended already. fn may free what this returns. If there is no
 * memory for the task, it is tried again every 10 ms. Once gonet_shutdown has begun no function is
 * started (one that fails with EBUSY lets those start that were due); gonet_drain does not keep
 * them from it. In a forked child fn is not called, but in the parent.
 *
 * Parks:    never.
 * Returns:  what stops it, to release with gonet_context_func_free, or NULL with errno set, and fn
 *           will not be called.
 * Errors:   ENOMEM, EINVAL (fn is NULL), EAGAIN (gonet_shutdown is under way); called by a thread,
 *           EMFILE and ENFILE (no descriptors for the first worker), too.
 * Threads:  any task or thread. The runtime starts when a thread asks for it, or ends ctx.
 * Go:       context.AfterFunc
 */
GONET_API GONET_NODISCARD gonet_context_func_t *gonet_context_after_func(gonet_context_t *ctx,
                                                                         void (*fn)(void *arg),
                                                                         void *arg);

/*
 * gonet_context_func_stop keeps the function from being called. One that has been started is not
 * waited for.
 *
 * Parks:    never.
 * Returns:  true if this call stopped it; false if it was started, or stopped before. NULL: false.
 * Threads:  any task or thread.
 * Go:       the stop function that context.AfterFunc returns
 */
GONET_API bool gonet_context_func_stop(gonet_context_func_t *f);

/*
 * gonet_context_func_free keeps the function from being called, if it was not started, and releases
 * f. It does not wait for a function that has been started. NULL is fine.
 *
 * Parks:    until who is just ending the context has started the function.
 * Threads:  any task or thread, also the function itself.
 */
GONET_API void gonet_context_func_free(gonet_context_func_t *f);

/*
 * gonet_context_run calls fn(arg), in the calling task or thread, under ctx: from the moment when
 * ctx has ended, each call in fn that waits comes back, and each that may have to wait comes back
 * at once, also if it would not have to. So there is a context for each of gonet's calls:
 *
 *   reads, writes, accepts    fail, in their usual OpError, with gonet_err_canceled or
 *                             gonet_err_context_deadline_exceeded
 *   dials, lookups            fail as with a context of their own, which counts, too
 *   channels, sleep,          fail with errno ECANCELED or ETIMEDOUT; gonet_select returns -2
 *   conditions
 *
 * errno is ENOMEM for a context that was born cancelled without memory. gonet_context_cause of ctx
 * says more. Not ended are: mutexes and wait groups, whose calls can't fail; closes;
 * gonet_blocking, files, and what else runs in a thread; and calls that don't wait, like
 * gonet_chan_try_recv, a select that only looks, options and addresses, whether ctx has ended or
 * not. Who waits comes back some microseconds after a cancel, wherever that came from, and a
 * millisecond at most after a deadline.
 *
 * Contexts that are nested don't add up: inside another gonet_context_run its ctx alone counts, and
 * none with NULL, so that there is a way to clean up; derive the inner one from
 * gonet_context_current for both. Tasks that fn starts are not under ctx; they can run their own
 * functions under it. What is left unread or unsent is as after a deadline; the connection can be
 * used again under another context. fn must not be left by longjmp or by a C++ exception.
 *
 * Parks:    as fn does; at the end until who is just ending ctx has woken the caller.
 * Threads:  any task or thread. ctx is not freed, and must live until this returns.
 * Example:  examples/drain.c
 * Go:       there is none: golang/go#20280 asks for it
 */
GONET_API void gonet_context_run(gonet_context_t *ctx, void (*fn)(void *arg), void *arg);

/*
 * gonet_context_current returns the context that the caller runs under (gonet_context_run).
 *
 * Parks:    never.
 * Returns:  the context, borrowed: it lives at least as long as that run. NULL: the background.
 * Threads:  any task or thread.
 */
GONET_API gonet_context_t *gonet_context_current(void);

/*
 * gonet_signal_context derives a context that is cancelled when the process gets one of the n
 * signals. Its cause tells which, as in "terminated signal received". They are caught from now on,
 * so that they do not end the program, until gonet_context_cancel or the last gonet_context_free of
 * the result: then each gets back what it had before, unless the program has installed another
 * handler since. Several contexts may wait for the same signal. The handler runs with SA_RESTART
 * and SA_ONSTACK, in a thread that has the signal unblocked; a signal that all threads block is not
 * seen. While there is such a context there is a thread that cancels it, whatever the workers do.
 *
 * In a forked child the signals have what they had before, and the context is an ordinary one.
 *
 * Parks:    never.
 * Returns:  the context, to release with gonet_context_free; never NULL: if the signals can't be
 * had, it is born cancelled, and gonet_context_cause says why (EINVAL: SIGKILL, SIGSTOP, no such
 * signal, or none at all; EMFILE, ENFILE, EAGAIN); without memory its error is gonet_err_no_memory.
 * Threads:  any task or thread; no worker is needed.
 * Example:  examples/drain.c
 * Go:       signal.NotifyContext; gonet_context_cancel is its stop function
 */
GONET_API GONET_NODISCARD gonet_context_t *gonet_signal_context(gonet_context_t *parent,
                                                                const int *signals, size_t n);

/*
 * gonet_shutdown_context returns a context that is cancelled when gonet_drain or gonet_shutdown is
 * called, before tasks are interrupted: what runs under it stops to take new work, and finishes
 * what it has. After the end of that gonet_shutdown, new ones are not cancelled until the next.
 *
 * Parks:    never.
 * Returns:  a context of the caller's own, to release with gonet_context_free; never NULL: without
 *           memory it is born cancelled, and its error is gonet_err_no_memory.
 * Threads:  any task or thread.
 * Example:  examples/drain.c
 */
GONET_API GONET_NODISCARD gonet_context_t *gonet_shutdown_context(void);

GONET_DEFINE_AUTO(gonet_context_t, gonet_context_free)
GONET_DEFINE_AUTO(gonet_context_func_t, gonet_context_func_free)

GONET_END_DECLS

#endif
