/*
 * Multicast over a veth pair in a network namespace: who hears what, and which interface has
 * joined. Needs root and the ip command, and is skipped without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/dial.h"
#include "gonet/interface.h"
#include "gonet/udp.h"
#include "support/child.h"

#define UNSUITABLE 77

static void run(const char *command)
{
    if (system(command) != 0) {
        fprintf(stderr, "%s failed\n", command);
        _exit(1);
    }
}

static gonet_interface_t by_name(const char *name)
{
    gonet_interface_t ifi;

    CHILD_CHECK(gonet_interface_by_name(name, &ifi, NULL) == 0);
    return ifi;
}

/* A link that is up drops what is sent for a while, until the kernel has seen to its queue. */
static void await_link(const char *name)
{
    while ((by_name(name).flags & GONET_FLAG_RUNNING) == 0)
        (void)usleep(1000);
}

/* A namespace with a loopback and a veth pair; exits if that can't be had here. */
static void enter_namespace(void)
{
    if (unshare(CLONE_NEWNET) != 0) {
        fprintf(stderr, "unshare: %s\n", strerror(errno));
        _exit(UNSUITABLE);
    }
    if (system("ip link add v0 type veth peer name v1") != 0)
        _exit(UNSUITABLE);
    run("ip link set v0 addrgenmode none && ip link set v1 addrgenmode none");
    run("ip link set lo up && ip link set v0 up && ip link set v1 up");
    await_link("v0");
    await_link("v1");
    run("ip addr add 10.9.0.1/24 dev v0 && ip addr add 10.9.1.2/24 dev v1");
    run("ip addr add fe80::1:1/64 dev v0 nodad && ip addr add fe80::2:2/64 dev v1 nodad");
    /* Until they have routes, what is sent to these addresses gets lost. */
    run("until [ $(ip -6 route show table local | grep -c '^local fe80::[12]:') = 2 ];"
        "do sleep 0.01; done");
    /* A datagram that comes in over one end has the other end's address, which is this host's. */
    if (system("set -e; cd /proc/sys/net/ipv4/conf; echo 1 >all/accept_local;"
               "for name in all v0 v1; do echo 0 >$name/rp_filter; done") != 0)
        _exit(UNSUITABLE);
}

static bool has_joined(const char *name, const char *group)
{
    gonet_interface_t ifi = by_name(name);
    char text[GONET_ADDR_STRLEN];
    bool found = false;
    size_t n;
    gonet_addr_t *list = gonet_interface_multicast_addrs(&ifi, &n, NULL);

    for (size_t i = 0; i < n; i++)
        found = found || strcmp(gonet_addr_string(&list[i], text, sizeof(text)), group) == 0;
    gonet_free(list);
    return found;
}

static gonet_udp_addr_t addr_of(const char *text)
{
    gonet_udp_addr_t addr;

    CHILD_CHECK(gonet_resolve_udp_addr("udp", text, &addr, NULL) == 0);
    return addr;
}

/* A member of a group on an interface (NULL: any). */
static gonet_udp_conn_t *member(const char *network, const char *ifi_name, const char *group)
{
    gonet_udp_addr_t addr = addr_of(group);
    gonet_error_t *err = NULL;
    gonet_interface_t ifi;
    gonet_udp_conn_t *c;

    if (ifi_name != NULL)
        ifi = by_name(ifi_name);
    c = gonet_listen_multicast_udp(network, ifi_name == NULL ? NULL : &ifi, &addr, &err);
    if (c == NULL)
        fprintf(stderr, "%s\n", gonet_error_string(err));
    CHILD_CHECK(c != NULL);
    return c;
}

static void send_to(gonet_udp_conn_t *c, const char *text, const char *to)
{
    gonet_udp_addr_t addr = addr_of(to);
    gonet_error_t *err = NULL;

    if (gonet_udp_conn_write_to_udp(c, text, strlen(text), &addr, &err) < 0)
        fprintf(stderr, "%s\n", gonet_error_string(err));
    CHILD_CHECK(err == NULL);
}

