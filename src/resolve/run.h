/*
 * Lookups run in tasks: what a task waits for, a plain thread has done by one.
 */
#ifndef GONET_RESOLVE_RUN_H
#define GONET_RESOLVE_RUN_H

#include "gonet/error.h"
#include "resolve/limit.h"

/* gonet__run_in_task calls fn(arg) in the caller's task, or for a thread in a new one, and returns
 * when fn has. NULL; or why no task could be started, and fn was not called: no memory, or a
 * DNSError that speaks of name, since the runtime is ending. */
gonet_error_t *gonet__run_in_task(void (*fn)(void *arg), void *arg, const gonet__limit_t *limit,
                                  const char *name);

/* gonet__refused returns the DNSError of a task's lookup of name that begins when the runtime is
 * ending, or NULL. It may park, within limit. */
gonet_error_t *gonet__refused(const gonet__limit_t *limit, const char *name);

/* gonet__not_started tells from errno why gonet_go has started no task for a lookup of name. */
gonet_error_t *gonet__not_started(const char *name);

#endif
