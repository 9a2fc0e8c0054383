/*
 * A context and a deadline, as one.
 */
#include "resolve/limit.h"

#include "error/error.h"
#include "runtime/clock.h"
#include "runtime/context.h"

int64_t gonet__limit_deadline(const gonet__limit_t *limit)
{
    return gonet__earlier(limit->deadline, gonet__context_deadline_ns(limit->ctx));
}

gonet_error_t *gonet__limit_ended(const gonet__limit_t *limit)
{
    gonet_error_t *e = limit->ctx == NULL ? NULL : gonet_context_err(limit->ctx);

    if (e != NULL)
        return gonet__map_context_error(gonet_error_ref(e));
    if (limit->deadline != 0 && gonet__now() >= limit->deadline)
        return gonet__err_dial_timeout;
    return NULL;
}

bool gonet__limit_over(const gonet__limit_t *limit)
{
    gonet_error_t *e = gonet__limit_ended(limit);

    gonet_error_free(e);
    return e != NULL;
}
