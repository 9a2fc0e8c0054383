/*
 * The order of addresses where there are several sources: what the kernel says of each destination,
 * and what it says now.
 */
#include <stdio.h>
#include <string.h>

#include "gonet/udp.h"
#include "resolve/sort.h"
#include "support/hosts.h"
#include "unit/resolve/script.h"

#define MAX 4

typedef struct {
    const char *before; /* a command of host 0, or NULL */
    const char *addrs[MAX];
    const char *sorted;
} row_t;

static const row_t rows[] = {
    /* each has a source of its own, whatever was asked before */
    {NULL, {"10.77.1.9", "127.0.0.1"}, "127.0.0.1 10.77.1.9 "},
    {NULL, {"fd77:1::9", "::1"}, "::1 fd77:1::9 "},
    {NULL, {"10.77.1.9", "fd77:1::9", "127.0.0.1", "::1"}, "::1 127.0.0.1 10.77.1.9 fd77:1::9 "},
    {"ip addr add 2001:db8:1::1/64 dev net1 nodad && ip addr add 2001:db8:2::1/64 dev net2 nodad",
     {"2001:db8:1::9", "2001:db8:2::9"},
     "2001:db8:1::9 2001:db8:2::9 "},
    {"ip addr add 2001:db8:1::2/128 dev lo nodad && ip route add 2001:db8:3::/48 via fd77:1::2 src"
     " 2001:db8:1::2",
     {"2001:db8:3::9", "2001:db8:2::9"},
     "2001:db8:2::9 2001:db8:3::9 "},
    /* an interface that one was asked for does not bind the next one */
    {NULL, {"fe80::1:9%net1", "fd77:2::9", "::1"}, "::1 fe80::1:9%net1 fd77:2::9 "},
    {NULL, {"fe80::9", "fd77:2::9"}, "fd77:2::9 fe80::9 "},
    /* at once after a change */
    {NULL, {"203.0.113.1", "10.77.1.9"}, "10.77.1.9 203.0.113.1 "},
    {"ip route add 203.0.113.0/24 via 10.77.1.2",
     {"203.0.113.1", "10.77.1.9"},
     "203.0.113.1 10.77.1.9 "},
    {"ip route del 203.0.113.0/24", {"203.0.113.1", "10.77.1.9"}, "10.77.1.9 203.0.113.1 "},
    {"ip addr add 169.254.7.7/32 dev lo &&"
     " ip route replace 10.77.1.0/24 dev net1 src 169.254.7.7",
     {"10.77.1.9", "10.77.2.9"},
     "10.77.2.9 10.77.1.9 "},
};

static void sort(void *arg)
{
    (void)arg;
    hosts_join(0, 1, 2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        gonet_ip_addr_t addrs[MAX];
        char text[256] = "";
        size_t n = 0;

        if (rows[i].before != NULL)
            hosts_run(0, "%s", rows[i].before);
        for (; n < MAX && rows[i].addrs[n] != NULL; n++)
            CHECK(gonet_resolve_ip_addr("ip", rows[i].addrs[n], &addrs[n], NULL) == 0);
        gonet__sort_addrs(addrs, n);
        for (size_t k = 0; k < n; k++) {
            gonet_ip_addr_string(&addrs[k], text + strlen(text), GONET_ADDR_STRLEN);
            strcat(text, " ");
        }
        CHECK_TEXT(text, rows[i].sorted);
    }
}

/* The source that a socket of its own has for a destination; unset: none. */
static gonet_ip_t source_of(const gonet_ip_addr_t *dst)
{
    gonet_udp_addr_t addr = {.ip = dst->ip, .port = 53};
    gonet_ip_t source = {0};
    gonet_udp_conn_t *c;

    memcpy(addr.zone, dst->zone, sizeof(addr.zone));
    c = gonet_dial_udp("udp", NULL, &addr, NULL);
    if (c != NULL)
        source = gonet_conn_local_addr(gonet_udp_conn_as_conn(c))->udp.ip;
    gonet_udp_conn_free(c);
    return source;
}

/* Lists made of these, of all lengths and in all orders. */
static const char *const pool[] = {
    "127.0.0.1",     "::1",           "10.77.1.9",     "10.77.2.9", "169.254.1.1",
    "203.0.113.1",   "fd77:1::9",     "fd77:2::9",     "fe80::9",   "fe80::1:9%net1",
    "2001:db8:1::9", "2001:db8:2::9", "2001:db8:9::9", "2002::1",   "::ffff:10.77.1.7",
    "2001::9",       "ff02::1%net2",  "3ffe::1",       "fec0::1",   "::10.77.1.9",
};

