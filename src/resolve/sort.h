/*
 * The order of addresses (RFC 6724, as far as Go has it: behaviour 25).
 */
#ifndef GONET_RESOLVE_SORT_H
#define GONET_RESOLVE_SORT_H

#include <stddef.h>

#include "gonet/addr.h"

/* gonet__sort_addrs sorts n addresses. Those that nothing tells apart keep their order. It asks the
 * kernel for the source address of each, and does not park. */
void gonet__sort_addrs(gonet_ip_addr_t *addrs, size_t n);

/* gonet__sort_with does it with known source addresses: an unset ip is none. */
void gonet__sort_with(gonet_ip_addr_t *addrs, const gonet_ip_t *sources, size_t n);

#endif
