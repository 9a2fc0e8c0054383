/*
 * A hash for the tables of this folder.
 */
#ifndef GONET_RESOLVE_HASH_H
#define GONET_RESOLVE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* gonet__hash mixes eight bytes at a time; good enough where nobody gains by collisions. */
static inline uint32_t gonet__hash(const char *p, size_t len)
{
    uint64_t h = len, word;

    for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    word = 0;
    memcpy(&word, p, len);
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32);
}

#endif
