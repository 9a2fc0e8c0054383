/*
 * How long a lookup may take, and who may end it.
 */
#ifndef GONET_RESOLVE_LIMIT_H
#define GONET_RESOLVE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "gonet/context.h"
#include "runtime/sched/wait.h"

typedef struct {
    gonet_context_t *ctx; /* may be NULL */
    int64_t deadline;     /* monotonic ns, besides the context's; 0: none */
} gonet__limit_t;

/* gonet__limit_deadline returns the earliest deadline; 0: none. */
int64_t gonet__limit_deadline(const gonet__limit_t *limit);

/* gonet__limit_ended returns the mapped error ("i/o timeout", "operation was canceled"; new
 * reference) if the limit has been reached, gonet_err_closed in a task of a runtime that ends, or
 * NULL. */
gonet_error_t *gonet__limit_ended(const gonet__limit_t *limit);

/*
 * gonet__wait_within waits for w until deadline (0: none) or the end of ctx, which claims w with
 * GONET__CONTEXT_CANCELED as its value. w may have been claimed and woken already.
 */
gonet__wait_state_t gonet__wait_within(gonet__wait_t *w, gonet_context_t *ctx, int64_t deadline,
                                       const char *why);

/* gonet__limit_over says whether the limit has been reached. */
bool gonet__limit_over(const gonet__limit_t *limit);

/* gonet__refused returns the DNSError of a task's lookup of name that begins when the runtime is
 * ending, or NULL. It may park, within limit. */
gonet_error_t *gonet__refused(const gonet__limit_t *limit, const char *name);

#endif
