/*
 * The buffered reader: what was read ahead lies between start and end. Reading a line that is
 * longer than the buffer makes the buffer grow, so that nothing is lost when the line does not end,
 * but not beyond the line's maximum. An error is remembered until what came before it has been
 * taken.
 */
#include <string.h>

#include "base/alloc.h"
#include "conn/stream.h"
#include "gonet/errno.h"

#define DEFAULT_SIZE ((size_t)4096)
#define MIN_SIZE     ((size_t)16)
#define EMPTY_READS  100 /* in a row, after which a reader is taken to be broken; bufio's number */

struct gonet_bufreader {
    gonet__object_t object; /* first */
    gonet_reader_t *r;      /* borrowed */
    char *buf;
    size_t size;
    size_t start, end;
    size_t max_line;  /* 0: none */
    gonet_error_t *e; /* what the last read below ended with */
};

static ssize_t read_slot(void *self, void *p, size_t len, gonet_error_t **err)
{
    return gonet_bufreader_read(self, p, len, err);
}

static void destroy_slot(void *self)
{
    gonet_bufreader_t *r = self;

    gonet_error_free(r->e);
    gonet__free(r->buf);
    gonet__free(r);
}

static const gonet_reader_vtable_t bufreader_vtable = {
    .size = sizeof(gonet_reader_vtable_t), .read = read_slot, .destroy = destroy_slot};

gonet_bufreader_t *gonet_bufreader_new(gonet_reader_t *below, size_t size)
{
    gonet_bufreader_t *r = gonet__zalloc(sizeof(*r));

    if (r == NULL)
        return NULL;
    gonet__object_init(&r->object, GONET__KIND_READER, GONET__TYPE_BUFREADER, &bufreader_vtable);
    r->r = below;
    r->size = size == 0 ? DEFAULT_SIZE : size < MIN_SIZE ? MIN_SIZE : size;
    r->buf = gonet__alloc(r->size);
    if (r->buf == NULL) {
        gonet__free(r);
        return NULL;
    }
    return r;
}

void gonet_bufreader_free(gonet_bufreader_t *r)
{
    gonet__object_unref(GONET__OBJECT(r));
}

gonet_reader_t *gonet_bufreader_as_reader(gonet_bufreader_t *r)
{
    return (gonet_reader_t *)r;
}

void gonet_bufreader_set_max_line(gonet_bufreader_t *r, size_t max)
{
    if (r != NULL)
        r->max_line = max;
}

size_t gonet_bufreader_buffered(const gonet_bufreader_t *r)
{
    return r == NULL ? 0 : r->end - r->start;
}

/* Clears *err; false, with EINVAL there, if r is NULL, as connections have it. */
static bool begin(const gonet_bufreader_t *r, gonet_error_t **err)
{
    gonet_error_set(err, r == NULL ? gonet_errno_error(EINVAL) : NULL);
    return r != NULL;
}

/* Hands over the remembered error. */
static void give_error(gonet_bufreader_t *r, gonet_error_t **err)
{
    gonet_error_t *e = r->e;

    r->e = NULL;
    gonet_error_set(err, e);
}

