/*
 * What calls that end with their caller's context (gonet_context_run) say: see sched/under.h.
 */
#ifndef GONET_RUNTIME_SYNC_CONTEXT_RUN_H
#define GONET_RUNTIME_SYNC_CONTEXT_RUN_H

#include "gonet/context.h"
#include "runtime/sched/under.h"

/* gonet__under_look is the slow part of gonet__under_error. */
gonet_error_t *gonet__under_look(void);

/* gonet__under_error returns why the caller's context has ended (static); NULL: it has not, or
 * there is none. */
static inline gonet_error_t *gonet__under_error(void)
{
    return gonet__alerted(GONET__ALERT_UNDER) ? gonet__under_look() : NULL;
}

#endif
