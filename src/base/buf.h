/*
 * A growable run of bytes, for making texts of unknown length. A buffer that could not grow
 * remembers it and ignores what comes after, so that callers check once, when they take the result.
 */
#ifndef GONET_BASE_BUF_H
#define GONET_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "gonet/export.h"

/* The zero value is an empty buffer. */
typedef struct {
    char *p; /* NULL until something was put; never ends in a NUL by itself */
    size_t len;
    size_t cap;
    bool failed; /* memory was out, or the length overflowed */
} gonet__buf_t;

/* gonet__buf_reserve makes room for n more bytes and one NUL; false (and failed) without memory. */
bool gonet__buf_reserve(gonet__buf_t *b, size_t n);

/* gonet__buf_put appends n bytes. */
void gonet__buf_put(gonet__buf_t *b, const void *p, size_t n);

/* gonet__buf_puts appends a C string. */
void gonet__buf_puts(gonet__buf_t *b, const char *s);

/* gonet__buf_putc appends one byte. */
void gonet__buf_putc(gonet__buf_t *b, char c);

/* gonet__buf_printf and gonet__buf_vprintf append formatted text. */
void gonet__buf_printf(gonet__buf_t *b, const char *format, ...) GONET_PRINTF(2, 3);
void gonet__buf_vprintf(gonet__buf_t *b, const char *format, va_list args) GONET_PRINTF(2, 0);

/*
 * gonet__buf_quote appends the n bytes at p in double quotes, escaped as Go's strconv.Quote does
 * (behaviour 4.3).
 */
void gonet__buf_quote(gonet__buf_t *b, const char *p, size_t n);

/*
 * gonet__buf_take ends the text with a NUL and hands it over, to be released with gonet__free; the
 * buffer is empty again. NULL if anything failed: what there was is released.
 */
char *gonet__buf_take(gonet__buf_t *b);

/* gonet__buf_free releases what the buffer holds; it is empty again. */
void gonet__buf_free(gonet__buf_t *b);

#endif
