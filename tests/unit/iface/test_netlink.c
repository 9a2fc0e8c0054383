/*
 * Netlink messages made by hand: what is read from them, and that nothing is read from bad ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "iface/message.h"

/* A table under construction. */
static uint8_t bytes[4096];
static size_t len, message;

static void put(const void *p, size_t n)
{
    if (n > 0)
        memcpy(bytes + len, p, n);
    len += n;
    while (len % 4 != 0)
        bytes[len++] = 0;
}

static void fix_length(void)
{
    uint32_t n = (uint32_t)(len - message);

    memcpy(bytes + message, &n, sizeof(n));
}

static void begin(uint16_t type, const void *fixed, size_t n)
{
    struct nlmsghdr h = {.nlmsg_type = type, .nlmsg_seq = 1};

    message = len;
    put(&h, sizeof(h));
    put(fixed, n);
    fix_length();
}

static void attr(uint16_t type, const void *p, size_t n)
{
    struct rtattr a = {.rta_type = type, .rta_len = (uint16_t)(sizeof(a) + n)};

    put(&a, sizeof(a));
    put(p, n);
    fix_length();
}

static void link_message(int index, unsigned short arp, unsigned flags, const char *name)
{
    struct ifinfomsg info = {.ifi_type = arp, .ifi_index = index, .ifi_flags = flags};
    uint32_t mtu = 1500;

    begin(RTM_NEWLINK, &info, sizeof(info));
    attr(IFLA_MTU, &mtu, sizeof(mtu));
    attr(IFLA_IFNAME, name, strlen(name) + 1);
}

static void addr_message(int family, uint8_t bits, unsigned index)
{
    struct ifaddrmsg info = {
        .ifa_family = (uint8_t)family, .ifa_prefixlen = bits, .ifa_index = index};

    begin(RTM_NEWADDR, &info, sizeof(info));
}

static int reset(void **state)
{
    (void)state;
    len = 0;
    return 0;
}

static gonet__nl_bytes_t table(void)
{
    return (gonet__nl_bytes_t){bytes, len};
}

static gonet_interface_t *links(int index, size_t *n)
{
    gonet_interface_t *list;

    assert_null(gonet__nl_links(table(), index, &list, n));
    assert_non_null(list);
    return list;
}

static void links_fail(const char *want)
{
    gonet_interface_t *list;
    size_t n;
    gonet_error_t *e = gonet__nl_links(table(), 0, &list, &n);

    assert_string_equal(gonet_error_string(e), want);
    assert_null(list);
    assert_int_equal(n, 0);
    gonet_error_free(e);
}

static void addrs_fail(const char *want)
{
    gonet_addr_t *list;
    size_t n;
    gonet_error_t *e = gonet__nl_addrs(table(), 0, &list, &n);

    assert_string_equal(gonet_error_string(e), want);
    assert_null(list);
    assert_int_equal(n, 0);
    gonet_error_free(e);
}

/* The addresses of an interface, separated by blanks. */
static void addrs_are(int index, const char *want)
{
    char all[1024] = "", one[GONET_ADDR_STRLEN];
    gonet_addr_t *list;
    size_t n;

    assert_null(gonet__nl_addrs(table(), index, &list, &n));
    assert_non_null(list);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(list[i].kind, GONET_ADDR_IP_NET);
        assert_int_equal(list[i].ip_net.ip.len, 16);
        strcat(strcat(all, i > 0 ? " " : ""), gonet_addr_string(&list[i], one, sizeof(one)));
    }
    assert_string_equal(all, want);
    gonet__free(list);
}

