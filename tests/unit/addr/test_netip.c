/*
 * Package netip beside the vectors: constructors, short buffers, texts with a length, what the
 * library documents to do differently, the calls that abort, and running out of memory.
 */
#include "unit/table.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addr/addr_error.h"
#include "gonet/addr.h"
#include "gonet/hardware.h"
#include "gonet/hostport.h"

static const char zone31[] = "::1%abcdefghijklmnopqrstuvwxyz01234";
static const char zone32[] = "::1%abcdefghijklmnopqrstuvwxyz012345";

static void check_addr(gonet_netip_addr_t a, const char *text)
{
    char buf[GONET_ADDR_STRLEN];

    assert_string_equal(gonet_netip_addr_string(a, buf, sizeof(buf)), text);
}

static void test_constructors(void **state)
{
    const uint8_t four[4] = {192, 0, 2, 1};
    uint8_t b[16];
    bool ok = true;

    (void)state;
    check_addr(gonet_netip_ipv4_unspecified(), "0.0.0.0");
    check_addr(gonet_netip_ipv6_unspecified(), "::");
    check_addr(gonet_netip_ipv6_loopback(), "::1");
    check_addr(gonet_netip_ipv6_link_local_all_nodes(), "ff02::1");
    check_addr(gonet_netip_ipv6_link_local_all_routers(), "ff02::2");
    check_addr(gonet_netip_addr_from4(four), "192.0.2.1");
    gonet_netip_addr_as16(gonet_netip_addr_from4(four), b);
    check_addr(gonet_netip_addr_from16(b), "::ffff:192.0.2.1");
    check_addr(gonet_netip_addr_from_slice(four, 3, &ok), "invalid IP");
    assert_false(ok);
    check_addr(gonet_netip_addr_from_slice(four, 4, NULL), "192.0.2.1");
    assert_false(gonet_netip_addr_is_valid((gonet_netip_addr_t){.bits = 0}));
}

static void test_bytes(void **state)
{
    uint8_t b[16];
    uint8_t zeros[16] = {0};

    (void)state;
    gonet_netip_addr_as4(gonet_netip_must_parse_addr("192.0.2.1"), b);
    assert_memory_equal(b, "\xc0\0\2\1", 4);
    gonet_netip_addr_as4(gonet_netip_must_parse_addr("::ffff:192.0.2.1"), b);
    assert_memory_equal(b, "\xc0\0\2\1", 4);
    gonet_netip_addr_as16((gonet_netip_addr_t){.bits = 0}, b);
    assert_memory_equal(b, zeros, 16);
    gonet_netip_addr_as16(gonet_netip_must_parse_addr("fe80::1%z"), b);
    assert_int_equal(b[15], 1);
    assert_int_equal(gonet_netip_addr_as_slice((gonet_netip_addr_t){.bits = 0}, NULL, 0), 0);
    assert_int_equal(gonet_netip_addr_as_slice(gonet_netip_must_parse_addr("1.2.3.4"), b, 4), 4);
    assert_int_equal(gonet_netip_addr_as_slice(gonet_netip_must_parse_addr("::1"), b, 16), 16);
    errno = 0;
    assert_int_equal(gonet_netip_addr_as_slice(gonet_netip_must_parse_addr("::1"), b, 15), -1);
    assert_int_equal(errno, ENOSPC);
}

