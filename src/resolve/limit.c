/*
 * A context and a deadline, as one.
 */
#include "resolve/limit.h"

#include "error/error.h"
#include "runtime/time/clock.h"
#include "runtime/sync/context.h"
#include "runtime/sync/context_run.h"

int64_t gonet__limit_deadline(const gonet__limit_t *limit)
{
    return gonet__earlier(limit->deadline, gonet__context_deadline_ns(limit->ctx));
}

gonet_error_t *gonet__limit_ended(const gonet__limit_t *limit)
{
    gonet_error_t *e = limit->ctx == NULL ? NULL : gonet__context_err(limit->ctx);

    if (e == NULL)
        e = gonet__under_error();
    if (e != NULL)
        return gonet__map_context_error(gonet_error_ref(e));
    if (limit->deadline != 0 && gonet__now() >= limit->deadline)
        return gonet__err_dial_timeout;
    return gonet__wait_ending() ? gonet_err_closed : NULL;
}

bool gonet__limit_over(const gonet__limit_t *limit)
{
    gonet_error_t *e = gonet__limit_ended(limit);

    gonet_error_free(e);
    return e != NULL;
}

gonet__wait_state_t gonet__wait_within(gonet__wait_t *w, gonet_context_t *ctx, int64_t deadline,
                                       const char *why)
{
    gonet__context_watch_t watch;
    gonet__wait_state_t state = GONET__WAIT_CLAIMED;

    /* a context that has ended already ends the wait itself */
    if (gonet__context_watch(&watch, ctx, gonet__context_claim, w))
        state = gonet__wait_for(w, deadline, 0, why);
    gonet__context_unwatch(&watch);
    return state;
}

gonet_error_t *gonet__refused(const gonet__limit_t *limit, const char *name)
{
    if (!gonet__wait_ending())
        return NULL;
    gonet__wait_told(gonet__limit_deadline(limit));
    return gonet__dns_error_from(gonet_err_closed, name, "");
}
