/*
 * Zones of IPv6 addresses: names of interfaces for people, indexes for the kernel. What the kernel
 * said is kept for 60 s; what is not found there is looked for once more in a fresh table
 * (behaviour 5.16).
 */
#ifndef GONET_IFACE_ZONE_H
#define GONET_IFACE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonet/interface.h"

/* gonet__zone_cache_index returns the index of the interface called name, 0 if there is none. May
 * park. */
uint32_t gonet__zone_cache_index(const char *name);

/* gonet__zone_cache_name stores the name of the interface of that index, which takes at most 16
 * bytes; false if there is none. May park. */
bool gonet__zone_cache_name(uint32_t index, char *name);

/* gonet__zone_cache_offer uses a table that was just fetched, if the one kept is out of date. */
void gonet__zone_cache_offer(const gonet_interface_t *list, size_t n);

#ifdef GONET_TEST_HOOKS
/* gonet__zone_cache_expire makes what is kept out of date. */
void gonet__zone_cache_expire(void);
#endif

#endif