/* Texts with a length, for the three parsers. */
static const struct {
    const char *what;
    const char *text;
    size_t len;
    const char *addr, *addr_port, *prefix; /* what they parse to */
} slices[] = {
    {"nothing", "::", 0, NULL, NULL, NULL},
    {"eight groups", "1:2:3:4:5:6:7:89", 15, "1:2:3:4:5:6:7:8", NULL, NULL},
    {"IPv4 in the last groups", "1:2:3:4:5:6:1.2.3.4", 19, "1:2:3:4:5:6:102:304", NULL, NULL},
    {"mapped", "::ffff:1.2.3.45", 14, "::ffff:1.2.3.4", NULL, NULL},
    {"mapped in a prefix", "::ffff:1.2.3.4/120", 18, NULL, NULL, "::ffff:1.2.3.4/120"},
    {"IPv4 too early", "1:2:3:4:5:1.2.3.4", 17, NULL, NULL, NULL},
    {"two gaps", "1::2::3", 7, NULL, NULL, NULL},
    {"nine groups", "1:2:3:4:5:6:7:8:9", 17, NULL, NULL, NULL},
    {"a leading colon", ":1::", 4, NULL, NULL, NULL},
    {"a colon behind", "1:2:", 4, NULL, NULL, NULL},
    {"a field over 255", "1.256.3.4", 9, NULL, NULL, NULL},
    {"a leading zero", "01.2.3.4", 8, NULL, NULL, NULL},
    {"IPv4 cut short", "1.2.3.", 6, NULL, NULL, NULL},
    {"the largest port", "1.2.3.4:65535", 13, NULL, "1.2.3.4:65535", NULL},
    {"too large a port", "1.2.3.4:65536", 13, NULL, NULL, NULL},
    {"a port that is none", "[::1]:8x", 8, NULL, NULL, NULL},
    {"a port that is none, behind a zone", "[::1%z]:8x", 10, NULL, NULL, NULL},
    {"brackets and no port", "[::1]", 5, NULL, NULL, NULL},
    {"brackets and no colon", "[::1]80", 7, NULL, NULL, NULL},
    {"bits that are none", "::/x", 4, NULL, NULL, NULL},
    {"bits with a sign", "::/-1", 5, NULL, NULL, NULL},
    {"bits beyond 63 bits", "::/99999999999999999999", 23, NULL, NULL, NULL},
    {"a zone in a prefix", "::1%z/64", 8, "::1%z/64", NULL, NULL},
    {"IPv4 inside a text", "1.2.3.45", 7, "1.2.3.4", NULL, NULL},
    {"IPv6 inside a text", "::12", 3, "::1", NULL, NULL},
    {"zone inside a text", "::1%eth0", 5, "::1%e", NULL, NULL},
    {"zone cut away", "::1%eth0", 4, NULL, NULL, NULL},
    {"a NUL in the zone", "::1%e\0h", 7, NULL, NULL, NULL},
    {"a NUL behind", "::1\0", 4, NULL, NULL, NULL},
    {"IPv4 behind which %", "1.2.3.4%", 8, NULL, NULL, NULL},
    {"longest zone", zone31, sizeof(zone31) - 1, zone31, NULL, NULL},
    {"zone too long", zone32, sizeof(zone32) - 1, NULL, NULL, NULL},
    {"port inside a text", "1.2.3.4:801", 10, NULL, "1.2.3.4:80", NULL},
    {"port cut away", "1.2.3.4:80", 8, NULL, NULL, NULL},
    {"a NUL in the port", "1.2.3.4:8\0", 10, NULL, NULL, NULL},
    {"brackets", "[::1]:80", 8, NULL, "[::1]:80", NULL},
    {"brackets and zone", "[::1%z]:80", 10, NULL, "[::1%z]:80", NULL},
    {"a bracket in the zone", "[::1%]]:80", 10, NULL, "[::1%]]:80", NULL},
    {"a port in the zone", "[::1%]:1]:2", 11, NULL, "[::1%]:1]:2", NULL},
    {"IPv4 in brackets", "[1.2.3.4]:80", 12, NULL, NULL, NULL},
    {"no brackets", "::1:80", 6, "::1:80", NULL, NULL},
    {"nothing in brackets", "[]:80", 5, NULL, NULL, NULL},
    {"one bracket", "[:80", 4, NULL, NULL, NULL},
    {"bits inside a text", "1.2.3.4/245", 10, NULL, NULL, "1.2.3.4/24"},
    {"bits cut away", "1.2.3.4/24", 8, NULL, NULL, NULL},
    {"a NUL in the bits", "1.2.3.4/2\0", 10, NULL, NULL, NULL},
    {"bits of three digits", "::1/128", 7, NULL, NULL, "::1/128"},
    {"too many bits", "::1/129", 7, NULL, NULL, NULL},
    {"far too many bits", "::1/1280", 8, NULL, NULL, NULL},
    {"leading zero in bits", "::1/01", 6, NULL, NULL, NULL},
    {"no bits", "::/0", 4, NULL, NULL, "::/0"},
};

static void test_slice(void **state)
{
    const __typeof__(slices[0]) *row = *state;
    char *exact = malloc(row->len != 0 ? row->len : 1);
    char buf[GONET_ADDR_STRLEN];
    gonet_error_t *err = NULL;

    memcpy(exact, row->text, row->len);
    check_addr(gonet_netip_parse_addr_n(exact, row->len, &err),
               row->addr != NULL ? row->addr : "invalid IP");
    assert_int_equal(err == NULL, row->addr != NULL);
    gonet_netip_addr_port_t ap = gonet_netip_parse_addr_port_n(exact, row->len, &err);
    assert_string_equal(gonet_netip_addr_port_string(ap, buf, sizeof(buf)),
                        row->addr_port != NULL ? row->addr_port : "invalid AddrPort");
    assert_int_equal(err == NULL, row->addr_port != NULL);
    gonet_netip_prefix_t p = gonet_netip_parse_prefix_n(exact, row->len, &err);
    assert_string_equal(gonet_netip_prefix_string(p, buf, sizeof(buf)),
                        row->prefix != NULL ? row->prefix : "invalid Prefix");
    assert_int_equal(err == NULL, row->prefix != NULL);
    gonet_error_free(err);
    free(exact);
}

