/*
 * Package net's addresses beside the vectors: forms, edges of buffers, texts with a length, odd
 * arguments.
 */
#include "unit/table.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "addr/addr_error.h"
#include "gonet/addr.h"
#include "gonet/hardware.h"
#include "gonet/hostport.h"

/* The structs are ABI. */
static void test_sizes(void **state)
{
    (void)state;
    assert_int_equal(sizeof(gonet_ip_t), 17);
    assert_int_equal(sizeof(gonet_ip_mask_t), 17);
    assert_int_equal(sizeof(gonet_ip_net_t), 34);
    assert_int_equal(sizeof(gonet_hardware_addr_t), 33);
    assert_int_equal(sizeof(gonet_flags_t), 4);
    assert_int_equal(sizeof(gonet_tcp_addr_t), 56);
    assert_int_equal(offsetof(gonet_tcp_addr_t, port), 20);
    assert_int_equal(offsetof(gonet_tcp_addr_t, zone), 24);
    assert_int_equal(sizeof(gonet_udp_addr_t), 56);
    assert_int_equal(sizeof(gonet_ip_addr_t), 49);
    assert_int_equal(sizeof(gonet_unix_addr_t), 144);
    assert_int_equal(sizeof(gonet_other_addr_t), 144);
    assert_int_equal(sizeof(gonet_addr_t), 176);
    assert_int_equal(offsetof(gonet_addr_t, tcp), 4);
    assert_int_equal(sizeof(gonet_netip_addr_t), 49);
    assert_int_equal(offsetof(gonet_netip_addr_t, bits), 16);
    assert_int_equal(sizeof(gonet_netip_addr_port_t), 52);
    assert_int_equal(offsetof(gonet_netip_addr_port_t, port), 50);
    assert_int_equal(sizeof(gonet_netip_prefix_t), 18);
    assert_int_equal(GONET_ZONE_SIZE, 32);
    assert_int_equal(GONET_UNIX_NAME_SIZE, 128);
    assert_int_equal(GONET_IPV4_LEN, 4);
    assert_int_equal(GONET_IPV6_LEN, 16);
}

static const struct {
    const char *what;
    const gonet_ip_t *ip;
    const char *text;
} variables[] = {
    {"ipv4_bcast", &gonet_ipv4_bcast, "255.255.255.255"},
    {"ipv4_allsys", &gonet_ipv4_allsys, "224.0.0.1"},
    {"ipv4_allrouter", &gonet_ipv4_allrouter, "224.0.0.2"},
    {"ipv4_zero", &gonet_ipv4_zero, "0.0.0.0"},
    {"ipv6_zero", &gonet_ipv6_zero, "::"},
    {"ipv6_unspecified", &gonet_ipv6_unspecified, "::"},
    {"ipv6_loopback", &gonet_ipv6_loopback, "::1"},
    {"ipv6_interface_local_all_nodes", &gonet_ipv6_interface_local_all_nodes, "ff01::1"},
    {"ipv6_link_local_all_nodes", &gonet_ipv6_link_local_all_nodes, "ff02::1"},
    {"ipv6_link_local_all_routers", &gonet_ipv6_link_local_all_routers, "ff02::2"},
};

static void test_variable(void **state)
{
    const __typeof__(variables[0]) *row = *state;
    char text[GONET_IP_STRLEN];

    assert_int_equal(row->ip->len, 16);
    assert_string_equal(gonet_ip_string(*row->ip, text, sizeof(text)), row->text);
    assert_true(gonet_ip_equal(*row->ip, gonet_parse_ip(row->text)));
}

static void test_constructors(void **state)
{
    char text[GONET_IP_STRLEN];
    int bits;

    (void)state;
    assert_string_equal(gonet_ip_string(gonet_ipv4(192, 0, 2, 1), text, sizeof(text)), "192.0.2.1");
    assert_int_equal(gonet_ipv4(1, 2, 3, 4).len, 16);
    assert_string_equal(gonet_ip_mask_string(gonet_ipv4_mask(255, 255, 240, 0), text, sizeof(text)),
                        "fffff000");
    assert_int_equal(gonet_ip_mask_size(gonet_ipv4_mask(255, 255, 240, 0), NULL), 20);
    assert_int_equal(gonet_ip_mask_size(gonet_ipv4_mask(255, 0, 255, 0), &bits), 0);
    assert_int_equal(bits, 0);
}

