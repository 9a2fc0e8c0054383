/*
 * netip.Addr: construction, ranges, order and neighbours. Pure functions on values.
 *
 * Invariant of every value made here: bytes that do not belong to the address are zero, and only an
 * IPv6 address has a zone.
 */
#include "gonet/netip.h"

#include <stdlib.h>

#include "addr/ip_bytes.h"
#include "addr/netip_text.h"
#include "base/say.h"

gonet_netip_addr_t gonet_netip_addr_from4(const uint8_t b[4])
{
    gonet_netip_addr_t a = {.bits = 32};

    memcpy(a.b, b, 4);
    return a;
}

gonet_netip_addr_t gonet_netip_addr_from16(const uint8_t b[16])
{
    gonet_netip_addr_t a = {.bits = 128};

    memcpy(a.b, b, 16);
    return a;
}

gonet_netip_addr_t gonet_netip_addr_from_slice(const void *b, size_t len, bool *ok)
{
    gonet_netip_addr_t a = {.bits = 0};

    if (len == 4 || len == 16) {
        memcpy(a.b, b, len);
        a.bits = (uint8_t)(len * 8);
    }
    if (ok != NULL)
        *ok = a.bits != 0;
    return a;
}

gonet_netip_addr_t gonet_netip_ipv4_unspecified(void)
{
    return (gonet_netip_addr_t){.bits = 32};
}

gonet_netip_addr_t gonet_netip_ipv6_unspecified(void)
{
    return (gonet_netip_addr_t){.bits = 128};
}

gonet_netip_addr_t gonet_netip_ipv6_loopback(void)
{
    return (gonet_netip_addr_t){.bits = 128, .b = {[15] = 1}};
}

gonet_netip_addr_t gonet_netip_ipv6_link_local_all_nodes(void)
{
    return (gonet_netip_addr_t){.bits = 128, .b = {0xff, 0x02, [15] = 1}};
}

gonet_netip_addr_t gonet_netip_ipv6_link_local_all_routers(void)
{
    return (gonet_netip_addr_t){.bits = 128, .b = {0xff, 0x02, [15] = 2}};
}

bool gonet_netip_addr_is_valid(gonet_netip_addr_t a)
{
    return a.bits != 0;
}

int gonet_netip_addr_bit_len(gonet_netip_addr_t a)
{
    return a.bits;
}

bool gonet_netip_addr_is4(gonet_netip_addr_t a)
{
    return a.bits == 32;
}

bool gonet_netip_addr_is6(gonet_netip_addr_t a)
{
    return a.bits == 128;
}

bool gonet_netip_addr_is4in6(gonet_netip_addr_t a)
{
    return a.bits == 128 && gonet__is_mapped(a.b);
}

/* The 4 bytes of an IPv4 address, mapped or not; NULL for others. */
static const uint8_t *four(const gonet_netip_addr_t *a)
{
    if (a->bits == 32)
        return a->b;
    return a->bits == 128 && gonet__is_mapped(a->b) ? a->b + 12 : NULL;
}

static bool all_zero(const uint8_t *b, size_t n)
{
    uint8_t any = 0;

    for (size_t i = 0; i < n; i++)
        any |= b[i];
    return any == 0;
}

bool gonet_netip_addr_is_unspecified(gonet_netip_addr_t a)
{
    return a.bits != 0 && a.zone[0] == '\0' && all_zero(a.b, 16);
}

static bool is_loopback(const gonet_netip_addr_t *a)
{
    const uint8_t *b = four(a);

    if (b != NULL)
        return b[0] == 127;
    return a->bits == 128 && all_zero(a->b, 15) && a->b[15] == 1;
}

bool gonet_netip_addr_is_loopback(gonet_netip_addr_t a)
{
    return is_loopback(&a);
}

bool gonet_netip_addr_is_private(gonet_netip_addr_t a)
{
    const uint8_t *b = four(&a);

    if (b != NULL)
        return gonet__is_private4(b);
    return a.bits == 128 && (a.b[0] & 0xfe) == 0xfc;
}

static bool is_multicast(const gonet_netip_addr_t *a)
{
    const uint8_t *b = four(a);

    if (b != NULL)
        return (b[0] & 0xf0) == 0xe0;
    return a->bits == 128 && a->b[0] == 0xff;
}

bool gonet_netip_addr_is_multicast(gonet_netip_addr_t a)
{
    return is_multicast(&a);
}

