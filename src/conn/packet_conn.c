/*
 * The dispatcher of packet connections. One of the library's own is a connection object, whose
 * class has the table of this interface, too.
 */
#include "conn/object.h"

gonet_packet_conn_t *gonet_packet_conn_new(const gonet_packet_conn_vtable_t *vtable, void *self)
{
    return (gonet_packet_conn_t *)gonet__object_new_user(GONET__KIND_PACKET_CONN, vtable, self);
}

gonet_packet_conn_t *gonet_packet_conn_wrap(gonet_packet_conn_t *inner,
                                            const gonet_packet_conn_vtable_t *vtable, void *self)
{
    return (gonet_packet_conn_t *)gonet__object_wrap(GONET__KIND_PACKET_CONN, GONET__OBJECT(inner),
                                                     vtable, self);
}

void *gonet_packet_conn_self(gonet_packet_conn_t *c, const gonet_packet_conn_vtable_t *vtable)
{
    return gonet__object_self(GONET__OBJECT(c), GONET__KIND_PACKET_CONN, vtable);
}

gonet_packet_conn_t *gonet_packet_conn_ref(gonet_packet_conn_t *c)
{
    gonet__object_ref(GONET__OBJECT(c));
    return c;
}

void gonet_packet_conn_free(gonet_packet_conn_t *c)
{
    gonet__object_unref(GONET__OBJECT(c));
}

static const gonet_packet_conn_vtable_t *table_of(const gonet_packet_conn_t *c)
{
    static const gonet_packet_conn_vtable_t none = {.size = sizeof(none)};

    if (c == NULL)
        return &none;
    if (gonet__object_is_own_conn(&c->object))
        return gonet__object_conn_class(&c->object)->packet_conn;
    return c->object.vtable;
}

/* The packet connection whose slot it is: c, or one inside of it. */
#define FOR(c, slot)                                                                      \
    ((gonet_packet_conn_t *)gonet__object_for(GONET__OBJECT(c),                           \
                                              offsetof(gonet_packet_conn_vtable_t, slot), \
                                              offsetof(gonet_packet_conn_vtable_t, slot)))

#define SLOT(c, slot) GONET__SLOT(table_of(c), gonet_packet_conn_vtable_t, slot)

ssize_t gonet_packet_conn_read_from(gonet_packet_conn_t *c, void *p, size_t len, gonet_addr_t *addr,
                                    gonet_error_t **err)
{
    ssize_t (*read_from)(void *, void *, size_t, gonet_addr_t *, gonet_error_t **);
    gonet_addr_t ignored = {.kind = GONET_ADDR_NONE};
    gonet__call_t call;
    ssize_t n;

    c = FOR(c, read_from);
    read_from = SLOT(c, read_from);
    if (addr == NULL)
        addr = &ignored;
    *addr = (gonet_addr_t){.kind = GONET_ADDR_NONE};
    if (!gonet__call_begin(&call, GONET__OBJECT(c), "read_from", read_from != NULL, err))
        return -1;
    n = read_from(c->object.self, p, len, addr, &call.e);
    return gonet__call_end_read(&call, n, len);
}

ssize_t gonet_packet_conn_write_to(gonet_packet_conn_t *c, const void *p, size_t len,
                                   const gonet_addr_t *addr, gonet_error_t **err)
{
    ssize_t (*write_to)(void *, const void *, size_t, const gonet_addr_t *, gonet_error_t **);
    gonet__call_t call;
    ssize_t n;

    c = FOR(c, write_to);
    write_to = SLOT(c, write_to);
    if (!gonet__call_begin(&call, GONET__OBJECT(c), "write_to", write_to != NULL, err))
        return -1;
    n = write_to(c->object.self, p, len, addr, &call.e);
    gonet__call_end(&call, n >= 0);
    return n;
}

int gonet_packet_conn_close(gonet_packet_conn_t *c, gonet_error_t **err)
{
    c = (gonet_packet_conn_t *)gonet__object_close_for(GONET__OBJECT(c),
                                                       offsetof(gonet_packet_conn_vtable_t, close));
    return gonet__call_plain(GONET__OBJECT(c), "close", SLOT(c, close), err);
}

int gonet_packet_conn_file(gonet_packet_conn_t *c, gonet_error_t **err)
{
    c = FOR(c, file);
    return gonet__call_file(GONET__OBJECT(c), SLOT(c, file), err);
}

const gonet_addr_t *gonet_packet_conn_local_addr(gonet_packet_conn_t *c)
{
    const gonet_addr_t *(*local_addr)(void *);

    c = FOR(c, local_addr);
    local_addr = SLOT(c, local_addr);
    return local_addr == NULL ? NULL : local_addr(c->object.self);
}

int gonet_packet_conn_set_deadline(gonet_packet_conn_t *c, gonet_time_t t, gonet_error_t **err)
{
    c = FOR(c, set_deadline);
    return gonet__call_deadline(GONET__OBJECT(c), "set_deadline", SLOT(c, set_deadline), t, err);
}

int gonet_packet_conn_set_read_deadline(gonet_packet_conn_t *c, gonet_time_t t, gonet_error_t **err)
{
    c = FOR(c, set_read_deadline);
    return gonet__call_deadline(GONET__OBJECT(c), "set_read_deadline", SLOT(c, set_read_deadline),
                                t, err);
}

int gonet_packet_conn_set_write_deadline(gonet_packet_conn_t *c, gonet_time_t t,
                                         gonet_error_t **err)
{
    c = FOR(c, set_write_deadline);
    return gonet__call_deadline(GONET__OBJECT(c), "set_write_deadline", SLOT(c, set_write_deadline),
                                t, err);
}

gonet_raw_conn_t *gonet_packet_conn_syscall_conn(gonet_packet_conn_t *c, gonet_error_t **err)
{
    c = FOR(c, syscall_conn);
    return gonet__call_syscall_conn(GONET__OBJECT(c), SLOT(c, syscall_conn), err);
}

gonet_conn_t *gonet_packet_conn_as_conn(gonet_packet_conn_t *c)
{
    gonet_conn_t *(*conn)(void *);

    c = FOR(c, conn);
    conn = SLOT(c, conn);
    if (c != NULL && gonet__object_is_own_conn(&c->object))
        return (gonet_conn_t *)c;
    return conn == NULL ? NULL : conn(c->object.self);
}