/* A length that only a faulty caller can write is invalid, and nothing beyond the value is read. */
static void test_impossible_length(void **state)
{
    gonet_ip_t ip = {.len = 255, .b = {0xaa}};
    gonet_ip_mask_t m = {.len = 200, .b = {0xff}};
    gonet_hardware_addr_t mac = {.len = 99};
    char text[GONET_HARDWARE_ADDR_STRLEN];
    gonet_error_t *err = NULL;
    int bits;

    (void)state;
    assert_string_equal(gonet_ip_string(ip, text, sizeof(text)),
                        "?aa000000000000000000000000000000");
    assert_int_equal(gonet_ip_append_text(ip, text, sizeof(text), &err), -1);
    assert_non_null(gonet_error_as_addr(err));
    gonet_error_free(err);
    assert_int_equal(gonet_ip_to4(ip).len, 0);
    assert_int_equal(gonet_ip_to16(ip).len, 0);
    assert_true(gonet_ip_equal(ip, ip));
    assert_int_equal(strlen(gonet_ip_mask_string(m, text, sizeof(text))), 32);
    assert_int_equal(gonet_ip_mask_size(m, &bits), 8);
    assert_int_equal(strlen(gonet_hardware_addr_string(mac, text, sizeof(text))), 95);
    gonet_ip_net_t net = {ip, m};
    assert_string_equal(gonet_ip_net_string(&net, text, sizeof(text)), "<nil>");
    assert_false(gonet_ip_net_contains(&net, ip));
}

/* Texts that go into exactly their room, and not into one byte less. */
static const char *ip_text(char *buf, size_t size)
{
    return gonet_ip_string(gonet_parse_ip("2001:db8::1"), buf, size);
}

static const char *mask_text(char *buf, size_t size)
{
    return gonet_ip_mask_string(gonet_cidr_mask(20, 32), buf, size);
}

static const char *net_text(char *buf, size_t size)
{
    gonet_ip_net_t net;

    gonet_parse_cidr("192.0.2.0/24", &net, NULL);
    return gonet_ip_net_string(&net, buf, size);
}

static const char *mac_text(char *buf, size_t size)
{
    return gonet_hardware_addr_string(gonet_parse_mac("00-00-5E-00-53-01", NULL), buf, size);
}

static const char *flags_text(char *buf, size_t size)
{
    return gonet_flags_string(GONET_FLAG_UP | GONET_FLAG_BROADCAST | GONET_FLAG_LOOPBACK |
                                  GONET_FLAG_POINT_TO_POINT | GONET_FLAG_MULTICAST |
                                  GONET_FLAG_RUNNING,
                              buf, size);
}

static const char *joined_text(char *buf, size_t size)
{
    return gonet_join_host_port("::1", "http", buf, size);
}

static const char *plain_joined_text(char *buf, size_t size)
{
    return gonet_join_host_port("h", "80", buf, size);
}

static const char *tcp_text(char *buf, size_t size)
{
    gonet_tcp_addr_t a = {.ip = gonet_parse_ip("fe80::1"), .port = 65535, .zone = "eth0"};

    return gonet_tcp_addr_string(&a, buf, size);
}

static const char *unix_text(char *buf, size_t size)
{
    gonet_unix_addr_t a = {.name = "/run/x", .net = "unix"};

    return gonet_unix_addr_string(&a, buf, size);
}

static const char *ip_addr_text(char *buf, size_t size)
{
    gonet_ip_addr_t a = {.ip = gonet_ip_to4(gonet_parse_ip("192.0.2.1")), .zone = ""};

    return gonet_ip_addr_string(&a, buf, size);
}

static const char *nil_text(char *buf, size_t size)
{
    return gonet_addr_string(NULL, buf, size);
}

static const char *other_text(char *buf, size_t size)
{
    gonet_addr_t a = {.kind = GONET_ADDR_OTHER, .other = {.text = "pipe", .net = "pipe"}};

    return gonet_addr_string(&a, buf, size);
}

static const char *netip_text(char *buf, size_t size)
{
    return gonet_netip_addr_string(gonet_netip_must_parse_addr("fe80::1%eth0"), buf, size);
}

static const char *expanded_text(char *buf, size_t size)
{
    return gonet_netip_addr_string_expanded(gonet_netip_must_parse_addr("fe80::1%eth0"), buf, size);
}

static const char *zone_text(char *buf, size_t size)
{
    return gonet_netip_addr_zone(gonet_netip_must_parse_addr("fe80::1%eth0"), buf, size);
}

static const char *invalid_ip_text(char *buf, size_t size)
{
    return gonet_netip_addr_string((gonet_netip_addr_t){.bits = 0}, buf, size);
}

static const char *addr_port_text(char *buf, size_t size)
{
    return gonet_netip_addr_port_string(gonet_netip_must_parse_addr_port("[::1%x]:80"), buf, size);
}

static const char *prefix_text(char *buf, size_t size)
{
    return gonet_netip_prefix_string(gonet_netip_must_parse_prefix("2001:db8::/32"), buf, size);
}

