/*
 * The record of recorder_conn.c: 16 bytes a line, with their place in the stream, as hexdump shows
 * them. A piece stays together, whatever other connections and directions record meanwhile.
 */
#include <ctype.h>
#include <stdio.h>
#include "recorder_conn.h"

enum { width = 16, lines = 32 };

/* Writes a line of n bytes, at most width, at text; its length. */
static size_t format(char *text, size_t size, const char *direction, int64_t offset,
                     const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char hex[3 * width + 1], plain[width + 1];
    for (size_t i = 0; i < n; i++) {
        hex[3 * i] = ' ';
        hex[3 * i + 1] = digits[p[i] >> 4];
        hex[3 * i + 2] = digits[p[i] & 15];
        plain[i] = isprint(p[i]) ? (char)p[i] : '.';
    }
    hex[3 * n] = plain[n] = '\0';
    return (size_t)snprintf(text, size, "%-3s %08llx %-*s  |%s|\n", direction,
                            (unsigned long long)offset, 3 * width, hex, plain);
}

void recorder_dump(recorder_log_t *log, const char *direction, int64_t *offset, const void *p,
                   size_t n)
{
    const uint8_t *next = p, *end = next + n;
    char text[lines * 100];
    gonet_mutex_lock(&log->lock);
    while (next < end && log->err == NULL) {
        size_t used = 0;
        for (int i = 0; i < lines && next < end; i++) {
            size_t part = end - next < width ? (size_t)(end - next) : width;
            used += format(text + used, sizeof(text) - used, direction, *offset, next, part);
            next += part;
            *offset += (int64_t)part;
        }
        gonet_writer_write(log->to, text, used, &log->err);
    }
    gonet_mutex_unlock(&log->lock);
}
