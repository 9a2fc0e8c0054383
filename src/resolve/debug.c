/*
 * GONETDEBUG: settings between commas, the last one of a key wins.
 */
#include "resolve/debug.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "resolve/span.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static gonet__debug_t settings;

/* "go", "cgo", a number, or two of them joined by "+". */
static void read_netdns(gonet__debug_t *d, gonet__span_t value)
{
    d->libc = false;
    d->go = false;
    d->level = 0;
    while (value.len > 0) {
        gonet__span_t part = gonet__span_cut(&value, '+');
        size_t used;

        if (part.len > 0 && gonet__digit(part.p[0]) <= 9)
            gonet__scan_decimal(part.p, part.len, &d->level, &used);
        else if (gonet__span_is(part, "go"))
            d->go = true;
        else if (gonet__span_is(part, "cgo"))
            d->libc = true;
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

static void read_environment(void)
{
    const char *value = getenv("GONETDEBUG");

    settings = gonet__debug_parse(value == NULL ? "" : value);
}

const gonet__debug_t *gonet__debug(void)
{
    pthread_once(&once, read_environment);
    return &settings;
}