static const struct {
    const char *text;
    const char *(*write)(char *buf, size_t size);
    size_t promised; /* the size that the header promises to be enough */
} texts[] = {
    {"2001:db8::1", ip_text, GONET_IP_STRLEN},
    {"fffff000", mask_text, GONET_IP_MASK_STRLEN},
    {"192.0.2.0/24", net_text, GONET_ADDR_STRLEN},
    {"00:00:5e:00:53:01", mac_text, GONET_HARDWARE_ADDR_STRLEN},
    {"up|broadcast|loopback|pointtopoint|multicast|running", flags_text, GONET_FLAGS_STRLEN},
    {"[::1]:http", joined_text, 11},
    {"h:80", plain_joined_text, 5},
    {"[fe80::1%eth0]:65535", tcp_text, GONET_ADDR_STRLEN},
    {"/run/x", unix_text, GONET_ADDR_STRLEN},
    {"192.0.2.1", ip_addr_text, GONET_ADDR_STRLEN},
    {"<nil>", nil_text, GONET_ADDR_STRLEN},
    {"pipe", other_text, GONET_ADDR_STRLEN},
    {"fe80::1%eth0", netip_text, GONET_ADDR_STRLEN},
    {"fe80:0000:0000:0000:0000:0000:0000:0001%eth0", expanded_text, GONET_ADDR_STRLEN},
    {"eth0", zone_text, GONET_ZONE_SIZE},
    {"invalid IP", invalid_ip_text, GONET_ADDR_STRLEN},
    {"[::1%x]:80", addr_port_text, GONET_ADDR_STRLEN},
    {"2001:db8::/32", prefix_text, GONET_ADDR_STRLEN},
};

static void test_room(void **state)
{
    const __typeof__(texts[0]) *row = *state;
    size_t exact = strlen(row->text) + 1;
    char *buf = malloc(row->promised);

    assert_ptr_equal(row->write(buf, row->promised), buf);
    assert_string_equal(buf, row->text);
    memset(buf, 'x', row->promised);
    assert_ptr_equal(row->write(buf, exact), buf);
    assert_string_equal(buf, row->text);
    for (size_t size = 0; size < exact; size++) {
        char *small = malloc(size + 1);
        small[size] = '#';
        errno = 0;
        assert_null(row->write(small, size));
        assert_int_equal(errno, ENOSPC);
        assert_int_equal(small[size], '#');
        free(small);
    }
    assert_null(row->write(NULL, 0));
    free(buf);
}

/* The longest text of each kind fits into what the header promises. */
static void test_longest(void **state)
{
    gonet_tcp_addr_t tcp = {.ip = gonet_parse_ip("1111:2222:3333:4444:5555:6666:7777:8888"),
                            .port = -2147483647 - 1};
    gonet_ip_net_t net = {.ip = {16,
                                 {0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x66,
                                  0x66, 0x77, 0x77, 0x88, 0x88}},
                          .mask = {16, {0xff, 0, 0xff}}};
    gonet_unix_addr_t un;
    char buf[GONET_ADDR_STRLEN];

    (void)state;
    memset(tcp.zone, 'z', sizeof(tcp.zone)); /* without a NUL, even */
    assert_non_null(gonet_tcp_addr_string(&tcp, buf, sizeof(buf)));
    assert_int_equal(strlen(buf), 1 + 39 + 1 + 32 + 1 + 1 + 11);
    assert_non_null(gonet_ip_net_string(&net, buf, sizeof(buf)));
    assert_int_equal(strlen(buf), 39 + 1 + 32);
    memset(&un, 'u', sizeof(un));
    assert_non_null(gonet_unix_addr_string(&un, buf, sizeof(buf)));
    assert_int_equal(strlen(buf), GONET_UNIX_NAME_SIZE);
    gonet_netip_addr_t a = gonet_netip_must_parse_addr("1111:2222:3333:4444:5555:6666:7777:8888");
    memset(a.zone, 'z', sizeof(a.zone) - 1);
    assert_non_null(
        gonet_netip_addr_port_string(gonet_netip_addr_port_from(a, 65535), buf, sizeof(buf)));
    assert_int_equal(strlen(buf), 1 + 39 + 1 + 31 + 1 + 1 + 5);
}

