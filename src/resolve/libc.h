/*
 * getaddrinfo and getnameinfo, on the pool for blocking work (behaviour 21.11).
 */
#ifndef GONET_RESOLVE_LIBC_H
#define GONET_RESOLVE_LIBC_H

#include <stdint.h>

#include "resolve/lookup_ip.h"
#include "resolve/records.h"

/* gonet__libc_limit: how many calls may be under way, given how many descriptors the process may
 * have (behaviour 21.12). More wait for their turn. */
unsigned gonet__libc_limit(uint64_t descriptors);

/* gonet__libc_host appends the addresses of host. A lookup that is given up goes on by itself. */
gonet_error_t *gonet__libc_host(const gonet__limit_t *limit, unsigned want, const char *host,
                                gonet__addresses_t *a);

/* gonet__libc_addr appends the name of an address literal. */
gonet_error_t *gonet__libc_addr(const gonet__limit_t *limit, const char *addr,
                                gonet__items_t *items);

#endif
