/*
 * Making raw IP sockets: networks and their protocols, addresses, control functions, missing
 * rights, and the n-th allocation or system call failing. The error texts are Go's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "gonet/dial.h"
#include "gonet/iprawsock.h"
#include "gonet/rawconn.h"
#include "gonet/task.h"
#include "socket/sys.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/rawip.h"

static const gonet_ip_addr_t lo = {.ip = {4, {127, 0, 0, 1}}};
static const gonet_ip_addr_t lo6 = {.ip = {16, {[15] = 1}}};
static const gonet_ip_addr_t unset;

static void error_is(gonet_error_t **err, const char *want)
{
    assert_string_equal(gonet_error_string(*err), want);
    gonet_error_set(err, NULL);
}

static void no_error(gonet_error_t *err)
{
    assert_string_equal(gonet_error_string(err), "<nil>");
}

static void ip_is(const gonet_addr_t *addr, const char *want)
{
    assert_non_null(addr);
    assert_int_equal(addr->kind, GONET_ADDR_IP);
    assert_string_equal(gonet_addr_network(addr), "ip");
    assert_string_equal(rawip_text(&addr->ip), want);
}

/* A wildcard listener without a family is an IPv6 socket. */
static void test_listen(void **state)
{
    static const struct {
        const char *network, *address, *local;
    } rows[] = {{"ip:253", "", "::"},
                {"ip4:253", "", "0.0.0.0"},
                {"ip6:253", "", "::"},
                {"ip:253", "127.0.0.1", "127.0.0.1"},
                {"ip:253", "::1", "::1"},
                {"ip6:253", "::1", "::1"},
                {"ip4:icmp", "127.0.0.1", "127.0.0.1"},
                {"ip4:ICMP", "127.0.0.1", "127.0.0.1"},
                {"ip6:ipv6-icmp", "::1", "::1"},
                {"ip6:58", "::1", "::1"}};
    gonet_error_t *err = NULL;
    gonet_packet_conn_t *pc;
    gonet_ip_conn_t *c;

    (void)state;
    rawip_needed(AF_INET6);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pc = gonet_listen_packet(rows[i].network, rows[i].address, &err);
        no_error(err);
        assert_non_null(gonet_packet_conn_as_ip(pc));
        ip_is(gonet_packet_conn_local_addr(pc), rows[i].local);
        gonet_packet_conn_free(pc);
    }
    c = gonet_listen_ip("ip4:253", NULL, &err);
    no_error(err);
    ip_is(gonet_ip_conn_local_addr(c), "0.0.0.0");
    assert_null(gonet_ip_conn_remote_addr(c));
    gonet_ip_conn_free(c);
}

static void test_dial(void **state)
{
    static const struct {
        const char *network, *address, *local, *remote;
    } rows[] = {{"ip:253", "127.0.0.1", "127.0.0.1", "127.0.0.1"},
                {"ip4:253", "127.0.0.2", "127.0.0.1", "127.0.0.2"},
                {"ip4:256", "127.0.0.1", "127.0.0.1", "127.0.0.1"},
                {"ip:253", "::1", "::1", "::1"},
                {"ip6:ipv6-icmp", "::1", "::1", "::1"}};
    gonet_error_t *err = NULL;
    gonet_conn_t *c;

    (void)state;
    rawip_needed(AF_INET6);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        c = gonet_dial(rows[i].network, rows[i].address, &err);
        no_error(err);
        assert_non_null(gonet_conn_as_ip(c));
        ip_is(gonet_conn_local_addr(c), rows[i].local);
        ip_is(gonet_conn_remote_addr(c), rows[i].remote);
        gonet_conn_free(c);
    }
    c = gonet_ip_conn_as_conn(gonet_dial_ip("ip:253", NULL, &unset, &err));
    no_error(err);
    assert_non_null(c);
    ip_is(gonet_conn_local_addr(c), "127.0.0.1");
    ip_is(gonet_conn_remote_addr(c), ""); /* what was asked for */
    gonet_conn_free(c);
}

/* The protocol is the kernel's option, and the socket is broadcast and close-on-exec like any. */
static void read_options(void *arg, int fd)
{
    int *values = arg;
    socklen_t len = sizeof(int);

    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &values[0], &len), 0);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_BROADCAST, &values[1], &len), 0);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TYPE, &values[2], &len), 0);
}

static void test_options(void **state)
{
    gonet_ip_conn_t *c;
    gonet_raw_conn_t *raw;
    int values[3] = {0};

    (void)state;
    rawip_needed(AF_INET);
    c = gonet_dial_ip("ip4:igmp", NULL, &lo, NULL);
    raw = gonet_ip_conn_syscall_conn(c, NULL);
    assert_int_equal(gonet_raw_conn_control(raw, read_options, values, NULL), 0);
    assert_int_equal(values[0], IPPROTO_IGMP);
    assert_int_equal(values[1], 1);
    assert_int_equal(values[2], SOCK_RAW);
    gonet_raw_conn_free(raw);
    gonet_ip_conn_free(c);
}