/* Text with a length: nothing behind it is read, and a NUL byte inside it is no end. */
static const struct {
    const char *what;
    const char *text;
    size_t len;
    bool is_ip, is_cidr, is_mac, splits;
} slices[] = {
    {"nothing", "1.2.3.4", 0, false, false, false, false},
    {"IPv4 inside a text", "1.2.3.45", 7, true, false, false, false},
    {"IPv4 cut short", "1.2.3.4", 6, false, false, false, false},
    {"IPv4 cut in a field", "1.2.3.255", 8, true, false, false, false},
    {"IPv4 and a NUL", "1.2.3.4\0", 8, false, false, false, false},
    {"IPv6 inside a text", "::12", 3, true, false, false, false},
    {"IPv6 cut to a group", "1::", 1, false, false, false, false},
    {"IPv6 cut to two colons", "::1", 2, true, false, false, false},
    {"IPv6 cut behind a colon", "1:2:3:4:5:6:7:8", 14, false, false, false, false},
    {"IPv6 and a NUL", "::1\0", 4, false, false, false, false},
    {"CIDR inside a text", "1.2.3.4/245", 10, false, true, false, false},
    {"CIDR cut at the slash", "1.2.3.4/24", 8, false, false, false, false},
    {"CIDR and a NUL", "1.2.3.4/24\0", 11, false, false, false, false},
    {"IPv6 CIDR inside a text", "2001:db8::/322", 13, false, true, false, false},
    {"CIDR of IPv6 and IPv4", "::1.2.3.4/128", 13, false, true, false, false},
    {"CIDR whose bits are no digits", "1.2.3.4/x", 9, false, false, false, false},
    {"CIDR with a sign", "1.2.3.4/-1", 10, false, false, false, false},
    {"CIDR with a zone", "fe80::1%z/64", 12, false, false, false, false},
    {"IPv4 in the last groups", "1:2:3:4:5:6:1.2.3.4", 19, true, false, false, false},
    {"IPv4 too early", "1:2:3:4:5:1.2.3.4", 17, false, false, false, false},
    {"IPv4 behind seven groups", "1:2:3:4:5:6:7:1.2.3.4", 21, false, false, false, false},
    {"IPv4 behind six groups and a gap", "1::2:3:4:5:6:1.2.3.4", 20, false, false, false, false},
    {"IPv4 cut in the last groups", "::1.2.3.4", 8, false, false, false, false},
    {"eight groups and a gap", "1:2:3:4:5:6:7:8::", 17, false, false, false, false},
    {"nine groups", "1:2:3:4:5:6:7:8:9", 17, false, false, false, false},
    {"two gaps", "1::2::3", 7, false, false, false, false},
    {"a gap and no more", "1::", 3, true, false, false, false},
    {"three colons", ":::", 3, false, false, false, false},
    {"a leading colon", ":1:2:3:4:5:6:7", 14, false, false, false, false},
    {"a letter", "x", 1, false, false, false, false},
    {"a letter behind a dot", "1.x.3.4", 7, false, false, false, false},
    {"a field over 255", "1.2.3.256", 9, false, false, false, false},
    {"a leading zero", "1.2.03.4", 8, false, false, false, false},
    {"five digits", "12345::", 7, false, false, false, false},
    {"brackets inside a text", "[host]:80x", 9, false, false, false, true},
    {"brackets and no port", "[host]", 6, false, false, false, false},
    {"brackets and no colon", "[host]80", 8, false, false, false, false},
    {"brackets left open", "[host:80", 8, false, false, false, false},
    {"brackets in brackets", "[h[st]:80", 9, false, false, false, false},
    {"a bracket in the port", "host:8]", 7, false, false, false, false},
    {"a bracket in the host", "ho[t:80", 7, false, false, false, false},
    {"two colons", "ho:t:80", 7, false, false, false, false},
    {"MAC inside a text", "00:00:5e:00:53:01:02", 17, false, false, true, false},
    {"MAC and a NUL", "00:00:5e:00:53:01\0", 18, false, false, false, false},
    {"host and port inside a text", "host:80x", 7, false, false, false, true},
    {"host without its port", "host:80", 4, false, false, false, false},
    {"a NUL in the host", "ho\0t:80", 7, false, false, false, false},
    {"a NUL in the port", "host:8\0", 7, false, false, false, false},
    {"a NUL in brackets", "[h\0]:80", 7, false, false, false, false},
};

static void test_slice(void **state)
{
    const __typeof__(slices[0]) *row = *state;
    char *exact = malloc(row->len != 0 ? row->len : 1);
    char host[32];
    char port[32];
    gonet_error_t *err = NULL;

    memcpy(exact, row->text, row->len);
    assert_int_equal(gonet_parse_ip_n(exact, row->len).len, row->is_ip ? 16 : 0);
    assert_int_equal(gonet_parse_cidr_n(exact, row->len, NULL, &err).len, row->is_cidr ? 16 : 0);
    assert_int_equal(err == NULL, row->is_cidr);
    assert_int_equal(gonet_parse_mac_n(exact, row->len, &err).len, row->is_mac ? 6 : 0);
    assert_int_equal(err == NULL, row->is_mac);
    int result =
        gonet_split_host_port_n(exact, row->len, host, sizeof(host), port, sizeof(port), &err);
    if (row->splits) {
        assert_int_equal(result, 0);
        assert_string_equal(host, "host");
        assert_string_equal(port, "80");
    } else {
        /* A MAC has too many colons; everything else here is refused, too. */
        assert_int_equal(result, -1);
        assert_string_equal(host, "");
        assert_string_equal(port, "");
        assert_non_null(gonet_error_as_addr(err));
    }
    gonet_error_free(err);
    free(exact);
}

