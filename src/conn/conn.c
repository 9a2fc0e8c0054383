/*
 * The dispatcher of connections: finds out whose slot it is (a wrapper's or one inside of it),
 * checks once for all implementations, then calls the slot. Reading and writing the library's own
 * connections goes straight through: their descriptors keep them alive.
 */
#include "conn/object.h"

gonet_conn_t *gonet_conn_new(const gonet_conn_vtable_t *vtable, void *self)
{
    return (gonet_conn_t *)gonet__object_new_user(GONET__KIND_CONN, vtable, self);
}

gonet_conn_t *gonet_conn_wrap(gonet_conn_t *inner, const gonet_conn_vtable_t *vtable, void *self)
{
    return (gonet_conn_t *)gonet__object_wrap(GONET__KIND_CONN, GONET__OBJECT(inner), vtable, self);
}

void *gonet_conn_self(gonet_conn_t *c, const gonet_conn_vtable_t *vtable)
{
    return gonet__object_self(GONET__OBJECT(c), GONET__KIND_CONN, vtable);
}

gonet_conn_t *gonet_conn_ref(gonet_conn_t *c)
{
    gonet__object_ref(GONET__OBJECT(c));
    return c;
}

void gonet_conn_free(gonet_conn_t *c)
{
    gonet__object_unref(GONET__OBJECT(c));
}

gonet_reader_t *gonet_conn_as_reader(gonet_conn_t *c)
{
    return (gonet_reader_t *)c;
}

gonet_writer_t *gonet_conn_as_writer(gonet_conn_t *c)
{
    return (gonet_writer_t *)c;
}

/* The connection whose slot it is; for one that copies, unless c has the slot for single pieces. */
#define FOR_UNLESS(c, slot, unless)                                                           \
    ((gonet_conn_t *)gonet__object_for(GONET__OBJECT(c), offsetof(gonet_conn_vtable_t, slot), \
                                       offsetof(gonet_conn_vtable_t, unless)))
#define FOR(c, slot) FOR_UNLESS(c, slot, slot)

/* The slot of c's table, NULL without c. */
#define SLOT(c, slot)                                                           \
    ((c) == NULL ? NULL                                                         \
                 : GONET__SLOT((const gonet_conn_vtable_t *)(c)->object.vtable, \
                               gonet_conn_vtable_t, slot))

static inline bool is_own(const gonet_conn_t *c)
{
    return c != NULL && c->object.type != GONET__TYPE_USER;
}

ssize_t gonet_conn_read(gonet_conn_t *c, void *p, size_t len, gonet_error_t **err)
{
    ssize_t (*read)(void *, void *, size_t, gonet_error_t **);
    gonet__call_t call;
    ssize_t n;

    if (is_own(c)) {
        gonet__error_clear(err);
        return ((const gonet_conn_vtable_t *)c->object.vtable)->read(c, p, len, err);
    }
    c = FOR(c, read);
    if (is_own(c))
        return gonet_conn_read(c, p, len, err);
    read = SLOT(c, read);
    if (!gonet__call_begin(&call, GONET__OBJECT(c), "read", read != NULL, err))
        return -1;
    n = read(c->object.self, p, len, &call.e);
    return gonet__call_end_read(&call, n, len);
}

int gonet_conn_write_count(gonet_conn_t *c, const void *p, size_t len, size_t *n,
                           gonet_error_t **err)
{
    int (*write)(void *, const void *, size_t, size_t *, gonet_error_t **);
    gonet__call_t call;
    size_t done = 0;
    int result;

    if (n == NULL)
        n = &done;
    *n = 0;
    if (is_own(c)) {
        gonet__error_clear(err);
        return ((const gonet_conn_vtable_t *)c->object.vtable)->write(c, p, len, n, err);
    }
    c = FOR(c, write);
    if (is_own(c))
        return gonet_conn_write_count(c, p, len, n, err);
    write = SLOT(c, write);
    if (!gonet__call_begin(&call, GONET__OBJECT(c), "write", write != NULL, err))
        return -1;
    result = write(c->object.self, p, len, n, &call.e);
    return gonet__call_end_write(&call, result, n, len);
}

ssize_t gonet_conn_write(gonet_conn_t *c, const void *p, size_t len, gonet_error_t **err)
{
    return gonet_conn_write_count(c, p, len, NULL, err) == 0 ? (ssize_t)len : -1;
}

int gonet_conn_wait_readable(gonet_conn_t *c, gonet_error_t **err)
{
    c = FOR(c, wait_readable);
    return gonet__call_plain(GONET__OBJECT(c), "wait_readable", SLOT(c, wait_readable), err);
}

int gonet_conn_close(gonet_conn_t *c, gonet_error_t **err)
{
    c = (gonet_conn_t *)gonet__object_close_for(GONET__OBJECT(c),
                                                offsetof(gonet_conn_vtable_t, close));
    return gonet__call_plain(GONET__OBJECT(c), "close", SLOT(c, close), err);
}

