/*
 * The readers behind gonet__parse_literal, for callers that know the kind.
 */
#ifndef GONET_ADDR_LITERAL_PARSE_H
#define GONET_ADDR_LITERAL_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* gonet__literal_kind returns '.', ':' or '%', whichever comes first in s, or 0 (behaviour 4.2). */
static inline char gonet__literal_kind(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '.' || s[i] == ':' || s[i] == '%')
            return s[i];
    }
    return 0;
}

/* gonet__read_ipv4 reads exactly s to end as a dotted address; rubbish in out on failure. */
bool gonet__read_ipv4(const char *s, const char *end, uint8_t out[4]);

/* gonet__read_ipv6 reads exactly s to end, without a zone; rubbish in out on failure. */
bool gonet__read_ipv6(const char *s, const char *end, uint8_t out[16]);

#endif