/* Errors that the vectors can't have: zones that can't be held, bytes that are no text. */
static const struct {
    const char *what;
    const char *text;
    size_t len;
    const char *addr_error, *addr_port_error, *prefix_error;
} errors[] = {
    {"a long zone", zone32, sizeof(zone32) - 1,
     "ParseAddr(\"::1%abcdefghijklmnopqrstuvwxyz012345\"): zone is longer than 31 bytes or has a "
     "NUL "
     "byte",
     "invalid port \"1%abcdefghijklmnopqrstuvwxyz012345\" parsing "
     "\"::1%abcdefghijklmnopqrstuvwxyz012345\"",
     "netip.ParsePrefix(\"::1%abcdefghijklmnopqrstuvwxyz012345\"): no '/'"},
    {"a long zone with a port", "[::1%abcdefghijklmnopqrstuvwxyz012345]:1", 40, NULL,
     "ParseAddr(\"::1%abcdefghijklmnopqrstuvwxyz012345\"): zone is longer than 31 bytes or has a "
     "NUL "
     "byte",
     NULL},
    {"a long zone with bits", "::1%abcdefghijklmnopqrstuvwxyz012345/1", 38, NULL, NULL,
     "netip.ParsePrefix(\"::1%abcdefghijklmnopqrstuvwxyz012345/1\"): IPv6 zones cannot be present "
     "in "
     "a prefix"},
    {"a NUL in the zone", "::1%a\0b", 7,
     "ParseAddr(\"::1%a\\x00b\"): zone is longer than 31 bytes or has a NUL byte", NULL, NULL},
    {"a NUL in the address", "1.2.3\0.4", 8,
     "ParseAddr(\"1.2.3\\x00.4\"): unexpected character (at \"\\x00.4\")", "not an ip:port",
     "netip.ParsePrefix(\"1.2.3\\x00.4\"): no '/'"},
    {"nothing", "", 0, "ParseAddr(\"\"): unable to parse IP", "not an ip:port",
     "netip.ParsePrefix(\"\"): no '/'"},
    {"IPv4 and a zone", "1.2.3.4%z", 9,
     "ParseAddr(\"1.2.3.4%z\"): unexpected character (at \"%z\")", "not an ip:port", NULL},
};

static void test_error(void **state)
{
    const __typeof__(errors[0]) *row = *state;
    gonet_error_t *err = NULL;

    gonet_netip_parse_addr_n(row->text, row->len, &err);
    assert_non_null(err);
    if (row->addr_error != NULL)
        assert_string_equal(gonet_error_string(err), row->addr_error);
    gonet_netip_parse_addr_port_n(row->text, row->len, &err);
    assert_non_null(err);
    if (row->addr_port_error != NULL)
        assert_string_equal(gonet_error_string(err), row->addr_port_error);
    gonet_netip_parse_prefix_n(row->text, row->len, &err);
    assert_non_null(err);
    if (row->prefix_error != NULL)
        assert_string_equal(gonet_error_string(err), row->prefix_error);
    gonet_error_free(err);
}

static void test_errors_not_wanted(void **state)
{
    (void)state;
    assert_false(gonet_netip_addr_is_valid(gonet_netip_parse_addr("x", NULL)));
    assert_false(gonet_netip_addr_port_is_valid(gonet_netip_parse_addr_port("x", NULL)));
    assert_false(gonet_netip_prefix_is_valid(gonet_netip_parse_prefix("x", NULL)));
    assert_false(gonet_netip_prefix_is_valid(
        gonet_netip_addr_prefix(gonet_netip_ipv4_unspecified(), 33, NULL)));
    assert_int_equal(gonet_netip_addr_unmarshal_binary(NULL, "x", 1, NULL), -1);
    assert_int_equal(gonet_netip_addr_port_unmarshal_binary(NULL, "x", 1, NULL), -1);
    assert_int_equal(gonet_netip_prefix_unmarshal_binary(NULL, NULL, 0, NULL), -1);
}

static void test_with_zone(void **state)
{
    gonet_netip_addr_t a = gonet_netip_must_parse_addr("fe80::1%eth0");

    (void)state;
    check_addr(gonet_netip_addr_with_zone(a, ""), "fe80::1");
    check_addr(gonet_netip_addr_with_zone(a, "x"), "fe80::1%x");
    check_addr(gonet_netip_addr_with_zone(a, zone31 + 4),
               "fe80::1%abcdefghijklmnopqrstuvwxyz01234");
    check_addr(gonet_netip_addr_with_zone(a, zone32 + 4), "invalid IP");
    check_addr(gonet_netip_addr_with_zone(gonet_netip_ipv4_unspecified(), zone32 + 4), "0.0.0.0");
    a = gonet_netip_addr_with_zone(a, "x");
    for (size_t i = 1; i < sizeof(a.zone); i++)
        assert_int_equal(a.zone[i], 0);
}

