/*
 * Readers and writers: making user-written ones, and calling any. A connection is both.
 */
#include "conn/stream.h"

gonet_reader_t *gonet_reader_new(const gonet_reader_vtable_t *vtable, void *self)
{
    return (gonet_reader_t *)gonet__object_new_user(GONET__KIND_READER, vtable, self);
}

gonet_writer_t *gonet_writer_new(const gonet_writer_vtable_t *vtable, void *self)
{
    return (gonet_writer_t *)gonet__object_new_user(GONET__KIND_WRITER, vtable, self);
}

void *gonet_reader_self(gonet_reader_t *r, const gonet_reader_vtable_t *vtable)
{
    return gonet__object_self(GONET__OBJECT(r), GONET__KIND_READER, vtable);
}

void *gonet_writer_self(gonet_writer_t *w, const gonet_writer_vtable_t *vtable)
{
    return gonet__object_self(GONET__OBJECT(w), GONET__KIND_WRITER, vtable);
}

gonet_reader_t *gonet_reader_ref(gonet_reader_t *r)
{
    gonet__object_ref(GONET__OBJECT(r));
    return r;
}

gonet_writer_t *gonet_writer_ref(gonet_writer_t *w)
{
    gonet__object_ref(GONET__OBJECT(w));
    return w;
}

void gonet_reader_free(gonet_reader_t *r)
{
    gonet__object_unref(GONET__OBJECT(r));
}

void gonet_writer_free(gonet_writer_t *w)
{
    gonet__object_unref(GONET__OBJECT(w));
}

ssize_t gonet_reader_read(gonet_reader_t *r, void *p, size_t len, gonet_error_t **err)
{
    const gonet_reader_vtable_t *vt;
    gonet__call_t call;
    ssize_t n;

    if (r != NULL && r->object.kind == GONET__KIND_CONN)
        return gonet_conn_read((gonet_conn_t *)r, p, len, err);
    vt = r == NULL ? NULL : r->object.vtable;
    if (!gonet__call_begin(&call, GONET__OBJECT(r), "read", vt != NULL && vt->read != NULL, err))
        return -1;
    n = vt->read(r->object.self, p, len, &call.e);
    return gonet__call_end_read(&call, n, len);
}

int gonet_writer_write_count(gonet_writer_t *w, const void *p, size_t len, size_t *n,
                             gonet_error_t **err)
{
    const gonet_writer_vtable_t *vt;
    gonet__call_t call;
    size_t done = 0;
    int result;

    if (w != NULL && w->object.kind == GONET__KIND_CONN)
        return gonet_conn_write_count((gonet_conn_t *)w, p, len, n, err);
    if (n != NULL)
        *n = 0;
    vt = w == NULL ? NULL : w->object.vtable;
    if (!gonet__call_begin(&call, GONET__OBJECT(w), "write", vt != NULL && vt->write != NULL, err))
        return -1;
    result = vt->write(w->object.self, p, len, &done, &call.e);
    result = gonet__call_end_write(&call, result, &done, len);
    if (n != NULL)
        *n = done;
    return result;
}

ssize_t gonet_writer_write(gonet_writer_t *w, const void *p, size_t len, gonet_error_t **err)
{
    return gonet_writer_write_count(w, p, len, NULL, err) == 0 ? (ssize_t)len : -1;
}
