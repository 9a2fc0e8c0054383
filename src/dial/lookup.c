/*
 * Looking up a host: a literal is its own answer, then come the names of /etc/hosts.
 */
#include "dial/lookup.h"

#include <string.h>

#include "base/alloc.h"
#include "resolve/hosts.h"
#include "error/error.h"
#include "runtime/clock.h"

#define MAX_NAME  254
#define MAX_LABEL 63

gonet_error_t *gonet__ended(gonet_context_t *ctx, int64_t deadline)
{
    gonet_error_t *e = ctx == NULL ? NULL : gonet_context_err(ctx);

    if (e != NULL)
        return gonet__map_context_error(gonet_error_ref(e));
    if (deadline != 0 && gonet__now() >= deadline)
        return gonet__err_dial_timeout;
    return NULL;
}

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

bool gonet__is_domain_name(const char *name)
{
    size_t len = strlen(name);
    bool letters = false;

    if (strcmp(name, ".") == 0)
        return true;
    if (len == 0 || len > MAX_NAME || (len == MAX_NAME && name[len - 1] != '.'))
        return false;
    for (const char *p = name; *p != '\0';) {
        size_t label = strcspn(p, ".");

        if (!is_label(p, label, &letters))
            return false;
        p += label;
        if (*p == '.')
            p++;
    }
    return letters;
}

/* The address that a literal stands for, of 16 bytes; false if host is none. */
static bool literal(const char *host, gonet_ip_addr_t *addr)
{
    gonet_netip_addr_t a = gonet_netip_parse_addr(host, NULL);
    gonet_ip_t ip = {.len = (uint8_t)(a.bits / 8)};

    if (a.bits == 0)
        return false;
    memset(addr, 0, sizeof(*addr));
    memcpy(ip.b, a.b, ip.len);
    addr->ip = gonet_ip_to16(ip);
    memcpy(addr->zone, a.zone, sizeof(addr->zone));
    return true;
}

static gonet_error_t *one_address(const gonet_ip_addr_t *addr, gonet_ip_addr_t **addrs, size_t *n)
{
    *addrs = gonet__alloc(sizeof(**addrs));
    if (*addrs == NULL)
        return gonet_err_no_memory;
    **addrs = *addr;
    *n = 1;
    return NULL;
}

gonet_error_t *gonet__lookup_ip_addr(const gonet_resolver_t *resolver, gonet_context_t *ctx,
                                     int64_t deadline, const char *network, const char *host,
                                     gonet_ip_addr_t **addrs, size_t *n)
{
    gonet_ip_addr_t addr;
    gonet_error_t *e;

    (void)resolver;
    (void)network;
    if (literal(host, &addr))
        return one_address(&addr, addrs, n);
    e = gonet__ended(ctx, deadline);
    if (e != NULL)
        return gonet__dns_error_from(e, host, "");
    e = gonet__hosts_lookup(host, addrs, n);
    if (e != NULL || *n > 0)
        return e;
    if (!gonet__is_domain_name(host))
        return gonet__dns_error("no such host", host, "", false, false, true, NULL);
    return gonet__dns_error("name resolution is not available", host, "", false, false, false,
                            NULL);
}
