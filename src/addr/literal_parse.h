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

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/digits.h"

/*
 * The bytes of a number, as an initialiser. A struct that is returned with them in it is written
 * where the caller wants it; one that is filled by memcpy is copied there once more.
 */
#define GONET__BYTES4(v) \
    (uint8_t)((v) >> 24), (uint8_t)((v) >> 16), (uint8_t)((v) >> 8), (uint8_t)(v)
#define GONET__BYTES8(v) GONET__BYTES4((v) >> 32), GONET__BYTES4(v)

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

/* gonet__read_dotted reads a dotted address as a number: where it ends, or NULL. */
GONET__INLINE const char *gonet__read_dotted(const char *s, const char *end, uint32_t *value)
{
    uint32_t all = 0;

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
        all = all << 8 | v;
    }
    *value = all;
    return s;
}

/* gonet__put_four writes the number of a dotted address as its bytes. */
GONET__INLINE void gonet__put_four(uint8_t out[4], uint32_t value)
{
    value = htobe32(value);
    memcpy(out, &value, sizeof(value));
}

/* The two halves of an IPv6 address as numbers. */
typedef struct {
    uint64_t high, low;
} gonet__halves_t;

/* gonet__put_sixteen writes them as bytes. */
GONET__INLINE void gonet__put_sixteen(uint8_t out[16], gonet__halves_t halves)
{
    uint64_t high = htobe64(halves.high);
    uint64_t low = htobe64(halves.low);

    memcpy(out, &high, sizeof(high));
    memcpy(out + sizeof(high), &low, sizeof(low));
}

/*
 * gonet__read_embedded is the same for the end of an IPv6 address. Not inlined: it is rare, and the
 * registers are better left to the digits that it would read once more.
 */
const char *gonet__read_embedded(const char *s, const char *end, uint32_t *value);

/*
 * Groups in a row, kept in registers: "last" has the last four, or as many as there are, and
 * "first" the first four, once there are four.
 */
typedef struct {
    uint64_t first, last;
    size_t count;
} gonet__groups_t;

GONET__INLINE void gonet__add_group(gonet__groups_t *g, unsigned v)
{
    g->last = g->last << 16 | v;
    if (++g->count == 4)
        g->first = g->last;
}

/* The address that begins with the groups of head, at most seven, and ends with those of tail. */
GONET__INLINE gonet__halves_t gonet__join_groups(const gonet__groups_t *head,
                                                 const gonet__groups_t *tail)
{
    gonet__halves_t halves = {.low = tail->last};

    if (head->count >= 4)
        halves.high = head->first;
    else if (head->count > 0)
        halves.high = head->last << 16 * (4 - head->count);
    if (head->count > 4)
        halves.low |= head->last << 16 * (8 - head->count);
    else if (tail->count > 4)
        halves.high |= tail->first >> 16 * (8 - tail->count);
    return halves;
}

/* gonet__read_group reads one to four digits: where they end, or NULL. */
GONET__INLINE const char *gonet__read_group(const char *s, const char *end, unsigned *value)
{
    unsigned v = gonet__hex_value[(unsigned char)gonet__peek(s, end)];

    if (v > 15)
        return NULL;
    s++;
    for (int i = 0; i < 3; i++) {
        unsigned d = gonet__hex_value[(unsigned char)gonet__peek(s, end)];
        if (d > 15)
            break;
        v = v << 4 | d;
        s++;
    }
    *value = v;
    return s;
}

/*
 * gonet__read_groups reads an IPv6 address without its zone: where it ends, or NULL. Groups too
 * many are read like the others, and found out at the end.
 */
GONET__INLINE const char *gonet__read_groups(const char *s, const char *end,
                                             gonet__halves_t *halves)
{
    gonet__groups_t head = {0}; /* before "::" */
    gonet__groups_t g = {0};
    bool gap = false;
    unsigned v;
    uint32_t dotted;

    if (gonet__peek(s, end) == ':') {
        if (gonet__peek(s + 1, end) != ':')
            return NULL;
        gap = true;
        s += 2;
    }
    for (;;) {
        const char *p = gonet__read_group(s, end, &v);
        if (p != NULL && gonet__peek(p, end) == ':') {
            gonet__add_group(&g, v);
            s = p + 1;
        } else if (p == NULL && !gap && gonet__peek(s, end) == ':') {
            gap = true;
            head = g;
            g = (gonet__groups_t){0};
            s++;
        } else if (p == NULL) {
            if (!gap || g.count > 0)
                return NULL;
            break; /* nothing behind "::" */
        } else if (gonet__peek(p, end) == '.') {
            s = gonet__read_embedded(s, end, &dotted);
            if (s == NULL)
                return NULL;
            gonet__add_group(&g, dotted >> 16);
            gonet__add_group(&g, dotted & 0xffff);
            break;
        } else {
            gonet__add_group(&g, v);
            s = p;
            break;
        }
    }
    if (gap ? head.count + g.count > 7 : g.count != 8)
        return NULL;
    *halves = gonet__join_groups(&head, &g);
    return s;
}

/*
 * gonet__read_literal reads an address of either kind, without its zone: where it ends, and *bits
 * is 32 or 128; or NULL, and out is untouched. What begins as a dotted address can't be the other
 * kind.
 */
GONET__INLINE const char *gonet__read_literal(const char *s, const char *end, uint8_t out[16],
                                              unsigned *bits)
{
    uint32_t four;
    gonet__halves_t sixteen;
    const char *p = gonet__read_dotted(s, end, &four);

    *bits = 32;
    if (p != NULL) {
        gonet__put_four(out, four);
        return p;
    }
    *bits = 128;
    p = gonet__read_groups(s, end, &sixteen);
    if (p != NULL)
        gonet__put_sixteen(out, sixteen);
    return p;
}

#endif