/* Refused before the kernel is asked, so with any rights. */
static void test_refused(void **state)
{
    gonet_error_t *err = NULL;

    (void)state;
    assert_null(gonet_dial_ip("ip4:253", &lo, NULL, &err));
    error_is(&err, "dial ip4:253 127.0.0.1: missing address");
    assert_null(gonet_dial_ip("tcp", NULL, &unset, &err));
    error_is(&err, "dial tcp : unknown network tcp");
    assert_null(gonet_dial_ip("ip", NULL, &lo, &err));
    error_is(&err, "dial ip 127.0.0.1: unknown network ip");
    assert_null(gonet_listen_ip("ip4:4294967296", NULL, &err));
    error_is(&err, "listen ip4:4294967296 : address 4294967296: unknown IP protocol specified");
    assert_null(gonet_listen_ip("udp", &lo, &err));
    error_is(&err, "listen udp 127.0.0.1: unknown network udp");
    assert_null(gonet_dial("ip4:icmp", "::1", &err));
    error_is(&err, "dial ip4:icmp: address ::1: no suitable address found");
    assert_null(gonet_dial("ip4:", "127.0.0.1", &err));
    error_is(&err, "dial ip4:: unknown IP protocol specified");
    assert_null(gonet_listen("ip4:icmp", "127.0.0.1", &err));
    error_is(&err, "listen ip4:icmp 127.0.0.1: address 127.0.0.1: unexpected address type");
}

static void test_kernel_refuses(void **state)
{
    gonet_addr_t local = gonet_ip_addr_as_addr(&(gonet_ip_addr_t){.ip = {4, {1, 2, 3, 4}}});
    const gonet_dialer_t d = {.local_addr = &local};
    const gonet_ip_addr_t foreign = {.ip = {4, {9, 9, 9, 9}}}, odd = {.ip = {3, {1, 2, 3}}};
    gonet_error_t *err = NULL;

    (void)state;
    rawip_needed(AF_INET6);
    assert_null(gonet_dial("ip4:300", "127.0.0.1", &err));
    error_is(&err, "dial ip4:300 127.0.0.1: socket: invalid argument");
    assert_null(gonet_dialer_dial(&d, "ip:253", "127.0.0.1", &err));
    error_is(&err, "dial ip:253 1.2.3.4->127.0.0.1: bind: cannot assign requested address");
    assert_null(gonet_dial_ip("ip4:253", &lo6, &lo, &err));
    error_is(&err, "dial ip4:253 ::1->127.0.0.1: address ::1: non-IPv4 address");
    assert_null(gonet_dial_ip("ip6:253", &lo, &lo6, &err));
    error_is(&err, "dial ip6:253 127.0.0.1->::1: bind: cannot assign requested address");
    assert_null(gonet_dial_ip("ip:253", NULL, &odd, &err));
    error_is(&err, "dial ip:253 ?010203: address ?010203: non-IPv4 address");
    assert_null(gonet_listen_ip("ip4:253", &foreign, &err));
    error_is(&err, "listen ip4:253 9.9.9.9: bind: cannot assign requested address");
}

static char told[128];

static int refuse(void *arg, const char *network, const char *address, gonet_raw_conn_t *c,
                  gonet_error_t **err)
{
    (void)c;
    snprintf(told, sizeof(told), "%s %s", network, address);
    if (arg != NULL)
        return 0;
    gonet_error_set(err, gonet_error_new("ctl"));
    return -1;
}

/* Control functions are told the family without the protocol, and the address. */
static void test_control(void **state)
{
    static int yes;
    gonet_ip_addr_t own = rawip_own(0);
    gonet_addr_t local = gonet_ip_addr_as_addr(&own);
    gonet_dialer_t d = {.local_addr = &local, .control = refuse};
    gonet_listen_config_t lc = {.control = refuse};
    gonet_error_t *err = NULL;
    char want[256];
    gonet_conn_t *c;

    (void)state;
    rawip_needed(AF_INET6);
    assert_null(gonet_dialer_dial(&d, "ip:253", "127.0.0.1", &err));
    snprintf(want, sizeof(want), "dial ip:253 %s->127.0.0.1: ctl", rawip_text(&own));
    error_is(&err, want);
    assert_string_equal(told, "ip4 127.0.0.1");
    d.control_arg = &yes;
    c = gonet_dialer_dial(&d, "ip:253", "127.0.0.1", &err);
    no_error(err);
    ip_is(gonet_conn_local_addr(c), rawip_text(&own));
    gonet_conn_free(c);
    assert_null(gonet_listen_config_listen_packet(&lc, NULL, "ip:253", "", &err));
    error_is(&err, "listen ip:253 : ctl");
    assert_string_equal(told, "ip6 ");
    assert_null(gonet_listen_config_listen_packet(&lc, NULL, "ip4:icmp", "127.0.0.1", &err));
    error_is(&err, "listen ip4:icmp 127.0.0.1: ctl");
    assert_string_equal(told, "ip4 127.0.0.1");
}

