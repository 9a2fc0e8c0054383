/*
 * Several pieces of memory written as one.
 */
#include "gonet/buffers.h"

#include <string.h>

#include "base/alloc.h"
#include "conn/sock.h"

#define FEW 8 /* pieces that need no allocation */

/* Takes n bytes off the front; a piece that is empty by then goes, too. */
static void consume(gonet_buffers_t *v, size_t n)
{
    while (v->n > 0 && v->v->iov_len <= n) {
        n -= v->v->iov_len;
        v->v++;
        v->n--;
    }
    if (v->n > 0) {
        v->v->iov_base = (char *)v->v->iov_base + n;
        v->v->iov_len -= n;
    }
}

/* On a connection of the library: one system call for many pieces. */
static int64_t write_sock(gonet_buffers_t *v, gonet__sock_t *s, gonet_error_t **err)
{
    gonet__fail_t fail;
    int64_t n;

    if (gonet__fd_writev(&s->fd, &v->v, &v->n, &n, &fail))
        return n;
    return gonet__sock_fail(s, "writev", GONET__SHAPE_BOTH, &fail, err);
}

int gonet__sock_write_buffers(void *self, const struct iovec *v, size_t count, size_t *n,
                              gonet_error_t **err)
{
    struct iovec few[FEW], *all = count > FEW ? gonet__calloc(count, sizeof(*v)) : few, *left = all;
    gonet__sock_t *s = self;
    gonet__fail_t fail;
    int64_t done;
    bool ok;

    if (all == NULL) {
        gonet_error_set(err, gonet_err_no_memory);
        return -1;
    }
    if (count > 0)
        memcpy(all, v, count * sizeof(*v));
    ok = gonet__fd_writev(&s->fd, &left, &count, &done, &fail);
    *n = (size_t)done;
    if (all != few)
        gonet__free(all);
    return ok ? 0 : gonet__sock_fail(s, "writev", GONET__SHAPE_BOTH, &fail, err);
}

/* One write after the other. */
static int write_each(gonet_writer_t *w, const struct iovec *v, size_t count, size_t *n,
                      gonet_error_t **err)
{
    int result = 0;

    for (size_t i = 0; i < count && result == 0; i++) {
        size_t done = 0;

        result = gonet_writer_write_count(w, v[i].iov_base, v[i].iov_len, &done, err);
        *n += done;
    }
    return result;
}
/* The connection whose slot it is, unless it has a write of its own. */
static gonet_conn_t *for_buffers(gonet_conn_t *c)
{
    return (gonet_conn_t *)gonet__object_for(GONET__OBJECT(c),
                                             offsetof(gonet_conn_vtable_t, write_buffers),
                                             offsetof(gonet_conn_vtable_t, write));
}

int gonet_conn_write_buffers(gonet_conn_t *c, const struct iovec *v, size_t count, size_t *n,
                             gonet_error_t **err)
{
    int (*write_buffers)(void *, const struct iovec *, size_t, size_t *, gonet_error_t **) = NULL;
    size_t done = 0, len = 0;
    gonet__call_t call;
    int result;

    if (n == NULL)
        n = &done;
    *n = 0;
    c = for_buffers(c);
    if (c != NULL) {
        const gonet_conn_vtable_t *vt = c->object.vtable;

        write_buffers = GONET__SLOT(vt, gonet_conn_vtable_t, write_buffers);
        if (write_buffers == NULL) {
            gonet__error_clear(err);
            return write_each((gonet_writer_t *)c, v, count, n, err);
        }
    }
    if (!gonet__call_begin(&call, GONET__OBJECT(c), "write_buffers", write_buffers != NULL, err))
        return -1;
    for (size_t i = 0; i < count; i++)
        len += v[i].iov_len;
    result = write_buffers(c->object.self, v, count, n, &call.e);
    return gonet__call_end_write(&call, result, n, len);
}

int64_t gonet_buffers_write_to(gonet_buffers_t *v, gonet_writer_t *w, gonet_error_t **err)
{
    gonet__sock_t *sock;
    bool is_conn;
    size_t n = 0;
    int result;

    gonet__error_clear(err);
    if (w == NULL)
        return gonet__no_object(err);
    is_conn = GONET__OBJECT(w)->kind == GONET__KIND_CONN;
    if (is_conn)
        w = (gonet_writer_t *)for_buffers((gonet_conn_t *)w);
    sock = gonet__object_sock(w);
    if (sock != NULL)
        return write_sock(v, sock, err);
    result = is_conn ? gonet_conn_write_buffers((gonet_conn_t *)w, v->v, v->n, &n, err)
                     : write_each(w, v->v, v->n, &n, err);
    consume(v, n);
    return result == 0 ? (int64_t)n : -1;
}

ssize_t gonet_buffers_read(gonet_buffers_t *v, void *p, size_t len, gonet_error_t **err)
{
    size_t n = 0;

    gonet__error_clear(err);
    for (size_t i = 0; i < v->n && n < len; i++) {
        size_t piece = v->v[i].iov_len < len - n ? v->v[i].iov_len : len - n;

        if (piece > 0)
            memcpy((char *)p + n, v->v[i].iov_base, piece);
        n += piece;
    }
    if (len > 0)
        consume(v, n);
    if (n == 0 && v->n == 0)
        gonet_error_set(err, gonet_eof);
    return (ssize_t)n;
}
