/*
 * The socket options of dialers and listen configurations: what getsockopt says afterwards, on
 * every network, and what values that don't fit lead to. Behaviour is in test_sock_effects.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "gonet/dial.h"
#include "gonet/rawconn.h"
#include "socket/sys.h"
#include "support/leak.h"
#include "support/net.h"
#include "support/rawip.h"

#define UNSET INT_MIN

/* What a socket has. */
typedef struct {
    int reuse_port;
    int user_timeout; /* ms; UNSET where there is none, as below */
    int tos, ttl, recv_tos, recv_ttl;
    int tclass, hops, recv_tclass, recv_hops; /* UNSET on IPv4 sockets */
} found_t;

static int option(int fd, int level, int name)
{
    int value = 0;
    socklen_t len = sizeof(value);

    return getsockopt(fd, level, name, &value, &len) == 0 ? value : UNSET;
}

static void look(void *arg, int fd)
{
    found_t *f = arg;

    f->reuse_port = option(fd, SOL_SOCKET, SO_REUSEPORT);
    f->user_timeout = option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT);
    f->tos = option(fd, IPPROTO_IP, IP_TOS);
    f->ttl = option(fd, IPPROTO_IP, IP_TTL);
    f->recv_tos = option(fd, IPPROTO_IP, IP_RECVTOS);
    f->recv_ttl = option(fd, IPPROTO_IP, IP_RECVTTL);
    f->tclass = option(fd, IPPROTO_IPV6, IPV6_TCLASS);
    f->hops = option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS);
    f->recv_tclass = option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS);
    f->recv_hops = option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
}

/* Takes raw. */
static found_t found(gonet_raw_conn_t *raw)
{
    found_t f;

    assert_non_null(raw);
    assert_int_equal(gonet_raw_conn_control(raw, look, &f, NULL), 0);
    gonet_raw_conn_free(raw);
    return f;
}

static found_t of_conn(gonet_conn_t *c)
{
    return found(gonet_conn_syscall_conn(c, NULL));
}

static void no_error(gonet_error_t *err)
{
    assert_string_equal(gonet_error_string(err), "<nil>");
}

/* A raw IPv6 socket knows none of IPv4's options. */
static void has_ip(const found_t *f, int tos, int ttl, bool ipv4, bool ipv6)
{
    if (ipv4) {
        assert_int_equal(f->tos, tos);
        assert_int_equal(f->ttl, ttl);
    }
    if (ipv6) {
        assert_int_equal(f->tclass, tos);
        assert_int_equal(f->hops, ttl);
    }
}

static void receives(const found_t *f, int on, bool ipv4, bool ipv6)
{
    if (ipv4) {
        assert_int_equal(f->recv_tos, on);
        assert_int_equal(f->recv_ttl, on);
    }
    if (ipv6) {
        assert_int_equal(f->recv_tclass, on);
        assert_int_equal(f->recv_hops, on);
    }
}

static gonet_listen_config_t full_config(void)
{
    return (gonet_listen_config_t){.user_timeout = 1500 * GONET_MILLISECOND,
                                   .backlog = 3,
                                   .tos = 0x48,
                                   .ttl = 7,
                                   .reuse_port = true,
                                   .recv_tos = true,
                                   .recv_ttl = true};
}

static gonet_dialer_t full_dialer(void)
{
    return (gonet_dialer_t){.user_timeout = 1500 * GONET_MILLISECOND,
                            .tos = 0x88,
                            .ttl = 9,
                            .reuse_port = true,
                            .recv_tos = true,
                            .recv_ttl = true};
}

/* Old programs and new ones agree on where the structs end. */
static void test_sizes(void **state)
{
    (void)state;
    assert_int_equal(sizeof(gonet_dialer_t), 296);
    assert_int_equal(sizeof(gonet_listen_config_t), 224);
    assert_int_equal(offsetof(gonet_dialer_t, user_timeout), 168);
    assert_int_equal(offsetof(gonet_listen_config_t, user_timeout), 96);
}