enum { POOL = sizeof(pool) / sizeof(*pool), LISTS = 200, LONGEST = 6 };

static void sort_at_random(const char *where)
{
    unsigned seed = 7;

    for (int list = 0; list < LISTS; list++) {
        gonet_ip_addr_t got[LONGEST], want[LONGEST];
        gonet_ip_t sources[LONGEST];
        size_t n = 2 + (size_t)list % (LONGEST - 1);

        for (size_t i = 0; i < n; i++) {
            seed = seed * 1103515245 + 12345;
            CHECK(gonet_resolve_ip_addr("ip", pool[(seed >> 16) % POOL], &got[i], NULL) == 0);
            want[i] = got[i];
            sources[i] = source_of(&got[i]);
        }
        gonet__sort_with(want, sources, n);
        gonet__sort_addrs(got, n);
        if (!CHECK(memcmp(got, want, n * sizeof(*got)) == 0))
            fprintf(stderr, "list %d %s\n", list, where);
    }
}

/* What is not asked for would have changed nothing, and what is asked in the other family's name
 * is the same. */
static void at_random(void *arg)
{
    (void)arg;
    hosts_join(0, 1, 2);
    sort_at_random("without routes beyond");
    hosts_run(0, "ip addr add 2001:db8:1::1/64 dev net1 nodad &&"
                 " ip addr add 2001:db8:2::1/64 dev net2 nodad &&"
                 " ip route add default via 10.77.1.2 && ip route add default via fd77:1::2");
    sort_at_random("with them");
    hosts_run(0, "echo 1 >/proc/sys/net/ipv6/bindv6only");
    sort_at_random("with sockets of IPv6 alone");
    hosts_run(0, "ip addr add 169.254.7.7/16 dev net1 && ip addr del 10.77.1.1/24 dev net1");
    sort_at_random("from a link-local address");
    hosts_run(0, "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6");
    sort_at_random("without IPv6");
}

#define NAME     "\xc0\x0c"
#define V4(addr) NAME "\0\1\0\1\0\0\0\x3c\0\4" addr
#define V6(addr) NAME "\0\x1c\0\1\0\0\0\x3c\0\x10" addr

/* Which addresses are dialed, in turn. */
static int note(void *arg, const char *network, const char *address, gonet_raw_conn_t *c,
                gonet_error_t **err)
{
    (void)network;
    (void)c;
    strcat(strcat(arg, address), " ");
    *err = gonet_error_new("no");
    return -1;
}

/* Names: what is dialed, and what gonet_resolve_tcp_addr picks, goes by that order. */
static void name(void *arg)
{
    static const char v4[] = V4("\x0a\x4d\1\x09") V4("\x7f\0\0\1") V4("\xcb\0\x71\1");
    static const char v6[] =
        V6("\xfd\x77\0\1\0\0\0\0\0\0\0\0\0\0\0\x09") V6("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
    static const reply_t said[] = {{1, NULL, "\0\3\0\0\0\0", v4, sizeof(v4) - 1},
                                   {28, NULL, "\0\2\0\0\0\0", v6, sizeof(v6) - 1}};
    char dialed[512] = "", text[GONET_ADDR_STRLEN];
    gonet_resolver_t *before = gonet_default_resolver;
    script_t script;
    gonet_dialer_t d = {.fallback_delay = -1, .control = note, .control_arg = dialed};
    gonet_tcp_addr_t tcp;

    (void)arg;
    script_start(&script, said, 2);
    gonet_default_resolver = &script.r;
    gonet_conn_free(gonet_dialer_dial(&d, "tcp", "x.test.:7", NULL));
    CHECK_TEXT(dialed, "[::1]:7 127.0.0.1:7 10.77.1.9:7 [fd77:1::9]:7 203.0.113.1:7 ");
    dialed[0] = '\0';
    gonet_conn_free(gonet_dialer_dial(&d, "tcp4", "x.test.:7", NULL));
    CHECK_TEXT(dialed, "127.0.0.1:7 10.77.1.9:7 203.0.113.1:7 ");
    CHECK(gonet_resolve_tcp_addr("tcp", "x.test.:7", &tcp, NULL) == 0);
    CHECK_TEXT(gonet_tcp_addr_string(&tcp, text, sizeof(text)), "127.0.0.1:7");
    CHECK(gonet_resolve_tcp_addr("tcp6", "x.test.:7", &tcp, NULL) == 0);
    CHECK_TEXT(gonet_tcp_addr_string(&tcp, text, sizeof(text)), "[::1]:7");
    gonet_default_resolver = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {HOSTS_TEST(2, sort, NULL), HOSTS_TEST(2, at_random, NULL),
                                       HOSTS_TEST(2, name, NULL)};

    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
