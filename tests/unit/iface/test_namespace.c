/*
 * Interfaces as iproute2 sees them, in a network namespace with interfaces of several kinds; zones
 * of link-local addresses over a veth pair; the cache when interfaces come and change names. Needs
 * root and the ip command, and is skipped without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/dial.h"
#include "gonet/interface.h"
#include "gonet/tcp.h"
#include "iface/zone.h"
#include "socket/sockaddr.h"
#include "support/child.h"

#define UNSUITABLE 77

static void run(const char *command)
{
    if (system(command) != 0) {
        fprintf(stderr, "%s failed\n", command);
        _exit(1);
    }
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
    run("ip link set lo up && ip link set v0 up && ip link set v1 up");
    run("ip addr add fe80::1:1/64 dev v0 nodad && ip addr add fe80::2:2/64 dev v1 nodad");
    run("ip addr add 10.9.0.1 peer 10.9.0.2/32 dev v0");
    run("ip addr add 192.0.2.7/27 dev v1 && ip addr add 2001:db8::7/127 dev v1 nodad");
}

/* Interfaces of other kinds, as far as this kernel has them. */
static void add_more(void)
{
    static const char *const commands[] = {
        "ip link add d0 type dummy && ip link set d0 mtu 9000 up",
        "ip link add name sixteen_less_1b type bridge",
        "ip tuntap add t0 mode tun && ip addr add 172.16.0.1 peer 172.16.0.2 dev t0",
        "ip link add s0 type sit local 127.0.0.1 remote 127.0.0.2",
        "ip link add g0 type gre local 127.0.0.1 remote 127.0.0.2",
    };
    char command[256];

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        snprintf(command, sizeof(command), "(%s) 2>/dev/null", commands[i]);
        (void)!system(command);
    }
}

static gonet_interface_t by_name(const char *name)
{
    gonet_interface_t ifi;

    CHILD_CHECK(gonet_interface_by_name(name, &ifi, NULL) == 0);
    return ifi;
}

/* "<BROADCAST,UP,LOWER_UP>" has the flag. */
static bool ip_flag(const char *flags, const char *flag)
{
    const char *p = flags;
    size_t len = strlen(flag);

    while ((p = strstr(p, flag)) != NULL) {
        if ((p[-1] == '<' || p[-1] == ',') && (p[len] == ',' || p[len] == '>'))
            return true;
        p += len;
    }
    return false;
}

static gonet_flags_t flags_of(const char *text)
{
    static const char *const names[] = {"UP", "BROADCAST", "LOOPBACK", "POINTOPOINT", "MULTICAST"};
    gonet_flags_t flags = 0;

    for (unsigned i = 0; i < 5; i++)
        flags |= ip_flag(text, names[i]) ? (gonet_flags_t)1 << i : 0;
    return flags;
}

/* One line of "ip -o link": index, name, flags, mtu, and the address of an Ethernet. */
static void compare_link(char *line)
{
    int index, mtu = -1;
    char name[64], flags[256], text[GONET_HARDWARE_ADDR_STRLEN], *p;
    gonet_interface_t ifi;

    CHILD_CHECK(sscanf(line, "%d: %63[^:@]%*[^<]%255s", &index, name, flags) == 3);
    p = strstr(line, " mtu ");
    CHILD_CHECK(p != NULL && sscanf(p, " mtu %d", &mtu) == 1);
    ifi = by_name(name);
    CHILD_CHECK(ifi.index == index && ifi.mtu == mtu);
    CHILD_CHECK((ifi.flags & ~GONET_FLAG_RUNNING) == flags_of(flags));
    p = strstr(line, "link/ether ");
    gonet_hardware_addr_string(ifi.hardware_addr, text, sizeof(text));
    if (p != NULL)
        CHILD_CHECK(strncmp(p + strlen("link/ether "), text, strlen(text)) == 0);
    else
        CHILD_CHECK(ifi.hardware_addr.len == 0);
}

static int part_links(void)
{
    char line[1024];
    size_t lines = 0, n;
    FILE *f;

    enter_namespace();
    add_more();
    f = popen("ip -o link", "r");
    CHILD_CHECK(f != NULL);
    for (; fgets(line, sizeof(line), f) != NULL; lines++)
        compare_link(line);
    CHILD_CHECK(pclose(f) == 0);
    gonet_free(gonet_interfaces(&n, NULL));
    CHILD_CHECK(n == lines && n >= 3);
    return 0;
}

