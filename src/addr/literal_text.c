/*
 * Writing address literals: table-driven, without branches on digits where that is cheaper.
 */
#include "addr/literal.h"

#include <endian.h>

#include "base/digits.h"
#include "gonet/errno.h"

char *gonet__put_ipv4(char *p, const uint8_t b[4])
{
    for (int i = 0; i < 4; i++) {
        p = gonet__put_octet(p, b[i]);
        *p++ = '.';
    }
    return p - 1;
}

/* Writes a group's four digits without leading zeros; touches 4 bytes. */
static inline char *put_group(char *p, const uint8_t b[2])
{
    uint16_t high;
    uint16_t low;

    memcpy(&high, gonet__hex_pair[b[0]], 2);
    memcpy(&low, gonet__hex_pair[b[1]], 2);
    unsigned group = (unsigned)b[0] << 8 | b[1];
    unsigned zeros = ((unsigned)__builtin_clz(group | 1) - 16) / 4;
    uint32_t digits = (uint32_t)le16toh(low) << 16 | le16toh(high);
    digits = htole32(digits >> 8 * zeros);
    memcpy(p, &digits, 4);
    return p + 4 - zeros;
}

/*
 * The longest run of zero groups, the first one if there are several (RFC 5952 section 4.2); 8 if
 * none has two groups. Bit i of "starts" is set if a run of *len groups begins at group i; and-ing
 * it with itself shifted leaves the runs that are longer by one.
 */
static inline unsigned longest_run(const uint8_t b[16], unsigned *len)
{
    unsigned starts = 0;
    unsigned longer;

    for (unsigned i = 0; i < 8; i++) {
        uint16_t group;
        memcpy(&group, b + 2 * i, 2);
        starts |= (unsigned)(group == 0) << i;
    }
    *len = 1;
    while ((longer = starts & starts >> 1) != 0) {
        starts = longer;
        ++*len;
    }
    return *len >= 2 ? (unsigned)__builtin_ctz(starts) : 8;
}

char *gonet__put_ipv6(char *p, const uint8_t b[16])
{
    unsigned run_len;
    unsigned run = longest_run(b, &run_len);

    for (unsigned i = 0; i < 8; i++) {
        if (i == run) {
            *p++ = ':';
            *p++ = ':';
            i += run_len;
            if (i >= 8)
                break;
        } else if (i > 0) {
            *p++ = ':';
        }
        p = put_group(p, b + 2 * i);
    }
    return p;
}

const char *gonet__deliver(char *buf, size_t size, const char *start, const char *end)
{
    size_t len = (size_t)(end - start);

    if (len >= size) {
        errno = ENOSPC;
        return NULL;
    }
    memcpy(buf, start, len);
    buf[len] = '\0';
    return buf;
}

ssize_t gonet__deliver_bytes(void *buf, size_t size, const void *start, const void *end)
{
    size_t len = (size_t)((const char *)end - (const char *)start);

    if (len > size) {
        errno = ENOSPC;
        return -1;
    }
    if (len > 0)
        memcpy(buf, start, len);
    return (ssize_t)len;
}

ssize_t gonet__deliver_or_fail(void *buf, size_t size, const void *start, const void *end,
                               gonet_error_t **err)
{
    ssize_t n = gonet__deliver_bytes(buf, size, start, end);

    gonet_error_set(err, n < 0 ? gonet_err_short_buffer : NULL);
    return n;
}