/* Every text and binary form, into exactly its room and into one byte less. */
static void test_appends(void **state)
{
    gonet_netip_addr_t a = gonet_netip_must_parse_addr("fe80::1%eth0");
    gonet_netip_addr_port_t ap = gonet_netip_addr_port_from(a, 80);
    gonet_netip_prefix_t p = gonet_netip_must_parse_prefix("fe80::/10");
    gonet_error_t *err = NULL;
    char buf[GONET_ADDR_STRLEN];

    (void)state;
    assert_int_equal(gonet_netip_addr_append_to(a, buf, 12), 12);
    assert_memory_equal(buf, "fe80::1%eth0", 12);
    assert_int_equal(gonet_netip_addr_port_append_to(ap, buf, 17), 17);
    assert_memory_equal(buf, "[fe80::1%eth0]:80", 17);
    assert_int_equal(gonet_netip_prefix_append_to(p, buf, 9), 9);
    assert_memory_equal(buf, "fe80::/10", 9);
    errno = 0;
    assert_int_equal(gonet_netip_addr_append_to(a, buf, 11), -1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(gonet_netip_addr_port_append_to(ap, buf, 16), -1);
    assert_int_equal(gonet_netip_prefix_append_to(p, buf, 8), -1);
#define SHORT(call)                                    \
    do {                                               \
        gonet_error_set(&err, NULL);                   \
        assert_int_equal(call, -1);                    \
        assert_ptr_equal(err, gonet_err_short_buffer); \
    } while (0)
    SHORT(gonet_netip_addr_append_text(a, buf, 11, &err));
    SHORT(gonet_netip_addr_marshal_text(a, buf, 11, &err));
    SHORT(gonet_netip_addr_append_binary(a, buf, 19, &err));
    SHORT(gonet_netip_addr_marshal_binary(a, buf, 19, &err));
    SHORT(gonet_netip_addr_port_append_text(ap, buf, 16, &err));
    SHORT(gonet_netip_addr_port_marshal_text(ap, buf, 16, &err));
    SHORT(gonet_netip_addr_port_append_binary(ap, buf, 21, &err));
    SHORT(gonet_netip_addr_port_marshal_binary(ap, buf, 21, &err));
    SHORT(gonet_netip_prefix_append_text(p, buf, 8, &err));
    SHORT(gonet_netip_prefix_marshal_text(p, buf, 8, &err));
    SHORT(gonet_netip_prefix_append_binary(p, buf, 16, &err));
    SHORT(gonet_netip_prefix_marshal_binary(p, buf, 16, &err));
    assert_int_equal(gonet_netip_addr_append_binary(a, buf, 20, &err), 20);
    assert_null(err);
    assert_int_equal(gonet_netip_addr_port_append_binary(ap, buf, 22, &err), 22);
    assert_int_equal(gonet_netip_prefix_append_binary(p, buf, 17, &err), 17);
}

/* Zero values have no text and no address bytes; an invalid prefix that is not zero says so. */
static void test_zero_values(void **state)
{
    gonet_netip_addr_t a = {.bits = 0};
    gonet_netip_addr_port_t ap = {.port = 9};
    gonet_netip_prefix_t p = {.addr_bits = 0};
    char buf[GONET_ADDR_STRLEN];

    (void)state;
    assert_int_equal(gonet_netip_addr_append_to(a, NULL, 0), 0);
    assert_int_equal(gonet_netip_addr_append_text(a, NULL, 0, NULL), 0);
    assert_int_equal(gonet_netip_addr_marshal_binary(a, NULL, 0, NULL), 0);
    assert_int_equal(gonet_netip_addr_port_append_to(ap, NULL, 0), 0);
    assert_int_equal(gonet_netip_addr_port_marshal_binary(ap, buf, 2, NULL), 2);
    assert_int_equal(gonet_netip_prefix_append_to(p, NULL, 0), 0);
    assert_int_equal(gonet_netip_prefix_marshal_binary(p, buf, 1, NULL), 1);
    assert_int_equal((unsigned char)buf[0], 0xff);
    assert_false(gonet_netip_addr_is_unspecified(a) || gonet_netip_addr_is_loopback(a) ||
                 gonet_netip_addr_is_private(a) || gonet_netip_addr_is_multicast(a) ||
                 gonet_netip_addr_is_interface_local_multicast(a) ||
                 gonet_netip_addr_is_link_local_multicast(a) ||
                 gonet_netip_addr_is_link_local_unicast(a) ||
                 gonet_netip_addr_is_global_unicast(a));
    assert_false(gonet_netip_addr_is4(a) || gonet_netip_addr_is6(a) || gonet_netip_addr_is4in6(a));
    assert_int_equal(gonet_netip_addr_compare(a, a), 0);
    check_addr(gonet_netip_addr_next(a), "invalid IP");
    check_addr(gonet_netip_addr_prev(a), "invalid IP");
    check_addr(gonet_netip_addr_unmap(a), "invalid IP");
    p = gonet_netip_prefix_from(gonet_netip_ipv4_unspecified(), 33);
    assert_int_equal(gonet_netip_prefix_append_to(p, buf, sizeof(buf)), 14);
    assert_memory_equal(buf, "invalid Prefix", 14);
    assert_int_equal(gonet_netip_prefix_bits(p), -1);
    assert_false(gonet_netip_prefix_is_single_ip(p));
    check_addr(gonet_netip_prefix_addr(p), "0.0.0.0");
    assert_int_equal(gonet_netip_prefix_masked(p).addr_bits, 0);
    assert_string_equal(gonet_netip_addr_string_expanded(a, buf, sizeof(buf)), "invalid IP");
    assert_string_equal(gonet_netip_addr_port_string(ap, buf, sizeof(buf)), "invalid AddrPort");
}

static __attribute__((noinline)) void dirty_stack(void)
{
    volatile char dirt[2048];

    for (size_t i = 0; i < sizeof(dirt); i++)
        dirt[i] = (char)0xa5;
}

/* Equal values have equal bytes, however they were made: padding is zero, whatever was there. */
static void test_equal_bytes(void **state)
{
    static const char *const texts[] = {"1.2.3.4:80", "[2001:db8::1]:80", "[fe80::1%eth0]:80"};
    gonet_netip_addr_port_t want, got;
    gonet_error_t *err = NULL;
    uint8_t binary[64];

    (void)state;
#define SAME(call)                                     \
    do {                                               \
        dirty_stack();                                 \
        memset(&got, 0xa5, sizeof(got));               \
        got = call;                                    \
        assert_memory_equal(&got, &want, sizeof(got)); \
    } while (0)
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        memset(&want, 0, sizeof(want));
        char *addr = strdup(texts[i] + (i > 0));
        *strrchr(addr, i > 0 ? ']' : ':') = '\0';
        want.addr = gonet_netip_must_parse_addr(addr);
        want.port = 80;
        free(addr);
        SAME(gonet_netip_addr_port_from(want.addr, 80));
        SAME(gonet_netip_must_parse_addr_port(texts[i]));
        SAME(gonet_netip_parse_addr_port(texts[i], NULL));
        SAME(gonet_netip_parse_addr_port_n(texts[i], strlen(texts[i]), NULL));
        gonet_tcp_addr_t tcp = gonet_tcp_addr_from_addr_port(want);
        SAME(gonet_tcp_addr_addr_port(&tcp));
        gonet_udp_addr_t udp = gonet_udp_addr_from_addr_port(want);
        SAME(gonet_udp_addr_addr_port(&udp));
        assert_memory_equal(&tcp, &udp, sizeof(tcp));
        ssize_t n = gonet_netip_addr_port_marshal_binary(want, binary, sizeof(binary), NULL);
        memset(&got, 0xa5, sizeof(got));
        assert_int_equal(gonet_netip_addr_port_unmarshal_binary(&got, binary, (size_t)n, NULL), 0);
        assert_memory_equal(&got, &want, sizeof(got));
    }
    memset(&want, 0, sizeof(want));
    SAME(gonet_netip_parse_addr_port("1.2.3.4:x", &err));
    SAME(gonet_tcp_addr_addr_port(NULL));
    SAME(gonet_udp_addr_addr_port(NULL));
    gonet_error_free(err);
#undef SAME
}

