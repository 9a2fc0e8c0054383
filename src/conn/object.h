/*
 * What connections, packet connections, listeners, readers and writers have in common: a count, a
 * table of functions, and the pointer that these get. One object serves all interfaces that it has:
 * a connection seen as a reader is the same address with another type.
 *
 * User-written objects (GONET__TYPE_USER) have the table and the pointer their maker gave, and
 * maybe another object of the kind inside, which has the functions that their table lacks. The
 * library's own begin with this struct, are their own self, and their table's destroy releases
 * everything.
 */
#ifndef GONET_CONN_OBJECT_H
#define GONET_CONN_OBJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "error/error.h"
#include "gonet/conn.h"

/* Which struct the vtable is (or begins with). */
typedef enum {
    GONET__KIND_CONN,
    GONET__KIND_PACKET_CONN,
    GONET__KIND_LISTENER,
    GONET__KIND_READER,
    GONET__KIND_WRITER
} gonet__kind_t;

typedef enum {
    GONET__TYPE_USER = 0,
    GONET__TYPE_TCP_CONN,
    GONET__TYPE_UDP_CONN,
    GONET__TYPE_IP_CONN,
    GONET__TYPE_UNIX_CONN,
    GONET__TYPE_TCP_LISTENER,
    GONET__TYPE_UNIX_LISTENER,
    GONET__TYPE_PIPE,
    GONET__TYPE_BUFREADER,
    GONET__TYPE_BUFWRITER,
    GONET__TYPE_LIMITED_READER,
    GONET__TYPE_FILE_READER,
    GONET__TYPE_FILE_WRITER,
    GONET__TYPE_FD_CONN
} gonet__type_t;

typedef struct {
    const void *vtable;
    void *self;
    _Atomic uint32_t refs;
    uint8_t kind;
    uint8_t type;
    _Atomic bool closed; /* user-written ones: the close slot has been called */
} gonet__object_t;

/* What is behind GONET__TYPE_USER. */
typedef struct {
    gonet__object_t object; /* first */
    gonet__object_t *inner; /* owned; NULL: it wraps none */
} gonet__user_object_t;

struct gonet_conn {
    gonet__object_t object;
};
struct gonet_packet_conn {
    gonet__object_t object;
};
struct gonet_listener {
    gonet__object_t object;
};
struct gonet_reader {
    gonet__object_t object;
};
struct gonet_writer {
    gonet__object_t object;
};

/*
 * What the library's own connections offer beyond the public table; self is the object. Optional
 * slots that copy tell how far they got.
 */
typedef struct {
    gonet_conn_vtable_t conn; /* first */
    const gonet_packet_conn_vtable_t *packet_conn;
    int (*read_from)(void *self, gonet_reader_t *r, int64_t *n, gonet_error_t **err);
    int (*write_to)(void *self, gonet_writer_t *w, int64_t *n, gonet_error_t **err);
    /* gonet__fd_leave_unborn, where there is a descriptor */
    int (*leave_unborn)(void *self, void (*fn)(void *arg), void *arg, gonet_error_t **err);
} gonet__conn_class_t;

/* The same of the library's own writers that copy: GONET__TYPE_BUFWRITER. */
typedef struct {
    gonet_writer_vtable_t writer; /* first */
    int (*read_from)(void *self, gonet_reader_t *r, int64_t *n, gonet_error_t **err);
} gonet__writer_class_t;

/* Any of the above as an object; NULL stays NULL. */
#define GONET__OBJECT(p) ((gonet__object_t *)(p))

/* gonet__object_init prepares one of the library's own objects, with one reference. */
void gonet__object_init(gonet__object_t *o, gonet__kind_t kind, gonet__type_t type,
                        const void *vtable);

/* gonet__object_new_user makes a user-written object; NULL without memory: self has been destroyed.
 */
gonet__object_t *gonet__object_new_user(gonet__kind_t kind, const void *vtable, void *self);

/* gonet__object_wrap is the same around inner, which it takes. NULL also without inner. */
gonet__object_t *gonet__object_wrap(gonet__kind_t kind, gonet__object_t *inner, const void *vtable,
                                    void *self);