static void hears(gonet_udp_conn_t *c, const char *text)
{
    char buf[16];
    ssize_t n = gonet_udp_conn_read(c, buf, sizeof(buf), NULL);

    CHILD_CHECK(n == (ssize_t)strlen(text) && memcmp(buf, text, strlen(text)) == 0);
}

/* Nothing is there: what is sent afterwards comes first. */
static void has_heard_nothing(gonet_udp_conn_t *c)
{
    gonet_udp_addr_t self = *gonet_addr_as_udp(gonet_udp_conn_local_addr(c));

    self.ip = gonet_parse_ip(gonet_ip_to4(self.ip).len != 0 ? "127.0.0.1" : "::1");
    CHILD_CHECK(gonet_udp_conn_write_to_udp(c, "self", 4, &self, NULL) == 4);
    hears(c, "self");
}

/* Two members on one port at one end of the link, and one at the other end, which sends. */
static int part_ipv4(void)
{
    gonet_udp_conn_t *near, *far, *too, *plain;

    enter_namespace();
    plain = gonet_listen_udp("udp", &(gonet_udp_addr_t){.ip = gonet_ipv4(224, 9, 9, 9), .port = 7},
                             NULL);
    CHILD_CHECK(plain != NULL && !has_joined("v0", "224.9.9.9") && !has_joined("v1", "224.9.9.9"));
    gonet_udp_conn_free(plain);
    near = member("udp4", "v0", "224.1.2.3:7001");
    CHILD_CHECK(has_joined("v0", "224.1.2.3") && !has_joined("v1", "224.1.2.3"));
    far = member("udp", "v1", "224.1.2.3:7002");
    too = member("udp4", "v1", "224.1.2.3:7002");
    CHILD_CHECK(has_joined("v1", "224.1.2.3"));
    send_to(near, "abc", "224.1.2.3:7002"); /* over the interface that it joined on */
    hears(far, "abc");
    hears(too, "abc");
    send_to(far, "defg", "224.1.2.3:7001");
    hears(near, "defg");
    gonet_udp_conn_free(near);
    CHILD_CHECK(!has_joined("v0", "224.1.2.3"));
    gonet_udp_conn_free(far);
    CHILD_CHECK(has_joined("v1", "224.1.2.3"));
    gonet_udp_conn_free(too);
    CHILD_CHECK(!has_joined("v1", "224.1.2.3"));
    return 0;
}

/* What a member sends does not come back to this host. */
static void does_not_come_back(const char *network, const char *group)
{
    gonet_udp_conn_t *c = member(network, "v0", group);

    send_to(c, "abc", group);
    has_heard_nothing(c);
    gonet_udp_conn_free(c);
}

static int part_loop(void)
{
    enter_namespace();
    does_not_come_back("udp4", "224.1.2.4:7003");
    does_not_come_back("udp", "224.1.2.4:7003");
    does_not_come_back("udp6", "[ff12::43]:7003");
    return 0;
}

/* Without an interface it is the one that the group's route leads to. */
static int part_route(void)
{
    gonet_udp_addr_t group = addr_of("224.1.2.5:7004");
    gonet_error_t *err = NULL;
    gonet_udp_conn_t *c;

    enter_namespace();
    CHILD_CHECK(gonet_listen_multicast_udp("udp4", NULL, &group, &err) == NULL);
    CHILD_CHECK(strcmp(gonet_error_string(err),
                       "listen udp4 224.1.2.5:7004: setsockopt: no such device") == 0);
    gonet_error_free(err);
    run("ip route add 224.0.0.0/4 dev v1");
    c = member("udp4", NULL, "224.1.2.5:7004");
    CHILD_CHECK(has_joined("v1", "224.1.2.5") && !has_joined("v0", "224.1.2.5"));
    gonet_udp_conn_free(c);
    CHILD_CHECK(!has_joined("v1", "224.1.2.5"));
    return 0;
}

