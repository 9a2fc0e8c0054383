/*
 * What the socket options of dialers and listen configurations lead to: queues that fill, ports
 * that are shared, values that the receiver of a packet sees, a connect that gives up. The values
 * that the kernel then tells are in test_sock_options.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gonet/dial.h"
#include "gonet/hostport.h"
#include "gonet/iprawsock.h"
#include "gonet/tcp.h"
#include "gonet/udp.h"
#include "support/leak.h"
#include "support/net.h"
#include "support/rawip.h"
#include "unit/dial/queue.h"

#define DIALS 64

static void no_error(gonet_error_t *err)
{
    assert_string_equal(gonet_error_string(err), "<nil>");
}

static gonet_listener_t *listen_with(const gonet_listen_config_t *lc, const char *network,
                                     const char *address)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_listener_t *l = gonet_listen_config_listen(lc, NULL, network, address, &err);

    no_error(err);
    return l;
}

static gonet_conn_t *dial_with(const gonet_dialer_t *d, const char *network,
                               const gonet_addr_t *addr)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char text[GONET_ADDR_STRLEN];
    gonet_conn_t *c = gonet_dialer_dial(d, network, net_addr_text(addr, text), &err);

    no_error(err);
    return c;
}

/* A backlog of 1 holds two connections on Linux, and the third has to wait. */
static void test_backlog(void **state)
{
    const gonet_listen_config_t lc = {.backlog = 1};
    const gonet_dialer_t hasty = {.timeout = 100 * GONET_MILLISECOND};
    gonet_error_t *err = NULL;
    gonet_listener_t *l = listen_with(&lc, "tcp", "127.0.0.1:0");
    char text[GONET_ADDR_STRLEN];
    gonet_conn_t *a, *b, *c;

    (void)state;
    net_addr_text(gonet_listener_addr(l), text);
    assert_int_equal(queue_of(l).backlog, 1);
    a = dial_with(NULL, "tcp", gonet_listener_addr(l));
    b = dial_with(NULL, "tcp", gonet_listener_addr(l));
    AWAIT(queue_of(l).waiting == 2);
    check_report();
    assert_null(gonet_dialer_dial(&hasty, "tcp", text, &err));
    assert_true(gonet_error_timeout(err));
    c = gonet_listener_accept(l, &err);
    no_error(err);
    gonet_conn_free(c);
    c = dial_with(NULL, "tcp", gonet_listener_addr(l));
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_conn_free(c);
    gonet_listener_free(l);
}

/* More than the system's maximum is the maximum, and so is 0. */
static void test_backlog_bounds(void **state)
{
    const gonet_listen_config_t many = {.backlog = 0x7fffffff}, some = {.backlog = 77};
    gonet_listener_t *l[3] = {listen_with(NULL, "tcp", "127.0.0.1:0"),
                              listen_with(&many, "tcp", "127.0.0.1:0"),
                              listen_with(&some, "tcp", "127.0.0.1:0")};

    (void)state;
    assert_true(queue_of(l[0]).backlog > 0);
    assert_int_equal(queue_of(l[0]).backlog, queue_of(l[1]).backlog);
    if (queue_of(l[0]).backlog >= 77)
        assert_int_equal(queue_of(l[2]).backlog, 77);
    for (int i = 0; i < 3; i++)
        gonet_listener_free(l[i]);
}

static void test_unix_backlog(void **state)
{
    static const char *const networks[] = {"unix", "unixpacket"};
    const gonet_listen_config_t lc = {.backlog = 1};
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN];

    (void)state;
    for (int i = 0; i < 2; i++) {
        gonet_listener_t *l = listen_with(&lc, networks[i], "");
        gonet_conn_t *a = dial_with(NULL, networks[i], gonet_listener_addr(l));
        gonet_conn_t *b = dial_with(NULL, networks[i], gonet_listener_addr(l));

        net_addr_text(gonet_listener_addr(l), text);
        assert_null(gonet_dial(networks[i], text, &err));
        assert_true(gonet_error_is_errno(err, EAGAIN));
        gonet_error_set(&err, NULL);
        gonet_conn_free(a);
        gonet_conn_free(b);
        gonet_listener_free(l);
    }
}

/* The kernel spreads connections over the listeners of one port. */
static void test_shared_port(void **state)
{
    const gonet_listen_config_t lc = {.reuse_port = true};
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN];
    gonet_listener_t *l[2];
    gonet_conn_t *c[DIALS];

    (void)state;
    l[0] = listen_with(&lc, "tcp", "127.0.0.1:0");
    net_addr_text(gonet_listener_addr(l[0]), text);
    assert_null(gonet_listen("tcp", text, &err)); /* who doesn't say so may not */
    assert_true(gonet_error_is_errno(err, EADDRINUSE));
    gonet_error_set(&err, NULL);
    l[1] = listen_with(&lc, "tcp", text);
    for (int i = 0; i < DIALS; i++)
        c[i] = dial_with(NULL, "tcp", gonet_listener_addr(l[0]));
    AWAIT(queue_of(l[0]).waiting + queue_of(l[1]).waiting == DIALS);
    check_report();
    assert_true(queue_of(l[0]).waiting > 0);
    assert_true(queue_of(l[1]).waiting > 0);
    for (int i = 0; i < DIALS; i++)
        gonet_conn_free(c[i]);
    gonet_listener_free(l[0]);
    gonet_listener_free(l[1]);
}

