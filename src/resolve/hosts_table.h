/*
 * What a table of the hosts file consists of: for hosts.c, which makes it, and files.c, which keeps
 * the current one.
 */
#ifndef GONET_RESOLVE_HOSTS_TABLE_H
#define GONET_RESOLVE_HOSTS_TABLE_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/buf.h"
#include "resolve/hosts.h"

typedef struct {
    gonet__host_t *v;
    size_t n, size;
} gonet__host_list_t;

struct gonet__hosts {
    _Atomic unsigned refs;
    gonet__buf_t text; /* strings, each with its NUL */
    gonet__host_list_t by_name;
    gonet__host_list_t by_addr;
    uint64_t lengths; /* of the names, modulo 64: bits */
};

#endif