/* An empty slice often has no address. */
static void test_null_slice(void **state)
{
    char host[4] = "?";
    char port[4] = "?";
    gonet_error_t *err = NULL;

    (void)state;
    assert_int_equal(gonet_parse_ip_n(NULL, 0).len, 0);
    assert_int_equal(gonet_parse_cidr_n(NULL, 0, NULL, &err).len, 0);
    assert_string_equal(gonet_error_string(err), "invalid CIDR address: ");
    assert_int_equal(gonet_parse_mac_n(NULL, 0, &err).len, 0);
    assert_string_equal(gonet_error_string(err), "invalid MAC address");
    assert_int_equal(gonet_split_host_port_n(NULL, 0, host, 4, port, 4, &err), -1);
    assert_string_equal(gonet_error_string(err), "missing port in address");
    assert_string_equal(host, "");
    assert_int_equal(gonet_netip_parse_addr_n(NULL, 0, &err).bits, 0);
    assert_string_equal(gonet_error_string(err), "ParseAddr(\"\"): unable to parse IP");
    assert_int_equal(gonet_netip_parse_addr_port_n(NULL, 0, &err).addr.bits, 0);
    assert_string_equal(gonet_error_string(err), "not an ip:port");
    assert_int_equal(gonet_netip_parse_prefix_n(NULL, 0, &err).addr_bits, 0);
    assert_string_equal(gonet_error_string(err), "netip.ParsePrefix(\"\"): no '/'");
    assert_int_equal(gonet_netip_addr_unmarshal_binary(NULL, NULL, 0, &err), 0);
    assert_null(err);
    assert_int_equal(gonet_netip_addr_from_slice(NULL, 0, NULL).bits, 0);
}

/* A NUL byte is not where an error's text ends: nothing is lost. */
static void test_nul_in_error(void **state)
{
    char host[8];
    char port[8];
    gonet_error_t *err = NULL;

    (void)state;
    assert_int_equal(gonet_split_host_port_n("a\0b:1", 5, host, 8, port, 8, &err), -1);
    assert_string_equal(gonet_error_string(err), "address a\\x00b:1: NUL byte in address");
    assert_string_equal(gonet_error_as_addr(err)->addr, "a\\x00b:1");
    gonet_parse_cidr_n("\0/8", 3, NULL, &err);
    assert_string_equal(gonet_error_string(err), "invalid CIDR address: \\x00/8");
    gonet_error_free(err);
}

static void test_split_parts(void **state)
{
    char host[16] = "?";
    char port[16] = "?";
    gonet_error_t *err = NULL;

    (void)state;
    assert_int_equal(gonet_split_host_port("[::1]:80", NULL, 0, port, sizeof(port), &err), 0);
    assert_string_equal(port, "80");
    assert_int_equal(gonet_split_host_port("[::1]:80", host, sizeof(host), NULL, 0, &err), 0);
    assert_string_equal(host, "::1");
    assert_int_equal(gonet_split_host_port("[::1]:80", NULL, 0, NULL, 0, &err), 0);
    assert_int_equal(gonet_split_host_port("nothing", NULL, 0, NULL, 0, &err), -1);
    assert_string_equal(gonet_error_as_addr(err)->err, "missing port in address");
    assert_string_equal(gonet_error_as_addr(err)->addr, "nothing");
    gonet_error_set(&err, NULL);
    assert_int_equal(gonet_split_host_port("nothing", host, 0, port, 0, NULL), -1);
}

/* The end of a page that no readable one follows: a byte too far ends the test. */
static char *page_end(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + size, size, PROT_NONE), 0);
    return pages + size;
}

static void check_parts(const char *text, size_t len, size_t host_len, const char *host,
                        const char *port)
{
    size_t port_len = len - host_len - 1;

    assert_int_equal(strlen(host), host_len);
    assert_memory_equal(host, text, host_len);
    assert_int_equal(strlen(port), port_len);
    assert_memory_equal(port, text + host_len + 1, port_len);
}

/* Splits what stands before end, len bytes, as a slice and as a string, into rooms that just do and
 * into larger ones. */
static void check_split(char *end, size_t len, size_t host_len)
{
    char text[64];

    memcpy(text, end - len, len);
    for (unsigned i = 0; i < 8; i++) {
        char host[64], port[64];
        size_t host_size = (i & 1) != 0 ? host_len + 1 : sizeof(host);
        size_t port_size = (i & 2) != 0 ? len - host_len : sizeof(port);
        int result;

        memset(host, '#', sizeof(host));
        memset(port, '#', sizeof(port));
        if (i < 4) {
            memcpy(end - len, text, len);
            result =
                gonet_split_host_port_n(end - len, len, host, host_size, port, port_size, NULL);
        } else {
            memcpy(end - len - 1, text, len);
            end[-1] = '\0';
            result = gonet_split_host_port(end - len - 1, host, host_size, port, port_size, NULL);
        }
        if (result != 0)
            fail_msg("%.*s does not split", (int)len, text);
        check_parts(text, len, host_len, host, port);
        for (size_t k = host_size; k < sizeof(host); k++)
            assert_int_equal(host[k], '#');
        for (size_t k = port_size; k < sizeof(port); k++)
            assert_int_equal(port[k], '#');
    }
}

