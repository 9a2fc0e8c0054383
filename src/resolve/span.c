/*
 * Lines, fields and comparisons. Pure functions.
 */
#include "resolve/span.h"

#include <string.h>

#define MAX_LINE ((size_t)65536)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t index_of(gonet__span_t s, char c)
{
    const char *found = s.len == 0 ? NULL : memchr(s.p, c, s.len);

    return found == NULL ? s.len : (size_t)(found - s.p);
}

gonet__span_t gonet__span_cut(gonet__span_t *s, char c)
{
    size_t n = index_of(*s, c);
    gonet__span_t first = {s->p, n};

    if (n < s->len)
        n++;
    s->p += n;
    s->len -= n;
    return first;
}

bool gonet__span_line(gonet__span_t *text, gonet__span_t *line)
{
    if (text->len == 0 || index_of(*text, '\n') > MAX_LINE)
        return false;
    *line = gonet__span_cut(text, '\n');
    return true;
}

gonet__span_t gonet__span_uncomment(gonet__span_t line)
{
    return (gonet__span_t){line.p, index_of(line, '#')};
}

gonet__span_t gonet__span_trim(gonet__span_t s)
{
    while (s.len > 0 && is_blank(s.p[0])) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.p[s.len - 1]))
        s.len--;
    return s;
}

bool gonet__span_field(gonet__span_t *line, gonet__span_t *field)
{
    size_t n = 0;

    *line = gonet__span_trim(*line);
    if (line->len == 0)
        return false;
    while (n < line->len && !is_blank(line->p[n]))
        n++;
    *field = (gonet__span_t){line->p, n};
    line->p += n;
    line->len -= n;
    return true;
}

bool gonet__span_is(gonet__span_t s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

bool gonet__span_begins(gonet__span_t s, const char *text)
{
    size_t n = strlen(text);

    return s.len >= n && memcmp(s.p, text, n) == 0;
}
