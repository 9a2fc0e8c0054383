/*
 * Multicast across hosts: listeners of one group, the interface that is asked for, both families.
 */
#include <stdio.h>
#include <string.h>

#include "gonet/interface.h"
#include "gonet/udp.h"
#include "support/hosts.h"

typedef struct {
    const char *network, *group, *zone;
    const char *name; /* of the interface */
    int port;
    gonet_udp_conn_t *c;
} member_t;

static gonet_udp_addr_t group_addr(const member_t *m)
{
    gonet_udp_addr_t a = {.ip = gonet_parse_ip(m->group), .port = m->port};

    snprintf(a.zone, sizeof(a.zone), "%s", m->zone);
    return a;
}

static void join_group(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    member_t *m = arg;
    gonet_udp_addr_t a = group_addr(m);
    gonet_interface_t ifi;

    REQUIRE(CHECK(gonet_interface_by_name(m->name, &ifi, &err) == 0));
    m->c = gonet_listen_multicast_udp(m->network, &ifi, &a, &err);
    CHECK_ERROR(err, NULL);
}

static int port_of(gonet_udp_conn_t *c)
{
    return gonet_addr_as_udp(gonet_udp_conn_local_addr(c))->port;
}

static void receive(gonet_udp_conn_t *c, const char *text, const char *from)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char buf[64] = "", host[GONET_ADDR_STRLEN];
    gonet_udp_addr_t sender = {.port = 0};
    ssize_t n = gonet_udp_conn_read_from_udp(c, buf, sizeof(buf) - 1, &sender, &err);

    CHECK_ERROR(err, NULL);
    CHECK_INT(n, strlen(text));
    CHECK_TEXT(buf, text);
    sender.port = 0;
    gonet_addr_t a = gonet_udp_addr_as_addr(&sender);
    CHECK_TEXT(net_addr_text(&a, host), from);
}

/* Whether the interface of host 0 is in the group, as gonet sees it. */
static bool is_listed(const char *interface, const char *group)
{
    gonet_interface_t ifi;
    char text[GONET_ADDR_STRLEN];
    bool found = false;
    size_t n = 0;

    if (!CHECK(gonet_interface_by_name(interface, &ifi, NULL) == 0))
        return false;
    gonet_addr_t *all = gonet_interface_multicast_addrs(&ifi, &n, NULL);
    for (size_t i = 0; i < n; i++)
        found |= strcmp(net_addr_text(&all[i], text), group) == 0;
    gonet_free(all);
    return found;
}

/* Whether the interface of the host is in the group, as ip sees it; in host 0 they agree. */
static bool is_member(int host, const char *interface, const char *group)
{
    bool member = hosts_try(host, "ip maddr show dev %s | grep -qw %s", interface, group);

    if (host == 0)
        CHECK(is_listed(interface, group) == member);
    return member;
}

/*
 * Two members in host 1 and one in host 0, which sends: the two get it, and nothing comes back to
 * its own host. from is how the sender shows.
 */
static void check_group(const char *network, const char *group, const char *zone, const char *from)
{
    member_t m[3];
    GONET_AUTO(gonet_error_t) err = NULL;

    for (int i = 0; i < 3; i++) {
        m[i] = (member_t){network, group, zone, "net1", i == 0 ? 0 : port_of(m[0].c), NULL};
        hosts_at(i == 2 ? 0 : 1, join_group, &m[i]);
        REQUIRE(m[i].c != NULL);
    }
    CHECK(is_member(1, "net1", group) && is_member(0, "net1", group));
    CHECK(!is_member(1, "net2", group) && !is_member(1, "lo", group));
    gonet_udp_addr_t to = group_addr(&m[2]), self = to;
    CHECK_INT(gonet_udp_conn_write_to_udp(m[2].c, "to all", 6, &to, &err), 6);
    CHECK_ERROR(err, NULL);
    receive(m[0].c, "to all", from);
    receive(m[1].c, "to all", from);
    self.ip = gonet_parse_ip(network[3] == '6' ? "::1" : "127.0.0.1");
    self.zone[0] = '\0';
    CHECK_INT(gonet_udp_conn_write_to_udp(m[2].c, "to self", 7, &self, &err), 7);
    receive(m[2].c, "to self", network[3] == '6' ? "[::1]:0" : "127.0.0.1:0");
    for (int i = 0; i < 3; i++)
        gonet_udp_conn_free(m[i].c);
    CHECK(!is_member(1, "net1", group) && !is_member(0, "net1", group));
}

