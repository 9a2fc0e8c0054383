/*
 * Copying from a reader to a writer. A source on a socket is read into a buffer that is there only
 * while bytes are under way; any other keeps one as long as it copies.
 */
#include "conn/stream.h"

#include <string.h>

#include "conn/sock.h"
#include "gonet/task.h"
#include "socket/scratch.h"

/* Others get a turn after so many bytes at the latest. */
#define YIELD_BYTES ((size_t)4 << 20)

/* The next bytes from src, into the buffer: the one that is there, or one fetched for them. As
 * gonet_reader_read. */
static ssize_t fill(gonet_reader_t *src, void **buffer, gonet_error_t **err)
{
    gonet__sock_t *sock = gonet__object_sock(src);

    if (sock != NULL && sock->fd.stream)
        return gonet__sock_read_lazy(sock, GONET__COPY_SIZE, buffer, err);
    if (*buffer == NULL)
        *buffer = gonet__copy_buffer_get();
    if (*buffer == NULL) {
        gonet_error_set(err, gonet_err_no_memory);
        return -1;
    }
    return gonet_reader_read(src, *buffer, GONET__COPY_SIZE, err);
}

/* Hands len bytes on; *n grows by what dst took. */
static int drain(gonet_writer_t *dst, const void *p, size_t len, int64_t *n, gonet_error_t **err)
{
    size_t written = 0;
    int result = gonet_writer_write_count(dst, p, len, &written, err);

    if (written > len)
        written = len;
    *n += (int64_t)written;
    if (result == 0 && written < len) {
        gonet_error_set(err, gonet_err_short_write);
        return -1;
    }
    return result;
}

int gonet__copy_buffered(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n, gonet_error_t **err)
{
    void *buffer = NULL;
    bool lazy = gonet__object_sock(src) != NULL;
    size_t unyielded = 0;
    gonet_error_t *e = NULL;
    int result = -1;

    *n = 0;
    for (;;) {
        ssize_t got = fill(src, &buffer, &e);

        if (got < 0 || e != NULL) {
            result = got == 0 && e == gonet_eof ? 0 : -1;
            break;
        }
        if (got > 0 && drain(dst, buffer, (size_t)got, n, &e) != 0)
            break;
        if (lazy) {
            gonet__copy_buffer_put(buffer);
            buffer = NULL;
        }
        unyielded += (size_t)got;
        if (unyielded >= YIELD_BYTES) {
            unyielded = 0;
            gonet_yield();
        }
    }
    gonet__copy_buffer_put(buffer);
    if (result == 0) {
        gonet_error_free(e);
        e = NULL;
    }
    gonet_error_set(err, e);
    return result;
}

static gonet__copy_offer_t offered(int result)
{
    return result == 0 ? GONET__OFFERED_DONE : GONET__OFFERED_FAILED;
}

/* A user's slot tells no count when it fails. */
static gonet__copy_offer_t user_offered(const gonet__object_t *o, const char *slot, int64_t count,
                                        int64_t *n, gonet_error_t **err)
{
    *n = count < 0 ? 0 : count;
    if (count < 0 && *err == NULL)
        *err = gonet__slot_error(o, slot);
    return offered(count < 0 ? -1 : 0);
}

/* Lets src's write_to do the work, if it has one. err is not NULL, here and below. */
static gonet__copy_offer_t by_write_to(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n,
                                       gonet_error_t **err)
{
    gonet__object_t *o = GONET__OBJECT(src);

    if (o->kind == GONET__KIND_CONN && o->type != GONET__TYPE_USER) {
        const gonet__conn_class_t *class = gonet__object_conn_class(o);

        return class->write_to == NULL ? GONET__OFFERED_NOT
                                       : offered(class->write_to(o->self, dst, n, err));
    }
    if (o->kind == GONET__KIND_CONN) {
        const gonet_conn_vtable_t *vt = o->vtable;

        if (GONET__SLOT(vt, gonet_conn_vtable_t, write_to) != NULL)
            return user_offered(o, "write_to", vt->write_to(o->self, dst, err), n, err);
    } else if (o->type == GONET__TYPE_FILE_READER) {
        return gonet__file_write_to((gonet_file_reader_t *)o, dst, n, err);
    } else if (o->kind == GONET__KIND_READER) {
        const gonet_reader_vtable_t *vt = o->vtable;

        if (GONET__SLOT(vt, gonet_reader_vtable_t, write_to) != NULL)
            return user_offered(o, "write_to", vt->write_to(o->self, dst, err), n, err);
    }
    return GONET__OFFERED_NOT;
}

