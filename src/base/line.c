/*
 * Lines without allocation. The last byte is kept for the line's end.
 */
#include "base/line.h"

#include <string.h>

#include "base/say.h"

void gonet__line_put(gonet__line_t *line, const char *p, size_t n)
{
    size_t room = sizeof(line->text) - 1 - line->len;

    n = n < room ? n : room;
    memcpy(line->text + line->len, p, n);
    line->len += n;
}

void gonet__line_puts(gonet__line_t *line, const char *s)
{
    gonet__line_put(line, s, strlen(s));
}

void gonet__line_number(gonet__line_t *line, uint64_t v, unsigned base)
{
    char digits[64];
    size_t i = sizeof(digits);

    do {
        digits[--i] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v != 0);
    gonet__line_put(line, digits + i, sizeof(digits) - i);
}

void gonet__line_say(gonet__line_t *line)
{
    line->text[line->len++] = '\n';
    gonet__say_bytes(line->text, line->len);
    line->len = 0;
}
