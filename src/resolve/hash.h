/*
 * A hash for the tables of this folder.
 */
#ifndef GONET_RESOLVE_HASH_H
#define GONET_RESOLVE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* gonet__hash: FNV-1a. */
static inline uint32_t gonet__hash(const char *p, size_t len)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)p[i]) * 16777619u;
    return h;
}

#endif
