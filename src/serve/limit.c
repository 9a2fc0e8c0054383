/*
 * A listener that accepts from another one while fewer than so many of its connections are open.
 * What they share outlives the listener.
 */
#include "gonet/serve.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "gonet/errno.h"
#include "gonet/sync.h"

typedef struct {
    gonet_mutex_t lock; /* guards the rest */
    gonet_cond_t changed;
    unsigned owners; /* the listener, and the connections */
    unsigned free;   /* places for connections */
    bool closed;
    gonet_time_t deadline;   /* the listener's */
    gonet_listener_t *inner; /* as long as the listener lives */
} limit_t;

typedef struct {
    limit_t *limit;
    gonet_conn_t *inner;
    _Atomic bool closed;
} limited_t;

static void disown(limit_t *limit)
{
    bool last;

    gonet_mutex_lock(&limit->lock);
    last = --limit->owners == 0;
    gonet_mutex_unlock(&limit->lock);
    if (last)
        gonet__free(limit);
}

static void give_back(limit_t *limit)
{
    gonet_mutex_lock(&limit->lock);
    limit->free++;
    gonet_cond_signal(&limit->changed);
    gonet_mutex_unlock(&limit->lock);
}

/* ---- connections ---- */

static int conn_close(void *self, gonet_error_t **err)
{
    limited_t *l = self;
    int result = gonet_conn_close(l->inner, err);

    if (!atomic_exchange(&l->closed, true))
        give_back(l->limit);
    return result;
}

static void conn_destroy(void *self)
{
    limited_t *l = self;

    if (!atomic_exchange(&l->closed, true))
        give_back(l->limit);
    disown(l->limit);
    gonet__free(l);
}

static const gonet_conn_vtable_t conn_vtable = {
    .size = sizeof(gonet_conn_vtable_t), .close = conn_close, .destroy = conn_destroy};

/* Takes inner, and the place that the caller has. */
static gonet_conn_t *wrap(limit_t *limit, gonet_conn_t *inner, gonet_error_t **err)
{
    limited_t *l = gonet__alloc(sizeof(*l));
    gonet_conn_t *c;

    if (l == NULL) {
        gonet_conn_free(inner);
        give_back(limit);
        gonet_error_set(err, gonet_err_no_memory);
        return NULL;
    }
    *l = (limited_t){.limit = limit, .inner = inner};
    gonet_mutex_lock(&limit->lock);
    limit->owners++;
    gonet_mutex_unlock(&limit->lock);
    c = gonet_conn_wrap(inner, &conn_vtable, l); /* which destroys l without memory */
    if (c == NULL)
        gonet_error_set(err, gonet_err_no_memory);
    return c;
}

/* ---- the listener ---- */

/* Why a wait until a deadline has failed; NULL: it is to be repeated, for that has been moved. What
 * ends it before is gonet_shutdown, or the context that the caller runs under. */
static gonet_error_t *why(const limit_t *limit, gonet_time_t until)
{
    if (errno != ETIMEDOUT)
        return gonet_err_closed;
    if (until.ns == 0 || gonet_until(until) > 0)
        return gonet_err_context_deadline_exceeded;
    return limit->deadline.ns == until.ns ? gonet_err_deadline_exceeded : NULL;
}

/* Takes a place, waiting for one as an accept waits. */
static bool take_place(limit_t *limit, gonet_error_t **err)
{
    const gonet_addr_t *addr = gonet_listener_addr(limit->inner);
    gonet_error_t *e = NULL;

    gonet_mutex_lock(&limit->lock);
    while (limit->free == 0 && !limit->closed && e == NULL) {
        gonet_time_t until = limit->deadline;

        if (!gonet_cond_wait_until(&limit->changed, &limit->lock, until))
            e = why(limit, until);
    }
    if (e == NULL && limit->closed)
        e = gonet_err_closed;
    if (e == NULL)
        limit->free--;
    gonet_mutex_unlock(&limit->lock);
    if (e != NULL)
        gonet_error_set(err, gonet_op_error_new("accept", gonet_addr_network(addr), NULL, addr, e));
    return e == NULL;
}

static gonet_conn_t *accept_slot(void *self, gonet_error_t **err)
{
    limit_t *limit = self;
    gonet_conn_t *inner;

    if (!take_place(limit, err))
        return NULL;
    inner = gonet_listener_accept(limit->inner, err);
    if (inner != NULL)
        return wrap(limit, inner, err);
    give_back(limit);
    return NULL;
}

static int close_slot(void *self, gonet_error_t **err)
{
    limit_t *limit = self;

    gonet_mutex_lock(&limit->lock);
    limit->closed = true;
    gonet_cond_broadcast(&limit->changed);
    gonet_mutex_unlock(&limit->lock);
    return gonet_listener_close(limit->inner, err);
}

static int set_deadline_slot(void *self, gonet_time_t t, gonet_error_t **err)
{
    limit_t *limit = self;

    gonet_mutex_lock(&limit->lock);
    limit->deadline = t;
    gonet_cond_broadcast(&limit->changed);
    gonet_mutex_unlock(&limit->lock);
    return gonet_listener_set_deadline(limit->inner, t, err);
}

static void destroy_slot(void *self)
{
    disown(self);
}

static const gonet_listener_vtable_t listener_vtable = {.size = sizeof(gonet_listener_vtable_t),
                                                        .accept = accept_slot,
                                                        .close = close_slot,
                                                        .destroy = destroy_slot,
                                                        .set_deadline = set_deadline_slot};

gonet_listener_t *gonet_limit_listener(gonet_listener_t *l, unsigned n)
{
    limit_t *limit = n > 0 ? gonet__zalloc(sizeof(*limit)) : NULL;

    if (limit == NULL) {
        gonet_listener_free(l);
        return NULL;
    }
    limit->owners = 1;
    limit->free = n;
    limit->inner = l;
    return gonet_listener_wrap(l, &listener_vtable, limit);
}