static int part_ipv6(void)
{
    gonet_udp_conn_t *near, *far;
    gonet_udp_addr_t from;
    char buf[16], text[GONET_ADDR_STRLEN];

    enter_namespace();
    near = member("udp6", "v0", "[ff12::42]:7001");
    far = member("udp", "v1", "[ff12::42]:7002");
    CHILD_CHECK(has_joined("v0", "ff12::42") && has_joined("v1", "ff12::42"));
    send_to(near, "abc", "[ff12::42]:7002");
    /* The sender's address has the zone in which it is one. */
    CHILD_CHECK(gonet_udp_conn_read_from_udp(far, buf, sizeof(buf), &from, NULL) == 3);
    CHILD_CHECK(strcmp(from.zone, "v1") == 0);
    CHILD_CHECK(strncmp(gonet_udp_addr_string(&from, text, sizeof(text)), "[fe80::", 7) == 0);
    CHILD_CHECK(gonet_udp_conn_write_to_udp(far, "defg", 4, &from, NULL) == 4);
    hears(near, "defg");
    gonet_udp_conn_free(near);
    gonet_udp_conn_free(far);
    CHILD_CHECK(!has_joined("v0", "ff12::42") && !has_joined("v1", "ff12::42"));
    return 0;
}

/* Zones of unicast addresses, in all the forms in which they come and go. */
static int part_zones(void)
{
    gonet_netip_addr_port_t from;
    gonet_error_t *err = NULL;
    gonet_packet_conn_t *pc;
    gonet_udp_conn_t *b;
    gonet_conn_t *a;
    gonet_addr_t any;
    char at[GONET_ADDR_STRLEN], text[GONET_ADDR_STRLEN], buf[16];

    enter_namespace();
    pc = gonet_listen_packet("udp", "[fe80::1:1%v0]:0", &err);
    CHILD_CHECK(pc != NULL);
    b = gonet_packet_conn_as_udp(pc);
    gonet_addr_string(gonet_udp_conn_local_addr(b), at, sizeof(at));
    CHILD_CHECK(strncmp(at, "[fe80::1:1%v0]:", 15) == 0);
    a = gonet_dial("udp", at, &err);
    CHILD_CHECK(a != NULL);
    CHILD_CHECK(strcmp(gonet_addr_string(gonet_conn_remote_addr(a), text, sizeof(text)), at) == 0);
    CHILD_CHECK(gonet_conn_write(a, "abc", 3, NULL) == 3);
    CHILD_CHECK(gonet_udp_conn_read_from_udp_addr_port(b, buf, sizeof(buf), &from, NULL) == 3);
    CHILD_CHECK(strcmp(from.addr.zone, "v0") == 0);
    CHILD_CHECK(gonet_udp_conn_write_to_udp_addr_port(b, "de", 2, from, NULL) == 2);
    CHILD_CHECK(gonet_packet_conn_read_from(gonet_conn_as_packet_conn(a), buf, sizeof(buf), &any,
                                            NULL) == 2);
    CHILD_CHECK(strcmp(gonet_addr_string(&any, text, sizeof(text)), at) == 0);
    gonet_error_free(err);
    gonet_conn_free(a);
    gonet_packet_conn_free(pc);
    return 0;
}

/* A socket that is bound to no interface has only the zone to go by: v0's way to v1's address. */
static int part_ways(void)
{
    gonet_udp_addr_t at, to, from;
    gonet_udp_conn_t *b, *c;
    char buf[16];

    enter_namespace();
    at = addr_of("[fe80::2:2%v1]:0");
    b = gonet_listen_udp("udp", &at, NULL);
    c = gonet_listen_udp("udp6", NULL, NULL);
    CHILD_CHECK(b != NULL && c != NULL);
    to = gonet_udp_conn_local_addr(b)->udp;
    strcpy(to.zone, "v0");
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            CHILD_CHECK(gonet_udp_conn_write_to_udp(c, "abc", 3, &to, NULL) == 3);
        else
            CHILD_CHECK(gonet_udp_conn_write_to_udp_addr_port(
                            c, "abc", 3, gonet_udp_addr_addr_port(&to), NULL) == 3);
        CHILD_CHECK(gonet_udp_conn_read_from_udp(b, buf, sizeof(buf), &from, NULL) == 3);
        CHILD_CHECK(gonet_ip_equal(from.ip, gonet_parse_ip("fe80::1:1")));
        CHILD_CHECK(strcmp(from.zone, "v1") == 0);
    }
    gonet_udp_conn_free(c);
    gonet_udp_conn_free(b);
    return 0;
}

