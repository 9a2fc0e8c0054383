/*
 * Socket addresses, socket families, option values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "gonet/addr.h"
#include "socket/sockaddr.h"
#include "socket/socket.h"
#include "socket/sockopt.h"

static void expect(int family, const char *ip, int port, const char *want_error)
{
    gonet__sockaddr_t sa;
    gonet_ip_t parsed = ip == NULL ? (gonet_ip_t){.len = 0} : gonet_parse_ip(ip);
    gonet_error_t *e = gonet__sockaddr_of_ip(&sa, family, &parsed, port, "");

    assert_string_equal(gonet_error_string(e), want_error);
    gonet_error_free(e);
}

static void test_errors(void **state)
{
    gonet__sockaddr_t sa;
    const gonet_ip_t odd = {.len = 3, .b = {1, 2, 3}};
    gonet_error_t *e;

    (void)state;
    expect(AF_INET, "1.2.3.4", 1, "<nil>");
    expect(AF_INET, "::ffff:1.2.3.4", 1, "<nil>");
    expect(AF_INET, "::1", 1, "address ::1: non-IPv4 address");
    expect(AF_INET6, "1.2.3.4", 1, "<nil>");
    expect(AF_UNIX, "1.2.3.4", 1, "address 1.2.3.4: invalid address family");
    e = gonet__sockaddr_of_ip(&sa, AF_INET6, &odd, 1, "");
    assert_string_equal(gonet_error_string(e), "address ?010203: non-IPv6 address");
    gonet_error_free(e);
}

static void test_unspecified(void **state)
{
    gonet_ip_t zero4 = gonet_parse_ip("0.0.0.0"), unset = {.len = 0};
    gonet__sockaddr_t sa;

    (void)state;
    assert_null(gonet__sockaddr_of_ip(&sa, AF_INET6, &zero4, 80, ""));
    assert_int_equal(memcmp(&sa.u.in6.sin6_addr, &in6addr_any, 16), 0);
    assert_null(gonet__sockaddr_of_ip(&sa, AF_INET, &unset, 80, ""));
    assert_int_equal(sa.u.in4.sin_addr.s_addr, 0);
    assert_int_equal(sa.u.in4.sin_port, htons(80));
}

static void test_ports_that_do_not_exist(void **state)
{
    gonet_ip_t ip = gonet_parse_ip("127.0.0.1");
    gonet__sockaddr_t sa;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_null(gonet__sockaddr_of_ip(&sa, AF_INET, &ip, i == 0 ? 65536 : -1, ""));
        assert_int_equal(gonet__sockaddr_bind(-1, &sa), -1);
        assert_int_equal(errno, EINVAL);
    }
}

static void round_trip(int family, int sotype, const char *ip, int port, const char *zone,
                       const char *want)
{
    gonet_ip_t parsed = gonet_parse_ip(ip);
    gonet__sockaddr_t sa;
    gonet_addr_t addr;
    char text[GONET_ADDR_STRLEN];

    assert_null(gonet__sockaddr_of_ip(&sa, family, &parsed, port, zone));
    gonet__sockaddr_to_addr(&sa.u, sa.len, sotype, &addr);
    assert_string_equal(gonet_addr_string(&addr, text, sizeof(text)), want);
}

static void test_round_trips(void **state)
{
    (void)state;
    round_trip(AF_INET, SOCK_STREAM, "1.2.3.4", 5, "", "1.2.3.4:5");
    round_trip(AF_INET6, SOCK_STREAM, "1.2.3.4", 5, "", "1.2.3.4:5");
    round_trip(AF_INET6, SOCK_DGRAM, "2001:db8::1", 65535, "", "[2001:db8::1]:65535");
    round_trip(AF_INET6, SOCK_STREAM, "fe80::1", 1, "lo", "[fe80::1%lo]:1");
    round_trip(AF_INET6, SOCK_STREAM, "fe80::1", 1, "77777", "[fe80::1%77777]:1");
    round_trip(AF_INET6, SOCK_STREAM, "fe80::1", 1, "nosuch", "[fe80::1]:1");
    round_trip(AF_INET, SOCK_RAW, "1.2.3.4", 0, "", "1.2.3.4");
}

static void test_mapped_stays_16_bytes(void **state)
{
    gonet_ip_t ip = gonet_parse_ip("1.2.3.4");
    gonet__sockaddr_t sa;
    gonet_addr_t addr;

    (void)state;
    assert_null(gonet__sockaddr_of_ip(&sa, AF_INET6, &ip, 1, ""));
    gonet__sockaddr_to_addr(&sa.u, sa.len, SOCK_STREAM, &addr);
    assert_int_equal(addr.tcp.ip.len, 16);
    assert_null(gonet__sockaddr_of_ip(&sa, AF_INET, &ip, 1, ""));
    gonet__sockaddr_to_addr(&sa.u, sa.len, SOCK_STREAM, &addr);
    assert_int_equal(addr.tcp.ip.len, 4);
}

/* SCTP's records have IP addresses, but are of no network of ours. */
static void test_other_types_have_no_address(void **state)
{
    gonet_ip_t ip = gonet_parse_ip("1.2.3.4");
    gonet__sockaddr_t sa;
    gonet_addr_t addr;

    (void)state;
    assert_null(gonet__sockaddr_of_ip(&sa, AF_INET, &ip, 1, ""));
    gonet__sockaddr_to_addr(&sa.u, sa.len, SOCK_SEQPACKET, &addr);
    assert_int_equal(addr.kind, GONET_ADDR_NONE);
}

