/*
 * Counting and releasing objects. Any thread; the last release may park, since it closes.
 */
#include "conn/object.h"

#include <string.h>

#include "base/alloc.h"

void gonet__object_init(gonet__object_t *o, gonet__kind_t kind, gonet__type_t type,
                        const void *vtable)
{
    o->vtable = vtable;
    o->self = o;
    atomic_init(&o->refs, 1);
    o->kind = (uint8_t)kind;
    o->type = (uint8_t)type;
    atomic_init(&o->closed, false);
}

typedef struct {
    int (*close)(void *self, gonet_error_t **err);
    void (*destroy)(void *self);
} ending_t;

#define ENDING(type, has_close)                          \
    do {                                                 \
        const type *vt = vtable;                         \
        ending.destroy = GONET__SLOT(vt, type, destroy); \
        ending.close = has_close;                        \
    } while (0)

static ending_t ending_of(gonet__kind_t kind, const void *vtable)
{
    ending_t ending = {NULL, NULL};

    switch (kind) {
    case GONET__KIND_CONN:
        ENDING(gonet_conn_vtable_t, GONET__SLOT(vt, gonet_conn_vtable_t, close));
        break;
    case GONET__KIND_PACKET_CONN:
        ENDING(gonet_packet_conn_vtable_t, GONET__SLOT(vt, gonet_packet_conn_vtable_t, close));
        break;
    case GONET__KIND_LISTENER:
        ENDING(gonet_listener_vtable_t, GONET__SLOT(vt, gonet_listener_vtable_t, close));
        break;
    case GONET__KIND_READER:
        ENDING(gonet_reader_vtable_t, NULL);
        break;
    case GONET__KIND_WRITER:
        ENDING(gonet_writer_vtable_t, NULL);
        break;
    }
    return ending;
}

static gonet__object_t *new_user(gonet__kind_t kind, gonet__object_t *inner, const void *vtable,
                                 void *self)
{
    gonet__user_object_t *u = gonet__alloc(sizeof(*u));

    if (u == NULL)
        return NULL;
    gonet__object_init(&u->object, kind, GONET__TYPE_USER, vtable);
    u->object.self = self;
    u->inner = inner;
    return &u->object;
}

static void destroy_self(gonet__kind_t kind, const void *vtable, void *self)
{
    ending_t ending = ending_of(kind, vtable);

    if (ending.destroy != NULL)
        ending.destroy(self);
}

gonet__object_t *gonet__object_new_user(gonet__kind_t kind, const void *vtable, void *self)
{
    gonet__object_t *o = new_user(kind, NULL, vtable, self);

    if (o == NULL)
        destroy_self(kind, vtable, self);
    return o;
}

gonet__object_t *gonet__object_wrap(gonet__kind_t kind, gonet__object_t *inner, const void *vtable,
                                    void *self)
{
    gonet__object_t *o = inner != NULL ? new_user(kind, inner, vtable, self) : NULL;

    if (o == NULL) {
        destroy_self(kind, vtable, self);
        gonet__object_unref(inner);
    }
    return o;
}

/* Whether o's table has a function at the offset; every table begins with its size. */
static bool has_slot(const gonet__object_t *o, size_t slot)
{
    void (*fn)(void) = NULL;

    if (slot + sizeof(fn) <= *(const size_t *)o->vtable)
        memcpy(&fn, (const char *)o->vtable + slot, sizeof(fn));
    return fn != NULL;
}

gonet__object_t *gonet__object_for(gonet__object_t *o, size_t slot, size_t unless)
{
    gonet__object_t *inner;

    while ((inner = gonet__object_inner(o)) != NULL && !has_slot(o, slot) && !has_slot(o, unless))
        o = inner;
    return o;
}

gonet__object_t *gonet__object_close_for(gonet__object_t *o, size_t slot)
{
    gonet__object_t *to = gonet__object_for(o, slot, slot);

    for (; o != NULL; o = o != to ? gonet__object_inner(o) : NULL)
        atomic_store(&o->closed, true);
    return to;
}

void *gonet__object_self(gonet__object_t *o, gonet__kind_t kind, const void *vtable)
{
    if (o == NULL || o->type != GONET__TYPE_USER || o->kind != kind || o->vtable != vtable)
        return NULL;
    return o->self;
}

/* Closes what is inside of an object that has no function of its own for it. */
static void close_inner(gonet__object_t *inner)
{
    if (inner == NULL)
        return;
    switch ((gonet__kind_t)inner->kind) {
    case GONET__KIND_CONN:
        (void)gonet_conn_close((gonet_conn_t *)inner, NULL);
        break;
    case GONET__KIND_PACKET_CONN:
        (void)gonet_packet_conn_close((gonet_packet_conn_t *)inner, NULL);
        break;
    case GONET__KIND_LISTENER:
        (void)gonet_listener_close((gonet_listener_t *)inner, NULL);
        break;
    case GONET__KIND_READER:
    case GONET__KIND_WRITER:
        break;
    }
}

static void release_user(gonet__object_t *o, const ending_t *ending)
{
    gonet__object_t *inner = gonet__object_inner(o);
    bool closed = atomic_load(&o->closed);

    if (ending->close != NULL && !closed) {
        gonet_error_t *ignored = NULL;

        (void)ending->close(o->self, &ignored);
        gonet_error_free(ignored);
    } else if (!closed) {
        close_inner(inner);
    }
    if (ending->destroy != NULL)
        ending->destroy(o->self);
    gonet__free(o);
    gonet__object_unref(inner);
}

void gonet__object_unref(gonet__object_t *o)
{
    ending_t ending;

    if (o == NULL || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1)
        return;
    ending = ending_of((gonet__kind_t)o->kind, o->vtable);
    if (o->type == GONET__TYPE_USER)
        release_user(o, &ending);
    else
        ending.destroy(o);
}