/* A connection over network of a dialer and a configuration, and its listener; all may be NULL. */
static void tcp_options(const char *network, const char *address, const gonet_dialer_t *d,
                        const gonet_listen_config_t *lc, found_t *listener, found_t *dialed,
                        found_t *accepted)
{
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN];
    gonet_listener_t *l = gonet_listen_config_listen(lc, NULL, network, address, &err);
    gonet_conn_t *a, *b;

    no_error(err);
    a = gonet_dialer_dial(d, network, net_addr_text(gonet_listener_addr(l), text), &err);
    no_error(err);
    b = gonet_listener_accept(l, &err);
    no_error(err);
    *listener = found(gonet_listener_syscall_conn(l, NULL));
    *dialed = of_conn(a);
    *accepted = of_conn(b);
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_listener_free(l);
}

/* Accepted connections have the listener's tos, unless this system gives back the dialer's. */
static void accepted_has(const found_t *f, int tos, int ttl, bool ipv6)
{
    FILE *file = fopen("/proc/sys/net/ipv4/tcp_reflect_tos", "r");
    int reflects = 0;

    if (file != NULL) {
        if (fscanf(file, "%d", &reflects) != 1)
            reflects = 0;
        fclose(file);
    }
    assert_int_equal(f->ttl, ttl);
    if (ipv6)
        assert_int_equal(f->hops, ttl);
    if (!reflects)
        has_ip(f, tos, ttl, true, ipv6);
}

static void test_tcp(void **state)
{
    static const struct {
        const char *network, *address;
        bool ipv6, ipv4;
    } rows[] = {{"tcp4", "127.0.0.1:0", false, true},
                {"tcp6", "[::1]:0", true, true},
                {"tcp", ":0", true, true}};
    gonet_listen_config_t lc = full_config();
    gonet_dialer_t d = full_dialer();
    found_t l, a, b;

    (void)state;
    for (int mptcp = 0; mptcp <= 2; mptcp++) {
        lc.mptcp = d.mptcp = mptcp;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            if (!net_has(rows[i].network))
                continue;
            tcp_options(rows[i].network, rows[i].address, &d, &lc, &l, &a, &b);
            assert_int_equal(l.reuse_port, 1);
            assert_int_equal(a.reuse_port, 1);
            assert_int_equal(l.user_timeout, 1500);
            assert_int_equal(a.user_timeout, 1500);
            assert_int_equal(b.user_timeout, 1500);
            has_ip(&l, 0x48, 7, true, rows[i].ipv6);
            accepted_has(&b, 0x48, 7, rows[i].ipv6);
            has_ip(&a, 0x88, 9, true, rows[i].ipv6 && a.tclass != UNSET);
            receives(&l, 0, true, rows[i].ipv6);
            receives(&a, 0, true, rows[i].ipv6 && a.tclass != UNSET);
        }
    }
}

/* Each option alone, so that none of them depends on another. */
static void test_tcp_one_by_one(void **state)
{
    found_t zero, l, a, b;
    gonet_listen_config_t lc[4] = {
        {.user_timeout = 1}, {.tos = 0x20}, {.ttl = 255}, {.reuse_port = true}};
    gonet_dialer_t d[4] = {
        {.user_timeout = INT64_MAX}, {.tos = 0xfc}, {.ttl = 1}, {.reuse_port = true}};

    (void)state;
    tcp_options("tcp4", "127.0.0.1:0", NULL, NULL, &l, &zero, &b);
    assert_int_equal(l.reuse_port, 0);
    assert_int_equal(zero.user_timeout, 0);
    assert_int_equal(zero.tos, 0);
    for (int i = 0; i < 4; i++) {
        tcp_options("tcp4", "127.0.0.1:0", &d[i], &lc[i], &l, &a, &b);
        /* Multipath TCP tells neither of these two. */
        if (l.user_timeout != UNSET || i == 0)
            assert_int_equal(l.user_timeout, i == 0 ? 1 : 0);
        if (l.ttl != UNSET || i == 2)
            assert_int_equal(l.ttl, i == 2 ? 255 : zero.ttl);
        assert_int_equal(a.user_timeout, i == 0 ? INT_MAX : 0);
        assert_int_equal(b.user_timeout, i == 0 ? 1 : 0);
        assert_int_equal(l.tos, i == 1 ? 0x20 : 0);
        assert_int_equal(a.tos, i == 1 ? 0xfc : 0);
        accepted_has(&b, i == 1 ? 0x20 : 0, i == 2 ? 255 : zero.ttl, false);
        assert_int_equal(a.ttl, i == 2 ? 1 : zero.ttl);
        assert_int_equal(l.reuse_port, i == 3);
        assert_int_equal(a.reuse_port, i == 3);
    }
}