/* gonet__object_inner returns what o wraps, or NULL. */
static inline gonet__object_t *gonet__object_inner(const gonet__object_t *o)
{
    return o != NULL && o->type == GONET__TYPE_USER ? ((const gonet__user_object_t *)o)->inner
                                                    : NULL;
}

/* gonet__object_self is what the public _self functions return. */
void *gonet__object_self(gonet__object_t *o, gonet__kind_t kind, const void *vtable);

static inline void gonet__object_ref(gonet__object_t *o)
{
    if (o != NULL)
        atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
}

/* gonet__object_unref drops a reference; the last one closes and releases. NULL is fine. */
void gonet__object_unref(gonet__object_t *o);

/* Whether o is one of the library's own connections. */
static inline bool gonet__object_is_own_conn(const gonet__object_t *o)
{
    return o->kind == GONET__KIND_CONN && o->type != GONET__TYPE_USER;
}

static inline const gonet__conn_class_t *gonet__object_conn_class(const gonet__object_t *o)
{
    return o->vtable;
}

/* A slot of a public table, or NULL where the table ends before it. */
#define GONET__SLOT(vt, type, slot) \
    (offsetof(type, slot) + sizeof((vt)->slot) <= (vt)->size ? (vt)->slot : NULL)

/*
 * gonet__object_for returns whose slot (an offset in the table) a call on o is for: o, or, if it
 * wraps another one and its table has nothing there, that one, and so on. A slot that copies would
 * pass by a slot that the wrapper has for single pieces, unless: the other offset; else the same.
 */
gonet__object_t *gonet__object_for(gonet__object_t *o, size_t slot, size_t unless);

/* gonet__object_close_for is gonet__object_for for the slot that closes: the close of all that lies
 * on the way is noted. */
gonet__object_t *gonet__object_close_for(gonet__object_t *o, size_t slot);

/*
 * A call of a slot: a user-written object is kept alive (the library's own see to that themselves),
 * and the slot gets an error variable of its own. Begin returns false (and has set the error) when
 * there is no object (EINVAL) or no such slot. End is told whether the slot succeeded: one that
 * failed without an error gets one, gonet__slot_error's.
 */
typedef struct {
    gonet__object_t *object; /* kept alive, or NULL */
    const char *slot;        /* its name */
    gonet_error_t *e;
    gonet_error_t **err;
} gonet__call_t;

bool gonet__call_begin(gonet__call_t *call, gonet__object_t *o, const char *slot, bool has_slot,
                       gonet_error_t **err);
void gonet__call_end(gonet__call_t *call, bool succeeded);

/* Whole calls of slots that all kinds have; slot NULL: there is none. */
int gonet__call_plain(gonet__object_t *o, const char *name,
                      int (*slot)(void *self, gonet_error_t **err), gonet_error_t **err);
int gonet__call_deadline(gonet__object_t *o, const char *name,
                         int (*slot)(void *self, gonet_time_t t, gonet_error_t **err),
                         gonet_time_t t, gonet_error_t **err);
int gonet__call_file(gonet__object_t *o, int (*slot)(void *self, gonet_error_t **err),
                     gonet_error_t **err);
gonet_raw_conn_t *gonet__call_syscall_conn(gonet__object_t *o,
                                           gonet_raw_conn_t *(*slot)(void *self,
                                                                     gonet_error_t **err),
                                           gonet_error_t **err);

/* gonet__slot_error is for a program's slot that failed and said nothing: "close: the connection's
 * function failed without an error". */
GONET__COLD gonet_error_t *gonet__slot_error(const gonet__object_t *o, const char *slot);

/*
 * These end a call that moved bytes, and return what it has moved. A program's own slot may break
 * its promise: more bytes than there was room for, fewer than were to be written without an error.
 * That is a failure, so that nothing is lost in silence.
 */
ssize_t gonet__call_end_read(gonet__call_t *call, ssize_t n, size_t len);
int gonet__call_end_write(gonet__call_t *call, int result, size_t *n, size_t len);

/* gonet__no_object sets the error of a call on NULL, EINVAL (behaviour 1.30), and returns -1. */
GONET__COLD int gonet__no_object(gonet_error_t **err);

#endif