static void expect_unix(const char *path, size_t len, int sotype, const char *name, const char *net)
{
    gonet__sockaddr_t sa = {.u.un.sun_family = AF_UNIX};
    gonet_addr_t addr;

    memcpy(sa.u.un.sun_path, path, len);
    gonet__sockaddr_to_addr(&sa.u, offsetof(struct sockaddr_un, sun_path) + len, sotype, &addr);
    assert_int_equal(addr.kind, GONET_ADDR_UNIX);
    assert_string_equal(addr.unix_.name, name);
    assert_string_equal(addr.unix_.net, net);
}

static void test_unix_names(void **state)
{
    char full[108];

    (void)state;
    expect_unix("", 0, SOCK_STREAM, "@", "unix");
    expect_unix("/tmp/x", 7, SOCK_DGRAM, "/tmp/x", "unixgram");
    expect_unix("\0abc", 4, SOCK_SEQPACKET, "@abc", "unixpacket");
    expect_unix("\0ab\0c", 5, SOCK_STREAM, "@ab", "unix");
    memset(full, 'f', sizeof(full));
    {
        char want[109] = "";

        memcpy(want, full, sizeof(full));
        expect_unix(full, sizeof(full), SOCK_STREAM, want, "unix");
    }
}

static void test_nonsense_is_no_address(void **state)
{
    const struct sockaddr_in cut = {.sin_family = AF_INET};
    gonet_addr_t addr;

    (void)state;
    gonet__sockaddr_to_addr(&cut, 1, SOCK_STREAM, &addr);
    assert_int_equal(addr.kind, GONET_ADDR_NONE);
    gonet__sockaddr_to_addr(&cut, 8, SOCK_STREAM, &addr);
    assert_int_equal(addr.kind, GONET_ADDR_NONE);
}

static void test_zones(void **state)
{
    char name[GONET_ZONE_SIZE];

    (void)state;
    assert_int_equal(gonet__zone_index("lo"), if_nametoindex("lo"));
    assert_int_equal(gonet__zone_index("4x"), 4);
    assert_int_equal(gonet__zone_index(""), 0);
    gonet__zone_name(if_nametoindex("lo"), name);
    assert_string_equal(name, "lo");
    gonet__zone_name(0, name);
    assert_string_equal(name, "");
    gonet__zone_name(4294967295u, name);
    assert_string_equal(name, "4294967295");
}

static int family(const char *network, const char *local, const char *remote, bool listens,
                  bool *v6only)
{
    gonet_ip_t l = local == NULL ? (gonet_ip_t){.len = 0} : gonet_parse_ip(local);
    gonet_ip_t r = remote == NULL ? (gonet_ip_t){.len = 0} : gonet_parse_ip(remote);

    return gonet__socket_family(network, local == NULL ? NULL : &l, remote == NULL ? NULL : &r,
                                listens, v6only);
}

static void test_families(void **state)
{
    bool v6only;

    (void)state;
    assert_int_equal(family("tcp4", NULL, "::1", false, &v6only), AF_INET);
    assert_int_equal(family("tcp6", NULL, "1.2.3.4", false, &v6only), AF_INET6);
    assert_true(v6only);
    assert_int_equal(family("tcp", NULL, "1.2.3.4", false, &v6only), AF_INET);
    assert_int_equal(family("tcp", NULL, "::ffff:1.2.3.4", false, &v6only), AF_INET);
    assert_int_equal(family("tcp", "::", "1.2.3.4", false, &v6only), AF_INET6);
    assert_false(v6only);
    assert_int_equal(family("tcp", "127.0.0.1", NULL, true, &v6only), AF_INET);
    if (gonet__ip_stack().ipv4_mapped)
        assert_int_equal(family("tcp", NULL, NULL, true, &v6only), AF_INET6);
    assert_false(v6only);
}

static void test_seconds_are_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(gonet__sockopt_seconds(1), 1);
    assert_int_equal(gonet__sockopt_seconds(GONET_SECOND), 1);
    assert_int_equal(gonet__sockopt_seconds(1500 * GONET_MILLISECOND), 2);
    assert_int_equal(gonet__sockopt_seconds(INT64_MAX), INT32_MAX);
}

static void test_backlog(void **state)
{
    int want = 0;
    FILE *f = fopen("/proc/sys/net/core/somaxconn", "r");

    (void)state;
    if (f != NULL) {
        assert_int_equal(fscanf(f, "%d", &want), 1);
        fclose(f);
    }
    assert_int_equal(gonet__somaxconn(), want == 0 ? 128 : want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_unspecified),
        cmocka_unit_test(test_ports_that_do_not_exist),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_mapped_stays_16_bytes),
        cmocka_unit_test(test_other_types_have_no_address),
        cmocka_unit_test(test_unix_names),
        cmocka_unit_test(test_nonsense_is_no_address),
        cmocka_unit_test(test_zones),
        cmocka_unit_test(test_families),
        cmocka_unit_test(test_seconds_are_rounded_up),
        cmocka_unit_test(test_backlog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
