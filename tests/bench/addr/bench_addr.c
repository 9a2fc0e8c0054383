/*
 * Times each parse and format call of the address layer, and libc's inet_pton and inet_ntop beside
 * them. Prints "name<TAB>nanoseconds" for each; run.sh compares them with Go's.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gonet/addr.h"
#include "gonet/hardware.h"
#include "gonet/hostport.h"

static const char v4_text[] = "192.168.101.254";
static const char v6_text[] = "2001:db8:85a3:12::8a2e:370:7334";

static gonet_ip_t ip4, ip6;
static gonet_ip_net_t net4;
static gonet_netip_addr_t addr4, addr6;
static gonet_netip_addr_port_t addr_port4;
static gonet_netip_prefix_t prefix4;
static gonet_hardware_addr_t mac;
static gonet_tcp_addr_t tcp6;
static struct in_addr in4;
static struct in6_addr in6;
static char buf[256];
static char port[32];

/* What is computed must be, and what is passed may be anything. */
#define KEEP(x) __asm__ volatile("" : : "g"(&(x)) : "memory")
#define HIDE(p) __asm__ volatile("" : "+r"(p) : : "memory")

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* One row: a function that does it n times. */
#define BENCH(name, ...)              \
    static void name(long n)          \
    {                                 \
        while (n-- > 0) {             \
            const char *v4 = v4_text; \
            const char *v6 = v6_text; \
            HIDE(v4);                 \
            HIDE(v6);                 \
            __VA_ARGS__;              \
        }                             \
    }

#define RESULT(type, call) \
    do {                   \
        type r = call;     \
        KEEP(r);           \
    } while (0)

BENCH(parse_ip_v4, RESULT(gonet_ip_t, gonet_parse_ip(v4)))
BENCH(parse_ip_v6, RESULT(gonet_ip_t, gonet_parse_ip(v6)))
BENCH(netip_parse_addr_v4, RESULT(gonet_netip_addr_t, gonet_netip_parse_addr(v4, NULL)))
BENCH(netip_parse_addr_v6, RESULT(gonet_netip_addr_t, gonet_netip_parse_addr(v6, NULL)))
BENCH(netip_parse_addr_port,
      RESULT(gonet_netip_addr_port_t, gonet_netip_parse_addr_port("192.168.101.254:8080", NULL)))
BENCH(netip_parse_prefix,
      RESULT(gonet_netip_prefix_t, gonet_netip_parse_prefix("192.168.101.0/24", NULL)))
BENCH(parse_cidr, gonet_ip_net_t n_;
      RESULT(gonet_ip_t, gonet_parse_cidr("192.168.101.0/24", &n_, NULL)))
BENCH(parse_mac, RESULT(gonet_hardware_addr_t, gonet_parse_mac("00:1a:2b:3c:4d:5e", NULL)))
BENCH(split_host_port, RESULT(int, gonet_split_host_port("192.168.101.254:8080", buf, sizeof(buf),
                                                         port, sizeof(port), NULL)))
BENCH(join_host_port, RESULT(const char *, gonet_join_host_port(v6, "8080", buf, sizeof(buf))))
BENCH(ip_string_v4, RESULT(const char *, gonet_ip_string(ip4, buf, sizeof(buf))))
BENCH(ip_string_v6, RESULT(const char *, gonet_ip_string(ip6, buf, sizeof(buf))))
BENCH(netip_addr_string_v4, RESULT(const char *, gonet_netip_addr_string(addr4, buf, sizeof(buf))))
BENCH(netip_addr_string_v6, RESULT(const char *, gonet_netip_addr_string(addr6, buf, sizeof(buf))))
BENCH(netip_addr_port_string,
      RESULT(const char *, gonet_netip_addr_port_string(addr_port4, buf, sizeof(buf))))
BENCH(netip_prefix_string,
      RESULT(const char *, gonet_netip_prefix_string(prefix4, buf, sizeof(buf))))
BENCH(netip_prefix_contains, RESULT(bool, gonet_netip_prefix_contains(prefix4, addr4)))
BENCH(ip_net_contains, RESULT(bool, gonet_ip_net_contains(&net4, ip4)))
BENCH(ip_net_string, RESULT(const char *, gonet_ip_net_string(&net4, buf, sizeof(buf))))
BENCH(hardware_addr_string, RESULT(const char *, gonet_hardware_addr_string(mac, buf, sizeof(buf))))
BENCH(tcp_addr_string, RESULT(const char *, gonet_tcp_addr_string(&tcp6, buf, sizeof(buf))))
BENCH(inet_pton_v4, RESULT(int, inet_pton(AF_INET, v4, &in4)))
BENCH(inet_pton_v6, RESULT(int, inet_pton(AF_INET6, v6, &in6)))
BENCH(inet_ntop_v4, RESULT(const char *, inet_ntop(AF_INET, &in4, buf, sizeof(buf))))
BENCH(inet_ntop_v6, RESULT(const char *, inet_ntop(AF_INET6, &in6, buf, sizeof(buf))))

#define ROW(name)   \
    {               \
#name, name \
    }
static const struct {
    const char *name;
    void (*run)(long n);
} rows[] = {
    ROW(parse_ip_v4),
    ROW(parse_ip_v6),
    ROW(netip_parse_addr_v4),
    ROW(netip_parse_addr_v6),
    ROW(netip_parse_addr_port),
    ROW(netip_parse_prefix),
    ROW(parse_cidr),
    ROW(parse_mac),
    ROW(split_host_port),
    ROW(join_host_port),
    ROW(ip_string_v4),
    ROW(ip_string_v6),
    ROW(netip_addr_string_v4),
    ROW(netip_addr_string_v6),
    ROW(netip_addr_port_string),
    ROW(netip_prefix_string),
    ROW(netip_prefix_contains),
    ROW(ip_net_contains),
    ROW(ip_net_string),
    ROW(hardware_addr_string),
    ROW(tcp_addr_string),
    ROW(inet_pton_v4),
    ROW(inet_pton_v6),
    ROW(inet_ntop_v4),
    ROW(inet_ntop_v6),
};

int main(int argc, char **argv)
{
    enum { BATCH = 20000, BATCHES = 25 };

    ip4 = gonet_parse_ip(v4_text);
    ip6 = gonet_parse_ip(v6_text);
    gonet_parse_cidr("192.168.0.0/16", &net4, NULL);
    addr4 = gonet_netip_must_parse_addr(v4_text);
    addr6 = gonet_netip_must_parse_addr(v6_text);
    addr_port4 = gonet_netip_addr_port_from(addr4, 8080);
    prefix4 = gonet_netip_must_parse_prefix("192.168.0.0/16");
    mac = gonet_parse_mac("00:1a:2b:3c:4d:5e", NULL);
    tcp6 = (gonet_tcp_addr_t){.ip = ip6, .port = 8080};
    inet_pton(AF_INET, v4_text, &in4);
    inet_pton(AF_INET6, v6_text, &in6);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t best = INT64_MAX; /* the batch that was disturbed least */
        if (argc > 1 && strcmp(argv[1], rows[i].name) != 0)
            continue;
        rows[i].run(BATCH);
        for (int b = 0; b < BATCHES; b++) {
            int64_t start = now();
            rows[i].run(BATCH);
            int64_t took = now() - start;
            best = took < best ? took : best;
        }
        printf("%s\t%.2f\n", rows[i].name, (double)best / BATCH);
    }
    return 0;
}