/* Whatever reads a text leaves an error variable empty when it is right, at any of its ways. */
static void test_clears_error(void **state)
{
    static const char *const addrs[] = {"1.2.3.4", "::1", "fe80::1%eth0"};
    static const char *const prefixes[] = {"1.2.3.4/8", "::1/8"};
    static const char *const addr_ports[] = {"1.2.3.4:8", "[::1]:8", "[fe80::1%eth0]:8"};
    gonet_error_t *err = NULL;

    (void)state;
#define CLEARS(call)                                   \
    do {                                               \
        gonet_error_set(&err, gonet_error_new("old")); \
        (void)call;                                    \
        assert_null(err);                              \
    } while (0)
    for (size_t i = 0; i < 3; i++) {
        CLEARS(gonet_netip_parse_addr(addrs[i], &err));
        CLEARS(gonet_netip_parse_addr_n(addrs[i], strlen(addrs[i]), &err));
        CLEARS(gonet_netip_parse_addr_port(addr_ports[i], &err));
        CLEARS(gonet_netip_parse_addr_port_n(addr_ports[i], strlen(addr_ports[i]), &err));
    }
    for (size_t i = 0; i < 2; i++) {
        CLEARS(gonet_netip_parse_prefix(prefixes[i], &err));
        CLEARS(gonet_netip_parse_prefix_n(prefixes[i], strlen(prefixes[i]), &err));
    }
#undef CLEARS
}

