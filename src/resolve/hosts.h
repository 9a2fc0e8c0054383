/*
 * The names of /etc/hosts.
 */
#ifndef GONET_RESOLVE_HOSTS_H
#define GONET_RESOLVE_HOSTS_H

#include "gonet/addr.h"
#include "gonet/error.h"

/*
 * gonet__hosts_lookup finds all addresses of a name, in the file's order, as an array
 * (gonet__free). *n is 0, and *addrs NULL, if it is not there. NULL, or gonet_err_no_memory.
 */
gonet_error_t *gonet__hosts_lookup(const char *name, gonet_ip_addr_t **addrs, size_t *n);

#endif
