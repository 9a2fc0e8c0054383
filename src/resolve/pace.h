/*
 * How fast questions leave.
 */
#ifndef GONET_RESOLVE_PACE_H
#define GONET_RESOLVE_PACE_H

#include <stdint.h>

#include "gonet/context.h"
#include "gonet/error.h"

/* gonet__pace waits for a turn to ask, if so many others are unanswered that it has to be waited
 * for. NULL, or the error (new reference) if ctx has ended. */
gonet_error_t *gonet__pace(unsigned unanswered, gonet_context_t *ctx, int64_t deadline);

#endif