static void test_links(void **state)
{
    const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    gonet_interface_t *list;
    size_t n;

    (void)state;
    link_message(7, ARPHRD_ETHER, IFF_UP | IFF_BROADCAST | IFF_MULTICAST | IFF_RUNNING, "eth0");
    attr(IFLA_ADDRESS, mac, sizeof(mac));
    link_message(9, ARPHRD_NONE, IFF_POINTOPOINT | IFF_LOOPBACK | IFF_NOARP, "a-name-of-all15");
    message = len;
    list = links(0, &n);
    assert_int_equal(n, 2);
    assert_int_equal(list[0].index, 7);
    assert_int_equal(list[0].mtu, 1500);
    assert_int_equal(list[0].flags, GONET_FLAG_UP | GONET_FLAG_BROADCAST | GONET_FLAG_MULTICAST |
                                        GONET_FLAG_RUNNING);
    assert_string_equal(list[0].name, "eth0");
    assert_int_equal(list[0].hardware_addr.len, 6);
    assert_memory_equal(list[0].hardware_addr.b, mac, 6);
    assert_int_equal(list[1].flags, GONET_FLAG_POINT_TO_POINT | GONET_FLAG_LOOPBACK);
    assert_int_equal(list[1].hardware_addr.len, 0);
    gonet__free(list);
    list = links(9, &n);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].index, 9);
    gonet__free(list);
    list = links(8, &n);
    assert_int_equal(n, 0);
    gonet__free(list);
}

/* Which bytes are no hardware address: zeros, and ends of tunnels (behaviour 20.2). */
static void test_hardware(void **state)
{
    static const struct {
        unsigned short arp;
        size_t size;
        bool zero;
        uint8_t want;
    } rows[] = {
        {ARPHRD_ETHER, 6, false, 6},
        {ARPHRD_ETHER, 6, true, 0},
        {768, 4, false, 0},
        {776, 4, false, 0},
        {778, 4, false, 0},
        {769, 4, false, 4},
        {769, 16, false, 0},
        {823, 16, false, 0},
        {776, 16, false, 16},
        {ARPHRD_INFINIBAND, 20, false, 20},
        {ARPHRD_ETHER, 32, false, 32},
        {ARPHRD_ETHER, 0, false, 0},
    };
    uint8_t value[32];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        gonet_interface_t *list;
        size_t n;

        len = 0;
        memset(value, rows[i].zero ? 0 : 3, sizeof(value));
        link_message(1, rows[i].arp, 0, "x");
        attr(IFLA_ADDRESS, value, rows[i].size);
        list = links(0, &n);
        assert_int_equal(list[0].hardware_addr.len, rows[i].want);
        gonet__free(list);
    }
}

static void test_addrs(void **state)
{
    const uint8_t lo[4] = {127, 0, 0, 1}, mine[4] = {10, 0, 0, 1}, peer[4] = {10, 0, 0, 2};
    uint8_t six[16] = {0xfe, 0x80};

    (void)state;
    six[15] = 1;
    addr_message(AF_INET, 8, 1);
    attr(IFA_ADDRESS, lo, sizeof(lo));
    attr(IFA_LABEL, "lo", 3);
    addr_message(AF_INET, 32, 2);
    attr(IFA_ADDRESS, peer, sizeof(peer));
    attr(IFA_LOCAL, mine, sizeof(mine));
    addr_message(AF_INET6, 64, 2);
    attr(IFA_ADDRESS, six, sizeof(six));
    addr_message(AF_PACKET, 0, 2);
    addr_message(AF_INET, 24, 2);
    addrs_are(0, "127.0.0.1/8 10.0.0.1/32 fe80::1/64");
    addrs_are(2, "10.0.0.1/32 fe80::1/64");
    addrs_are(3, "");
}

static void test_other_messages(void **state)
{
    size_t n;

    (void)state;
    begin(NLMSG_NOOP, NULL, 0);
    link_message(1, ARPHRD_ETHER, 0, "x");
    begin(RTM_NEWROUTE, "abcd", 4);
    memset(bytes + len, 0, 12); /* less than a header: not looked at */
    len += 12;
    gonet__free(links(0, &n));
    assert_int_equal(n, 1);
    len = 0;
    gonet__free(links(0, &n));
    assert_int_equal(n, 0);
}

