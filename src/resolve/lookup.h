/*
 * Lookups as the rest of the library asks for them.
 */
#ifndef GONET_RESOLVE_LOOKUP_H
#define GONET_RESOLVE_LOOKUP_H

#include "gonet/addr.h"
#include "gonet/resolver.h"
#include "resolve/debug.h"
#include "resolve/limit.h"
#include "resolve/lookup_ip.h"

/* One lookup: who asks, and for how long. */
typedef struct {
    const gonet_resolver_t *resolver; /* not NULL */
    gonet__limit_t limit;
} gonet__request_t;

/* gonet__request_make begins a lookup; it fills in the default for a NULL resolver. */
gonet__request_t gonet__request_make(const gonet_resolver_t *resolver, gonet_context_t *ctx,
                                     int64_t deadline);

/*
 * gonet__asking_begin takes the configuration for a lookup of name; gonet__asking_end gives it
 * back. NULL, or the error (new reference).
 */
gonet_error_t *gonet__asking_begin(gonet__asking_t *asking, const gonet__request_t *request,
                                   const char *name);
void gonet__asking_end(gonet__asking_t *asking);

/*
 * gonet__by_libc says whether hosts are getaddrinfo's business: only if GONETDEBUG asks for it, and
 * the resolver does not forbid it (behaviour 21.2). Like Go built without cgo, gonet never chooses
 * it by itself, so names, files and environment (21.3) have no part in this.
 */
bool gonet__by_libc(const gonet_resolver_t *resolver, const gonet__debug_t *debug);

/* gonet__order_for decides where name is looked up, and says so if GONETDEBUG asks for it. */
gonet__order_t gonet__order_for(const gonet_resolver_t *resolver, const char *name);

/* gonet__wanted: what the last character of a network asks for ("tcp4": IPv4). */
unsigned gonet__wanted(const char *network);

/* gonet__lookup_host finds the addresses of a name that is no literal, in that order of sources.
 * Not shared with others. */
gonet_error_t *gonet__lookup_host(const gonet__request_t *request, gonet__order_t order,
                                  unsigned want, const char *host, gonet__addresses_t *a);

/*
 * gonet__lookup_shared does so together with all who ask the same now (behaviour 24.6), unless the
 * resolver dials by itself. Any task or thread. The result has no canonical name.
 */
gonet_error_t *gonet__lookup_shared(const gonet__request_t *request, const char *network,
                                    const char *host, gonet__addresses_t *a);

/* gonet__lookups_waiting says how many callers wait for shared lookups now. For tests. */
unsigned gonet__lookups_waiting(void);

/* gonet__lookup_any finds literals, too, and refuses the empty name. */
gonet_error_t *gonet__lookup_any(const gonet__request_t *request, const char *network,
                                 const char *host, gonet__addresses_t *a);

/*
 * gonet__lookup_ip_addr is for dialing: it stores an array in *addrs (gonet__free) and its length
 * in *n, which may be 0. NULL, or the error (new reference), a DNSError. deadline is monotonic ns,
 * 0: none.
 */
gonet_error_t *gonet__lookup_ip_addr(const gonet_resolver_t *resolver, gonet_context_t *ctx,
                                     int64_t deadline, const char *network, const char *host,
                                     gonet_ip_addr_t **addrs, size_t *n);

#endif
