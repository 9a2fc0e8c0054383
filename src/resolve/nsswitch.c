/*
 * Reading nsswitch.conf. A file that breaks the grammar counts as a whole for nothing, so it is
 * read to its end before the order is decided.
 */
#include "resolve/nsswitch.h"

#include <stdbool.h>
#include <string.h>

#include "resolve/span.h"

/* The sources of "hosts:", as far as they matter. */
typedef struct {
    bool any;
    bool files;
    bool dns;
    bool unknown;
    char first;         /* 'f' or 'd': which of files and dns is named first */
    char first_unknown; /* the same, with sources that are not known counted as dns */
} sources_t;

/* What is inside of brackets: "!NOTFOUND=return …". */
static bool good_criteria(gonet__span_t s)
{
    while (s.len > 0) {
        gonet__span_t f = gonet__span_cut(&s, ' ');

        f = gonet__span_trim(f);
        if (f.len == 0)
            continue;
        if (f.p[0] == '!') {
            f.p++;
            f.len--;
        }
        if (f.len < 3 || memchr(f.p, '=', f.len) == NULL)
            return false;
    }
    return true;
}

static void add_source(sources_t *to, gonet__span_t source)
{
    bool files = gonet__span_is(source, "files");
    bool dns = gonet__span_is(source, "dns");

    to->any = true;
    to->files |= files;
    to->dns |= dns;
    to->unknown |= !files && !dns;
    if (to->first == '\0' && (files || dns))
        to->first = files ? 'f' : 'd';
    if (to->first_unknown == '\0')
        to->first_unknown = files ? 'f' : 'd';
}

/* The sources of one line; to is NULL for another database. False: the file is unusable. */
static bool read_sources(gonet__span_t s, sources_t *to)
{
    for (;;) {
        gonet__span_t source;

        s = gonet__span_trim(s);
        if (s.len == 0)
            return true;
        source = gonet__span_cut(&s, ' ');
        s = gonet__span_trim(s);
        if (s.len > 0 && s.p[0] == '[') {
            gonet__span_t criteria;

            if (memchr(s.p, ']', s.len) == NULL)
                return false;
            criteria = gonet__span_cut(&s, ']');
            criteria.p++;
            criteria.len--;
            if (!good_criteria(criteria))
                return false;
        }
        if (to != NULL)
            add_source(to, source);
    }
}

/* Sources that are not known count as dns, if dns is not among the others. */
static gonet__order_t decide(const sources_t *s)
{
    bool dns = s->dns || s->unknown;
    char first = s->dns ? s->first : s->first_unknown;

    if (s->files && dns)
        return first == 'f' ? GONET__ORDER_FILES_DNS : GONET__ORDER_DNS_FILES;
    if (s->files)
        return GONET__ORDER_FILES;
    return dns ? GONET__ORDER_DNS : GONET__ORDER_FILES_DNS;
}

gonet__order_t gonet__nsswitch_order(const char *text, size_t len)
{
    gonet__span_t rest = {text, len}, line;
    sources_t hosts = {0};

    while (gonet__span_line(&rest, &line)) {
        gonet__span_t name;

        line = gonet__span_trim(gonet__span_uncomment(line));
        if (line.len == 0)
            continue;
        if (memchr(line.p, ':', line.len) == NULL)
            return GONET__ORDER_FILES_DNS;
        name = gonet__span_trim(gonet__span_cut(&line, ':'));
        if (!read_sources(line, gonet__span_is(name, "hosts") ? &hosts : NULL))
            return GONET__ORDER_FILES_DNS;
    }
    return hosts.any ? decide(&hosts) : GONET__ORDER_FILES_DNS;
}

const char *gonet__order_name(gonet__order_t order)
{
    static const char *const names[] = {"files,dns", "dns,files", "files", "dns", "cgo"};

    return names[order];
}
