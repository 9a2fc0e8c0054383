/*
 * Answers that are kept for as long as their time to live, for resolvers that ask for it.
 */
#ifndef GONET_RESOLVE_CACHE_H
#define GONET_RESOLVE_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "resolve/lookup_ip.h"

/* gonet__cache_find appends what is kept under the key, with the time it has left; false: nothing.
 */
bool gonet__cache_find(const char *key, size_t len, gonet__addresses_t *a);

/* gonet__cache_store keeps the addresses for a->ttl seconds, if that is more than 0. It may not,
 * for want of memory, and forgets another answer for it. */
void gonet__cache_store(const char *key, size_t len, const gonet__addresses_t *a);

#endif
