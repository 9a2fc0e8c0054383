/*
 * From the text of an address to the list of addresses it stands for, and what is picked from it.
 */
#ifndef GONET_DIAL_ADDRLIST_H
#define GONET_DIAL_ADDRLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "dial/lookup.h"
#include "dial/network.h"
#include "gonet/addr.h"

/* At least one address when it was made with success. */
typedef struct {
    gonet_addr_t *v;
    size_t n;
} gonet__addr_list_t;

/* What a resolution needs besides the texts; zero is the background. */
typedef struct {
    const gonet_resolver_t *resolver;
    gonet_context_t *ctx;
    int64_t deadline; /* monotonic ns; 0: none */
} gonet__resolve_t;

/*
 * gonet__resolve_inet resolves "host:port" (or "host" for IP networks; "" is the wildcard) into
 * *list. NULL, or the error (new reference): behaviour 5.
 */
gonet_error_t *gonet__resolve_inet(const gonet__resolve_t *how, const gonet__network_t *network,
                                   const char *address, gonet__addr_list_t *list);

/*
 * gonet__resolve_dial resolves what Dial was given, with all its checks in order
 * (behaviour 5.3, 6.18, 6.19); local may be NULL. *network is filled as far as it got.
 */
gonet_error_t *gonet__resolve_dial(const gonet__resolve_t *how, const char *network_text,
                                   const char *address, const gonet_addr_t *local,
                                   gonet__network_t *network, gonet__addr_list_t *list);

/* gonet__resolve_listen: the same for Listen. */
gonet_error_t *gonet__resolve_listen(const gonet__resolve_t *how, const char *network_text,
                                     const char *address, gonet__network_t *network,
                                     gonet__addr_list_t *list);

/* The OpErrors of resolutions that failed; they take e. A unix name that no address can hold is
 * shown whole. */
gonet_error_t *gonet__resolve_dial_failed(const char *network, const gonet_addr_t *local,
                                          const char *address, gonet_error_t *e);
gonet_error_t *gonet__resolve_listen_failed(const char *network, const char *address,
                                            gonet_error_t *e);

/* gonet__addr_list_first returns the first IPv4 address (or the first other one), else the first.
 */
const gonet_addr_t *gonet__addr_list_first(const gonet__addr_list_t *list, bool ipv4);

/* gonet__addr_is_ipv4 says whether an address's IP is IPv4, also a mapped one. */
bool gonet__addr_is_ipv4(const gonet_addr_t *addr);

void gonet__addr_list_free(gonet__addr_list_t *list);

#endif
