/*
 * Copies that the kernel makes, where Go lets it: from a TCP or unix stream to a TCP connection,
 * from TCP to a unix stream, from a file to either, and from either to a file. Everything else, and
 * what the kernel refuses, is a copy with a buffer.
 */
#include "conn/stream.h"
#include "conn/tcp.h"
#include "socket/fd_copy.h"

/* What r reads from, looking through a limited reader. */
typedef struct {
    gonet_reader_t *r;
    gonet_limited_reader_t *limited; /* NULL: none */
    int64_t limit;                   /* < 0: none */
} source_t;

static source_t source_of(gonet_reader_t *r)
{
    source_t s = {r, NULL, -1};

    if (r != NULL && GONET__OBJECT(r)->type == GONET__TYPE_LIMITED_READER) {
        s.limited = (gonet_limited_reader_t *)r;
        s.r = s.limited->r;
        s.limit = s.limited->n < 0 ? 0 : s.limited->n;
    }
    return s;
}

static void took(source_t *s, int64_t n)
{
    if (s->limited != NULL)
        s->limited->n -= n;
}

/* The stream socket that o is, so that bytes can be moved inside the kernel, or NULL. */
static gonet__sock_t *stream_sock(void *o)
{
    gonet__sock_t *s = gonet__object_sock(o);

    if (s == NULL || !s->fd.stream)
        return NULL;
    return s;
}

/* The reasons keep the name of the call that Go uses for this. */
static gonet_error_t *relay_error(gonet__fail_t *fail)
{
    if (fail->kind == GONET__FAIL_SYSCALL)
        fail->syscall = "splice";
    return gonet__fail_error(fail);
}

/* From socket to socket; *inner is the reason of a failure. */
static int relay(gonet__sock_t *dst, gonet__sock_t *src, int64_t limit, int64_t *n,
                 gonet_error_t **inner)
{
    gonet__fd_t *failed;
    gonet__fail_t fail;
    int result = 0;

    gonet__fd_hold(&dst->fd);
    gonet__fd_hold(&src->fd);
    if (gonet__fd_relay(&dst->fd, &src->fd, limit, n, NULL, &failed, &fail) ==
        GONET__RELAY_FAILED) {
        *inner = relay_error(&fail);
        gonet__fd_unhold(failed);
        result = -1;
    }
    gonet__fd_unhold(&src->fd);
    gonet__fd_unhold(&dst->fd);
    return result;
}

/* From a file; *handled is false if another way must be tried. */
static int send_file(gonet__sock_t *dst, int in, int64_t limit, int64_t *n, bool *handled,
                     gonet_error_t **inner)
{
    gonet__fail_t fail;

    if (gonet__fd_sendfile(&dst->fd, in, limit, n, handled, &fail))
        return 0;
    *inner = gonet__fail_error(&fail);
    gonet__fd_unhold(&dst->fd);
    return -1;
}

/* The rest of a copy that the kernel does not go on with. */
static int copy_rest(gonet_writer_t *dst, gonet_reader_t *r, int64_t *n, gonet_error_t **err)
{
    int64_t more;
    int result = gonet__copy_buffered(dst, r, &more, err);

    *n += more;
    return result;
}

static int read_from(gonet__sock_t *dst, gonet_reader_t *r, int64_t *n, gonet_error_t **inner)
{
    source_t source = source_of(r);
    gonet__sock_t *sock;
    bool handled = false;
    int result = 0;

    if (source.limit == 0)
        return 0;
    sock = stream_sock(source.r);
    if (sock != NULL) {
        result = relay(dst, sock, source.limit, n, inner);
        took(&source, *n);
        return result;
    }
    if (source.r != NULL && GONET__OBJECT(source.r)->type == GONET__TYPE_FILE_READER) {
        result = send_file(dst, gonet__file_object_number((const gonet__file_object_t *)source.r),
                           source.limit, n, &handled, inner);
        took(&source, *n);
    }
    if (!handled && result == 0)
        result = copy_rest((gonet_writer_t *)dst, r, n, inner);
    return result;
}

