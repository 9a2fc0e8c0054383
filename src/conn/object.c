/*
 * Counting and releasing objects. Any thread; the last release may park, since it closes.
 */
#include "conn/object.h"

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

gonet__object_t *gonet__object_new_user(gonet__kind_t kind, const void *vtable, void *self)
{
    gonet__object_t *o = gonet__alloc(sizeof(*o));

    if (o == NULL) {
        ending_t ending = ending_of(kind, vtable);

        if (ending.destroy != NULL)
            ending.destroy(self);
        return NULL;
    }
    gonet__object_init(o, kind, GONET__TYPE_USER, vtable);
    o->self = self;
    return o;
}

void *gonet__object_self(gonet__object_t *o, gonet__kind_t kind, const void *vtable)
{
    if (o == NULL || o->type != GONET__TYPE_USER || o->kind != kind || o->vtable != vtable)
        return NULL;
    return o->self;
}

static void release_user(gonet__object_t *o, const ending_t *ending)
{
    if (ending->close != NULL && !atomic_load(&o->closed)) {
        gonet_error_t *ignored = NULL;

        (void)ending->close(o->self, &ignored);
        gonet_error_free(ignored);
    }
    if (ending->destroy != NULL)
        ending->destroy(o->self);
    gonet__free(o);
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
