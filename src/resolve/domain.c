/*
 * Domain names as texts. Pure functions.
 */
#include "resolve/domain.h"

#include <string.h>
#include <strings.h>

#include "base/digits.h"
#include "gonet/netip.h"

#define MAX_NAME  254 /* with its final dot */
#define MAX_LABEL 63

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* One label; *letters becomes true if it is more than digits. */
static bool is_label(const char *p, size_t len, bool *letters)
{
    if (len == 0 || len > MAX_LABEL || p[0] == '-' || p[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (is_letter(p[i]) || p[i] == '-')
            *letters = true;
        else if (p[i] < '0' || p[i] > '9')
            return false;
    }
    return true;
}

bool gonet__is_domain_name_n(const char *name, size_t len)
{
    const char *p = name, *end = name + len;
    bool letters = false;

    if (len == 1 && name[0] == '.')
        return true;
    if (len == 0 || len > MAX_NAME || (len == MAX_NAME && name[len - 1] != '.'))
        return false;
    while (p < end) {
        const char *dot = memchr(p, '.', (size_t)(end - p));
        size_t label = (size_t)((dot == NULL ? end : dot) - p);

        if (!is_label(p, label, &letters))
            return false;
        p += label + (dot != NULL);
    }
    return letters;
}

bool gonet__is_domain_name(const char *name)
{
    return gonet__is_domain_name_n(name, strlen(name));
}

/* Names under .onion never reach the DNS (RFC 7686). */
static bool avoided(const char *name)
{
    size_t len = strlen(name);

    if (len > 0 && name[len - 1] == '.')
        len--;
    return len >= 6 && strncasecmp(name + len - 6, ".onion", 6) == 0;
}

static const char *search_at(const gonet__resolv_conf_t *conf, size_t i)
{
    const char *p = conf->search;

    for (; i > 0; i--)
        p += strlen(p) + 1;
    return p;
}

/* name, a dot if it has none, and suffix; false if that is too long, or to be avoided. */
static bool compose(const char *name, const char *suffix, char out[GONET__DOMAIN_SIZE])
{
    size_t len = strlen(name), more = strlen(suffix);
    bool dot = len == 0 || name[len - 1] != '.';

    if (len + dot + more > MAX_NAME)
        return false;
    memcpy(out, name, len);
    if (dot)
        out[len++] = '.';
    memcpy(out + len, suffix, more + 1);
    return !avoided(out);
}

static int dots_in(const char *name)
{
    int n = 0;

    for (; *name != '\0'; name++)
        n += *name == '.';
    return n;
}

bool gonet__search_name(const gonet__resolv_conf_t *conf, const char *name, size_t *i,
                        char out[GONET__DOMAIN_SIZE])
{
    size_t len = strlen(name);
    bool rooted = len > 0 && name[len - 1] == '.';
    size_t count = rooted ? 1 : conf->search_count + 1;
    bool itself_first = rooted || dots_in(name) >= conf->ndots;
    size_t itself = itself_first ? 0 : conf->search_count;

    if (len > MAX_NAME || (len == MAX_NAME && !rooted))
        return false;
    while (*i < count) {
        size_t at = (*i)++;

        if (compose(name, at == itself ? "" : search_at(conf, at - itself_first), out))
            return true;
    }
    return false;
}

bool gonet__reverse_name(const char *addr, char out[GONET__DOMAIN_SIZE])
{
    gonet_netip_addr_t a = gonet_netip_parse_addr(addr, NULL);
    bool mapped = a.bits == 128 && gonet_netip_addr_is4in6(a);
    const uint8_t *b = mapped ? a.b + 12 : a.b;
    char *p = out;

    if (a.bits == 0 || a.zone[0] != '\0')
        return false;
    if (a.bits == 32 || mapped) {
        for (int i = 3; i >= 0; i--) {
            p = gonet__put_octet(p, b[i]);
            *p++ = '.';
        }
        memcpy(p, "in-addr.arpa.", sizeof("in-addr.arpa."));
        return true;
    }
    for (int i = 15; i >= 0; i--) {
        *p++ = gonet__hex_pair[a.b[i]][1];
        *p++ = '.';
        *p++ = gonet__hex_pair[a.b[i]][0];
        *p++ = '.';
    }
    memcpy(p, "ip6.arpa.", sizeof("ip6.arpa."));
    return true;
}
