/*
 * Where there is no way: the error texts of missing, refused and changed routes; connections whose
 * route or address goes away and comes back.
 */
#include <stdio.h>
#include <string.h>

#include "gonet/udp.h"
#include "support/hosts.h"

static void dial_fails(const char *network, const char *address, const char *want)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_conn_t *c = gonet_dial_timeout(network, address, 20 * GONET_SECOND, &err);

    CHECK(c == NULL);
    gonet_conn_free(c);
    CHECK_ERROR(err, want);
    CHECK(!gonet_error_timeout(err));
}

/* What the routing table says before a packet is sent. */
static void no_route(void *arg)
{
    static const struct {
        const char *kind, *text;
    } kinds[] = {
        {"unreachable", "no route to host"},
        {"prohibit", "permission denied"},
        {"blackhole", "invalid argument"},
    };
    char want[128];

    (void)arg;
    dial_fails("tcp", "203.0.113.1:80", "dial tcp 203.0.113.1:80: connect: network is unreachable");
    dial_fails("udp", "203.0.113.1:80", "dial udp 203.0.113.1:80: connect: network is unreachable");
    dial_fails("tcp", "[2001:db8::1]:80",
               "dial tcp [2001:db8::1]:80: connect: network is unreachable");
    for (int i = 0; i < 3; i++) {
        hosts_run(0, "ip route replace %s 203.0.113.0/24", kinds[i].kind);
        snprintf(want, sizeof(want), "dial tcp 203.0.113.1:80: connect: %s", kinds[i].text);
        dial_fails("tcp", "203.0.113.1:80", want);
        snprintf(want, sizeof(want), "dial udp 203.0.113.1:80: connect: %s", kinds[i].text);
        dial_fails("udp", "203.0.113.1:80", want);
    }
}

/* What others say when the packet has been sent: nobody, or somebody on the way. */
static void refused_on_the_way(void *arg)
{
    static const struct {
        const char *reject, *text;
    } answers[] = {
        {"tcp reset", "connection refused"},
        {"icmp type port-unreachable", "connection refused"},
        {"icmp type host-unreachable", "no route to host"},
        {"icmp type net-unreachable", "network is unreachable"},
        {"icmp type admin-prohibited", "no route to host"},
    };
    char want[128];

    (void)arg;
    for (int i = 0; i < 5; i++) {
        hosts_run(1,
                  "nft flush ruleset && nft add table ip t &&"
                  " nft 'add chain ip t in { type filter hook input priority 0 ; }' &&"
                  " nft add rule ip t in tcp dport 80 reject with %s",
                  answers[i].reject);
        snprintf(want, sizeof(want), "dial tcp 10.77.1.2:80: connect: %s", answers[i].text);
        dial_fails("tcp", "10.77.1.2:80", want);
    }
}

/* Nobody answers to the address itself. */
static void no_neighbour(void *arg)
{
    (void)arg;
    hosts_run(0, "echo 20 >/proc/sys/net/ipv4/neigh/net1/retrans_time_ms;"
                 " echo 20 >/proc/sys/net/ipv6/neigh/net1/retrans_time_ms");
    dial_fails("tcp", "10.77.1.9:80", "dial tcp 10.77.1.9:80: connect: no route to host");
    dial_fails("tcp", "[fd77:1::9]:80", "dial tcp [fd77:1::9]:80: connect: no route to host");
}

/* ---- what changes under a connection ---- */

static void listen_there(void *arg)
{
    *(gonet_packet_conn_t **)arg = gonet_listen_packet("udp4", "10.77.1.2:0", NULL);
}

/* A datagram that goes nowhere fails with the reason; the socket works when there is a way again.
 */
static void udp_loses_its_way(void *arg)
{
    static const struct {
        const char *take, *give, *text;
    } ways[] = {
        {"ip route del 10.77.1.0/24", "ip route add 10.77.1.0/24 dev net1 src 10.77.1.1",
         "write udp <L>-><R>: write: network is unreachable"},
        {"ip route add prohibit 10.77.1.2", "ip route del 10.77.1.2",
         "write udp <L>-><R>: write: permission denied"},
        {"ip link set net1 down", "ip link set net1 up",
         "write udp <L>-><R>: write: network is unreachable"},
        {"ip addr del 10.77.1.1/24 dev net1", "ip addr add 10.77.1.1/24 dev net1",
         "write udp <L>-><R>: write: network is unreachable"},
    };
    gonet_packet_conn_t *there = NULL;
    char text[GONET_ADDR_STRLEN];

    (void)arg;
    hosts_at(1, listen_there, &there);
    REQUIRE(there != NULL);
    gonet_conn_t *c =
        gonet_dial("udp", net_addr_text(gonet_packet_conn_local_addr(there), text), NULL);
    for (int i = 0; c != NULL && i < 4; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        hosts_run(0, "%s", ways[i].take);
        CHECK_INT(gonet_conn_write(c, "lost", 4, &err), -1);
        CHECK_CONN_ERROR(err, c, ways[i].text);
        hosts_run(0, "%s", ways[i].give);
        CHECK_INT(gonet_conn_write(c, "sent", 4, &err), 4);
        CHECK_ERROR(err, NULL);
        CHECK_INT(gonet_packet_conn_read_from(there, text, sizeof(text), NULL, NULL), 4);
        CHECK(memcmp(text, "sent", 4) == 0);
    }
    gonet_conn_free(c);
    gonet_packet_conn_free(there);
}