static void no_group(const char *network, const gonet_udp_addr_t *addr, const char *error)
{
    gonet_error_t *err = NULL;

    CHILD_CHECK(gonet_listen_multicast_udp(network, NULL, addr, &err) == NULL);
    if (strcmp(gonet_error_string(err), error) != 0) {
        fprintf(stderr, "%s\n", gonet_error_string(err));
        CHILD_CHECK(!error);
    }
    gonet_error_free(err);
}

/* Members where nobody says which interface, and what is no group. */
static int part_others(void)
{
    const gonet_udp_addr_t none = {.port = 0}, host = addr_of("127.0.0.1:0");
    const gonet_udp_addr_t six = addr_of("[::1]:0"), group6 = addr_of("[ff02::1]:0");
    gonet_interface_t gone = {.index = 4711};
    gonet_error_t *err = NULL;
    gonet_udp_addr_t group;
    gonet_udp_conn_t *c;

    enter_namespace();
    run("ip route add 224.0.0.0/4 dev v1");
    c = member("udp", NULL, "224.1.2.3:0");
    CHILD_CHECK(!has_joined("v0", "224.1.2.3") && has_joined("v1", "224.1.2.3"));
    gonet_udp_conn_free(c);
    no_group("udp", NULL, "listen udp: missing address");
    no_group("udp", &none, "listen udp :0: missing address");
    no_group("udp", &host, "listen udp 127.0.0.1:0: setsockopt: invalid argument");
    no_group("udp6", &six, "listen udp6 [::1]:0: setsockopt: invalid argument");
    no_group("udp4", &group6, "listen udp4 [ff02::1]:0: setsockopt: protocol not available");
    no_group("tcp", &host, "listen tcp 127.0.0.1:0: unknown network tcp");
    group = addr_of("224.1.2.3:0");
    CHILD_CHECK(gonet_listen_multicast_udp("udp", &gone, &group, &err) == NULL);
    CHILD_CHECK(gonet_error_is_errno(err, EADDRNOTAVAIL) || gonet_error_is_errno(err, ENODEV));
    gonet_error_free(err);
    return 0;
}

static const child_part_t parts[] = {
    {"ipv4", part_ipv4},   {"ipv6", part_ipv6}, {"route", part_route},   {"loop", part_loop},
    {"zones", part_zones}, {"ways", part_ways}, {"others", part_others}, {NULL, NULL}};

static void test_part(void **state)
{
    const child_part_t *part = *state;
    child_result_t result;

    child_run(part->name, NULL, &result);
    if (WIFEXITED(result.status) && WEXITSTATUS(result.status) == UNSUITABLE) {
        print_message("no network namespace here: %s\n", result.output);
        skip();
    }
    if (result.status != 0)
        fail_msg("%s ended with status %#x: %s", part->name, (unsigned)result.status,
                 result.output);
}

int main(int argc, char **argv)
{
    enum { PARTS = sizeof(parts) / sizeof(parts[0]) - 1 };
    struct CMUnitTest tests[PARTS];

    child_main(argc, argv, parts);
    for (size_t i = 0; i < PARTS; i++)
        tests[i] = (struct CMUnitTest){.name = parts[i].name,
                                       .test_func = test_part,
                                       .initial_state = (void *)(uintptr_t)&parts[i]};
    return cmocka_run_group_tests_name("udp multicast", tests, NULL, NULL);
}
