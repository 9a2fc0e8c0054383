/*
 * The dispatcher of listeners.
 */
#include "conn/object.h"

gonet_listener_t *gonet_listener_new(const gonet_listener_vtable_t *vtable, void *self)
{
    return (gonet_listener_t *)gonet__object_new_user(GONET__KIND_LISTENER, vtable, self);
}

gonet_listener_t *gonet_listener_wrap(gonet_listener_t *inner,
                                      const gonet_listener_vtable_t *vtable, void *self)
{
    return (gonet_listener_t *)gonet__object_wrap(GONET__KIND_LISTENER, GONET__OBJECT(inner),
                                                  vtable, self);
}

void *gonet_listener_self(gonet_listener_t *l, const gonet_listener_vtable_t *vtable)
{
    return gonet__object_self(GONET__OBJECT(l), GONET__KIND_LISTENER, vtable);
}

gonet_listener_t *gonet_listener_ref(gonet_listener_t *l)
{
    gonet__object_ref(GONET__OBJECT(l));
    return l;
}

void gonet_listener_free(gonet_listener_t *l)
{
    gonet__object_unref(GONET__OBJECT(l));
}

/* The listener whose slot it is: l, or one inside of it. */
#define FOR(l, slot)                                                                \
    ((gonet_listener_t *)gonet__object_for(GONET__OBJECT(l),                        \
                                           offsetof(gonet_listener_vtable_t, slot), \
                                           offsetof(gonet_listener_vtable_t, slot)))

#define SLOT(l, slot)                                                               \
    ((l) == NULL ? NULL                                                             \
                 : GONET__SLOT((const gonet_listener_vtable_t *)(l)->object.vtable, \
                               gonet_listener_vtable_t, slot))

gonet_conn_t *gonet_listener_accept(gonet_listener_t *l, gonet_error_t **err)
{
    gonet_conn_t *(*accept)(void *, gonet_error_t **);
    gonet__call_t call;
    gonet_conn_t *c;

    l = FOR(l, accept);
    accept = SLOT(l, accept);
    if (!gonet__call_begin(&call, GONET__OBJECT(l), "accept", accept != NULL, err))
        return NULL;
    c = accept(l->object.self, &call.e);
    gonet__call_end(&call, c != NULL);
    return c;
}

int gonet_listener_close(gonet_listener_t *l, gonet_error_t **err)
{
    l = (gonet_listener_t *)gonet__object_close_for(GONET__OBJECT(l),
                                                    offsetof(gonet_listener_vtable_t, close));
    return gonet__call_plain(GONET__OBJECT(l), "close", SLOT(l, close), err);
}

int gonet_listener_file(gonet_listener_t *l, gonet_error_t **err)
{
    l = FOR(l, file);
    return gonet__call_file(GONET__OBJECT(l), SLOT(l, file), err);
}

const gonet_addr_t *gonet_listener_addr(gonet_listener_t *l)
{
    const gonet_addr_t *(*addr)(void *);

    l = FOR(l, addr);
    addr = SLOT(l, addr);
    return addr == NULL ? NULL : addr(l->object.self);
}

int gonet_listener_set_deadline(gonet_listener_t *l, gonet_time_t t, gonet_error_t **err)
{
    l = FOR(l, set_deadline);
    return gonet__call_deadline(GONET__OBJECT(l), "set_deadline", SLOT(l, set_deadline), t, err);
}

gonet_raw_conn_t *gonet_listener_syscall_conn(gonet_listener_t *l, gonet_error_t **err)
{
    l = FOR(l, syscall_conn);
    return gonet__call_syscall_conn(GONET__OBJECT(l), SLOT(l, syscall_conn), err);
}
