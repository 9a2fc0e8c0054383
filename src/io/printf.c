/*
 * Formatted writing. The text goes out in one write, so that it is not mixed with another task's.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "gonet/io.h"

/* Short texts, which most are, need no allocation. */
#define SHORT_TEXT 512

static ssize_t write_long(gonet_writer_t *w, gonet_error_t **err, const char *format, va_list args)
{
    gonet__buf_t text = {NULL, 0, 0, false};
    ssize_t n;

    gonet__buf_vprintf(&text, format, args);
    if (text.failed) {
        gonet__buf_free(&text);
        gonet_error_set(err, gonet_err_no_memory);
        return -1;
    }
    n = gonet_writer_write(w, text.p, text.len, err);
    gonet__buf_free(&text);
    return n;
}

ssize_t gonet_writer_vprintf(gonet_writer_t *w, gonet_error_t **err, const char *format,
                             va_list args)
{
    char text[SHORT_TEXT];
    va_list again;
    ssize_t n;
    int len;

    va_copy(again, args);
    len = vsnprintf(text, sizeof(text), format, args);
    if (len >= 0 && (size_t)len < sizeof(text))
        n = gonet_writer_write(w, text, (size_t)len, err);
    else
        n = write_long(w, err, format, again);
    va_end(again);
    return n;
}

ssize_t gonet_conn_vprintf(gonet_conn_t *c, gonet_error_t **err, const char *format, va_list args)
{
    return gonet_writer_vprintf(gonet_conn_as_writer(c), err, format, args);
}

ssize_t gonet_conn_printf(gonet_conn_t *c, gonet_error_t **err, const char *format, ...)
{
    va_list args;
    ssize_t n;

    va_start(args, format);
    n = gonet_conn_vprintf(c, err, format, args);
    va_end(args);
    return n;
}

ssize_t gonet_writer_printf(gonet_writer_t *w, gonet_error_t **err, const char *format, ...)
{
    va_list args;
    ssize_t n;

    va_start(args, format);
    n = gonet_writer_vprintf(w, err, format, args);
    va_end(args);
    return n;
}

ssize_t gonet_bufwriter_vprintf(gonet_bufwriter_t *w, gonet_error_t **err, const char *format,
                                va_list args)
{
    return gonet_writer_vprintf(gonet_bufwriter_as_writer(w), err, format, args);
}

ssize_t gonet_bufwriter_printf(gonet_bufwriter_t *w, gonet_error_t **err, const char *format, ...)
{
    va_list args;
    ssize_t n;

    va_start(args, format);
    n = gonet_bufwriter_vprintf(w, err, format, args);
    va_end(args);
    return n;
}