/* Behaviour 13.8: nobody has the port, and the other host says so; once for each datagram. */
static void udp_refused(void *arg)
{
    static const char *const addresses[] = {"10.77.1.2:9", "[fd77:1::2]:9"};

    (void)arg;
    for (int i = 0; i < 4; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_conn_t *c = gonet_dial("udp", addresses[i / 2], &err);
        char byte;
        CHECK_ERROR(err, NULL);
        REQUIRE(c != NULL);
        CHECK_INT(gonet_conn_write(c, "x", 1, &err), 1);
        if (i % 2 == 0) {
            CHECK_INT(gonet_conn_read(c, &byte, 1, &err), -1);
            CHECK_CONN_ERROR(err, c, "read udp <L>-><R>: read: connection refused");
        } else {
            CHECK_INT(
                gonet_packet_conn_read_from(gonet_conn_as_packet_conn(c), &byte, 1, NULL, &err),
                -1);
            CHECK_CONN_ERROR(err, c, "read udp <L>-><R>: recvfrom: connection refused");
        }
        CHECK(gonet_conn_set_read_deadline(c, gonet_after(5 * GONET_MILLISECOND), NULL) == 0);
        CHECK_INT(gonet_conn_read(c, &byte, 1, &err), -1); /* and not again */
        CHECK(gonet_error_timeout(err));
        gonet_conn_free(c);
    }
}

/* A connection waits for its route or address to come back, and loses nothing. */
static void tcp_waits(void *arg)
{
    static const struct {
        const char *take, *give;
    } ways[] = {
        {"ip route del 10.77.1.0/24", "ip route add 10.77.1.0/24 dev net1 src 10.77.1.1"},
        {"ip addr del 10.77.1.1/24 dev net1", "ip addr add 10.77.1.1/24 dev net1"},
    };
    enum { LEN = 2 << 20 };

    (void)arg;
    for (int i = 0; i < 2; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_conn_t *here, *there;
        hosts_sender_t s;
        if (!hosts_pair(1, "10.77.1.2", &here, &there))
            return;
        hosts_start_sending(&s, here, LEN);
        CHECK_INT(hosts_receive(there, 0, 10000, &err), 10000);
        hosts_run(0, "%s", ways[i].take);
        CHECK(gonet_conn_set_read_deadline(there, gonet_after(50 * GONET_MILLISECOND), NULL) == 0);
        size_t got = hosts_receive(there, 10000, LEN - 10000, &err); /* what was on the way */
        CHECK(gonet_error_timeout(err));
        CHECK(gonet_conn_set_read_deadline(there, gonet_no_deadline, NULL) == 0);
        hosts_run(0, "%s", ways[i].give);
        CHECK_INT(hosts_receive(there, 10000 + got, LEN - 10000 - got, &err), LEN - 10000 - got);
        CHECK_ERROR(err, NULL);
        hosts_sent(&s);
        gonet_conn_free(here);
        gonet_conn_free(there);
    }
}

/* The way to one address moves from one network to another in mid-stream. */
static void route_moves(void *arg)
{
    enum { LEN = 2 << 20, FIRST = 100000 };
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_conn_t *here, *there;
    hosts_sender_t s;

    (void)arg;
    hosts_join(0, 1, 2);
    hosts_run(1, "ip addr add 10.99.0.1/32 dev lo");
    hosts_run(0, "ip addr add 10.98.0.1/32 dev lo &&"
                 " ip route add 10.99.0.1 via 10.77.1.2 src 10.98.0.1");
    hosts_run(1, "ip route add 10.98.0.1 via 10.77.1.1");
    if (!hosts_pair(1, "10.99.0.1", &here, &there))
        return;
    hosts_start_sending(&s, here, LEN);
    CHECK_INT(hosts_receive(there, 0, FIRST, &err), FIRST);
    hosts_run(0, "ip link set net1 down; ip route replace 10.99.0.1 via 10.77.2.2 src 10.98.0.1");
    hosts_run(1, "ip route replace 10.98.0.1 via 10.77.2.1");
    CHECK_INT(hosts_receive(there, FIRST, LEN - FIRST, &err), LEN - FIRST);
    CHECK_ERROR(err, NULL);
    hosts_sent(&s);
    gonet_conn_free(here);
    gonet_conn_free(there);
}

/* A router does not pass on what has lived too long. */
static void time_to_live(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_dialer_t d = {.ttl = 1, .timeout = 20 * GONET_SECOND};
    char address[64], want[128];

    (void)arg;
    hosts_join(1, 2, 2);
    hosts_run(1, "echo 1 >/proc/sys/net/ipv4/ip_forward");
    hosts_run(0, "ip route add 10.77.2.0/24 via 10.77.1.2");
    hosts_run(2, "ip route add 10.77.1.0/24 via 10.77.2.1");
    gonet_listener_t *l = hosts_listen(2, "tcp4", ":0");
    REQUIRE(l != NULL);
    hosts_address("10.77.2.2", l, address);
    CHECK(gonet_dialer_dial(&d, "tcp", address, &err) == NULL);
    snprintf(want, sizeof(want), "dial tcp %s: connect: no route to host", address);
    CHECK_ERROR(err, want);
    d.ttl = 2;
    gonet_conn_t *c = gonet_dialer_dial(&d, "tcp", address, &err);
    CHECK_ERROR(err, NULL);
    gonet_conn_free(c);
    gonet_listener_free(l);
}

#define FIREWALL "command -v nft >/dev/null && nft list ruleset"

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTS_TEST(2, no_route, NULL),     HOSTS_TEST(2, refused_on_the_way, FIREWALL),
        HOSTS_TEST(2, no_neighbour, NULL), HOSTS_TEST(2, udp_loses_its_way, NULL),
        HOSTS_TEST(2, udp_refused, NULL),  HOSTS_TEST(2, tcp_waits, NULL),
        HOSTS_TEST(2, route_moves, NULL),  HOSTS_TEST(3, time_to_live, NULL),
    };

    return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