static void ipv4(void *arg)
{
    (void)arg;
    hosts_join(0, 1, 2);
    check_group("udp4", "239.77.0.1", "", "10.77.1.1:0");
}

static void ipv6(void *arg)
{
    (void)arg;
    hosts_join(0, 1, 2);
    check_group("udp6", "ff02::77:1", "net1", "[fe80::1:1%net1]:0");
}

/* On both networks at once, each with the interface that was asked for. */
static void each_interface(void *arg)
{
    member_t m[2];
    char from[64];

    (void)arg;
    hosts_join(0, 1, 2);
    for (int i = 0; i < 2; i++) {
        m[i] = (member_t){
            "udp4", "239.77.0.2", "", i == 0 ? "net1" : "net2", i == 0 ? 0 : port_of(m[0].c), NULL};
        hosts_at(i, join_group, &m[i]);
        REQUIRE(m[i].c != NULL);
    }
    CHECK(is_member(0, "net1", "239.77.0.2") && !is_member(0, "net2", "239.77.0.2"));
    CHECK(is_member(1, "net2", "239.77.0.2") && !is_member(1, "net1", "239.77.0.2"));
    /* Host 0 sends on net1, where host 1 is no member, then directly: only the second arrives. */
    gonet_udp_addr_t to = group_addr(&m[1]), direct = to;
    CHECK_INT(gonet_udp_conn_write_to_udp(m[0].c, "group", 5, &to, NULL), 5);
    direct.ip = gonet_parse_ip("10.77.1.2");
    CHECK_INT(gonet_udp_conn_write_to_udp(m[0].c, "direct", 6, &direct, NULL), 6);
    receive(m[1].c, "direct", "10.77.1.1:0");
    /* Host 1 sends on net2, likewise. */
    CHECK_INT(gonet_udp_conn_write_to_udp(m[1].c, "group", 5, &to, NULL), 5);
    direct.ip = gonet_parse_ip("10.77.2.1");
    CHECK_INT(gonet_udp_conn_write_to_udp(m[1].c, "direct", 6, &direct, NULL), 6);
    snprintf(from, sizeof(from), "10.77.2.2:0");
    receive(m[0].c, "direct", from);
    gonet_udp_conn_free(m[0].c);
    gonet_udp_conn_free(m[1].c);
}

/* Behaviour 8.12: what is no group, and an interface that is gone. */
static void refusals(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_udp_addr_t a = {.ip = gonet_parse_ip("10.77.1.1"), .port = 0};
    gonet_interface_t ifi;

    (void)arg;
    REQUIRE(gonet_interface_by_name("net1", &ifi, NULL) == 0);
    CHECK(gonet_listen_multicast_udp("udp4", &ifi, &a, &err) == NULL);
    CHECK_ERROR(err, "listen udp4 10.77.1.1:0: setsockopt: invalid argument");
    a.ip = gonet_parse_ip("239.77.0.1");
    hosts_run(0, "ip link del net1");
    CHECK(gonet_listen_multicast_udp("udp4", &ifi, &a, &err) == NULL);
    CHECK_ERROR(err, "listen udp4 239.77.0.1:0: setsockopt: cannot assign requested address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTS_TEST(2, ipv4, NULL),
        HOSTS_TEST(2, ipv6, NULL),
        HOSTS_TEST(2, each_interface, NULL),
        HOSTS_TEST(2, refusals, NULL),
    };

    return cmocka_run_group_tests_name("multicast", tests, NULL, NULL);
}
