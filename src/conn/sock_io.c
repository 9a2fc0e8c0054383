/*
 * What every connection on a socket does alike: read, write, close, deadlines, shutdown,
 * duplicates. The way down is the descriptor's; here the error gets its operation and addresses.
 */
#include "conn/sock.h"

#include "socket/fd_inline.h"
#include "socket/sockopt.h"

#define BOTH_SIDES (1u << GONET__SIDE_READ | 1u << GONET__SIDE_WRITE)

/* The end of a stream is told bare; everything else as an OpError. */
static ssize_t read_failed(gonet__sock_t *s, const gonet__fail_t *fail, gonet_error_t **err)
{
    if (fail->kind == GONET__FAIL_EOF) {
        gonet_error_set(err, gonet_eof);
        gonet__fd_unhold(&s->fd);
        return 0;
    }
    return gonet__sock_fail(s, "read", GONET__SHAPE_BOTH, fail, err);
}

ssize_t gonet__sock_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    gonet__sock_t *s = self;
    gonet__fail_t fail;
    ssize_t n = gonet__fd_read(&s->fd, p, len, &fail);

    return n >= 0 ? n : read_failed(s, &fail, err);
}

ssize_t gonet__sock_read_lazy(gonet__sock_t *s, size_t max, void **buffer, gonet_error_t **err)
{
    gonet__fail_t fail;
    ssize_t n = gonet__fd_read_lazy(&s->fd, max, buffer, &fail);

    return n >= 0 ? n : read_failed(s, &fail, err);
}

int gonet__sock_wait_readable(void *self, gonet_error_t **err)
{
    gonet__sock_t *s = self;
    gonet__fail_t fail;

    if (gonet__fd_wait_readable(&s->fd, &fail))
        return 0;
    return gonet__sock_fail(s, "read", GONET__SHAPE_BOTH, &fail, err);
}

int gonet__sock_leave_unborn(void *self, void (*fn)(void *arg), void *arg, gonet_error_t **err)
{
    gonet__sock_t *s = self;
    gonet__fail_t fail;

    if (gonet__fd_leave_unborn(&s->fd, fn, arg, &fail))
        return 0;
    return gonet__sock_fail(s, "read", GONET__SHAPE_BOTH, &fail, err);
}

int gonet__sock_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    gonet__sock_t *s = self;
    gonet__fail_t fail;

    if (gonet__fd_write(&s->fd, p, len, n, &fail))
        return 0;
    return gonet__sock_fail(s, "write", GONET__SHAPE_BOTH, &fail, err);
}

/* A listener has no remote address, so its errors show the local one (behaviour 11.12). */
static gonet__shape_t own_shape(const gonet__sock_t *s)
{
    return s->object.kind == GONET__KIND_LISTENER ? GONET__SHAPE_LOCAL : GONET__SHAPE_BOTH;
}

int gonet__sock_close(void *self, gonet_error_t **err)
{
    gonet__sock_t *s = self;
    gonet__fail_t fail;

    if (gonet__fd_close(&s->fd, &fail))
        return 0;
    return gonet__sock_fail(s, "close", own_shape(s), &fail, err);
}

void gonet__sock_release(void *self)
{
    gonet__sock_t *s = self;
    gonet__fail_t fail;

    if (!gonet__fd_close(&s->fd, &fail))
        gonet__fd_unhold(&s->fd);
    gonet__fd_unhold(&s->fd);
}

static int set_deadline(gonet__sock_t *s, unsigned sides, gonet_time_t t, gonet_error_t **err)
{
    gonet__fail_t fail;

    if (gonet__fd_set_deadline(&s->fd, sides, t.ns, &fail))
        return 0;
    return gonet__sock_fail(s, "set", GONET__SHAPE_LOCAL, &fail, err);
}

int gonet__sock_set_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return set_deadline(self, BOTH_SIDES, t, err);
}

int gonet__sock_set_read_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return set_deadline(self, 1u << GONET__SIDE_READ, t, err);
}

int gonet__sock_set_write_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return set_deadline(self, 1u << GONET__SIDE_WRITE, t, err);
}

/* Unlike a connection's, a listener's error is bare (behaviour 10.9). */
int gonet__sock_listener_set_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    gonet__sock_t *s = self;
    gonet__fail_t fail;

    if (gonet__fd_set_deadline(&s->fd, BOTH_SIDES, t.ns, &fail))
        return 0;
    gonet_error_set(err, gonet__fail_error(&fail));
    gonet__fd_unhold(&s->fd);
    return -1;
}

static int shut(gonet__sock_t *s, int how, gonet_error_t **err)
{
    gonet__fail_t fail;

    if (gonet__fd_shutdown(&s->fd, how, &fail))
        return 0;
    return gonet__sock_fail(s, "close", GONET__SHAPE_BOTH, &fail, err);
}

int gonet__sock_close_read(void *self, gonet_error_t **err)
{
    return shut(self, SHUT_RD, err);
}

int gonet__sock_close_write(void *self, gonet_error_t **err)
{
    return shut(self, SHUT_WR, err);
}

int gonet__sock_file(void *self, gonet_error_t **err)
{
    gonet__sock_t *s = self;
    gonet__fail_t fail;
    int copy = gonet__fd_dup(&s->fd, &fail);

    if (copy >= 0)
        return copy;
    return gonet__sock_fail(s, "file", own_shape(s), &fail, err);
}

static int set_buffer(gonet__sock_t *s, int name, int bytes, gonet_error_t **err)
{
    gonet__fail_t fail;

    if (gonet__fd_set_int_option(&s->fd, SOL_SOCKET, name, bytes, &fail))
        return 0;
    return gonet__sock_fail(s, "set", GONET__SHAPE_LOCAL, &fail, err);
}

int gonet__sock_set_read_buffer(gonet__sock_t *s, int bytes, gonet_error_t **err)
{
    return set_buffer(s, SO_RCVBUF, bytes, err);
}

int gonet__sock_set_write_buffer(gonet__sock_t *s, int bytes, gonet_error_t **err)
{
    return set_buffer(s, SO_SNDBUF, bytes, err);
}