/* One line of "ip -o addr" as "name address/bits". */
static void ip_address(const char *line, char *text, size_t size)
{
    char name[64], ip[64], word[64], peer[64] = "";
    const char *slash;

    CHILD_CHECK(sscanf(line, "%*d: %63s %*s %63s %63s %63s", name, ip, word, peer) >= 3);
    slash = strchr(strcmp(word, "peer") == 0 ? peer : ip, '/');
    CHILD_CHECK(slash != NULL);
    snprintf(text, size, "%s %.*s%s", name, (int)strcspn(ip, "/"), ip, slash);
}

static int part_addrs(void)
{
    char line[1024], want[256], got[256], text[GONET_ADDR_STRLEN];
    gonet_interface_t *list;
    size_t lines = 0, all, n, total = 0, found = 0;
    FILE *f;

    enter_namespace();
    add_more();
    list = gonet_interfaces(&n, NULL);
    f = popen("ip -o addr", "r");
    CHILD_CHECK(list != NULL && f != NULL);
    for (; fgets(line, sizeof(line), f) != NULL; lines++) {
        ip_address(line, want, sizeof(want));
        for (size_t i = 0; i < n; i++) {
            size_t count;
            gonet_addr_t *addrs = gonet_interface_unicast_addrs(&list[i], &count, NULL);

            CHILD_CHECK(addrs != NULL);
            total += lines == 0 ? count : 0;
            for (size_t k = 0; k < count; k++) {
                gonet_addr_string(&addrs[k], text, sizeof(text));
                snprintf(got, sizeof(got), "%s %s", list[i].name, text);
                found += strcmp(got, want) == 0;
            }
            gonet_free(addrs);
        }
    }
    CHILD_CHECK(pclose(f) == 0);
    gonet_free(gonet_interface_addrs(&all, NULL));
    CHILD_CHECK(found == lines && all == lines && total == lines && lines >= 7);
    gonet_free(list);
    return 0;
}

static bool in_group(const char *name, const char *group)
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

static int part_groups(void)
{
    int s4, s6;
    struct ip_mreqn m4 = {.imr_multiaddr.s_addr = htonl(0xe0010203)}; /* 224.1.2.3 */
    struct ipv6_mreq m6 = {.ipv6mr_multiaddr.s6_addr = {0xff, 0x05, [15] = 0x42}};

    enter_namespace();
    s4 = socket(AF_INET, SOCK_DGRAM, 0);
    s6 = socket(AF_INET6, SOCK_DGRAM, 0);
    m4.imr_ifindex = by_name("v0").index;
    m6.ipv6mr_interface = (unsigned)by_name("v1").index;
    CHILD_CHECK(in_group("v0", "224.0.0.1") && in_group("v1", "ff02::1"));
    CHILD_CHECK(!in_group("v0", "224.1.2.3") && !in_group("v1", "ff05::42"));
    CHILD_CHECK(setsockopt(s4, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m4, sizeof(m4)) == 0);
    CHILD_CHECK(setsockopt(s6, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m6, sizeof(m6)) == 0);
    CHILD_CHECK(in_group("v0", "224.1.2.3") && in_group("v1", "ff05::42"));
    CHILD_CHECK(!in_group("v1", "224.1.2.3") && !in_group("v0", "ff05::42"));
    close(s4);
    close(s6);
    CHILD_CHECK(!in_group("v0", "224.1.2.3"));
    return 0;
}

/* More interfaces than one answer of the kernel's holds. */
static int part_many(void)
{
    enum { PAIRS = 60 };
    gonet_interface_t *list;
    gonet_addr_t *addrs;
    FILE *f;
    size_t n;

    enter_namespace();
    f = popen("ip -batch -", "w");
    CHILD_CHECK(f != NULL);
    for (int i = 0; i < PAIRS; i++) {
        fprintf(f, "link add x%d type veth peer name y%d\n", i, i);
        for (int k = 0; k < 8; k++)
            fprintf(f, "addr add 10.%d.%d.1/24 dev x%d\n", i, k, i);
    }
    CHILD_CHECK(pclose(f) == 0);
    list = gonet_interfaces(&n, NULL);
    CHILD_CHECK(list != NULL && n == 3 + 2 * PAIRS);
    for (size_t i = 0; i < n; i++)
        CHILD_CHECK(list[i].index == (int)if_nametoindex(list[i].name));
    gonet_free(list);
    addrs = gonet_interface_addrs(&n, NULL);
    CHILD_CHECK(addrs != NULL && n >= 8 * PAIRS);
    gonet_free(addrs);
    return 0;
}

