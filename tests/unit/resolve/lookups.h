/*
 * Lookups of every kind, as the tests of this folder make them.
 */
#ifndef TESTS_UNIT_RESOLVE_LOOKUPS_H
#define TESTS_UNIT_RESOLVE_LOOKUPS_H

#include <stddef.h>

#include "resolve/lookup_ip.h"

enum { LOOKUP_KINDS = 6 };

/* look_up_kind makes a lookup of a kind, of those that programs make; how many results. */
size_t look_up_kind(const gonet_resolver_t *r, gonet_context_t *ctx, int kind, const char *name,
                    gonet_error_t **err);

/* look_up_in finds the addresses of a name by a configuration, whose servers have said the truth
 * about each of them, in that order of sources; look_up: from the servers only. How many. */
size_t look_up_in(gonet__order_t order, gonet__resolv_conf_t *conf, const char *name, unsigned want,
                  gonet_error_t **err);
size_t look_up(gonet__resolv_conf_t *conf, const char *name, unsigned want, gonet_error_t **err);

#endif
