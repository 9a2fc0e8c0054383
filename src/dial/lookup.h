/*
 * From a host's name to its addresses: the one place where dialing asks for it.
 */
#ifndef GONET_DIAL_LOOKUP_H
#define GONET_DIAL_LOOKUP_H

#include "gonet/addr.h"
#include "gonet/context.h"
#include "gonet/dial.h"

/*
 * gonet__lookup_ip_addr looks up host (not empty) for network ("tcp4", …): literals, then names. It
 * stores an array in *addrs (gonet__free) and its length in *n, at least 1. NULL, or the error (new
 * reference), a DNSError. deadline is monotonic ns, 0: none.
 */
gonet_error_t *gonet__lookup_ip_addr(const gonet_resolver_t *resolver, gonet_context_t *ctx,
                                     int64_t deadline, const char *network, const char *host,
                                     gonet_ip_addr_t **addrs, size_t *n);

/* gonet__ended returns the mapped error (new reference) if ctx or deadline has ended, else NULL. */
gonet_error_t *gonet__ended(gonet_context_t *ctx, int64_t deadline);

#endif