/* Run where raw sockets are not allowed. */
static int run_unprivileged(void)
{
    static const char no_dial[] = "dial ip4:icmp 127.0.0.1: socket: operation not permitted";
    gonet_error_t *err = NULL;

    if (!rawip_drop())
        return 77;
    CHILD_CHECK(gonet_dial("ip4:icmp", "127.0.0.1", &err) == NULL);
    CHILD_CHECK(strcmp(gonet_error_string(err), no_dial) == 0);
    CHILD_CHECK(gonet_error_is_errno(err, EPERM));
    CHILD_CHECK(gonet_dial_ip("ip4:icmp", NULL, &lo, &err) == NULL);
    CHILD_CHECK(strcmp(gonet_error_string(err), no_dial) == 0);
    CHILD_CHECK(gonet_listen_ip("ip6:58", NULL, &err) == NULL);
    CHILD_CHECK(
        strcmp(gonet_error_string(err), "listen ip6:58 : socket: operation not permitted") == 0);
    CHILD_CHECK(gonet_listen_packet("ip4:253", "127.0.0.1", &err) == NULL);
    CHILD_CHECK(strcmp(gonet_error_string(err),
                       "listen ip4:253 127.0.0.1: socket: operation not permitted") == 0);
    gonet_error_free(err);
    return gonet_shutdown(-1);
}

static void test_unprivileged(void **state)
{
    (void)state;
    child_passes("unprivileged", NULL);
}

/* What a call returned and what it said agree. */
static bool agree(bool ok, gonet_error_t **err)
{
    if (ok != (*err == NULL))
        fail_msg("%s", gonet_error_string(*err));
    assert_string_not_equal(gonet_error_string(*err), "");
    return ok;
}

/* Every call of raw sockets once. */
static bool use(const char *network)
{
    gonet_ip_addr_t a = rawip_own(0), b = rawip_own(1);
    gonet_error_t *err = NULL;
    gonet_ip_conn_t *l = gonet_listen_ip(network, &b, &err), *c = NULL;
    char buf[64], oob[64];
    bool ok = agree(l != NULL, &err);

    if (ok) {
        c = gonet_dial_ip(network, &a, &b, &err);
        ok = agree(c != NULL, &err);
    }
    rawip_drain(l);
    rawip_drain(c);
    ok = ok && agree(gonet_ip_conn_write(c, "abc", 3, &err) == 3, &err);
    ok = ok && agree(gonet_ip_conn_read_from_ip(l, buf, sizeof(buf), NULL, &err) == 3, &err);
    ok = ok && agree(gonet_ip_conn_write_to_ip(l, "xyz", 3, &a, &err) == 3, &err);
    ok = ok && agree(gonet_ip_conn_read(c, buf, sizeof(buf), &err) == 23, &err);
    ok = ok && agree(gonet_ip_conn_write_msg_ip(l, "pq", 2, NULL, 0, &a, NULL, &err) == 2, &err);
    ok = ok && agree(gonet_ip_conn_read_msg_ip(c, buf, sizeof(buf), oob, sizeof(oob), NULL, NULL,
                                               NULL, &err) == 22,
                     &err);
    gonet_ip_conn_free(l);
    gonet_ip_conn_free(c);
    gonet_error_free(err);
    return ok;
}

static void test_without_memory(void **state)
{
    long failed, n = 0;
    bool ok;

    (void)state;
    rawip_needed(AF_INET);
    assert_true(use("ip4:253")); /* what is found out once */
    do {
        gonet__alloc_fail_at(++n, 0);
        ok = use("ip4:253");
        failed = gonet__alloc_failed();
        gonet__alloc_fail_at(0, 0);
        assert_int_equal(ok, failed == 0);
    } while (failed != 0);
    assert_true(n > 1);
}

static void without_system(int errnum)
{
    long failed, n = 0;

    do {
        gonet__sys_fail_at(GONET__SYS_ANY, ++n, errnum);
        (void)use("ip4:253");
        failed = gonet__sys_failed();
        gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    } while (failed != 0);
    assert_true(n > 10);
    assert_true(use("ip4:253"));
}

static void test_without_system(void **state)
{
    (void)state;
    rawip_needed(AF_INET);
    without_system(EIO);
    without_system(EINTR);
}

int main(int argc, char **argv)
{
    static const child_part_t parts[] = {{"unprivileged", run_unprivileged}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_listen),         LEAK_TEST(test_dial),
        LEAK_TEST(test_options),        LEAK_TEST(test_refused),
        LEAK_TEST(test_kernel_refuses), LEAK_TEST(test_control),
        LEAK_TEST(test_unprivileged),   LEAK_TEST(test_without_memory),
        LEAK_TEST(test_without_system),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests_name("raw IP dials", tests, NULL, NULL);
}
