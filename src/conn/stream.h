/*
 * Readers and writers inside the library: the ones that copying knows by sight.
 */
#ifndef GONET_CONN_STREAM_H
#define GONET_CONN_STREAM_H

#include "conn/object.h"
#include "gonet/io.h"
#include "socket/file.h"

/* Go: io.LimitedReader. */
struct gonet_limited_reader {
    gonet__object_t object; /* first */
    gonet_reader_t *r;      /* borrowed */
    int64_t n;              /* what may still be read */
};

/* A duplicate of the user's descriptor. Go: os.File. */
typedef struct {
    gonet__object_t object; /* first */
    gonet__file_t file;
} gonet__file_object_t;

struct gonet_file_reader {
    gonet__file_object_t base;
};

struct gonet_file_writer {
    gonet__file_object_t base;
};

/*
 * gonet__file_object_new makes one of these for a duplicate of fd; watched: only if poll can watch
 * that, else it fails with EPERM. NULL, with the reason in *e.
 */
gonet__file_object_t *gonet__file_object_new(int fd, bool watched, gonet__kind_t kind,
                                             gonet__type_t type, const void *vtable,
                                             gonet_error_t **e);

/* gonet__file_object_release closes if need be, and drops the owner's reference: the destroy slot.
 */
void gonet__file_object_release(void *self);

/* The descriptor that calls of the kernel's own copies get. */
static inline int gonet__file_object_number(const gonet__file_object_t *o)
{
    return o->file.number;
}

/*
 * gonet__copy copies from src to dst until src's end: by src's write_to, else by dst's read_from,
 * else with a buffer. *n is the count, also on failure. 0 or -1.
 */
int gonet__copy(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n, gonet_error_t **err);

/* gonet__copy_from is gonet__copy without asking for src's write_to: for a write_to itself. */
int gonet__copy_from(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n, gonet_error_t **err);

typedef enum {
    GONET__OFFERED_NOT, /* nothing was done: it goes another way */
    GONET__OFFERED_DONE,
    GONET__OFFERED_FAILED
} gonet__copy_offer_t;

/*
 * What files can do for a copy (kernel_copy.c): send themselves to a unix stream, and take from a
 * stream socket (or a limited reader on one), inside the kernel. *n is 0 at first, and the count,
 * also on failure.
 */
gonet__copy_offer_t gonet__file_write_to(gonet_file_reader_t *r, gonet_writer_t *w, int64_t *n,
                                         gonet_error_t **err);
gonet__copy_offer_t gonet__file_read_from(gonet_file_writer_t *w, gonet_reader_t *r, int64_t *n,
                                          gonet_error_t **err);

/* gonet__copy_dst and _src return what a copy may have in the place of its two sides: a connection
 * inside, where what wraps it has nothing to do with the bytes. */
gonet_writer_t *gonet__copy_dst(gonet_writer_t *dst);
gonet_reader_t *gonet__copy_src(gonet_reader_t *src);

/* gonet__copy_by_dst lets dst take everything from src, if it offers that (its read_from). *n is 0
 * at first, and the count, also on failure. */
gonet__copy_offer_t gonet__copy_by_dst(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n,
                                       gonet_error_t **err);

/* gonet__copy_buffered copies with a buffer, whatever the two offer. */
int gonet__copy_buffered(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n, gonet_error_t **err);

#endif
