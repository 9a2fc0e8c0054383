/*
 * The buffered writer: the first n bytes of buf are to be written below. What failed once fails
 * from then on, with the same error, so that a program may look at the last call alone.
 */
#include <string.h>

#include "base/alloc.h"
#include "conn/stream.h"
#include "gonet/errno.h"

#define DEFAULT_SIZE ((size_t)4096)
#define EMPTY_READS  100 /* in a row, after which a reader is taken to be broken; bufio's number */

struct gonet_bufwriter {
    gonet__object_t object; /* first */
    gonet_writer_t *w;      /* borrowed */
    char *buf;
    size_t size;
    size_t n;
    gonet_error_t *e; /* what a write below has failed with */
};

/* The result of a call: 0, or -1 with what has failed. */
static int result_of(const gonet_bufwriter_t *w, gonet_error_t **err)
{
    gonet_error_set(err, w->e != NULL ? gonet_error_ref(w->e) : NULL);
    return w->e == NULL ? 0 : -1;
}

/* Writes what is buffered. */
static void flush(gonet_bufwriter_t *w)
{
    size_t done = 0;

    if (w->e != NULL || w->n == 0)
        return;
    (void)gonet_writer_write_count(w->w, w->buf, w->n, &done, &w->e);
    w->n -= done;
    if (w->n > 0)
        memmove(w->buf, w->buf + done, w->n);
}

static int write_slot(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    gonet_bufwriter_t *w = self;
    const char *from = p;

    *n = 0;
    while (w->e == NULL && *n < len) {
        size_t room = w->size - w->n, some = len - *n;

        if (w->n == 0 && some > room) { /* no need to copy it */
            (void)gonet_writer_write_count(w->w, from + *n, some, &some, &w->e);
        } else {
            some = some < room ? some : room;
            memcpy(w->buf + w->n, from + *n, some);
            w->n += some;
            if (*n + some < len)
                flush(w);
        }
        *n += some;
    }
    return result_of(w, err);
}

/* Reads once from r into the buffer; false at the end, or with *e. */
static bool fill(gonet_bufwriter_t *w, gonet_reader_t *r, int64_t *n, gonet_error_t **e)
{
    for (int empty = 0; empty < EMPTY_READS; empty++) {
        ssize_t got = gonet_reader_read(r, w->buf + w->n, w->size - w->n, e);

        if (got > 0) {
            w->n += (size_t)got;
            *n += got;
            return true;
        }
        if (*e != NULL)
            return false;
    }
    *e = gonet_error_new("multiple Read calls return no data or error");
    return false;
}

/* Into an empty buffer nothing need be read if the writer below can take it from r itself. */
static int read_from(void *self, gonet_reader_t *r, int64_t *n, gonet_error_t **err)
{
    gonet_bufwriter_t *w = self;
    gonet_error_t *e = NULL;
    bool more = true;

    *n = 0;
    while (w->e == NULL && more) {
        int64_t taken = 0;

        if (w->n == 0 && gonet__copy_by_dst(w->w, r, &taken, &w->e) != GONET__OFFERED_NOT) {
            *n += taken;
            break;
        }
        more = fill(w, r, n, &e);
        if (w->n == w->size)
            flush(w);
    }
    if (e == NULL || e == gonet_eof || w->e != NULL) {
        gonet_error_free(e);
        return result_of(w, err);
    }
    gonet_error_set(err, e);
    return -1;
}

static void destroy_slot(void *self)
{
    gonet_bufwriter_t *w = self;

    gonet_error_free(w->e);
    gonet__free(w->buf);
    gonet__free(w);
}

static const gonet__writer_class_t class = {
    .writer = {.size = sizeof(gonet_writer_vtable_t), .write = write_slot, .destroy = destroy_slot},
    .read_from = read_from};

gonet_bufwriter_t *gonet_bufwriter_new(gonet_writer_t *below, size_t size)
{
    gonet_bufwriter_t *w = gonet__zalloc(sizeof(*w));

    if (w == NULL)
        return NULL;
    gonet__object_init(&w->object, GONET__KIND_WRITER, GONET__TYPE_BUFWRITER, &class);
    w->w = below;
    w->size = size == 0 ? DEFAULT_SIZE : size;
    w->buf = gonet__alloc(w->size);
    if (w->buf == NULL) {
        gonet__free(w);
        return NULL;
    }
    return w;
}

void gonet_bufwriter_free(gonet_bufwriter_t *w)
{
    gonet__object_unref(GONET__OBJECT(w));
}

gonet_writer_t *gonet_bufwriter_as_writer(gonet_bufwriter_t *w)
{
    return (gonet_writer_t *)w;
}

ssize_t gonet_bufwriter_write(gonet_bufwriter_t *w, const void *p, size_t len, gonet_error_t **err)
{
    size_t n;

    if (w == NULL)
        return gonet__no_object(err);
    return write_slot(w, p, len, &n, err) == 0 ? (ssize_t)len : -1;
}

int gonet_bufwriter_flush(gonet_bufwriter_t *w, gonet_error_t **err)
{
    if (w == NULL)
        return gonet__no_object(err);
    flush(w);
    return result_of(w, err);
}

void gonet_bufwriter_reset(gonet_bufwriter_t *w, gonet_writer_t *below)
{
    if (w == NULL)
        return;
    gonet_error_set(&w->e, NULL);
    w->n = 0;
    w->w = below;
}

size_t gonet_bufwriter_buffered(const gonet_bufwriter_t *w)
{
    return w == NULL ? 0 : w->n;
}

size_t gonet_bufwriter_available(const gonet_bufwriter_t *w)
{
    return w == NULL ? 0 : w->size - w->n;
}