bool gonet_netip_addr_is_interface_local_multicast(gonet_netip_addr_t a)
{
    return a.bits == 128 && a.b[0] == 0xff && (a.b[1] & 0x0f) == 0x01;
}

bool gonet_netip_addr_is_link_local_multicast(gonet_netip_addr_t a)
{
    const uint8_t *b = four(&a);

    if (b != NULL)
        return b[0] == 224 && b[1] == 0 && b[2] == 0;
    return a.bits == 128 && a.b[0] == 0xff && (a.b[1] & 0x0f) == 0x02;
}

static bool is_link_local_unicast(const gonet_netip_addr_t *a)
{
    const uint8_t *b = four(a);

    if (b != NULL)
        return b[0] == 169 && b[1] == 254;
    return a->bits == 128 && a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

bool gonet_netip_addr_is_link_local_unicast(gonet_netip_addr_t a)
{
    return is_link_local_unicast(&a);
}

bool gonet_netip_addr_is_global_unicast(gonet_netip_addr_t a)
{
    static const uint8_t bcast[4] = {255, 255, 255, 255};
    const uint8_t *b = four(&a);

    if (a.bits == 0)
        return false;
    if (b != NULL && (all_zero(b, 4) || memcmp(b, bcast, 4) == 0))
        return false;
    return !(a.zone[0] == '\0' && all_zero(a.b, 16)) && !is_loopback(&a) && !is_multicast(&a) &&
           !is_link_local_unicast(&a);
}

gonet_netip_addr_t gonet_netip_addr_unmap(gonet_netip_addr_t a)
{
    if (!gonet_netip_addr_is4in6(a))
        return a;
    return gonet_netip_addr_from4(a.b + 12);
}

gonet_netip_addr_t gonet_netip_addr_with_zone(gonet_netip_addr_t a, const char *zone)
{
    size_t len;

    if (a.bits != 128)
        return a;
    len = strnlen(zone, GONET_ZONE_SIZE);
    if (len == GONET_ZONE_SIZE)
        return (gonet_netip_addr_t){.bits = 0};
    memset(a.zone, 0, sizeof(a.zone));
    memcpy(a.zone, zone, len);
    return a;
}

void gonet_netip_addr_as4(gonet_netip_addr_t a, uint8_t out[4])
{
    const uint8_t *b = four(&a);

    if (b == NULL) {
        gonet__say("As4 called on %s\n", a.bits == 0 ? "IP zero value" : "IPv6 address");
        abort();
    }
    memcpy(out, b, 4);
}

void gonet_netip_addr_as16(gonet_netip_addr_t a, uint8_t out[16])
{
    if (a.bits == 32) {
        gonet_ip_t mapped = gonet_ipv4(a.b[0], a.b[1], a.b[2], a.b[3]);
        memcpy(out, mapped.b, 16);
        return;
    }
    memcpy(out, a.b, 16);
}

ssize_t gonet_netip_addr_as_slice(gonet_netip_addr_t a, void *buf, size_t size)
{
    return gonet__deliver_bytes(buf, size, a.b, a.b + gonet__byte_len(a.bits));
}

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

int gonet_netip_addr_compare(gonet_netip_addr_t a, gonet_netip_addr_t b)
{
    if (a.bits != b.bits)
        return a.bits < b.bits ? -1 : 1;
    int order = memcmp(a.b, b.b, 16);
    if (order == 0)
        order = memcmp(a.zone, b.zone, sizeof(a.zone)); /* zero bytes behind the shorter one */
    return sign(order);
}

bool gonet_netip_addr_less(gonet_netip_addr_t a, gonet_netip_addr_t b)
{
    return gonet_netip_addr_compare(a, b) < 0;
}

gonet_netip_addr_t gonet_netip_addr_next(gonet_netip_addr_t a)
{
    for (size_t i = gonet__byte_len(a.bits); i-- > 0;) {
        if (++a.b[i] != 0)
            return a;
    }
    return (gonet_netip_addr_t){.bits = 0};
}

gonet_netip_addr_t gonet_netip_addr_prev(gonet_netip_addr_t a)
{
    for (size_t i = gonet__byte_len(a.bits); i-- > 0;) {
        if (a.b[i]-- != 0)
            return a;
    }
    return (gonet_netip_addr_t){.bits = 0};
}