/* Lets dst's read_from do the work, if it has one. */
static gonet__copy_offer_t by_read_from(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n,
                                        gonet_error_t **err)
{
    gonet__object_t *o = GONET__OBJECT(dst);

    if (o->kind == GONET__KIND_CONN && o->type != GONET__TYPE_USER) {
        const gonet__conn_class_t *class = gonet__object_conn_class(o);

        return class->read_from == NULL ? GONET__OFFERED_NOT
                                        : offered(class->read_from(o->self, src, n, err));
    }
    if (o->kind == GONET__KIND_CONN) {
        const gonet_conn_vtable_t *vt = o->vtable;

        if (GONET__SLOT(vt, gonet_conn_vtable_t, read_from) != NULL)
            return user_offered(o, "read_from", vt->read_from(o->self, src, err), n, err);
    } else if (o->type == GONET__TYPE_FILE_WRITER) {
        return gonet__file_read_from((gonet_file_writer_t *)o, src, n, err);
    } else if (o->type == GONET__TYPE_BUFWRITER) {
        const gonet__writer_class_t *class = o->vtable;

        return offered(class->read_from(o->self, src, n, err));
    } else if (o->kind == GONET__KIND_WRITER) {
        const gonet_writer_vtable_t *vt = o->vtable;

        if (GONET__SLOT(vt, gonet_writer_vtable_t, read_from) != NULL)
            return user_offered(o, "read_from", vt->read_from(o->self, src, err), n, err);
    }
    return GONET__OFFERED_NOT;
}

/* o, or the connection inside of it that a copy may have in its place: what wraps it has nothing to
 * do with the bytes of this direction. */
static void *within(void *o, size_t copies, size_t moves)
{
    return GONET__OBJECT(o)->kind == GONET__KIND_CONN ? gonet__object_for(o, copies, moves) : o;
}

gonet_writer_t *gonet__copy_dst(gonet_writer_t *dst)
{
    return within(dst, offsetof(gonet_conn_vtable_t, read_from),
                  offsetof(gonet_conn_vtable_t, write));
}

gonet_reader_t *gonet__copy_src(gonet_reader_t *src)
{
    return within(src, offsetof(gonet_conn_vtable_t, write_to),
                  offsetof(gonet_conn_vtable_t, read));
}

gonet__copy_offer_t gonet__copy_by_dst(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n,
                                       gonet_error_t **err)
{
    return dst == NULL ? GONET__OFFERED_NOT
                       : by_read_from(gonet__copy_dst(dst), gonet__copy_src(src), n, err);
}

static int copy(gonet_writer_t *dst, gonet_reader_t *src, bool ask_src, int64_t *n,
                gonet_error_t **err)
{
    gonet_writer_t *outer_dst = dst;
    gonet_reader_t *outer_src = src;
    gonet_error_t *e = NULL;
    gonet__copy_offer_t offer = GONET__OFFERED_NOT;

    *n = 0;
    gonet__error_clear(err);
    if (dst == NULL || src == NULL)
        return gonet__no_object(err);
    gonet__object_ref(GONET__OBJECT(outer_dst));
    gonet__object_ref(GONET__OBJECT(outer_src));
    dst =
        within(dst, offsetof(gonet_conn_vtable_t, read_from), offsetof(gonet_conn_vtable_t, write));
    src = gonet__copy_src(src);
    if (ask_src)
        offer = by_write_to(dst, src, n, &e);
    if (offer == GONET__OFFERED_NOT)
        offer = by_read_from(dst, src, n, &e);
    if (offer == GONET__OFFERED_NOT)
        offer = offered(gonet__copy_buffered(dst, src, n, &e));
    gonet_error_set(err, e);
    gonet__object_unref(GONET__OBJECT(outer_src));
    gonet__object_unref(GONET__OBJECT(outer_dst));
    return offer == GONET__OFFERED_DONE ? 0 : -1;
}

int gonet__copy(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n, gonet_error_t **err)
{
    return copy(dst, src, true, n, err);
}

int gonet__copy_from(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n, gonet_error_t **err)
{
    return copy(dst, src, false, n, err);
}
