/*
 * IP addresses and masks: construction, forms, comparison and ranges. Pure functions on values.
 *
 * A length over 16, which only a faulty caller can write down, is invalid like 5 or 15 are; no more
 * than 16 bytes are ever looked at.
 */
#include "gonet/ip.h"

#include "addr/ip_bytes.h"

#define MAPPED(a, b, c, d)                                       \
    {                                                            \
        16,                                                      \
        {                                                        \
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d \
        }                                                        \
    }

const gonet_ip_t gonet_ipv4_bcast = MAPPED(255, 255, 255, 255);
const gonet_ip_t gonet_ipv4_allsys = MAPPED(224, 0, 0, 1);
const gonet_ip_t gonet_ipv4_allrouter = MAPPED(224, 0, 0, 2);
const gonet_ip_t gonet_ipv4_zero = MAPPED(0, 0, 0, 0);

const gonet_ip_t gonet_ipv6_zero = {16, {0}};
const gonet_ip_t gonet_ipv6_unspecified = {16, {0}};
const gonet_ip_t gonet_ipv6_loopback = {16, {[15] = 1}};
const gonet_ip_t gonet_ipv6_interface_local_all_nodes = {16, {0xff, 0x01, [15] = 1}};
const gonet_ip_t gonet_ipv6_link_local_all_nodes = {16, {0xff, 0x02, [15] = 1}};
const gonet_ip_t gonet_ipv6_link_local_all_routers = {16, {0xff, 0x02, [15] = 2}};

gonet_ip_t gonet_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (gonet_ip_t)MAPPED(a, b, c, d);
}

gonet_ip_mask_t gonet_ipv4_mask(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (gonet_ip_mask_t){4, {a, b, c, d}};
}

gonet_ip_mask_t gonet_cidr_mask(int ones, int bits)
{
    gonet_ip_mask_t m = {0};

    if ((bits != 32 && bits != 128) || ones < 0 || ones > bits)
        return m;
    m.len = (uint8_t)(bits / 8);
    gonet__fill_mask(m.b, (unsigned)ones);
    return m;
}

gonet_ip_t gonet_ip_to4(gonet_ip_t ip)
{
    const uint8_t *four = gonet__ip_four(&ip);

    if (four == NULL)
        return (gonet_ip_t){0};
    return (gonet_ip_t){4, {four[0], four[1], four[2], four[3]}};
}

gonet_ip_t gonet_ip_to16(gonet_ip_t ip)
{
    if (ip.len == 16)
        return ip;
    if (ip.len == 4)
        return gonet_ipv4(ip.b[0], ip.b[1], ip.b[2], ip.b[3]);
    return (gonet_ip_t){0};
}

static bool equal(const gonet_ip_t *a, const gonet_ip_t *b)
{
    if (a->len == b->len)
        return memcmp(a->b, b->b, gonet__ip_len(a)) == 0;
    const uint8_t *x = gonet__ip_four(a);
    const uint8_t *y = gonet__ip_four(b);
    return x != NULL && y != NULL && memcmp(x, y, 4) == 0;
}

bool gonet_ip_equal(gonet_ip_t a, gonet_ip_t b)
{
    return equal(&a, &b);
}

bool gonet_ip_is_unspecified(gonet_ip_t ip)
{
    return equal(&ip, &gonet_ipv4_zero) || equal(&ip, &gonet_ipv6_unspecified);
}

bool gonet_ip_is_loopback(gonet_ip_t ip)
{
    const uint8_t *four = gonet__ip_four(&ip);

    return four != NULL ? four[0] == 127 : equal(&ip, &gonet_ipv6_loopback);
}

bool gonet_ip_is_private(gonet_ip_t ip)
{
    const uint8_t *four = gonet__ip_four(&ip);

    if (four != NULL)
        return gonet__is_private4(four);
    return ip.len == 16 && (ip.b[0] & 0xfe) == 0xfc;
}

bool gonet_ip_is_multicast(gonet_ip_t ip)
{
    const uint8_t *four = gonet__ip_four(&ip);

    if (four != NULL)
        return (four[0] & 0xf0) == 0xe0;
    return ip.len == 16 && ip.b[0] == 0xff;
}

bool gonet_ip_is_interface_local_multicast(gonet_ip_t ip)
{
    return ip.len == 16 && ip.b[0] == 0xff && (ip.b[1] & 0x0f) == 0x01;
}

bool gonet_ip_is_link_local_multicast(gonet_ip_t ip)
{
    const uint8_t *four = gonet__ip_four(&ip);

    if (four != NULL)
        return four[0] == 224 && four[1] == 0 && four[2] == 0;
    return ip.len == 16 && ip.b[0] == 0xff && (ip.b[1] & 0x0f) == 0x02;
}

bool gonet_ip_is_link_local_unicast(gonet_ip_t ip)
{
    const uint8_t *four = gonet__ip_four(&ip);

    if (four != NULL)
        return four[0] == 169 && four[1] == 254;
    return ip.len == 16 && ip.b[0] == 0xfe && (ip.b[1] & 0xc0) == 0x80;
}

bool gonet_ip_is_global_unicast(gonet_ip_t ip)
{
    return (ip.len == 4 || ip.len == 16) && !equal(&ip, &gonet_ipv4_bcast) &&
           !gonet_ip_is_unspecified(ip) && !gonet_ip_is_loopback(ip) &&
           !gonet_ip_is_multicast(ip) && !gonet_ip_is_link_local_unicast(ip);
}

gonet_ip_mask_t gonet_ip_default_mask(gonet_ip_t ip)
{
    const uint8_t *four = gonet__ip_four(&ip);

    if (four == NULL)
        return (gonet_ip_mask_t){0};
    return gonet_cidr_mask(four[0] < 128 ? 8 : four[0] < 192 ? 16 : 24, 32);
}

gonet_ip_t gonet_ip_mask(gonet_ip_t ip, gonet_ip_mask_t mask)
{
    static const uint8_t ones[12] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const uint8_t *b = ip.b;
    const uint8_t *m = mask.b;
    size_t len = gonet__ip_len(&ip);
    gonet_ip_t out = {0};

    if (ip.len == 4 && mask.len == 16 && memcmp(mask.b, ones, 12) == 0) {
        m += 12;
    } else if (ip.len == 16 && mask.len == 4 && gonet__is_mapped(ip.b)) {
        b += 12;
        len = 4;
    } else if (ip.len != mask.len) {
        return out;
    }
    out.len = (uint8_t)len;
    for (size_t i = 0; i < len; i++)
        out.b[i] = b[i] & m[i];
    return out;
}

int gonet__mask_ones(const uint8_t *m, size_t len)
{
    size_t i = 0;
    int ones = 0;

    while (i < len && m[i] == 0xff)
        i++;
    ones = (int)i * 8;
    if (i < len) {
        unsigned rest = m[i++];
        unsigned inverse = ~rest & 0xff;
        if ((inverse & (inverse + 1)) != 0)
            return -1; /* a 1-bit after a 0-bit */
        ones += __builtin_popcount(rest);
    }
    for (; i < len; i++) {
        if (m[i] != 0)
            return -1;
    }
    return ones;
}

int gonet_ip_mask_size(gonet_ip_mask_t m, int *bits)
{
    size_t len = m.len <= 16 ? m.len : 16;
    int ones = gonet__mask_ones(m.b, len);

    if (bits != NULL)
        *bits = ones < 0 ? 0 : (int)len * 8;
    return ones < 0 ? 0 : ones;
}
