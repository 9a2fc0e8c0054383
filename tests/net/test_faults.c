/*
 * Networks that misbehave: links that go down and up, packets that get lost, come twice or are too
 * long for the way.
 */
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gonet/tcp.h"
#include "gonet/udp.h"
#include "support/hosts.h"

#define FIREWALL "command -v nft >/dev/null && nft list ruleset"

/* A link that is down for a while, at either end: nothing is lost, nobody notices. */
static void link_down_and_up(void *arg)
{
    enum { LEN = 2 << 20 };

    (void)arg;
    for (int host = 0; host < 2; host++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_conn_t *here, *there;
        hosts_sender_t s;
        if (!hosts_pair(1, "10.77.1.2", &here, &there))
            return;
        hosts_start_sending(&s, here, LEN);
        CHECK_INT(hosts_receive(there, 0, 10000, &err), 10000);
        hosts_run(host, "ip link set net1 down");
        CHECK(gonet_conn_set_read_deadline(there, gonet_after(50 * GONET_MILLISECOND), NULL) == 0);
        size_t got = hosts_receive(there, 10000, LEN - 10000, &err); /* what was on the way */
        CHECK(gonet_error_timeout(err));
        CHECK(gonet_conn_set_read_deadline(there, gonet_no_deadline, NULL) == 0);
        hosts_run(host, "ip link set net1 up");
        CHECK_INT(hosts_receive(there, 10000 + got, LEN - 10000 - got, &err), LEN - 10000 - got);
        CHECK_ERROR(err, NULL);
        hosts_sent(&s);
        gonet_conn_free(here);
        gonet_conn_free(there);
    }
}

/* Every thirtieth packet of each direction is lost; several connections at once. */
static void packets_lost(void *arg)
{
    enum { CONNS = 4, LEN = 300000 };
    gonet_conn_t *here[CONNS], *there[CONNS];
    hosts_sender_t s[CONNS];

    (void)arg;
    for (int host = 0; host < 2; host++) {
        hosts_run(host, "nft add table ip t &&"
                        " nft 'add chain ip t in { type filter hook input priority 0 ; }' &&"
                        " nft add rule ip t in numgen random mod 30 == 0 counter drop &&"
                        " ip link set net1 gso_max_size 3000");
    }
    for (int i = 0; i < CONNS; i++)
        REQUIRE(hosts_pair(1, "10.77.1.2", &here[i], &there[i]));
    for (int i = 0; i < CONNS; i++)
        hosts_start_sending(&s[i], i % 2 ? here[i] : there[i], LEN);
    for (int i = 0; i < CONNS; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        CHECK_INT(hosts_receive(i % 2 ? there[i] : here[i], 0, LEN, &err), LEN);
        CHECK_ERROR(err, NULL);
    }
    for (int i = 0; i < CONNS; i++) {
        hosts_sent(&s[i]);
        gonet_conn_free(here[i]);
        gonet_conn_free(there[i]);
    }
    CHECK(hosts_try(1, "nft list ruleset | grep 'counter packets' | grep -vq 'packets 0 '"));
}

/* ---- datagrams that are too long for the way ---- */

static void listen_there(void *arg)
{
    *(gonet_packet_conn_t **)arg = gonet_listen_packet("udp", ":0", NULL);
}

static void set_option(void *arg, int fd)
{
    const int *o = arg;

    CHECK(setsockopt(fd, o[0], o[1], &o[2], sizeof(o[2])) == 0);
}

static void never_fragment(gonet_conn_t *c, bool ipv6)
{
    int option[] = {ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
                    ipv6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO};
    gonet_raw_conn_t *raw = gonet_conn_syscall_conn(c, NULL);

    CHECK(gonet_raw_conn_control(raw, set_option, option, NULL) == 0);
    gonet_raw_conn_free(raw);
}

static void send_and_receive(gonet_conn_t *c, gonet_packet_conn_t *there, size_t len)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char *out = malloc(len), *in = malloc(len + 1);

    REQUIRE(out != NULL && in != NULL);
    for (size_t i = 0; i < len; i++)
        out[i] = (char)(i * 7 + len);
    CHECK_INT(gonet_conn_write(c, out, len, &err), len);
    CHECK_ERROR(err, NULL);
    CHECK_INT(gonet_packet_conn_read_from(there, in, len + 1, NULL, &err), len);
    CHECK(memcmp(in, out, len) == 0);
    free(out);
    free(in);
}

