/*
 * Link-local addresses across hosts, whose zone is an interface, and interfaces that come, go and
 * change under the zones and gonet_interfaces.
 */
#include <stdio.h>
#include <string.h>

#include "gonet/interface.h"
#include "gonet/udp.h"
#include "support/hosts.h"

static void dial_fails(const char *network, const char *address, const char *want)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_conn_t *c = gonet_dial_timeout(network, address, 10 * GONET_SECOND, &err);

    CHECK(c == NULL);
    gonet_conn_free(c);
    CHECK_ERROR(err, want);
}

static void check_zone(const gonet_addr_t *a, const char *ip, const char *zone)
{
    char text[64];

    if (!CHECK(a != NULL && gonet_addr_as_tcp(a) != NULL))
        return;
    CHECK_TEXT(gonet_ip_string(gonet_addr_as_tcp(a)->ip, text, sizeof(text)), ip);
    CHECK_TEXT(gonet_addr_as_tcp(a)->zone, zone);
}

/* Dials host 1's link-local address by each way to write the zone; both ends show it by name. */
static void tcp(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_interface_t ifi;
    char address[64];

    (void)arg;
    REQUIRE(gonet_interface_by_name("net1", &ifi, NULL) == 0);
    gonet_listener_t *l = hosts_listen(1, "tcp6", "[fe80::1:2%net1]:0");
    REQUIRE(l != NULL);
    for (int i = 0; i < 2; i++) {
        snprintf(address, sizeof(address),
                 i == 0 ? "[fe80::1:2%%net1]:%d" : "[fe80::1:2%%%2$d]:%1$d", net_listener_port(l),
                 ifi.index);
        gonet_conn_t *c = hosts_dial(0, "tcp", address);
        REQUIRE(c != NULL);
        gonet_conn_t *other = gonet_listener_accept(l, &err);
        CHECK_ERROR(err, NULL);
        check_zone(gonet_conn_remote_addr(c), "fe80::1:2", "net1");
        check_zone(gonet_conn_local_addr(c), "fe80::1:1", "net1");
        check_zone(gonet_conn_remote_addr(other), "fe80::1:1", "net1");
        CHECK_INT(hosts_send(c, 0, 5000, NULL), 5000);
        CHECK_INT(hosts_receive(other, 0, 5000, NULL), 5000);
        gonet_conn_free(c);
        gonet_conn_free(other);
    }
    gonet_listener_free(l);
}

static void listen_udp(void *arg)
{
    *(gonet_packet_conn_t **)arg = gonet_listen_packet("udp6", "[fe80::1:2%net1]:0", NULL);
}

static void udp(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_packet_conn_t *there = NULL;
    gonet_addr_t sender, to;
    char text[GONET_ADDR_STRLEN], local[GONET_ADDR_STRLEN];

    (void)arg;
    hosts_at(1, listen_udp, &there);
    REQUIRE(there != NULL);
    to = *gonet_packet_conn_local_addr(there);
    gonet_conn_t *c = gonet_dial("udp6", net_addr_text(&to, text), &err);
    CHECK_ERROR(err, NULL);
    REQUIRE(c != NULL);
    CHECK_INT(gonet_conn_write(c, "hello", 5, &err), 5);
    CHECK_INT(gonet_packet_conn_read_from(there, text, sizeof(text), &sender, NULL), 5);
    CHECK_TEXT(net_addr_text(&sender, text), net_addr_text(gonet_conn_local_addr(c), local));
    CHECK(strncmp(text, "[fe80::1:1%net1]:", 17) == 0);
    CHECK_INT(gonet_packet_conn_write_to(there, "back", 4, &sender, &err), 4);
    CHECK_INT(gonet_conn_read(c, text, sizeof(text), NULL), 4);
    gonet_conn_free(c);
    gonet_packet_conn_free(there);
}

/* Behaviour 5.17. */
static void wrong_zones(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    (void)arg;
    dial_fails("tcp", "[fe80::1:2%nosuch]:1",
               "dial tcp [fe80::1:2%nosuch]:1: connect: invalid argument");
    dial_fails("tcp", "[fe80::1:2]:1", "dial tcp [fe80::1:2]:1: connect: invalid argument");
    dial_fails("udp", "[fe80::1:2%nosuch]:1",
               "dial udp [fe80::1:2%nosuch]:1: connect: invalid argument");
    dial_fails("tcp", "[fe80::1:2%net1]:1",
               "dial tcp [fe80::1:2%net1]:1: connect: connection refused");
    CHECK(gonet_listen("tcp", "[fe80::1:1%lo]:0", &err) == NULL);
    CHECK_ERROR(err, "listen tcp [fe80::1:1%lo]:0: bind: cannot assign requested address");
    CHECK(gonet_listen("tcp", "[fe80::1:1]:0", &err) == NULL);
    CHECK_ERROR(err, "listen tcp [fe80::1:1]:0: bind: invalid argument");
}

