/*
 * Growable bytes. One thread uses a buffer at a time. Invariant: len < cap whenever p is not NULL,
 * so that a closing NUL always fits.
 */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { FIRST_SIZE = 64 };

bool gonet__buf_reserve(gonet__buf_t *b, size_t n)
{
    size_t need;

    if (b->failed)
        return false;
    if (n < b->cap - b->len) /* cap is 0 or more than len */
        return true;
    if (__builtin_add_overflow(b->len, n, &need) || need > SIZE_MAX / 4) {
        b->failed = true;
        return false;
    }
    size_t cap = b->cap != 0 ? b->cap : FIRST_SIZE;
    while (cap <= need)
        cap *= 2;
    char *p = gonet__realloc(b->p, cap, 1);
    if (p == NULL) {
        b->failed = true;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

void gonet__buf_put(gonet__buf_t *b, const void *p, size_t n)
{
    if (n == 0 || !gonet__buf_reserve(b, n))
        return;
    memcpy(b->p + b->len, p, n);
    b->len += n;
}

void gonet__buf_puts(gonet__buf_t *b, const char *s)
{
    gonet__buf_put(b, s, strlen(s));
}

void gonet__buf_putc(gonet__buf_t *b, char c)
{
    gonet__buf_put(b, &c, 1);
}

void gonet__buf_printf(gonet__buf_t *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    gonet__buf_vprintf(b, format, args);
    va_end(args);
}

void gonet__buf_vprintf(gonet__buf_t *b, const char *format, va_list args)
{
    va_list again;
    char small[128];

    va_copy(again, args);
    int n = vsnprintf(small, sizeof(small), format, args);
    if (n < 0) {
        b->failed = true; /* a format that cannot be converted, or a text over INT_MAX */
    } else if ((size_t)n < sizeof(small)) {
        gonet__buf_put(b, small, (size_t)n);
    } else if (gonet__buf_reserve(b, (size_t)n)) {
        vsnprintf(b->p + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

char *gonet__buf_take(gonet__buf_t *b)
{
    char *p = NULL;

    if (gonet__buf_reserve(b, 0)) {
        p = b->p;
        p[b->len] = '\0';
        *b = (gonet__buf_t){0};
    }
    gonet__buf_free(b);
    return p;
}

void gonet__buf_free(gonet__buf_t *b)
{
    gonet__free(b->p);
    *b = (gonet__buf_t){0};
}
