/*
 * Domain names as texts: which can be asked for, which are asked for one lookup, and the names
 * under which addresses have theirs.
 */
#ifndef GONET_RESOLVE_DOMAIN_H
#define GONET_RESOLVE_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "resolve/resolv_conf.h"

/* The longest text of a name with its final dot, and a NUL. */
#define GONET__DOMAIN_SIZE 256

/* gonet__is_domain_name says whether name can be asked for in the DNS (behaviour 23.1). */
bool gonet__is_domain_name(const char *name);

/* gonet__is_domain_name_n: the same for a name of len bytes. */
bool gonet__is_domain_name_n(const char *name, size_t len);

/*
 * gonet__search_name writes the i-th of the names to ask for instead of name, in order (behaviour
 * 23.2); false: there are no more. Names that must not or cannot be asked for are left out, so
 * begin at 0 and go on with what *i has become.
 */
bool gonet__search_name(const gonet__resolv_conf_t *conf, const char *name, size_t *i,
                        char out[GONET__DOMAIN_SIZE]);

/* gonet__reverse_name writes "1.2.0.192.in-addr.arpa." or the nibbles of an IPv6 address. False: no
 * address, or one with a zone. */
bool gonet__reverse_name(const char *addr, char out[GONET__DOMAIN_SIZE]);

#endif
