/*
 * Reading address literals. The readers only say yes or no, in one pass; why a text is no address
 * is worked out afterwards, for the error's sake, in literal_error.c.
 */
#include "addr/literal.h"

#include "addr/literal_parse.h"
#include "base/digits.h"

bool gonet__read_ipv4(const char *s, const char *end, uint8_t out[4])
{
    for (int field = 0;; field++) {
        if (s == end)
            return false;
        unsigned v = gonet__digit(*s++);
        if (v > 9)
            return false;
        unsigned d;
        if (s < end && (d = gonet__digit(*s)) <= 9) {
            if (v == 0)
                return false; /* a leading zero, which some read as octal */
            v = v * 10 + d;
            s++;
            if (s < end && (d = gonet__digit(*s)) <= 9) {
                v = v * 10 + d;
                s++;
                if (v > 255)
                    return false;
            }
        }
        out[field] = (uint8_t)v;
        if (field == 3)
            return s == end;
        if (s == end || *s++ != '.')
            return false;
    }
}

/* Spreads count groups over the 16 bytes of out; those from gap on go to the end. */
static void place_groups(uint8_t out[16], const uint8_t *groups, size_t count, size_t gap)
{
    size_t tail = count - gap;

    memset(out, 0, 16);
    for (size_t i = 0; i < gap; i++)
        memcpy(out + 2 * i, groups + 2 * i, 2);
    for (size_t i = 1; i <= tail; i++)
        memcpy(out + 16 - 2 * i, groups + 2 * (count - i), 2);
}

bool gonet__read_ipv6(const char *s, const char *end, uint8_t out[16])
{
    enum { NO_GAP = 9 };
    uint8_t groups[16];
    size_t count = 0; /* of groups */
    size_t gap = NO_GAP;

    if (end - s < 2)
        return false;
    if (s[0] == ':') {
        if (s[1] != ':')
            return false;
        gap = 0;
        s += 2;
    }
    while (s < end) {
        const char *group = s;
        unsigned v = 0;
        unsigned d;
        while (s < end && (d = gonet__hex_value[(unsigned char)*s]) <= 15) {
            v = v << 4 | d;
            s++;
        }
        if (s == group || s - group > 4 || count == 8)
            return false;
        if (s < end && *s == '.') {
            if (gap == NO_GAP ? count != 6 : count > 6)
                return false;
            if (!gonet__read_ipv4(group, end, groups + 2 * count))
                return false;
            count += 2;
            break;
        }
        groups[2 * count] = (uint8_t)(v >> 8);
        groups[2 * count + 1] = (uint8_t)v;
        count++;
        if (s == end)
            break;
        if (*s++ != ':' || s == end)
            return false;
        if (*s == ':') {
            if (gap != NO_GAP)
                return false;
            gap = count;
            s++;
        }
    }
    if (gap == NO_GAP) {
        memcpy(out, groups, 16);
        return count == 8;
    }
    place_groups(out, groups, count, gap);
    return count < 8;
}

gonet__literal_t gonet__parse_literal(const char *s, size_t len, uint8_t out[16])
{
    gonet__literal_t l = {0};
    const char *end = s + len;

    switch (gonet__literal_kind(s, len)) {
    case '.':
        l.bits = gonet__read_ipv4(s, end, out) ? 32 : 0;
        break;
    case ':':
        l.zone = memchr(s, '%', len);
        if (l.zone != NULL) {
            l.zone_len = (size_t)(end - l.zone) - 1;
            end = l.zone++;
            if (l.zone_len == 0)
                break;
        }
        l.bits = gonet__read_ipv6(s, end, out) ? 128 : 0;
        break;
    default:
        break;
    }
    return l;
}