/* Every length of host and port around those that are split by vectors. */
static void test_split_lengths(void **state)
{
    char *end = page_end();

    (void)state;
    for (size_t host_len = 0; host_len <= 36; host_len++) {
        for (size_t port_len = 0; port_len <= 12; port_len++) {
            size_t len = host_len + 1 + port_len;
            memset(end - len, 'h', host_len);
            end[-1 - (ssize_t)port_len] = ':';
            memset(end - port_len, '8', port_len);
            check_split(end, len, host_len);
        }
    }
}

/* Every byte at every place of a text that is split by vectors. */
static void test_split_bytes(void **state)
{
    static const char text[] = "host.example.org:8080";
    enum { LEN = sizeof(text) - 1, HOST = LEN - 5 };
    char host[32], port[32];
    char *end = page_end();

    (void)state;
    for (int i = 0; i < LEN; i++) {
        for (int c = 0; c < 256; c++) {
            char *s = memcpy(end - LEN, text, LEN);
            s[i] = (char)c;
            if (c != 0 && strchr(":[]", c) == NULL && i != HOST) {
                check_split(end, LEN, HOST);
            } else if (i != HOST || c != ':') {
                assert_int_equal(gonet_split_host_port_n(s, LEN, host, 32, port, 32, NULL), -1);
                assert_int_equal(host[0] | port[0], 0);
                memcpy(end - LEN - 1, text, LEN + 1);
                end[-1 - LEN + i] = (char)c;
                assert_int_equal(gonet_split_host_port(end - LEN - 1, host, 32, port, 32, NULL),
                                 c == 0 && i > HOST ? 0 : -1);
            }
        }
    }
}

/* Too small a buffer is an error of its own, and neither result is left half-written. */
static void test_split_room(void **state)
{
    static const char *const hostports[] = {"host:8080", "[host]:8080"};
    gonet_error_t *err = NULL;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t h = 0; h <= 6; h++) {
            for (size_t p = 0; p <= 6; p++) {
                char host[8] = "#######";
                char port[8] = "#######";
                bool fits = h >= 5 && p >= 5;
                int result = gonet_split_host_port(hostports[i], host, h, port, p, &err);
                assert_int_equal(result, fits ? 0 : -1);
                assert_ptr_equal(err, fits ? NULL : gonet_err_short_buffer);
                assert_int_equal(host[h], '#');
                assert_int_equal(port[p], '#');
                if (h > 0)
                    assert_string_equal(host, fits ? "host" : "");
                if (p > 0)
                    assert_string_equal(port, fits ? "8080" : "");
            }
        }
    }
}

static void test_join_room_by_port(void **state)
{
    char buf[16];

    (void)state;
    errno = 0;
    assert_null(gonet_join_host_port("h", "12345678901234567890", buf, sizeof(buf)));
    assert_int_equal(errno, ENOSPC);
    assert_string_equal(gonet_join_host_port("", "", buf, 2), ":");
}

static void test_ip_marshal(void **state)
{
    char buf[GONET_IP_STRLEN];
    gonet_error_t *err = NULL;
    gonet_ip_t ip = gonet_parse_ip("192.0.2.1");

    (void)state;
    assert_int_equal(gonet_ip_append_text(ip, buf, 9, &err), 9);
    assert_memory_equal(buf, "192.0.2.1", 9);
    assert_int_equal(gonet_ip_append_text(ip, buf, 8, &err), -1);
    assert_ptr_equal(err, gonet_err_short_buffer);
    assert_int_equal(gonet_ip_marshal_text((gonet_ip_t){0}, NULL, 0, &err), 0);
    assert_null(err);
    assert_int_equal(gonet_ip_append_text((gonet_ip_t){.len = 3}, buf, sizeof(buf), NULL), -1);
}

/* As in Go, a failed unmarshal leaves what there was. */
static void test_ip_unmarshal(void **state)
{
    gonet_error_t *err = NULL;
    gonet_ip_t ip = gonet_ipv4_zero;

    (void)state;
    assert_int_equal(gonet_ip_unmarshal_text(&ip, "x", 1, &err), -1);
    assert_string_equal(gonet_error_string(err), "invalid IP address: x");
    assert_string_equal(gonet_error_as_parse(err)->type, "IP address");
    assert_string_equal(gonet_error_as_parse(err)->text, "x");
    assert_int_equal(ip.len, 16);
    assert_int_equal(gonet_ip_unmarshal_text(&ip, NULL, 0, &err), 0);
    assert_null(err);
    assert_int_equal(ip.len, 0);
    assert_int_equal(gonet_ip_unmarshal_text(NULL, "::", 2, &err), 0);
    assert_int_equal(gonet_ip_unmarshal_text(NULL, "x", 1, NULL), -1);
}