/* A datagram longer than the link's packets arrives in one piece, or, where that is forbidden, not
 * at all, and the writer is told. */
static void datagrams_and_mtu(void *arg)
{
    static const char *const ips[] = {"10.77.1.2", "fd77:1::2"};
    static const size_t headers[] = {28, 48};
    static char block[1500];

    (void)arg;
    for (int i = 0; i < 2; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_packet_conn_t *there = NULL;
        char address[64];
        hosts_at(1, listen_there, &there);
        REQUIRE(there != NULL);
        snprintf(address, sizeof(address), i == 0 ? "%s:%d" : "[%s]:%d", ips[i],
                 gonet_addr_as_udp(gonet_packet_conn_local_addr(there))->port);
        gonet_conn_t *c = gonet_dial("udp", address, &err);
        CHECK_ERROR(err, NULL);
        REQUIRE(c != NULL);
        send_and_receive(c, there, 1500 - headers[i]);
        send_and_receive(c, there, 1500);
        send_and_receive(c, there, 60000);
        never_fragment(c, i == 1);
        send_and_receive(c, there, 1500 - headers[i]);
        CHECK_INT(gonet_conn_write(c, block, 1500 - headers[i] + 1, &err), -1);
        CHECK_CONN_ERROR(err, c, "write udp <L>-><R>: write: message too long");
        send_and_receive(c, there, 1000);
        gonet_conn_free(c);
        gonet_packet_conn_free(there);
    }
}

/* ---- a narrow link behind a router ---- */

static void listen_at_end(void *arg)
{
    *(gonet_packet_conn_t **)arg = gonet_listen_packet("udp4", "10.77.2.2:0", NULL);
}

static void lay_narrow_path(void)
{
    hosts_join(1, 2, 2);
    hosts_run(1, "echo 1 >/proc/sys/net/ipv4/ip_forward && ip link set net2 mtu 600");
    hosts_run(2, "ip route add 10.77.1.0/24 via 10.77.2.1");
    hosts_run(0, "ip route add 10.77.2.0/24 via 10.77.1.2");
}

/* TCP finds the way's packet size out by itself. (Only one way: the far end does not know of it.)
 */
static void narrow_path_tcp(void *arg)
{
    gonet_conn_t *here, *there;

    (void)arg;
    lay_narrow_path();
    if (!hosts_pair(2, "10.77.2.2", &here, &there))
        return;
    hosts_transfer(here, there, 300000);
    CHECK(hosts_try(0, "ip route get 10.77.2.2 | grep -q 'mtu 600'"));
    gonet_conn_free(here);
    gonet_conn_free(there);
}

/* A datagram that may not be cut: the first goes out, the router refuses it, the next write tells.
 */
static void narrow_path_udp(void *arg)
{
    static char block[1000];
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_packet_conn_t *there = NULL;
    char text[GONET_ADDR_STRLEN];

    (void)arg;
    lay_narrow_path();
    hosts_at(2, listen_at_end, &there);
    REQUIRE(there != NULL);
    gonet_conn_t *c =
        gonet_dial("udp", net_addr_text(gonet_packet_conn_local_addr(there), text), &err);
    CHECK_ERROR(err, NULL);
    REQUIRE(c != NULL);
    send_and_receive(c, there, 5000); /* cut by the sender, and again by the router */
    never_fragment(c, false);
    while (gonet_conn_write(c, block, sizeof(block), &err) >= 0 && check_patience())
        check_pause();
    CHECK_CONN_ERROR(err, c, "write udp <L>-><R>: write: message too long");
    /* That was what the socket knows of the way by now; the router's answer itself may be told,
     * too, to the next who sends. */
    if (gonet_conn_write(c, block, 100, &err) < 0) {
        CHECK_CONN_ERROR(err, c, "write udp <L>-><R>: write: message too long");
        CHECK_INT(gonet_conn_write(c, block, 100, &err), 100);
    }
    CHECK_INT(gonet_packet_conn_read_from(there, block, sizeof(block), NULL, NULL), 100);
    send_and_receive(c, there, 500);
    gonet_conn_free(c);
    gonet_packet_conn_free(there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTS_TEST(2, link_down_and_up, NULL),  HOSTS_TEST(2, packets_lost, FIREWALL),
        HOSTS_TEST(2, datagrams_and_mtu, NULL), HOSTS_TEST(3, narrow_path_tcp, NULL),
        HOSTS_TEST(3, narrow_path_udp, NULL),
    };

    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
