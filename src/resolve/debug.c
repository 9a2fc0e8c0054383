/*
 * netdns and netedns0 of GONETDEBUG.
 */
#include "resolve/debug.h"

#include <pthread.h>

#include "base/digits.h"
#include "base/say.h"
#include "base/setting.h"
#include "resolve/span.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static gonet__debug_t settings;

/* A word ("go", "cgo"), a number, or two parts joined by "+"; the last word counts. NULL: not set.
 */
gonet__debug_t gonet__debug_netdns(const char *p, size_t len)
{
    gonet__debug_t d = {.edns0 = true};
    gonet__span_t value = {p, len};

    if (p == NULL)
        return d;
    do {
        gonet__span_t part = gonet__span_cut(&value, '+');
        int level;
        size_t used;

        if (gonet__scan_decimal(part.p, part.len, &level, &used) && used == part.len) {
            d.level = level;
            continue;
        }
        d.go = gonet__span_is(part, "go");
        d.libc = gonet__span_is(part, "cgo");
        d.unknown |= !d.go && !d.libc;
    } while (value.len > 0);
    return d;
}

const char *gonet__debug_choice(const gonet__debug_t *d)
{
    if (d->libc)
        return "gonet: hosts are looked up by getaddrinfo, as GONETDEBUG asks\n";
    if (d->go)
        return "gonet: hosts are looked up by gonet itself, as GONETDEBUG asks\n";
    return "gonet: hosts are looked up by gonet itself\n";
}

static void read_environment(void)
{
    static const char *const off_on[] = {"0", "1", NULL};
    size_t len;
    const char *value = gonet__setting(GONET__SETTING_NETDNS, &len);

    settings = gonet__debug_netdns(value, len);
    settings.edns0 = gonet__setting_word(GONET__SETTING_NETEDNS0, off_on) != 0;
    if (settings.unknown)
        gonet__setting_refuse(GONET__SETTING_NETDNS, "go or cgo, a level, or both: go+1");
    if (settings.level > 0)
        gonet__say("%s", gonet__debug_choice(&settings));
}

const gonet__debug_t *gonet__debug(void)
{
    pthread_once(&once, read_environment);
    return &settings;
}