static bool readable(gonet_packet_conn_t *c)
{
    struct pollfd p = {.fd = net_descriptor(gonet_packet_conn_as_conn(c)), .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

static gonet_packet_conn_t *listen_packet_with(const gonet_listen_config_t *lc, const char *network,
                                               const char *address)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_packet_conn_t *c = gonet_listen_config_listen_packet(lc, NULL, network, address, &err);

    no_error(err);
    return c;
}

static void test_shared_udp_port(void **state)
{
    const gonet_listen_config_t lc = {.reuse_port = true};
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN];
    gonet_packet_conn_t *l[2];

    (void)state;
    l[0] = listen_packet_with(&lc, "udp", "127.0.0.1:0");
    net_addr_text(gonet_packet_conn_local_addr(l[0]), text);
    assert_null(gonet_listen_packet("udp", text, &err));
    assert_true(gonet_error_is_errno(err, EADDRINUSE));
    gonet_error_set(&err, NULL);
    l[1] = listen_packet_with(&lc, "udp", text);
    for (int i = 0; i < DIALS; i++) {
        gonet_conn_t *c = dial_with(NULL, "udp", gonet_packet_conn_local_addr(l[0]));

        assert_int_equal(gonet_conn_write(c, "x", 1, &err), 1);
        gonet_conn_free(c);
    }
    AWAIT(readable(l[0]) && readable(l[1]));
    check_report();
    gonet_packet_conn_free(l[0]);
    gonet_packet_conn_free(l[1]);
}

/* Two dialers share their local address. */
static void test_shared_local_addr(void **state)
{
    gonet_dialer_t d = {.reuse_port = true};
    gonet_packet_conn_t *l[2];
    gonet_conn_t *a, *b;
    gonet_addr_t local;
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN];

    (void)state;
    for (int i = 0; i < 2; i++)
        l[i] = listen_packet_with(NULL, "udp", "127.0.0.1:0");
    a = dial_with(&d, "udp", gonet_packet_conn_local_addr(l[0]));
    local = *gonet_conn_local_addr(a);
    d.local_addr = &local;
    b = dial_with(&d, "udp", gonet_packet_conn_local_addr(l[1]));
    assert_int_equal(gonet_conn_local_addr(b)->udp.port, local.udp.port);
    d.reuse_port = false;
    assert_null(gonet_dialer_dial(&d, "udp",
                                  net_addr_text(gonet_packet_conn_local_addr(l[1]), text), &err));
    assert_true(gonet_error_is_errno(err, EADDRINUSE));
    gonet_error_free(err);
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_packet_conn_free(l[0]);
    gonet_packet_conn_free(l[1]);
}

/* What a packet's control data says; -1: nothing. */
typedef struct {
    int tos, ttl;
} told_t;

static told_t read_control(void *oob, size_t len)
{
    struct msghdr msg = {.msg_control = oob, .msg_controllen = len};
    told_t told = {-1, -1};

    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
        bool ip4 = c->cmsg_level == IPPROTO_IP, ip6 = c->cmsg_level == IPPROTO_IPV6;
        int value = *CMSG_DATA(c);

        if (c->cmsg_len == CMSG_LEN(sizeof(int)))
            memcpy(&value, CMSG_DATA(c), sizeof(value));
        if ((ip4 && c->cmsg_type == IP_TOS) || (ip6 && c->cmsg_type == IPV6_TCLASS))
            told.tos = value;
        if ((ip4 && c->cmsg_type == IP_TTL) || (ip6 && c->cmsg_type == IPV6_HOPLIMIT))
            told.ttl = value;
    }
    return told;
}

static const gonet_dialer_t marked = {.tos = 0x48, .ttl = 17};