/* One that Multipath TCP has, too, where the kernel does. */
static void test_mptcp(void **state)
{
    const gonet_listen_config_t lc = {.tos = 0x20, .mptcp = 1};
    const gonet_dialer_t d = {.tos = 0x28, .mptcp = 1};
    found_t l, a, b;

    (void)state;
    tcp_options("tcp4", "127.0.0.1:0", &d, &lc, &l, &a, &b);
    assert_int_equal(l.tos, 0x20);
    assert_int_equal(a.tos, 0x28);
    accepted_has(&b, 0x20, b.ttl, false);
}

static found_t packet_options(const char *network, const char *address,
                              const gonet_listen_config_t *lc)
{
    gonet_error_t *err = NULL;
    gonet_packet_conn_t *c = gonet_listen_config_listen_packet(lc, NULL, network, address, &err);
    found_t f;

    no_error(err);
    f = found(gonet_packet_conn_syscall_conn(c, NULL));
    gonet_packet_conn_free(c);
    return f;
}

static found_t dial_options(const char *network, const char *address, const gonet_dialer_t *d)
{
    gonet_error_t *err = NULL;
    gonet_conn_t *c = gonet_dialer_dial(d, network, address, &err);
    found_t f;

    no_error(err);
    f = of_conn(c);
    gonet_conn_free(c);
    return f;
}

static void test_udp(void **state)
{
    static const struct {
        const char *network, *address, *peer;
        bool ipv6;
    } rows[] = {{"udp4", "127.0.0.1:0", "127.0.0.1:9", false},
                {"udp6", "[::1]:0", "[::1]:9", true},
                {"udp", ":0", "[::1]:9", true}};
    gonet_listen_config_t lc = full_config();
    gonet_dialer_t d = full_dialer();
    found_t f, zero = packet_options("udp4", "127.0.0.1:0", NULL);

    (void)state;
    assert_int_equal(zero.reuse_port, 0);
    has_ip(&zero, 0, zero.ttl, true, false);
    receives(&zero, 0, true, false);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].ipv6 && !net_has("tcp6"))
            continue;
        f = packet_options(rows[i].network, rows[i].address, &lc);
        assert_int_equal(f.reuse_port, 1);
        has_ip(&f, 0x48, 7, true, rows[i].ipv6);
        receives(&f, 1, true, rows[i].ipv6);
        f = dial_options(rows[i].network, rows[i].peer, &d);
        assert_int_equal(f.reuse_port, 1);
        has_ip(&f, 0x88, 9, true, rows[i].ipv6);
        receives(&f, 1, true, rows[i].ipv6);
    }
}

static void test_udp_one_by_one(void **state)
{
    gonet_listen_config_t lc[4] = {
        {.tos = 255}, {.ttl = 1}, {.recv_tos = true}, {.recv_ttl = true}};
    gonet_dialer_t d[4] = {{.tos = 1}, {.ttl = 255}, {.recv_tos = true}, {.recv_ttl = true}};
    found_t zero = packet_options("udp4", "127.0.0.1:0", NULL);

    (void)state;
    for (int i = 0; i < 4; i++) {
        found_t f = packet_options("udp4", "127.0.0.1:0", &lc[i]);
        found_t g = dial_options("udp4", "127.0.0.1:9", &d[i]);

        assert_int_equal(f.tos, i == 0 ? 255 : 0);
        assert_int_equal(g.tos, i == 0 ? 1 : 0);
        assert_int_equal(f.ttl, i == 1 ? 1 : zero.ttl);
        assert_int_equal(g.ttl, i == 1 ? 255 : zero.ttl);
        assert_int_equal(f.recv_tos, i == 2);
        assert_int_equal(g.recv_tos, i == 2);
        assert_int_equal(f.recv_ttl, i == 3);
        assert_int_equal(g.recv_ttl, i == 3);
    }
}