static void test_net_null(void **state)
{
    gonet_ip_net_t net = {.ip = {.len = 7}};

    (void)state;
    assert_false(gonet_ip_net_contains(NULL, gonet_ipv4_zero));
    assert_true(gonet_ip_net_contains(NULL, (gonet_ip_t){0})); /* no bytes differ */
    assert_true(gonet_ip_net_contains(&net, (gonet_ip_t){0}));
    assert_string_equal(gonet_ip_net_network(NULL), "ip+net");
    assert_int_equal(gonet_parse_cidr("x", NULL, NULL).len, 0);
    assert_int_equal(gonet_parse_cidr("::/0", NULL, NULL).len, 16);
    net.mask.len = 4;
    gonet_error_t *err = NULL;
    gonet_parse_cidr("x", &net, &err);
    assert_int_equal(net.ip.len + net.mask.len, 0);
    assert_string_equal(gonet_error_as_parse(err)->type, "CIDR address");
    gonet_error_free(err);
}

static void test_net_contains_words(void **state)
{
    gonet_ip_net_t net;

    (void)state;
    for (int bit = 0; bit < 128; bit++) {
        gonet_ip_t ip = gonet_parse_cidr("2001:db8:1:2:3:4:5:6/64", &net, NULL);
        ip.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        assert_int_equal(gonet_ip_net_contains(&net, ip), bit >= 64);
    }
    for (int bit = 0; bit < 32; bit++) {
        gonet_ip_t ip = gonet_parse_cidr("192.0.2.1/20", &net, NULL);
        ip.b[12 + bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        assert_int_equal(gonet_ip_net_contains(&net, ip), bit >= 20);
        assert_int_equal(gonet_ip_net_contains(&net, gonet_ip_to4(ip)), bit >= 20);
    }
}

static const struct {
    const char *network;
    gonet_addr_t addr;
} kinds[] = {
    {"tcp", {.kind = GONET_ADDR_TCP}},
    {"udp", {.kind = GONET_ADDR_UDP}},
    {"ip", {.kind = GONET_ADDR_IP}},
    {"unixgram", {.kind = GONET_ADDR_UNIX, .unix_ = {.net = "unixgram"}}},
    {"ip+net", {.kind = GONET_ADDR_IP_NET}},
    {"pipe", {.kind = GONET_ADDR_OTHER, .other = {.net = "pipe"}}},
    {"", {.kind = GONET_ADDR_NONE}},
};

/* A kind can be seen as itself alone, and a round trip changes no byte. */
static void test_kind(void **state)
{
    const __typeof__(kinds[0]) *row = *state;
    const gonet_addr_t *a = &row->addr;
    gonet_addr_t back = {0};

    assert_string_equal(gonet_addr_network(a), row->network);
    assert_int_equal(gonet_addr_as_tcp(a) != NULL, a->kind == GONET_ADDR_TCP);
    assert_int_equal(gonet_addr_as_udp(a) != NULL, a->kind == GONET_ADDR_UDP);
    assert_int_equal(gonet_addr_as_ip(a) != NULL, a->kind == GONET_ADDR_IP);
    assert_int_equal(gonet_addr_as_unix(a) != NULL, a->kind == GONET_ADDR_UNIX);
    assert_int_equal(gonet_addr_as_ip_net(a) != NULL, a->kind == GONET_ADDR_IP_NET);
    if (a->kind == GONET_ADDR_TCP)
        back = gonet_tcp_addr_as_addr(gonet_addr_as_tcp(a));
    if (a->kind == GONET_ADDR_UDP)
        back = gonet_udp_addr_as_addr(gonet_addr_as_udp(a));
    if (a->kind == GONET_ADDR_IP)
        back = gonet_ip_addr_as_addr(gonet_addr_as_ip(a));
    if (a->kind == GONET_ADDR_UNIX)
        back = gonet_unix_addr_as_addr(gonet_addr_as_unix(a));
    if (a->kind == GONET_ADDR_IP_NET)
        back = gonet_ip_net_as_addr(gonet_addr_as_ip_net(a));
    if (a->kind == GONET_ADDR_OTHER)
        back = *a;
    assert_memory_equal(&back, a, sizeof(back));
}

static void test_null_addrs(void **state)
{
    char buf[GONET_ADDR_STRLEN];

    (void)state;
    assert_string_equal(gonet_addr_network(NULL), "");
    assert_string_equal(gonet_addr_string(NULL, buf, sizeof(buf)), "<nil>");
    assert_int_equal(gonet_tcp_addr_as_addr(NULL).kind, GONET_ADDR_NONE);
    assert_int_equal(gonet_udp_addr_as_addr(NULL).kind, GONET_ADDR_NONE);
    assert_int_equal(gonet_ip_addr_as_addr(NULL).kind, GONET_ADDR_NONE);
    assert_int_equal(gonet_unix_addr_as_addr(NULL).kind, GONET_ADDR_NONE);
    assert_int_equal(gonet_ip_net_as_addr(NULL).kind, GONET_ADDR_NONE);
    assert_null(gonet_addr_as_tcp(NULL));
    assert_null(gonet_addr_as_udp(NULL));
    assert_null(gonet_addr_as_ip(NULL));
    assert_null(gonet_addr_as_unix(NULL));
    assert_null(gonet_addr_as_ip_net(NULL));
    assert_false(gonet_netip_addr_port_is_valid(gonet_tcp_addr_addr_port(NULL)));
    assert_false(gonet_netip_addr_port_is_valid(gonet_udp_addr_addr_port(NULL)));
    assert_string_equal(gonet_tcp_addr_network(NULL), "tcp");
    assert_string_equal(gonet_udp_addr_network(NULL), "udp");
    assert_string_equal(gonet_ip_addr_network(NULL), "ip");
    assert_string_equal(gonet_unix_addr_network(NULL), "");
}

/* No byte of an address is left to chance: equal ones are equal as bytes. */
static void test_unused_bytes(void **state)
{
    gonet_tcp_addr_t a;
    gonet_tcp_addr_t b;

    (void)state;
    memset(&a, 0xaa, sizeof(a));
    memset(&b, 0x55, sizeof(b));
    a = gonet_tcp_addr_from_addr_port(gonet_netip_must_parse_addr_port("192.0.2.1:80"));
    b = gonet_tcp_addr_from_addr_port(gonet_netip_must_parse_addr_port("192.0.2.1:80"));
    assert_memory_equal(&a.ip, &b.ip, sizeof(a.ip));
    assert_memory_equal(a.zone, b.zone, sizeof(a.zone));
    gonet_ip_t four = gonet_ip_to4(gonet_parse_ip("192.0.2.1"));
    for (size_t i = 4; i < 16; i++) {
        assert_int_equal(four.b[i], 0);
        assert_int_equal(a.ip.b[i], 0);
    }
}

static void test_error_views(void **state)
{
    (void)state;
    gonet_error_t *err = gonet__addr_error("bad", "");
    assert_string_equal(gonet_error_string(err), "bad");
    assert_string_equal(gonet_error_as_addr(err)->addr, "");
    assert_null(gonet_error_as_parse(err));
    assert_false(gonet_error_timeout(err));
    assert_false(gonet_error_temporary(err));
    assert_true(gonet__error_has_timeout(err));
    gonet_error_free(err);
    err = gonet__parse_error("thing", "x");
    assert_string_equal(gonet_error_string(err), "invalid thing: x");
    assert_null(gonet_error_as_addr(err));
    gonet_error_t *outer = gonet_error_errorf(err, "outer");
    assert_string_equal(gonet_error_as_parse(outer)->text, "x");
    gonet_error_free(outer);
    assert_null(gonet_error_as_addr(NULL));
    assert_null(gonet_error_as_parse(NULL));
}

/* One error variable serves call after call. */
static void test_error_variable(void **state)
{
    gonet_error_t *err = NULL;

    (void)state;
    for (int i = 0; i < 3; i++) {
        gonet_parse_mac("x", &err);
        assert_string_equal(gonet_error_string(err), "address x: invalid MAC address");
    }
    gonet_parse_mac("00:00:5e:00:53:01", &err);
    assert_null(err);
    assert_int_equal(gonet_parse_mac("x", NULL).len, 0);
}

int main(void)
{
    TABLE_ADD(test_sizes);
    TABLE_ADD_ALL("variable", variables, what, test_variable);
    TABLE_ADD(test_constructors);
    TABLE_ADD(test_impossible_length);
    TABLE_ADD_ALL("room", texts, text, test_room);
    TABLE_ADD(test_longest);
    TABLE_ADD_ALL("slice", slices, what, test_slice);
    TABLE_ADD(test_null_slice);
    TABLE_ADD(test_nul_in_error);
    TABLE_ADD(test_split_parts);
    TABLE_ADD(test_split_lengths);
    TABLE_ADD(test_split_bytes);
    TABLE_ADD(test_split_room);
    TABLE_ADD(test_join_room_by_port);
    TABLE_ADD(test_ip_marshal);
    TABLE_ADD(test_ip_unmarshal);
    TABLE_ADD(test_net_null);
    TABLE_ADD(test_net_contains_words);
    TABLE_ADD_ALL("kind", kinds, network, test_kind);
    TABLE_ADD(test_null_addrs);
    TABLE_ADD(test_unused_bytes);
    TABLE_ADD(test_error_views);
    TABLE_ADD(test_error_variable);
    return table_run("net");
}