/* Prefixes that no call made, but a program's own hand, with a length that no address has. */
static void test_impossible_prefix(void **state)
{
    gonet_netip_addr_t a = gonet_netip_parse_addr("2001:db8::1", NULL);
    gonet_netip_prefix_t p = gonet_netip_prefix_from(a, 64);
    gonet_netip_prefix_t masked;

    (void)state;
    for (int bits = 130; bits < 256; bits++) {
        p.bits_plus_one = (uint8_t)bits;
        masked = gonet_netip_prefix_masked(p);
        assert_false(gonet_netip_prefix_is_valid(masked));
        assert_true(gonet_netip_prefix_contains(p, a));
        assert_true(gonet_netip_prefix_overlaps(p, p));
    }
}

/* Addresses likewise: no form has more bytes than there are. */
static void test_impossible_addr(void **state)
{
    gonet_netip_addr_t a = gonet_netip_parse_addr("fe80::1", NULL);
    gonet_netip_addr_port_t ap;
    gonet_netip_prefix_t p = gonet_netip_prefix_from(a, 64);
    uint8_t binary[64];
    char buf[GONET_ADDR_STRLEN];

    (void)state;
    memset(a.zone, 'z', sizeof(a.zone)); /* without its NUL */
    for (int bits = 129; bits < 256; bits++) {
        a.bits = p.addr_bits = (uint8_t)bits;
        ap = gonet_netip_addr_port_from(a, 80);
        assert_int_equal(gonet_netip_addr_as_slice(a, binary, sizeof(binary)), 16);
        assert_int_equal(gonet_netip_addr_marshal_binary(a, binary, 64, NULL), 16 + 32);
        assert_int_equal(gonet_netip_addr_port_marshal_binary(ap, binary, 64, NULL), 16 + 32 + 2);
        assert_int_equal(gonet_netip_prefix_marshal_binary(p, binary, 64, NULL), 17);
        assert_non_null(gonet_netip_addr_string(a, buf, sizeof(buf)));
        assert_non_null(gonet_netip_addr_port_string(ap, buf, sizeof(buf)));
        assert_int_equal(gonet_netip_addr_next(a).b[15], 2);
        assert_int_equal(gonet_netip_addr_prev(a).b[15], 0);
        assert_int_equal(gonet_netip_addr_next(a).zone[0], 'z');
    }
}

static void test_unmarshal_text(void **state)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_t a = gonet_netip_ipv6_loopback();
    gonet_netip_addr_port_t ap = {.addr = a, .port = 1};
    gonet_netip_prefix_t p = gonet_netip_prefix_from(a, 128);

    (void)state;
    assert_int_equal(gonet_netip_addr_unmarshal_text(&a, "x", 1, &err), -1);
    assert_int_equal(a.bits, 0);
    assert_non_null(err);
    assert_int_equal(gonet_netip_addr_port_unmarshal_text(&ap, "x", 1, &err), -1);
    assert_int_equal(ap.addr.bits + ap.port, 0);
    assert_int_equal(gonet_netip_prefix_unmarshal_text(&p, "x", 1, &err), -1);
    assert_int_equal(p.addr_bits + p.bits_plus_one, 0);
    a = gonet_netip_ipv6_loopback();
    assert_int_equal(gonet_netip_addr_unmarshal_text(&a, NULL, 0, &err), 0);
    assert_null(err);
    assert_int_equal(a.bits, 0);
    assert_int_equal(gonet_netip_addr_port_unmarshal_text(&ap, NULL, 0, &err), 0);
    assert_int_equal(gonet_netip_prefix_unmarshal_text(&p, NULL, 0, &err), 0);
    assert_int_equal(gonet_netip_addr_unmarshal_text(NULL, "::", 2, &err), 0);
    assert_int_equal(gonet_netip_addr_port_unmarshal_text(NULL, "1.2.3.4:5", 9, &err), 0);
    assert_int_equal(gonet_netip_prefix_unmarshal_text(NULL, "::/0", 4, &err), 0);
}