/* What a receiver at address is told of a packet from a dialer at peer's IP. */
static told_t send_marked(const gonet_listen_config_t *lc, const char *network, const char *address,
                          const char *host)
{
    gonet_packet_conn_t *pc = listen_packet_with(lc, network, address);
    gonet_error_t *err = NULL;
    char to[GONET_ADDR_STRLEN], port[16], buf[16];
    _Alignas(struct cmsghdr) char oob[256];
    gonet_conn_t *c;
    size_t oobn = 0;

    snprintf(port, sizeof(port), "%d", gonet_packet_conn_local_addr(pc)->udp.port);
    assert_non_null(gonet_join_host_port(host, port, to, sizeof(to)));
    c = gonet_dialer_dial(&marked, "udp", to, &err);
    no_error(err);
    assert_int_equal(gonet_conn_write(c, "hello", 5, &err), 5);
    assert_int_equal(gonet_udp_conn_read_msg_udp(gonet_packet_conn_as_udp(pc), buf, sizeof(buf),
                                                 oob, sizeof(oob), &oobn, NULL, NULL, &err),
                     5);
    gonet_conn_free(c);
    gonet_packet_conn_free(pc);
    return read_control(oob, oobn);
}

/* The receiver sees what the sender's dialer said, in either family, and on a socket of both. */
static void test_marks(void **state)
{
    static const struct {
        const char *network, *address, *host;
    } rows[] = {{"udp4", "127.0.0.1:0", "127.0.0.1"},
                {"udp", ":0", "127.0.0.1"},
                {"udp", ":0", "::1"},
                {"udp6", "[::1]:0", "::1"}};
    const gonet_listen_config_t both = {.recv_tos = true, .recv_ttl = true},
                                tos = {.recv_tos = true}, ttl = {.recv_ttl = true};
    told_t told;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strchr(rows[i].host, ':') != NULL && !net_has("tcp6"))
            continue;
        told = send_marked(&both, rows[i].network, rows[i].address, rows[i].host);
        assert_int_equal(told.tos, 0x48);
        assert_int_equal(told.ttl, 17);
        told = send_marked(&tos, rows[i].network, rows[i].address, rows[i].host);
        assert_int_equal(told.tos, 0x48);
        assert_int_equal(told.ttl, -1);
        told = send_marked(&ttl, rows[i].network, rows[i].address, rows[i].host);
        assert_int_equal(told.tos, -1);
        assert_int_equal(told.ttl, 17);
        told = send_marked(NULL, rows[i].network, rows[i].address, rows[i].host);
        assert_int_equal(told.tos, -1);
        assert_int_equal(told.ttl, -1);
    }
}

/* A configuration's own packets carry its marks, too: seen by a raw socket in their header. */
static void test_raw_marks(void **state)
{
    const gonet_listen_config_t lc = {.tos = 0x20, .ttl = 5, .recv_tos = true, .recv_ttl = true};
    gonet_ip_addr_t own = rawip_own(0);
    gonet_error_t *err = NULL;
    _Alignas(struct cmsghdr) char oob[256];
    unsigned char buf[64];
    gonet_ip_conn_t *c;
    size_t oobn;
    told_t told;

    (void)state;
    rawip_needed(AF_INET);
    c = gonet_packet_conn_as_ip(listen_packet_with(&lc, "ip4:253", rawip_text(&own)));
    rawip_drain(c);
    assert_int_equal(gonet_ip_conn_write_to_ip(c, "hello", 5, &own, &err), 5);
    assert_int_equal(
        gonet_ip_conn_read_msg_ip(c, buf, sizeof(buf), oob, sizeof(oob), &oobn, NULL, NULL, &err),
        25);
    assert_int_equal(buf[1], 0x20);
    assert_int_equal(buf[8], 5);
    told = read_control(oob, oobn);
    assert_int_equal(told.tos, 0x20);
    assert_int_equal(told.ttl, 5);
    gonet_ip_conn_free(c);
}

/* A connect that nobody answers fails when the user timeout is over, with the kernel's error. */
static void test_user_timeout(void **state)
{
    const gonet_listen_config_t lc = {.backlog = 1, .mptcp = 2};
    const gonet_dialer_t d = {.user_timeout = 100 * GONET_MILLISECOND, .timeout = GONET_HOUR};
    gonet_listener_t *l = listen_with(&lc, "tcp", "127.0.0.1:0");
    gonet_conn_t *a = dial_with(NULL, "tcp", gonet_listener_addr(l));
    gonet_conn_t *b = dial_with(NULL, "tcp", gonet_listener_addr(l));
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN];

    (void)state;
    AWAIT(queue_of(l).waiting == 2);
    check_report();
    assert_null(gonet_dialer_dial(&d, "tcp", net_addr_text(gonet_listener_addr(l), text), &err));
    assert_true(gonet_error_is_errno(err, ETIMEDOUT));
    gonet_error_free(err);
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_listener_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_backlog),         LEAK_TEST(test_backlog_bounds),
        LEAK_TEST(test_unix_backlog),    LEAK_TEST(test_shared_port),
        LEAK_TEST(test_shared_udp_port), LEAK_TEST(test_shared_local_addr),
        LEAK_TEST(test_marks),           LEAK_TEST(test_raw_marks),
        LEAK_TEST(test_user_timeout),
    };

    return cmocka_run_group_tests_name("effects of socket options", tests, NULL, NULL);
}