/* Makes room behind end by moving what is there to the front. */
static void compact(gonet_bufreader_t *r)
{
    if (r->start == 0)
        return;
    memmove(r->buf, r->buf + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
}

/* Reads below once, behind end, where there is room. False: nothing came, r->e says why. */
static bool fill(gonet_bufreader_t *r)
{
    for (int empty = 0; r->e == NULL; empty++) {
        ssize_t n = gonet_reader_read(r->r, r->buf + r->end, r->size - r->end, &r->e);

        if (n > 0) {
            r->end += (size_t)n;
            return true;
        }
        if (r->e == NULL && empty == EMPTY_READS - 1)
            r->e = gonet_error_new("multiple Read calls return no data or error");
    }
    return false;
}

ssize_t gonet_bufreader_read(gonet_bufreader_t *r, void *p, size_t len, gonet_error_t **err)
{
    size_t n;

    if (!begin(r, err))
        return -1;
    if (len == 0)
        return 0;
    if (r->start == r->end) {
        if (r->e == NULL && len >= r->size)
            return gonet_reader_read(r->r, p, len, err);
        r->start = r->end = 0;
        if (!fill(r)) {
            bool end = r->e == gonet_eof;

            give_error(r, err);
            return end ? 0 : -1;
        }
    }
    n = r->end - r->start < len ? r->end - r->start : len;
    memcpy(p, r->buf + r->start, n);
    r->start += n;
    return (ssize_t)n;
}

int gonet_bufreader_read_byte(gonet_bufreader_t *r, gonet_error_t **err)
{
    unsigned char byte;
    ssize_t n = gonet_bufreader_read(r, &byte, 1, err);

    return n == 1 ? byte : -1;
}

const void *gonet_bufreader_peek(gonet_bufreader_t *r, size_t n, gonet_error_t **err)
{
    if (!begin(r, err))
        return NULL;
    if (n > r->size) {
        gonet_error_set(err, gonet_err_short_buffer);
        return NULL;
    }
    if (r->size - r->start < n)
        compact(r);
    while (r->end - r->start < n) {
        if (!fill(r)) {
            give_error(r, err);
            return NULL;
        }
    }
    return r->buf + r->start;
}

/* Doubles the buffer. False: memory is out, nothing is lost. */
static bool grow(gonet_bufreader_t *r)
{
    char *larger = gonet__realloc(r->buf, 2, r->size);

    if (larger == NULL)
        return false;
    r->buf = larger;
    r->size *= 2;
    return true;
}

/* What is said of a line, or of a text up to delim, that has more bytes than it may have. */
static gonet_error_t *too_long(char delim, size_t max)
{
    unsigned char c = (unsigned char)delim;
    gonet_error_t *e;

    if (delim == '\n')
        e = gonet_error_errorf(gonet_err_short_buffer, "line of more than %zu bytes", max);
    else if (c > ' ' && c < 0x7f)
        e = gonet_error_errorf(gonet_err_short_buffer, "more than %zu bytes without '%c'", max,
                               delim);
    else
        e = gonet_error_errorf(gonet_err_short_buffer, "more than %zu bytes without a byte 0x%02x",
                               max, c);
    return e != gonet_err_no_memory ? e : gonet_err_short_buffer;
}

/*
 * Reads until delim is in the buffer: the length from start to behind it; 0 when the stream ended
 * or failed before (r->e), and when *why says that memory is out, or that the line is too long.
 */
static size_t find(gonet_bufreader_t *r, char delim, gonet_error_t **why)
{
    size_t max = r->max_line != 0 ? r->max_line : SIZE_MAX;
    size_t seen = 0;

    for (*why = NULL; *why == NULL;) {
        const char *from = r->buf + r->start;
        size_t len = r->end - r->start < max ? r->end - r->start : max;
        const char *hit = len == seen ? NULL : memchr(from + seen, delim, len - seen);

        if (hit != NULL)
            return (size_t)(hit - from) + 1;
        seen = len;
        if (len == max) {
            *why = too_long(delim, max);
            break;
        }
        if (r->e != NULL)
            break;
        compact(r);
        if (r->end == r->size && !grow(r))
            *why = gonet_err_no_memory;
        else if (!fill(r))
            break;
    }
    return 0;
}

/* A copy of len bytes, NUL-terminated, of which skip are taken from the buffer. NULL without
 * memory: nothing is. */
static char *take(gonet_bufreader_t *r, size_t len, size_t skip, size_t *out_len,
                  gonet_error_t **err)
{
    char *line = gonet__alloc(len + 1);

    if (line == NULL) {
        gonet_error_set(err, gonet_err_no_memory);
        return NULL;
    }
    memcpy(line, r->buf + r->start, len);
    line[len] = '\0';
    r->start += skip;
    if (out_len != NULL)
        *out_len = len;
    return line;
}

static void no_line(gonet_bufreader_t *r, gonet_error_t *why, gonet_error_t **err)
{
    if (why != NULL)
        gonet_error_set(err, why);
    else
        give_error(r, err);
}

char *gonet_bufreader_read_line(gonet_bufreader_t *r, size_t *len, gonet_error_t **err)
{
    gonet_error_t *why;
    size_t n;

    if (len != NULL)
        *len = 0;
    if (!begin(r, err))
        return NULL;
    n = find(r, '\n', &why);
    if (n > 0) {
        size_t text = n - 1;

        if (text > 0 && r->buf[r->start + text - 1] == '\r')
            text--;
        return take(r, text, n, len, err);
    }
    /* The last line needs no line end. */
    n = r->end - r->start;
    if (why == NULL && r->e == gonet_eof && n > 0)
        return take(r, n, n, len, err);
    no_line(r, why, err);
    return NULL;
}

char *gonet_bufreader_read_string(gonet_bufreader_t *r, char delim, size_t *len,
                                  gonet_error_t **err)
{
    gonet_error_t *why;
    size_t n;

    if (len != NULL)
        *len = 0;
    if (!begin(r, err))
        return NULL;
    n = find(r, delim, &why);
    if (n > 0)
        return take(r, n, n, len, err);
    no_line(r, why, err);
    return NULL;
}