/* As in Go, a failed unmarshal of binary leaves what there was. */
static void test_unmarshal_binary(void **state)
{
    uint8_t data[64] = {0};
    gonet_error_t *err = NULL;
    gonet_netip_addr_t a = gonet_netip_ipv6_loopback();

    (void)state;
    assert_int_equal(gonet_netip_addr_unmarshal_binary(&a, data, 5, &err), -1);
    assert_string_equal(gonet_error_string(err), "unexpected slice size");
    check_addr(a, "::1");
    assert_int_equal(gonet_netip_addr_unmarshal_binary(&a, data, 17, &err), -1); /* a NUL zone */
    assert_string_equal(gonet_error_string(err), "zone is longer than 31 bytes or has a NUL byte");
    memset(data + 16, 'z', 48);
    assert_int_equal(gonet_netip_addr_unmarshal_binary(&a, data, 48, &err), -1);
    check_addr(a, "::1");
    assert_int_equal(gonet_netip_addr_unmarshal_binary(&a, data, 47, &err), 0);
    assert_null(err);
    assert_int_equal(gonet_netip_addr_unmarshal_binary(NULL, data, 16, &err), 0);
    gonet_netip_addr_port_t ap = {.port = 7};
    assert_int_equal(gonet_netip_addr_port_unmarshal_binary(&ap, data, 1, &err), -1);
    assert_int_equal(gonet_netip_addr_port_unmarshal_binary(&ap, data, 7, &err), -1);
    assert_int_equal(ap.port, 7);
    assert_int_equal(gonet_netip_addr_port_unmarshal_binary(NULL, data, 6, &err), 0);
    gonet_netip_prefix_t p = {.addr_bits = 0};
    assert_int_equal(gonet_netip_prefix_unmarshal_binary(&p, data, 0, &err), -1);
    assert_int_equal(gonet_netip_prefix_unmarshal_binary(&p, data, 8, &err), -1);
    assert_int_equal(gonet_netip_prefix_unmarshal_binary(NULL, data, 5, &err), 0);
    data[60] = 8;
    assert_int_equal(gonet_netip_prefix_unmarshal_binary(&p, data, 61, &err), 0); /* zone dropped */
    assert_int_equal(gonet_netip_prefix_bits(p), 8);
}

static void test_contains_bits(void **state)
{
    (void)state;
    for (int length = 0; length <= 128; length++) {
        gonet_netip_addr_t a = gonet_netip_must_parse_addr("2001:db8:1:2:3:4:5:6");
        gonet_netip_prefix_t p = gonet_netip_prefix_from(a, length);
        for (int bit = 0; bit < 128; bit++) {
            gonet_netip_addr_t b = a;
            b.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
            assert_int_equal(gonet_netip_prefix_contains(p, b), bit >= length);
        }
    }
    for (int length = 0; length <= 32; length++) {
        gonet_netip_addr_t a = gonet_netip_must_parse_addr("192.0.2.1");
        gonet_netip_prefix_t p = gonet_netip_prefix_from(a, length);
        for (int bit = 0; bit < 32; bit++) {
            gonet_netip_addr_t b = a;
            b.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
            assert_int_equal(gonet_netip_prefix_contains(p, b), bit >= length);
        }
    }
}

/* What aborts says first why, on standard error. */
static void must_addr(void)
{
    gonet_netip_must_parse_addr("x");
}

static void must_addr_port(void)
{
    gonet_netip_must_parse_addr_port("x");
}

static void must_prefix(void)
{
    gonet_netip_must_parse_prefix("1.2.3.4/33");
}

static void must_addr_n(void)
{
    gonet_netip_must_parse_addr_n("1.2.3.4", 6);
}

static void as4_of_zero(void)
{
    uint8_t b[4];

    gonet_netip_addr_as4((gonet_netip_addr_t){.bits = 0}, b);
}

static void as4_of_ipv6(void)
{
    uint8_t b[4];

    gonet_netip_addr_as4(gonet_netip_ipv6_loopback(), b);
}

static const struct {
    const char *what;
    void (*run)(void);
    const char *text;
} aborts[] = {
    {"must_parse_addr", must_addr, "ParseAddr(\"x\"): unable to parse IP\n"},
    {"must_parse_addr_port", must_addr_port, "not an ip:port\n"},
    {"must_parse_prefix", must_prefix,
     "netip.ParsePrefix(\"1.2.3.4/33\"): prefix length out of range\n"},
    {"must_parse_addr_n", must_addr_n,
     "ParseAddr(\"1.2.3.\"): IPv4 field must have at least one digit (at \".\")\n"},
    {"as4 of the zero value", as4_of_zero, "As4 called on IP zero value\n"},
    {"as4 of IPv6", as4_of_ipv6, "As4 called on IPv6 address\n"},
};

static void test_abort(void **state)
{
    const __typeof__(aborts[0]) *row = *state;
    char said[512] = "";
    int pipe_fds[2];
    int status = 0;

    assert_int_equal(pipe(pipe_fds), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL); /* cmocka's handler would report a failure */
        dup2(pipe_fds[1], STDERR_FILENO);
        row->run();
        _exit(0);
    }
    close(pipe_fds[1]);
    size_t len = 0;
    for (ssize_t n; (n = read(pipe_fds[0], said + len, sizeof(said) - 1 - len)) > 0;)
        len += (size_t)n;
    close(pipe_fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_string_equal(said, row->text);
}

static void test_must_succeed(void **state)
{
    char buf[GONET_ADDR_STRLEN];

    (void)state;
    check_addr(gonet_netip_must_parse_addr_n("::1x", 3), "::1");
    assert_int_equal(gonet_netip_must_parse_addr_port_n("1.2.3.4:56", 9).port, 5);
    assert_string_equal(
        gonet_netip_prefix_string(gonet_netip_must_parse_prefix_n("::/12", 4), buf, sizeof(buf)),
        "::/1");
}

