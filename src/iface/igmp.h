/*
 * The kernel's lists of multicast groups, /proc/net/igmp and /proc/net/igmp6: pure functions over
 * their text, which may be anything.
 */
#ifndef GONET_IFACE_IGMP_H
#define GONET_IFACE_IGMP_H

#include <stdbool.h>
#include <stddef.h>

#include "gonet/addr.h"

/* A growing list; zero is empty. */
typedef struct {
    gonet_addr_t *v;
    size_t n;
    size_t size;
} gonet__groups_t;

/*
 * gonet__igmp_parse and gonet__igmp6_parse append the groups that the interface name has joined.
 * Lines that are not as the kernel writes them are left out. False when memory is out.
 */
bool gonet__igmp_parse(const char *text, size_t len, const char *name, gonet__groups_t *groups);
bool gonet__igmp6_parse(const char *text, size_t len, const char *name, gonet__groups_t *groups);

#endif
