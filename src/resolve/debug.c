/*
 * GONETDEBUG: settings between commas, the last one of a key wins.
 */
#include "resolve/debug.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "resolve/span.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static gonet__debug_t settings;

/* A word ("go", "cgo"), a number, or two parts joined by "+"; the last word counts. */
static void read_netdns(gonet__debug_t *d, gonet__span_t value)
{
    *d = (gonet__debug_t){.edns0 = d->edns0};
    while (value.len > 0) {
        gonet__span_t part = gonet__span_cut(&value, '+');
        size_t used;

        if (part.len > 0 && gonet__digit(part.p[0]) <= 9) {
            gonet__scan_decimal(part.p, part.len, &d->level, &used);
            continue;
        }
        d->go = gonet__span_is(part, "go");
        d->libc = gonet__span_is(part, "cgo");
        d->unknown = part.len > 0 && !d->go && !d->libc;
    }
}

gonet__debug_t gonet__debug_parse(const char *value)
{
    gonet__debug_t d = {.edns0 = true};
    gonet__span_t rest = {value, strlen(value)};

    while (rest.len > 0) {
        gonet__span_t setting = gonet__span_cut(&rest, ',');
        gonet__span_t key = gonet__span_cut(&setting, '=');

        if (gonet__span_is(key, "netdns"))
            read_netdns(&d, setting);
        else if (gonet__span_is(key, "netedns0"))
            d.edns0 = !gonet__span_is(setting, "0");
    }
    return d;
}

const char *gonet__debug_choice(const gonet__debug_t *d)
{
    if (d->libc)
        return "gonet: hosts are looked up by getaddrinfo, as GONETDEBUG asks\n";
    if (d->go)
        return "gonet: hosts are looked up by gonet itself, as GONETDEBUG asks\n";
    if (d->unknown)
        return "gonet: what GONETDEBUG says about netdns is not known, and ignored\n"
               "gonet: hosts are looked up by gonet itself\n";
    return "gonet: hosts are looked up by gonet itself\n";
}

static void read_environment(void)
{
    const char *value = getenv("GONETDEBUG");

    settings = gonet__debug_parse(value == NULL ? "" : value);
    if (settings.level > 0)
        fputs(gonet__debug_choice(&settings), stderr);
}

const gonet__debug_t *gonet__debug(void)
{
    pthread_once(&once, read_environment);
    return &settings;
}