static void test_ip(void **state)
{
    gonet_listen_config_t lc = full_config();
    gonet_dialer_t d = full_dialer();
    found_t f;

    (void)state;
    rawip_needed(AF_INET6);
    f = packet_options("ip4:253", "127.0.0.1", &lc);
    has_ip(&f, 0x48, 7, true, false);
    receives(&f, 1, true, false);
    assert_int_equal(f.reuse_port, 0);
    f = packet_options("ip6:253", "::1", &lc);
    has_ip(&f, 0x48, 7, false, true);
    receives(&f, 1, false, true);
    f = packet_options("ip:253", "", &lc);
    has_ip(&f, 0x48, 7, false, true);
    f = dial_options("ip:253", "127.0.0.1", &d);
    has_ip(&f, 0x88, 9, true, false);
    receives(&f, 1, true, false);
    f = dial_options("ip:253", "::1", &d);
    has_ip(&f, 0x88, 9, false, true);
}

/* Unix sockets have none of them, and pass over the fields, also over bad ones. */
static void test_unix(void **state)
{
    gonet_listen_config_t lc = full_config();
    gonet_dialer_t d = full_dialer();
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN];
    gonet_packet_conn_t *pc;
    gonet_listener_t *l;
    gonet_conn_t *c;

    (void)state;
    lc.ttl = -1;
    d.user_timeout = -1;
    l = gonet_listen_config_listen(&lc, NULL, "unix", "", &err);
    no_error(err);
    c = gonet_dialer_dial(&d, "unix", net_addr_text(gonet_listener_addr(l), text), &err);
    no_error(err);
    pc = gonet_listen_config_listen_packet(&lc, NULL, "unixgram", "", &err);
    no_error(err);
    gonet_packet_conn_free(pc);
    gonet_conn_free(c);
    gonet_listener_free(l);
}

/* Compares the error with text, and releases it. */
static void error_is(gonet_error_t **err, const char *text)
{
    assert_string_equal(gonet_error_string(*err), text);
    assert_true(gonet_error_is_errno(*err, EINVAL));
    gonet_error_set(err, NULL);
}

static void test_bad_configs(void **state)
{
    static const gonet_listen_config_t bad[] = {{.tos = -1},          {.tos = 256},
                                                {.ttl = -1},          {.ttl = 256},
                                                {.user_timeout = -1}, {.user_timeout = INT64_MIN}};
    static const gonet_listen_config_t no_backlog = {.backlog = -1};
    gonet_error_t *err = NULL;
    char name[64], want[128];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(gonet_listen_config_listen(&bad[i], NULL, "tcp", "127.0.0.1:0", &err));
        error_is(&err, "listen tcp 127.0.0.1:0: setsockopt: invalid argument");
        if (bad[i].user_timeout != 0)
            continue;
        assert_null(gonet_listen_config_listen_packet(&bad[i], NULL, "udp", "127.0.0.1:0", &err));
        error_is(&err, "listen udp 127.0.0.1:0: setsockopt: invalid argument");
        assert_null(gonet_listen_config_listen_packet(&bad[i], NULL, "udp6", "[::1]:0", &err));
        error_is(&err, "listen udp6 [::1]:0: setsockopt: invalid argument");
        if (!rawip_allowed(AF_INET))
            continue;
        assert_null(gonet_listen_config_listen_packet(&bad[i], NULL, "ip:1", "127.0.0.1", &err));
        error_is(&err, "listen ip:1 127.0.0.1: setsockopt: invalid argument");
    }
    assert_null(gonet_listen_config_listen(&no_backlog, NULL, "tcp", "127.0.0.1:0", &err));
    error_is(&err, "listen tcp 127.0.0.1:0: listen: invalid argument");
    net_abstract("no-backlog", name);
    assert_null(gonet_listen_config_listen(&no_backlog, NULL, "unix", name, &err));
    snprintf(want, sizeof(want), "listen unix %s: listen: invalid argument", name);
    error_is(&err, want);
}