int gonet_conn_close_read(gonet_conn_t *c, gonet_error_t **err)
{
    c = FOR(c, close_read);
    return gonet__call_plain(GONET__OBJECT(c), "close_read", SLOT(c, close_read), err);
}

int gonet_conn_close_write(gonet_conn_t *c, gonet_error_t **err)
{
    c = FOR(c, close_write);
    return gonet__call_plain(GONET__OBJECT(c), "close_write", SLOT(c, close_write), err);
}

int gonet_conn_file(gonet_conn_t *c, gonet_error_t **err)
{
    c = FOR(c, file);
    return gonet__call_file(GONET__OBJECT(c), SLOT(c, file), err);
}

const gonet_addr_t *gonet_conn_local_addr(gonet_conn_t *c)
{
    const gonet_addr_t *(*local_addr)(void *);

    c = FOR(c, local_addr);
    local_addr = SLOT(c, local_addr);
    return local_addr == NULL ? NULL : local_addr(c->object.self);
}

const gonet_addr_t *gonet_conn_remote_addr(gonet_conn_t *c)
{
    const gonet_addr_t *(*remote_addr)(void *);

    c = FOR(c, remote_addr);
    remote_addr = SLOT(c, remote_addr);
    return remote_addr == NULL ? NULL : remote_addr(c->object.self);
}

int gonet_conn_set_deadline(gonet_conn_t *c, gonet_time_t t, gonet_error_t **err)
{
    c = FOR(c, set_deadline);
    return gonet__call_deadline(GONET__OBJECT(c), "set_deadline", SLOT(c, set_deadline), t, err);
}

int gonet_conn_set_read_deadline(gonet_conn_t *c, gonet_time_t t, gonet_error_t **err)
{
    c = FOR(c, set_read_deadline);
    return gonet__call_deadline(GONET__OBJECT(c), "set_read_deadline", SLOT(c, set_read_deadline),
                                t, err);
}

int gonet_conn_set_write_deadline(gonet_conn_t *c, gonet_time_t t, gonet_error_t **err)
{
    c = FOR(c, set_write_deadline);
    return gonet__call_deadline(GONET__OBJECT(c), "set_write_deadline", SLOT(c, set_write_deadline),
                                t, err);
}

int64_t gonet_conn_read_from(gonet_conn_t *c, gonet_reader_t *r, gonet_error_t **err)
{
    int64_t (*read_from)(void *, gonet_reader_t *, gonet_error_t **);
    const gonet__conn_class_t *class;
    gonet__call_t call;
    int64_t n = 0;
    bool own;

    c = FOR_UNLESS(c, read_from, write);
    read_from = SLOT(c, read_from);
    class = is_own(c) ? gonet__object_conn_class(&c->object) : NULL;
    own = class != NULL && class->read_from != NULL;
    if (!gonet__call_begin(&call, GONET__OBJECT(c), "read_from", own || read_from != NULL, err))
        return -1;
    if (!own)
        n = read_from(c->object.self, r, &call.e);
    else if (class->read_from(c, r, &n, &call.e) != 0)
        n = -1;
    gonet__call_end(&call, n >= 0);
    return n;
}

int64_t gonet_conn_write_to(gonet_conn_t *c, gonet_writer_t *w, gonet_error_t **err)
{
    int64_t (*write_to)(void *, gonet_writer_t *, gonet_error_t **);
    const gonet__conn_class_t *class;
    gonet__call_t call;
    int64_t n = 0;
    bool own;

    c = FOR_UNLESS(c, write_to, read);
    write_to = SLOT(c, write_to);
    class = is_own(c) ? gonet__object_conn_class(&c->object) : NULL;
    own = class != NULL && class->write_to != NULL;
    if (!gonet__call_begin(&call, GONET__OBJECT(c), "write_to", own || write_to != NULL, err))
        return -1;
    if (!own)
        n = write_to(c->object.self, w, &call.e);
    else if (class->write_to(c, w, &n, &call.e) != 0)
        n = -1;
    gonet__call_end(&call, n >= 0);
    return n;
}

gonet_raw_conn_t *gonet_conn_syscall_conn(gonet_conn_t *c, gonet_error_t **err)
{
    c = FOR(c, syscall_conn);
    return gonet__call_syscall_conn(GONET__OBJECT(c), SLOT(c, syscall_conn), err);
}

gonet_conn_t *gonet_conn_net_conn(gonet_conn_t *c)
{
    gonet_conn_t *(*net_conn)(void *) = SLOT(c, net_conn);

    return net_conn != NULL ? net_conn(c->object.self)
                            : (gonet_conn_t *)gonet__object_inner(GONET__OBJECT(c));
}

gonet_packet_conn_t *gonet_conn_as_packet_conn(gonet_conn_t *c)
{
    gonet_packet_conn_t *(*packet_conn)(void *);

    c = FOR(c, packet_conn);
    packet_conn = SLOT(c, packet_conn);
    if (is_own(c))
        return gonet__object_conn_class(&c->object)->packet_conn == NULL ? NULL
                                                                         : (gonet_packet_conn_t *)c;
    return packet_conn == NULL ? NULL : packet_conn(c->object.self);
}
