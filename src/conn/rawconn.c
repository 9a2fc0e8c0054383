/*
 * Raw connections: a user's function is called with the descriptor while a reference or a side's
 * lock keeps it open. They hold the memory of what they came from, not its descriptor. From the
 * first call on, the socket's readiness can't be concluded any more.
 */
#include "conn/rawconn.h"

#include "base/alloc.h"
#include "gonet/errno.h"

struct gonet_raw_conn {
    _Atomic uint32_t refs;
    gonet__raw_kind_t kind;
    gonet__sock_t *sock;
};

gonet_raw_conn_t *gonet__raw_conn_new(gonet__sock_t *s, gonet__raw_kind_t kind, gonet_error_t **err)
{
    gonet_raw_conn_t *c = gonet__alloc(sizeof(*c));

    if (c == NULL) {
        gonet_error_set(err, gonet_err_no_memory);
        return NULL;
    }
    atomic_init(&c->refs, 1);
    c->kind = kind;
    c->sock = s;
    gonet__fd_hold(&s->fd);
    return c;
}

gonet_raw_conn_t *gonet__sock_syscall_conn(void *self, gonet_error_t **err)
{
    return gonet__raw_conn_new(self, GONET__RAW_CONN, err);
}

gonet_raw_conn_t *gonet__sock_listener_syscall_conn(void *self, gonet_error_t **err)
{
    return gonet__raw_conn_new(self, GONET__RAW_LISTENER, err);
}

gonet_raw_conn_t *gonet_raw_conn_ref(gonet_raw_conn_t *c)
{
    if (c != NULL)
        atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void gonet_raw_conn_free(gonet_raw_conn_t *c)
{
    if (c == NULL || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    gonet__fd_unhold(&c->sock->fd);
    gonet__free(c);
}

int gonet_raw_conn_control(gonet_raw_conn_t *c, void (*f)(void *arg, int fd), void *arg,
                           gonet_error_t **err)
{
    gonet__fd_callback_t frame;
    gonet__fail_t fail;
    gonet__fd_t *fd;

    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    fd = &c->sock->fd;
    if (!gonet__fd_ref(fd, &fail))
        return gonet__sock_fail(c->sock, "raw-control", GONET__SHAPE_LOCAL, &fail, err);
    atomic_store(&fd->exported, true);
    gonet__fd_callback_enter(fd, -1, &frame);
    f(arg, fd->pd.fd);
    gonet__fd_callback_leave(&frame);
    gonet__fd_unref(fd);
    return 0;
}

/* A function that wants to wait on a socket that is not yet connected or listening. */
static int cannot_wait(gonet_raw_conn_t *c, gonet__side_t side, const char *op, gonet_error_t **err)
{
    gonet__sock_t *s = c->sock;
    gonet__fail_t fail;

    gonet__fd_end_fail(&s->fd, side, &fail, GONET__FAIL_ERRNO, NULL, EINVAL);
    gonet_error_set(err,
                    gonet__sock_op_error(s, op, GONET__SHAPE_BOTH, gonet__err_unsupported_file));
    gonet__fd_unhold(&s->fd);
    return -1;
}

static int call_until_done(gonet_raw_conn_t *c, gonet__side_t side, const char *op,
                           bool (*f)(void *arg, int fd), void *arg, gonet_error_t **err)
{
    gonet__fd_callback_t frame;
    gonet__fail_t fail;
    gonet__fd_t *fd;

    gonet__error_clear(err);
    if (c == NULL || c->kind == GONET__RAW_LISTENER)
        return gonet__no_object(err);
    fd = &c->sock->fd;
    if (!gonet__fd_begin(fd, side, &fail))
        return gonet__sock_fail(c->sock, op, GONET__SHAPE_BOTH, &fail, err);
    atomic_store(&fd->exported, true);
    for (;;) {
        bool done;

        gonet__fd_callback_enter(fd, (int)side, &frame);
        done = f(arg, fd->pd.fd);
        gonet__fd_callback_leave(&frame);
        if (done)
            break;
        if (c->kind == GONET__RAW_CONTROL)
            return cannot_wait(c, side, op, err);
        if (!gonet__fd_wait(fd, side, &fail))
            return gonet__sock_fail(c->sock, op, GONET__SHAPE_BOTH, &fail, err);
    }
    gonet__fd_end(fd, side);
    return 0;
}

int gonet_raw_conn_read(gonet_raw_conn_t *c, bool (*f)(void *arg, int fd), void *arg,
                        gonet_error_t **err)
{
    return call_until_done(c, GONET__SIDE_READ, "raw-read", f, arg, err);
}

int gonet_raw_conn_write(gonet_raw_conn_t *c, bool (*f)(void *arg, int fd), void *arg,
                         gonet_error_t **err)
{
    return call_until_done(c, GONET__SIDE_WRITE, "raw-write", f, arg, err);
}