static void test_bad_dialers(void **state)
{
    static const gonet_dialer_t bad[] = {{.tos = -1},          {.tos = 256},
                                         {.ttl = -1},          {.ttl = 256},
                                         {.user_timeout = -1}, {.user_timeout = INT64_MIN}};
    gonet_error_t *err = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(gonet_dialer_dial(&bad[i], "tcp", "127.0.0.1:1", &err));
        error_is(&err, "dial tcp 127.0.0.1:1: setsockopt: invalid argument");
        if (bad[i].user_timeout != 0)
            continue;
        assert_null(gonet_dialer_dial(&bad[i], "udp", "[::1]:1", &err));
        error_is(&err, "dial udp [::1]:1: setsockopt: invalid argument");
    }
}

static void set_ttl(void *arg, int fd)
{
    const int ttl = 33;

    *(int *)arg = option(fd, IPPROTO_IP, IP_TTL);
    assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)), 0);
}

static int seen;

static int override(void *arg, const char *network, const char *address, gonet_raw_conn_t *c,
                    gonet_error_t **err)
{
    (void)arg, (void)network, (void)address;
    return gonet_raw_conn_control(c, set_ttl, &seen, err);
}

/* Control functions find the options set, and have the last word. */
static void test_control(void **state)
{
    gonet_listen_config_t lc = full_config();
    gonet_dialer_t d = full_dialer();
    found_t l, a, b;

    (void)state;
    lc.control = override;
    d.control = override;
    seen = 0;
    l = packet_options("udp4", "127.0.0.1:0", &lc);
    assert_int_equal(seen, 7);
    assert_int_equal(l.ttl, 33);
    a = dial_options("udp4", "127.0.0.1:9", &d);
    assert_int_equal(seen, 9);
    assert_int_equal(a.ttl, 33);
    tcp_options("tcp4", "127.0.0.1:0", &d, &lc, &l, &a, &b);
    assert_int_equal(seen, 9);
    assert_int_equal(l.ttl, 33);
    assert_int_equal(a.ttl, 33);
    assert_int_equal(b.ttl, 33);
}

/* Makes a socket of each kind; false with an error. */
static bool make_each(gonet_error_t **err)
{
    gonet_listen_config_t lc = full_config();
    gonet_dialer_t d = full_dialer();
    char text[GONET_ADDR_STRLEN];
    gonet_listener_t *l = gonet_listen_config_listen(&lc, NULL, "tcp", "127.0.0.1:0", err);
    gonet_packet_conn_t *pc = NULL;
    gonet_conn_t *c = NULL;

    if (l != NULL)
        c = gonet_dialer_dial(&d, "tcp",
                              gonet_addr_string(gonet_listener_addr(l), text, sizeof(text)), err);
    if (c != NULL)
        pc = gonet_listen_config_listen_packet(&lc, NULL, "udp6", "[::1]:0", err);
    gonet_packet_conn_free(pc);
    gonet_conn_free(c);
    gonet_listener_free(l);
    return pc != NULL;
}

/* Each option that the kernel refuses is told. */
static void test_failures(void **state)
{
    gonet_error_t *err = NULL;
    long failed, told = 0, n = 0;

    (void)state;
    if (!net_has("tcp6"))
        skip();
    assert_true(make_each(&err));
    do {
        gonet__sys_fail_at(GONET__SYS_SETSOCKOPT, ++n, EIO);
        if (!make_each(&err)) {
            assert_non_null(strstr(gonet_error_string(err), ": setsockopt: input/output error"));
            told++;
        }
        failed = gonet__sys_failed();
        gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    } while (failed != 0);
    /* Of the listener's a failed one only costs Multipath TCP. */
    assert_true(told >= 4 + 10);
    n = 0;
    do {
        bool ok;

        gonet__alloc_fail_at(++n, 0);
        ok = make_each(&err);
        failed = gonet__alloc_failed();
        gonet__alloc_fail_at(0, 0);
        assert_true(ok == (err == NULL));
    } while (failed != 0);
    gonet_error_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_sizes),       LEAK_TEST(test_tcp),     LEAK_TEST(test_tcp_one_by_one),
        LEAK_TEST(test_mptcp),       LEAK_TEST(test_udp),     LEAK_TEST(test_udp_one_by_one),
        LEAK_TEST(test_ip),          LEAK_TEST(test_unix),    LEAK_TEST(test_bad_configs),
        LEAK_TEST(test_bad_dialers), LEAK_TEST(test_control), LEAK_TEST(test_failures),
    };

    return cmocka_run_group_tests_name("socket options", tests, NULL, NULL);
}
