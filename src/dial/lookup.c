/*
 * Looking up a host: a literal is its own answer, then come the names of /etc/hosts.
 */
#include "dial/lookup.h"

#include <string.h>

#include "base/alloc.h"
#include "resolve/domain.h"
#include "resolve/hosts.h"
#include "error/error.h"
#include "runtime/clock.h"

gonet_error_t *gonet__ended(gonet_context_t *ctx, int64_t deadline)
{
    gonet_error_t *e = ctx == NULL ? NULL : gonet_context_err(ctx);

    if (e != NULL)
        return gonet__map_context_error(gonet_error_ref(e));
    if (deadline != 0 && gonet__now() >= deadline)
        return gonet__err_dial_timeout;
    return NULL;
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

/* The addresses of the hosts file, in its order. */
static gonet_error_t *lookup_files(const char *host, gonet_ip_addr_t **addrs, size_t *n)
{
    gonet__hosts_t *table = gonet__hosts_current();
    gonet__hosts_found_t found;
    gonet_error_t *e = NULL;

    if (table == NULL)
        return gonet_err_no_memory;
    found = gonet__hosts_by_name(table, host);
    *addrs = found.n == 0 ? NULL : gonet__calloc(found.n, sizeof(**addrs));
    if (found.n > 0 && *addrs == NULL)
        e = gonet_err_no_memory;
    for (size_t i = 0; e == NULL && i < found.n; i++)
        literal(gonet__hosts_value(&found, i), &(*addrs)[i]);
    *n = e == NULL ? found.n : 0;
    gonet__hosts_unref(table);
    return e;
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
    e = lookup_files(host, addrs, n);
    if (e != NULL || *n > 0)
        return e;
    if (!gonet__is_domain_name(host))
        return gonet__dns_error("no such host", host, "", false, false, true, NULL);
    return gonet__dns_error("name resolution is not available", host, "", false, false, false,
                            NULL);
}