/* Every call that makes an error object, with its n-th allocation failing, for every n. */
static void fail_addr(gonet_error_t **err)
{
    gonet_netip_parse_addr("fe80::\"\x01\"/a rather long text, so that the buffer grows", err);
}

static void fail_zone(gonet_error_t **err)
{
    gonet_netip_parse_addr(zone32, err);
}

static void fail_port(gonet_error_t **err)
{
    gonet_netip_parse_addr_port("1.2.3.4:x", err);
}

static void fail_brackets(gonet_error_t **err)
{
    gonet_netip_parse_addr_port("::1:80", err);
}

static void fail_no_port(gonet_error_t **err)
{
    gonet_netip_parse_addr_port("x", err);
}

static void fail_prefix(gonet_error_t **err)
{
    gonet_netip_parse_prefix("x/y", err);
}

static void fail_addr_prefix(gonet_error_t **err)
{
    gonet_netip_addr_prefix(gonet_netip_ipv4_unspecified(), 33, err);
}

static void fail_negative_prefix(gonet_error_t **err)
{
    gonet_netip_addr_prefix(gonet_netip_ipv4_unspecified(), -1, err);
}

static void fail_binary(gonet_error_t **err)
{
    gonet_netip_addr_unmarshal_binary(NULL, "x", 1, err);
}

static void fail_binary_addr_port(gonet_error_t **err)
{
    gonet_netip_addr_port_unmarshal_binary(NULL, "x", 1, err);
}

static void fail_binary_prefix(gonet_error_t **err)
{
    gonet_netip_prefix_unmarshal_binary(NULL, NULL, 0, err);
}

static void fail_cidr(gonet_error_t **err)
{
    gonet_parse_cidr("x", NULL, err);
}

static void fail_mac(gonet_error_t **err)
{
    gonet_parse_mac("x", err);
}

static void fail_split(gonet_error_t **err)
{
    gonet_split_host_port("x", NULL, 0, NULL, 0, err);
}

static void fail_unmarshal(gonet_error_t **err)
{
    gonet_ip_unmarshal_text(NULL, "x", 1, err);
}

static void fail_marshal(gonet_error_t **err)
{
    gonet_ip_marshal_text((gonet_ip_t){.len = 1}, NULL, 0, err);
}

static const struct {
    const char *what;
    void (*provoke)(gonet_error_t **err);
} failing[] = {
    {"parse_addr", fail_addr},
    {"parse_addr, zone", fail_zone},
    {"parse_addr_port, port", fail_port},
    {"parse_addr_port, brackets", fail_brackets},
    {"parse_addr_port, none", fail_no_port},
    {"parse_prefix", fail_prefix},
    {"addr_prefix, too large", fail_addr_prefix},
    {"addr_prefix, negative", fail_negative_prefix},
    {"addr_unmarshal_binary", fail_binary},
    {"addr_port_unmarshal_binary", fail_binary_addr_port},
    {"prefix_unmarshal_binary", fail_binary_prefix},
    {"parse_cidr", fail_cidr},
    {"parse_mac", fail_mac},
    {"split_host_port", fail_split},
    {"ip_unmarshal_text", fail_unmarshal},
    {"ip_marshal_text", fail_marshal},
};

static void test_without_memory(void **state)
{
    const __typeof__(failing[0]) *row = *state;
    gonet_error_t *err = NULL;
    bool failed = true;

    for (long n = 1; failed; n++) {
        gonet__alloc_fail_at(n, 0);
        row->provoke(&err);
        failed = gonet__alloc_failed() > 0;
        gonet__alloc_fail_at(0, 0);
        assert_non_null(err);
        assert_int_equal(err == gonet_err_no_memory, failed);
        gonet_error_set(&err, NULL);
        assert_int_equal(gonet__alloc_live(), 0);
        assert_true(n < 50);
    }
}

int main(void)
{
    TABLE_ADD(test_constructors);
    TABLE_ADD(test_bytes);
    TABLE_ADD_ALL("slice", slices, what, test_slice);
    TABLE_ADD_ALL("error", errors, what, test_error);
    TABLE_ADD(test_errors_not_wanted);
    TABLE_ADD(test_with_zone);
    TABLE_ADD(test_appends);
    TABLE_ADD(test_zero_values);
    TABLE_ADD(test_equal_bytes);
    TABLE_ADD(test_clears_error);
    TABLE_ADD(test_impossible_prefix);
    TABLE_ADD(test_impossible_addr);
    TABLE_ADD(test_unmarshal_text);
    TABLE_ADD(test_unmarshal_binary);
    TABLE_ADD(test_contains_bits);
    TABLE_ADD_ALL("abort", aborts, what, test_abort);
    TABLE_ADD(test_must_succeed);
    TABLE_ADD_ALL("without memory", failing, what, test_without_memory);
    return table_run("netip");
}