int gonet__tcp_conn_read_from(void *self, gonet_reader_t *r, int64_t *n, gonet_error_t **err)
{
    gonet__sock_t *s = self;
    gonet_error_t *inner = NULL;
    int result;

    *n = 0;
    gonet__error_clear(err);
    if (r == NULL)
        return gonet__no_object(err);
    gonet__fd_hold(&s->fd);
    result = read_from(s, r, n, &inner);
    if (result != 0)
        gonet_error_set(err, gonet__sock_op_error(s, "readfrom", GONET__SHAPE_BOTH, inner));
    gonet__fd_unhold(&s->fd);
    return result;
}

int gonet__tcp_conn_write_to(void *self, gonet_writer_t *w, int64_t *n, gonet_error_t **err)
{
    gonet__sock_t *s = self;
    gonet__sock_t *dst = stream_sock(w);
    gonet_error_t *inner = NULL;
    int result;

    *n = 0;
    gonet__error_clear(err);
    if (w == NULL)
        return gonet__no_object(err);
    gonet__fd_hold(&s->fd);
    if (dst != NULL && dst->object.type == GONET__TYPE_UNIX_CONN)
        result = relay(dst, s, -1, n, &inner);
    else
        result = gonet__copy_from(w, (gonet_reader_t *)s, n, &inner);
    if (result != 0)
        gonet_error_set(err, gonet__sock_op_error(s, "writeto", GONET__SHAPE_BOTH, inner));
    gonet__fd_unhold(&s->fd);
    return result;
}

gonet__copy_offer_t gonet__file_write_to(gonet_file_reader_t *r, gonet_writer_t *w, int64_t *n,
                                         gonet_error_t **err)
{
    gonet__sock_t *dst = stream_sock(w);
    gonet_error_t *inner = NULL;
    bool handled = false;
    int result;

    if (dst == NULL || dst->object.type != GONET__TYPE_UNIX_CONN)
        return GONET__OFFERED_NOT;
    result = send_file(dst, gonet__file_object_number(&r->base), -1, n, &handled, &inner);
    if (result != 0)
        gonet_error_set(err, gonet__sock_op_error(dst, "write", GONET__SHAPE_BOTH, inner));
    else if (!handled)
        result = copy_rest(w, (gonet_reader_t *)r, n, err);
    return result == 0 ? GONET__OFFERED_DONE : GONET__OFFERED_FAILED;
}

/* From a socket to a file. */
static int receive_file(int out, gonet__sock_t *src, int64_t limit, int64_t *n, bool *handled,
                        gonet_error_t **err)
{
    gonet__fail_t fail;
    int errnum;

    if (gonet__fd_to_file(out, &src->fd, limit, n, handled, &errnum, &fail))
        return 0;
    if (errnum != 0) {
        gonet_error_set(err, gonet_syscall_error_new("write", errnum));
        return -1;
    }
    if (fail.kind == GONET__FAIL_SYSCALL)
        fail.syscall = "read"; /* as when it goes through a buffer */
    return gonet__sock_fail(src, "read", GONET__SHAPE_BOTH, &fail, err);
}

gonet__copy_offer_t gonet__file_read_from(gonet_file_writer_t *w, gonet_reader_t *r, int64_t *n,
                                          gonet_error_t **err)
{
    source_t source = source_of(r);
    gonet__sock_t *src = stream_sock(source.r);
    bool handled = false;
    int result;

    if (src == NULL)
        return GONET__OFFERED_NOT;
    result = receive_file(gonet__file_object_number(&w->base), src, source.limit, n, &handled, err);
    took(&source, *n);
    if (result == 0 && !handled)
        result = copy_rest((gonet_writer_t *)w, r, n, err);
    return result == 0 ? GONET__OFFERED_DONE : GONET__OFFERED_FAILED;
}
