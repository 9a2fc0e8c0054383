/*
 * Readers and writers: the two smallest interfaces, Go's io.Reader and io.Writer. Every connection
 * can be seen as both (gonet_conn_as_reader), and a program can write its own.
 *
 * A view obtained by an _as_ function is borrowed from the object it came from. What
 * gonet_reader_new and gonet_writer_new make is counted: _ref adds an owner, _free drops one.
 */
#ifndef GONET_STREAM_H
#define GONET_STREAM_H

#include "gonet/error.h"
#include "gonet/export.h"

GONET_BEGIN_DECLS

/* gonet_reader_t is a source of bytes. Go: io.Reader. */
typedef struct gonet_reader gonet_reader_t;

/* gonet_writer_t takes bytes. Go: io.Writer. */
typedef struct gonet_writer gonet_writer_t;

/*
 * gonet_reader_vtable_t describes a reader. Slots get the self that gonet_reader_new was given, and
 * an err that is not NULL, with *err == NULL. A slot that fails without an error fails its call
 * with one that names the slot ("read: the reader's function failed without an error"). The table
 * must outlive its readers; .size is its size.
 */
typedef struct {
    size_t size;
    /* The count; 0 with *err = gonet_eof at the end; -1 with *err on failure. */
    ssize_t (*read)(void *self, void *p, size_t len, gonet_error_t **err);
    /* Called once, when the last reference is gone. May be NULL. */
    void (*destroy)(void *self);
    /* Optional. Copies everything to w: the count, or -1. Go: io.WriterTo. */
    int64_t (*write_to)(void *self, gonet_writer_t *w, gonet_error_t **err);
} gonet_reader_vtable_t;

/* gonet_writer_vtable_t describes a writer, by the same rules. */
typedef struct {
    size_t size;
    /* 0 when all len bytes are written; -1 with *err. *n (never NULL, 0 at first) is what was
     * written. */
    int (*write)(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err);
    /* Called once, when the last reference is gone. May be NULL. */
    void (*destroy)(void *self);
    /* Optional. Copies everything from r: the count, or -1. Go: io.ReaderFrom. */
    int64_t (*read_from)(void *self, gonet_reader_t *r, gonet_error_t **err);
} gonet_writer_vtable_t;

/*
 * gonet_reader_new makes a reader of a table and a pointer. It takes self: when memory is out it
 * destroys self and returns NULL. Release with gonet_reader_free.
 */
GONET_API GONET_NODISCARD gonet_reader_t *gonet_reader_new(const gonet_reader_vtable_t *vtable,
                                                           void *self);

/* gonet_reader_self returns the self of a reader made with this very table, or NULL. Go: a type
 * assertion. */
GONET_API void *gonet_reader_self(gonet_reader_t *r, const gonet_reader_vtable_t *vtable);

/*
 * gonet_reader_read reads at most len bytes into p; it parks as the reader does.
 * Returns the count; 0 with *err = gonet_eof at the end; -1 on failure. Go: io.Reader.Read.
 */
GONET_API ssize_t gonet_reader_read(gonet_reader_t *r, void *p, size_t len, gonet_error_t **err);

/* gonet_reader_ref adds an owner and returns r. */
GONET_API gonet_reader_t *gonet_reader_ref(gonet_reader_t *r);

/* gonet_reader_free drops an owner; the last one destroys. NULL is fine. */
GONET_API void gonet_reader_free(gonet_reader_t *r);

/* gonet_writer_new, _self, _ref and _free: as for readers. */
GONET_API GONET_NODISCARD gonet_writer_t *gonet_writer_new(const gonet_writer_vtable_t *vtable,
                                                           void *self);
GONET_API void *gonet_writer_self(gonet_writer_t *w, const gonet_writer_vtable_t *vtable);
GONET_API gonet_writer_t *gonet_writer_ref(gonet_writer_t *w);
GONET_API void gonet_writer_free(gonet_writer_t *w);

/*
 * gonet_writer_write writes len bytes. Returns len, or -1 whenever it failed, even half-way
 * (gonet_writer_write_count tells how far it got). Go: io.Writer.Write.
 */
GONET_API ssize_t gonet_writer_write(gonet_writer_t *w, const void *p, size_t len,
                                     gonet_error_t **err);

/* gonet_writer_write_count is gonet_writer_write, with the bytes written in *n also on failure. 0
 * or -1. */
GONET_API int gonet_writer_write_count(gonet_writer_t *w, const void *p, size_t len, size_t *n,
                                       gonet_error_t **err);

GONET_DEFINE_AUTO(gonet_reader_t, gonet_reader_free)
GONET_DEFINE_AUTO(gonet_writer_t, gonet_writer_free)

GONET_END_DECLS

#endif
