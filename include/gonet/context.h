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
 * gonet_context_with_deadline is gonet_context_with_cancel with a deadline: the earlier one of d
 * and the parent's. { 0 } adds none; a past one makes it expired at once. Go: context.WithDeadline.
 */
GONET_API GONET_NODISCARD gonet_context_t *gonet_context_with_deadline(gonet_context_t *parent,
                                                                       gonet_time_t d);

/* gonet_context_with_timeout sets the deadline d nanoseconds from now. Go: context.WithTimeout. */
GONET_API GONET_NODISCARD gonet_context_t *gonet_context_with_timeout(gonet_context_t *parent,
                                                                      gonet_duration_t d);

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

GONET_DEFINE_AUTO(gonet_context_t, gonet_context_free)

GONET_END_DECLS

#endif
