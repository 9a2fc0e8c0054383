/*
 * The conformance suite over a connection that a program has written: a table around TCP.
 */
#include <stdlib.h>

#include "conform/conform.h"

typedef struct {
    gonet_conn_t *inner;
    atomic_int closes;
} wrapper_t;

static atomic_int destroyed_open; /* destroy without a close before it */

static ssize_t wrapper_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    return gonet_conn_read(((wrapper_t *)self)->inner, p, len, err);
}

static int wrapper_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    return gonet_conn_write_count(((wrapper_t *)self)->inner, p, len, n, err);
}

static int wrapper_close(void *self, gonet_error_t **err)
{
    atomic_fetch_add(&((wrapper_t *)self)->closes, 1);
    return gonet_conn_close(((wrapper_t *)self)->inner, err);
}

static const gonet_addr_t *wrapper_local_addr(void *self)
{
    return gonet_conn_local_addr(((wrapper_t *)self)->inner);
}

static const gonet_addr_t *wrapper_remote_addr(void *self)
{
    return gonet_conn_remote_addr(((wrapper_t *)self)->inner);
}

static int wrapper_set_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return gonet_conn_set_deadline(((wrapper_t *)self)->inner, t, err);
}

static int wrapper_set_read_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return gonet_conn_set_read_deadline(((wrapper_t *)self)->inner, t, err);
}

static int wrapper_set_write_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return gonet_conn_set_write_deadline(((wrapper_t *)self)->inner, t, err);
}

static void wrapper_destroy(void *self)
{
    wrapper_t *w = self;

    if (atomic_load(&w->closes) == 0)
        atomic_fetch_add(&destroyed_open, 1);
    CHECK_INT(atomic_load(&destroyed_open), 0);
    gonet_conn_free(w->inner);
    free(w);
}

static gonet_conn_t *wrapper_net_conn(void *self)
{
    return ((wrapper_t *)self)->inner;
}

static int wrapper_wait_readable(void *self, gonet_error_t **err)
{
    return gonet_conn_wait_readable(((wrapper_t *)self)->inner, err);
}

static const gonet_conn_vtable_t wrapper_vtable = {
    .size = sizeof(gonet_conn_vtable_t),
    .read = wrapper_read,
    .write = wrapper_write,
    .close = wrapper_close,
    .local_addr = wrapper_local_addr,
    .remote_addr = wrapper_remote_addr,
    .set_deadline = wrapper_set_deadline,
    .set_read_deadline = wrapper_set_read_deadline,
    .set_write_deadline = wrapper_set_write_deadline,
    .destroy = wrapper_destroy,
    .net_conn = wrapper_net_conn,
    .wait_readable = wrapper_wait_readable,
};

static gonet_conn_t *wrap(gonet_conn_t *inner)
{
    wrapper_t *w = malloc(sizeof(*w));
    gonet_conn_t *c;

    if (w == NULL)
        abort();
    w->inner = inner;
    atomic_init(&w->closes, 0);
    c = gonet_conn_new(&wrapper_vtable, w);
    CHECK(gonet_conn_self(c, &wrapper_vtable) == w);
    CHECK(gonet_conn_net_conn(c) == inner);
    return c;
}

/* Likewise, but with a table of one function; the rest is the inner one's. */
static const gonet_conn_vtable_t embeds_vtable = {
    .size = sizeof(gonet_conn_vtable_t), .read = wrapper_read, .destroy = free};

static gonet_conn_t *embed(gonet_conn_t *inner)
{
    wrapper_t *w = calloc(1, sizeof(*w));

    if (w == NULL)
        abort();
    w->inner = inner;
    return gonet_conn_wrap(inner, &embeds_vtable, w);
}

static bool make(const conform_kind_t *kind, gonet_conn_t **a, gonet_conn_t **b)
{
    if (!net_pair(kind->network, a, b))
        return false;
    *a = wrap(*a);
    *b = wrap(wrap(*b));
    return true;
}

static bool make_embedding(const conform_kind_t *kind, gonet_conn_t **a, gonet_conn_t **b)
{
    if (!net_pair(kind->network, a, b))
        return false;
    *a = embed(*a);
    *b = embed(wrap(*b));
    return CHECK(*a != NULL) && CHECK(*b != NULL);
}

#define AS_TCP                                                              \
    .network = "tcp", .stream = true, .closed = &gonet_err_closed,          \
    .second_close = "close tcp <L>-><R>: use of closed network connection", \
    .read_timeout = "read tcp <L>-><R>: i/o timeout",                       \
    .write_timeout = "write tcp <L>-><R>: i/o timeout",                     \
    .read_closed = "read tcp <L>-><R>: use of closed network connection",   \
    .write_closed = "write tcp <L>-><R>: use of closed network connection"

int main(void)
{
    const conform_kind_t kinds[] = {{.name = "user", .make = make, AS_TCP},
                                    {.name = "embedding", .make = make_embedding, AS_TCP}};

    return conform_run(kinds, 2);
}