/* An interface that is newer than the zones that gonet remembers: looked up again at once. */
static void new_interface(void *arg)
{
    (void)arg;
    dial_fails("tcp", "[fe80::1:2%net1]:1",
               "dial tcp [fe80::1:2%net1]:1: connect: connection refused");
    hosts_join(0, 1, 2);
    dial_fails("tcp", "[fe80::2:2%net2]:1",
               "dial tcp [fe80::2:2%net2]:1: connect: connection refused");
    hosts_run(0, "ip link del net2");
    hosts_join(0, 1, 3);
    dial_fails("tcp", "[fe80::3:2%net3]:1",
               "dial tcp [fe80::3:2%net3]:1: connect: connection refused");
}

static bool is_listed(const char *name, gonet_interface_t *out)
{
    size_t n = 0;
    gonet_interface_t *all = gonet_interfaces(&n, NULL);
    bool found = false;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].name, name) == 0) {
            found = true;
            *out = all[i];
        }
    }
    gonet_free(all);
    return found;
}

static bool has_address(const gonet_interface_t *ifi, const char *want)
{
    size_t n = 0;
    gonet_addr_t *all = gonet_interface_unicast_addrs(ifi, &n, NULL);
    char text[GONET_ADDR_STRLEN];
    bool found = false;

    for (size_t i = 0; i < n; i++)
        found |= strcmp(net_addr_text(&all[i], text), want) == 0;
    gonet_free(all);
    return found;
}

/* Interfaces are as they are now, whatever they were a moment ago. */
static void changes(void *arg)
{
    gonet_interface_t ifi, later;

    (void)arg;
    /* the kernel says a moment after the last of both ends is up that they run */
    AWAIT(!is_listed("net1", &ifi) || (ifi.flags & GONET_FLAG_RUNNING) != 0);
    REQUIRE(CHECK(is_listed("net1", &ifi)));
    CHECK_INT(ifi.flags,
              GONET_FLAG_UP | GONET_FLAG_BROADCAST | GONET_FLAG_MULTICAST | GONET_FLAG_RUNNING);
    CHECK_INT(ifi.mtu, 1500);
    CHECK(has_address(&ifi, "10.77.1.1/24") && has_address(&ifi, "fe80::1:1/64"));
    hosts_run(0, "ip link set net1 mtu 1400");
    REQUIRE(CHECK(is_listed("net1", &later)));
    CHECK_INT(later.mtu, 1400);
    hosts_run(0, "ip addr del 10.77.1.1/24 dev net1 && ip addr add 10.77.1.9/25 dev net1");
    CHECK(!has_address(&ifi, "10.77.1.1/24") && has_address(&ifi, "10.77.1.9/25"));
    hosts_run(0, "ip link set net1 down");
    REQUIRE(CHECK(is_listed("net1", &later)));
    CHECK_INT(later.flags, GONET_FLAG_BROADCAST | GONET_FLAG_MULTICAST);
    hosts_run(0, "ip link set net1 name other");
    CHECK(!is_listed("net1", &later));
    REQUIRE(CHECK(is_listed("other", &later)));
    CHECK_INT(later.index, ifi.index);
    hosts_run(0, "ip link set other up");
    REQUIRE(CHECK(is_listed("other", &later)));
    CHECK((later.flags & GONET_FLAG_UP) != 0);
    hosts_run(0, "ip link del other");
    CHECK(!is_listed("other", &later));
    CHECK(gonet_interface_by_index(ifi.index, &later, NULL) == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTS_TEST(2, tcp, NULL),         HOSTS_TEST(2, udp, NULL),
        HOSTS_TEST(2, wrong_zones, NULL), HOSTS_TEST(2, new_interface, NULL),
        HOSTS_TEST(2, changes, NULL),
    };

    return cmocka_run_group_tests_name("zones", tests, NULL, NULL);
}
