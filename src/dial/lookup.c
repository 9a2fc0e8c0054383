/*
 * Whether an operation is over before it began.
 */
#include "dial/lookup.h"

#include "error/error.h"
#include "resolve/limit.h"

gonet_error_t *gonet__ended(gonet_context_t *ctx, int64_t deadline)
{
    gonet__limit_t limit = {.ctx = ctx, .deadline = deadline};

    return gonet__limit_ended(&limit);
}