static void test_bad(void **state)
{
    uint8_t big[40] = {1};
    const uint8_t four[4] = {1, 2, 3, 4};

    (void)state;
    link_message(1, ARPHRD_ETHER, 0, "sixteen-letters.");
    links_fail("parsenetlinkrouteattr: invalid argument");
    len = 0;
    link_message(1, ARPHRD_ETHER, 0, "x");
    attr(IFLA_ADDRESS, big, 33);
    links_fail("parsenetlinkrouteattr: invalid argument");
    len = 0;
    begin(RTM_NEWLINK, "abcd", 4);
    links_fail("parsenetlinkmessage: invalid argument");
    len = 0;
    begin(RTM_NEWADDR, "abcd", 4);
    addrs_fail("parsenetlinkmessage: invalid argument");
    len = 0;
    addr_message(AF_INET6, 64, 1);
    attr(IFA_ADDRESS, four, 4);
    addrs_fail("parsenetlinkrouteattr: invalid argument");
    len = 0;
    addr_message(AF_INET, 33, 1);
    attr(IFA_ADDRESS, four, 4);
    addrs_fail("parsenetlinkrouteattr: invalid argument");
    len = 0;
    addr_message(AF_INET, 8, 1);
    attr(IFA_ADDRESS, four, 4);
    bytes[len - 8] = 3; /* the attribute's length */
    addrs_fail("parsenetlinkrouteattr: invalid argument");
    bytes[len - 8] = 12;
    addrs_fail("parsenetlinkrouteattr: invalid argument");
    bytes[0]++;
    addrs_fail("parsenetlinkmessage: invalid argument");
    bytes[0] = 15;
    addrs_fail("parsenetlinkmessage: invalid argument");
}

/* A table cut anywhere, in memory of just that size, where a sanitizer sees what lies beyond. */
static void test_cut(void **state)
{
    const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    gonet_interface_t *interfaces;
    gonet_addr_t *addrs;
    size_t whole, n;

    (void)state;
    link_message(7, ARPHRD_ETHER, IFF_UP, "eth0");
    attr(IFLA_ADDRESS, mac, sizeof(mac));
    addr_message(AF_INET, 8, 7);
    attr(IFA_LOCAL, mac, 4);
    attr(IFA_ADDRESS, mac, 4);
    whole = len;
    for (size_t cut = 0; cut <= whole; cut++) {
        uint8_t *copy = malloc(cut + 1);
        gonet__nl_bytes_t part = {copy + 1, cut};

        assert_non_null(copy);
        memcpy(copy + 1, bytes, cut); /* not aligned, either */
        gonet_error_free(gonet__nl_links(part, 0, &interfaces, &n));
        gonet__free(interfaces);
        gonet_error_free(gonet__nl_addrs(part, 0, &addrs, &n));
        gonet__free(addrs);
        free(copy);
    }
}

static void test_no_memory(void **state)
{
    gonet_interface_t *list;
    gonet_addr_t *addrs;
    size_t n;

    (void)state;
    link_message(7, ARPHRD_ETHER, IFF_UP, "eth0");
    gonet__alloc_fail_at(1, 1);
    assert_ptr_equal(gonet__nl_links(table(), 0, &list, &n), gonet_err_no_memory);
    assert_null(list);
    assert_ptr_equal(gonet__nl_addrs(table(), 0, &addrs, &n), gonet_err_no_memory);
    assert_null(addrs);
    gonet__alloc_fail_at(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_links, reset),
        cmocka_unit_test_setup(test_hardware, reset),
        cmocka_unit_test_setup(test_addrs, reset),
        cmocka_unit_test_setup(test_other_messages, reset),
        cmocka_unit_test_setup(test_bad, reset),
        cmocka_unit_test_setup(test_cut, reset),
        cmocka_unit_test_setup(test_no_memory, reset),
    };

    return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