/* The cache: names that come are found at once, names that go stay a while. */
static int part_cache(void)
{
    char name[16], zone[GONET_ZONE_SIZE];
    uint32_t v0, v2;

    enter_namespace();
    v0 = gonet__zone_cache_index("v0");
    CHILD_CHECK(v0 == if_nametoindex("v0") && v0 != 0);
    CHILD_CHECK(gonet__zone_cache_index("v2") == 0);
    run("ip link add v2 type veth peer name v3");
    v2 = if_nametoindex("v2");
    CHILD_CHECK(gonet__zone_cache_index("v2") == v2);
    CHILD_CHECK(gonet__zone_cache_name(v2, name) && strcmp(name, "v2") == 0);
    run("ip link add v4 type veth peer name v5");
    CHILD_CHECK(gonet__zone_cache_name(if_nametoindex("v4"), name) && strcmp(name, "v4") == 0);
    run("ip link set v2 down && ip link set v2 name w2");
    CHILD_CHECK(gonet__zone_cache_name(v2, name) && strcmp(name, "v2") == 0);
    gonet__zone_name(v2, zone); /* so do addresses say */
    CHILD_CHECK(strcmp(zone, "v2") == 0);
    CHILD_CHECK(gonet__zone_cache_index("w2") == v2); /* a miss fetches a new table */
    CHILD_CHECK(gonet__zone_cache_name(v2, name) && strcmp(name, "w2") == 0);
    run("ip link del w2");
    gonet_free(gonet_interfaces(NULL, NULL)); /* the table is not yet out of date */
    CHILD_CHECK(gonet__zone_cache_index("w2") == v2);
    gonet__zone_cache_expire();
    CHILD_CHECK(gonet__zone_cache_index("w2") == 0);
    /* Listing the interfaces brings a table that is out of date up to date (behaviour 20.7). */
    run("ip link add v6 type veth peer name v7 && ip link set v6 name w6");
    gonet__zone_cache_expire();
    gonet_free(gonet_interfaces(NULL, NULL));
    run("ip link set v7 name w7");
    CHILD_CHECK(gonet__zone_cache_index("v7") == if_nametoindex("w7"));
    return 0;
}

static int part_zones(void)
{
    gonet_error_t *err = NULL;
    gonet_listener_t *l;
    gonet_conn_t *c, *s;
    char at[GONET_ADDR_STRLEN], text[GONET_ADDR_STRLEN];
    gonet_listen_config_t lc = {.mptcp = 2};

    enter_namespace();
    l = gonet_listen_config_listen(&lc, NULL, "tcp", "[fe80::1:1%v0]:0", &err);
    CHILD_CHECK(l != NULL);
    gonet_addr_string(gonet_listener_addr(l), at, sizeof(at));
    CHILD_CHECK(strncmp(at, "[fe80::1:1%v0]:", 15) == 0);
    c = gonet_dial("tcp", at, &err);
    CHILD_CHECK(c != NULL);
    s = gonet_listener_accept(l, &err);
    CHILD_CHECK(s != NULL);
    CHILD_CHECK(strcmp(gonet_addr_string(gonet_conn_remote_addr(c), text, sizeof(text)), at) == 0);
    CHILD_CHECK(strcmp(gonet_addr_as_tcp(gonet_conn_local_addr(c))->zone, "v0") == 0);
    gonet_conn_free(c);
    gonet_conn_free(s);
    c = gonet_dial("tcp", "[fe80::1%nosuch]:1", &err);
    CHILD_CHECK(c == NULL);
    CHILD_CHECK(strcmp(gonet_error_string(err),
                       "dial tcp [fe80::1%nosuch]:1: connect: invalid argument") == 0);
    c = gonet_dial("tcp", "[fe80::1]:1", &err);
    CHILD_CHECK(c == NULL);
    CHILD_CHECK(
        strcmp(gonet_error_string(err), "dial tcp [fe80::1]:1: connect: invalid argument") == 0);
    gonet_error_free(err);
    gonet_listener_free(l);
    return 0;
}

static const child_part_t parts[] = {
    {"links", part_links}, {"addrs", part_addrs}, {"groups", part_groups},
    {"cache", part_cache}, {"zones", part_zones}, {"many", part_many},
    {NULL, NULL}};

static void test_part(void **state)
{
    const child_part_t *part = *state;
    child_result_t result;

    child_run(part->name, NULL, &result);
    if (WIFEXITED(result.status) && WEXITSTATUS(result.status) == UNSUITABLE) {
        print_message("no network namespace here: %s\n", result.output);
        skip();
    }
    if (!WIFEXITED(result.status) || WEXITSTATUS(result.status) != 0)
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
    return cmocka_run_group_tests_name("namespace", tests, NULL, NULL);
}
