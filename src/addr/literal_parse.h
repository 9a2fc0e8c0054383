/*
 * The readers of address literals. They only say how far the address goes, or that there is none:
 * what may follow is the caller's business, and why a text is no address is worked out afterwards,
 * for the error's sake, in literal_error.c.
 *
 * The text ends at "end" or, if that is NULL, at its NUL. They are inlined so that each of the two
 * cases gets its own code, and a C string is read in one pass without asking for its length first.
 */
#ifndef GONET_ADDR_LITERAL_PARSE_H
#define GONET_ADDR_LITERAL_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/digits.h"

#define GONET__INLINE static inline __attribute__((always_inline))

/* gonet__text makes an empty text of NULL, which is what an empty slice often has for an address.
 */
GONET__INLINE const char *gonet__text(const char *s)
{
    return s != NULL ? s : "";
}

/* gonet__peek returns the character at s, or NUL at the end. */
GONET__INLINE char gonet__peek(const char *s, const char *end)
{
    if (end != NULL && s == end)
        return '\0';
    return *s;
}

/* gonet__at_end tells the end from a NUL byte inside a text that has a length. */
GONET__INLINE bool gonet__at_end(const char *s, const char *end)
{
    return end != NULL ? s == end : *s == '\0';
}

/* gonet__read_ipv4 reads a dotted address: where it ends, or NULL, with rubbish in out. */
GONET__INLINE const char *gonet__read_ipv4(const char *s, const char *end, uint8_t out[4])
{
    for (int field = 0; field < 4; field++) {
        if (field > 0) {
            if (gonet__peek(s, end) != '.')
                return NULL;
            s++;
        }
        unsigned v = gonet__digit(gonet__peek(s, end));
        if (v > 9)
            return NULL;
        unsigned d = gonet__digit(gonet__peek(++s, end));
        if (d <= 9) {
            if (v == 0)
                return NULL; /* a leading zero, which some read as octal */
            v = v * 10 + d;
            d = gonet__digit(gonet__peek(++s, end));
            if (d <= 9) {
                v = v * 10 + d;
                s++;
                if (v > 255)
                    return NULL;
            }
        }
        out[field] = (uint8_t)v;
    }
    return s;
}

/* Moves the groups behind the first gap ones, of count, to the end, and fills up with zeros. */
GONET__INLINE void gonet__spread_groups(uint8_t out[16], size_t count, size_t gap)
{
    size_t from = 2 * count;
    size_t to = 16;

    while (from > 2 * gap) {
        from -= 2;
        to -= 2;
        memcpy(out + to, out + from, 2);
    }
    while (to > from) {
        to -= 2;
        memset(out + to, 0, 2);
    }
}

/* gonet__read_ipv6 reads an address without its zone: where it ends, or NULL, with rubbish in out.
 */
GONET__INLINE const char *gonet__read_ipv6(const char *s, const char *end, uint8_t out[16])
{
    enum { NO_GAP = 9 };
    size_t count = 0; /* of groups */
    size_t gap = NO_GAP;

    if (gonet__peek(s, end) == ':') {
        if (gonet__peek(s + 1, end) != ':')
            return NULL;
        gap = 0;
        s += 2;
    }
    for (;;) {
        const char *group = s;
        unsigned v = gonet__hex_value[(unsigned char)gonet__peek(s, end)];
        unsigned d;
        if (v > 15) {
            if (gap == count)
                break; /* nothing behind "::" */
            return NULL;
        }
        s++;
        for (int i = 0; i < 3; i++) {
            if ((d = gonet__hex_value[(unsigned char)gonet__peek(s, end)]) > 15)
                break;
            v = v << 4 | d;
            s++;
        }
        char next = gonet__peek(s, end);
        if (next == '.') {
            if (gap == NO_GAP ? count != 6 : count > 5)
                return NULL;
            s = gonet__read_ipv4(group, end, out + 2 * count);
            if (s == NULL)
                return NULL;
            count += 2;
            break;
        }
        if (count == 8)
            return NULL;
        out[2 * count] = (uint8_t)(v >> 8);
        out[2 * count + 1] = (uint8_t)v;
        count++;
        if (next != ':')
            break;
        if (gonet__peek(++s, end) == ':') {
            if (gap != NO_GAP)
                return NULL;
            gap = count;
            s++;
        }
    }
    if (gap == NO_GAP)
        return count == 8 ? s : NULL;
    if (count == 8)
        return NULL;
    gonet__spread_groups(out, count, gap);
    return s;
}

/*
 * gonet__read_literal reads an address of either kind, without its zone: where it ends, and *bits
 * is 32 or 128; or NULL. What begins as a dotted address can't be the other kind.
 */
GONET__INLINE const char *gonet__read_literal(const char *s, const char *end, uint8_t out[16],
                                              unsigned *bits)
{
    const char *p = gonet__read_ipv4(s, end, out);

    *bits = 32;
    if (p != NULL)
        return p;
    *bits = 128;
    return gonet__read_ipv6(s, end, out);
}

#endif
