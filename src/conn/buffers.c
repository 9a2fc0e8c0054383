/*
 * Several pieces of memory written as one.
 */
#include "gonet/buffers.h"

#include <string.h>

#include "conn/sock.h"

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

int64_t gonet_buffers_write_to(gonet_buffers_t *v, gonet_writer_t *w, gonet_error_t **err)
{
    gonet__sock_t *sock = gonet__object_sock(w);
    size_t done = 0;
    int64_t n = 0;
    int result = 0;

    gonet__error_clear(err);
    if (w == NULL)
        return gonet__no_object(err);
    if (sock != NULL)
        return write_sock(v, sock, err);
    for (size_t i = 0; i < v->n && result == 0; i++) {
        result = gonet_writer_write_count(w, v->v[i].iov_base, v->v[i].iov_len, &done, err);
        n += (int64_t)done;
    }
    consume(v, (size_t)n);
    return result == 0 ? n : -1;
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
