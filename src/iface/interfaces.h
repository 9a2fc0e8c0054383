/*
 * The machine's interfaces and their addresses, as they are now. All lists are one allocation, to
 * be released with gonet__free, and not NULL on success. Errors (new references) are bare.
 */
#ifndef GONET_IFACE_INTERFACES_H
#define GONET_IFACE_INTERFACES_H

#include "gonet/addr.h"
#include "gonet/error.h"
#include "gonet/interface.h"

/* gonet__iface_list lists the interfaces; with an index other than 0 only that one. NULL or the
 * error. */
gonet_error_t *gonet__iface_list(int index, gonet_interface_t **list, size_t *n);

/* gonet__iface_unicast lists the addresses (GONET_ADDR_IP_NET) of an interface, of all with index
 * 0. */
gonet_error_t *gonet__iface_unicast(int index, gonet_addr_t **list, size_t *n);

/*
 * gonet__iface_multicast lists the groups (GONET_ADDR_IP) that an interface has joined, of IPv4
 * first. A file that can't be read counts as empty (behaviour 20.5).
 */
gonet_error_t *gonet__iface_multicast(const char *name, gonet_addr_t **list, size_t *n);

#endif
