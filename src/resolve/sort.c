/*
 * Sorting addresses: each destination with the source address that the kernel would choose, both
 * rated by scope, label and precedence, then compared rule by rule.
 */
#include "resolve/sort.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "resolve/address.h"

#define MAX_ON_STACK 16

typedef struct {
    uint8_t b[16]; /* IPv4: mapped */
    bool known;
    bool v4;
    uint8_t scope;
    uint8_t label;
    uint8_t precedence;
} rated_t;

typedef struct {
    gonet_ip_addr_t addr;
    rated_t dst, src;
} item_t;

typedef struct {
    uint8_t prefix[16];
    uint8_t bits;
    uint8_t precedence;
    uint8_t label;
} policy_t;

static const policy_t policies[] = {
    {{[15] = 1}, 128, 50, 0},  {{[10] = 0xff, [11] = 0xff}, 96, 35, 4},
    {{0}, 96, 1, 3},           {{0x20, 0x01}, 32, 5, 5},
    {{0x20, 0x02}, 16, 30, 2}, {{0x3f, 0xfe}, 16, 1, 12},
    {{0xfe, 0xc0}, 10, 1, 11}, {{0xfc}, 7, 3, 13},
};

static int common_bits(const uint8_t *a, const uint8_t *b, int most)
{
    int n = 0;

    while (n + 8 <= most && a[n / 8] == b[n / 8])
        n += 8;
    while (n < most && ((a[n / 8] ^ b[n / 8]) & (0x80 >> n % 8)) == 0)
        n++;
    return n;
}

static void look_up_policy(rated_t *r)
{
    r->precedence = 40;
    r->label = 1;
    for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
        const policy_t *p = &policies[i];

        if (common_bits(r->b, p->prefix, p->bits) == p->bits) {
            r->precedence = p->precedence;
            r->label = p->label;
            return;
        }
    }
}

/* Scopes of RFC 6724, section 3.1. */
static uint8_t scope_of(gonet_ip_t ip, const rated_t *r)
{
    if (gonet_ip_is_loopback(ip) || gonet_ip_is_link_local_unicast(ip))
        return 2;
    if (!r->v4 && r->b[0] == 0xff)
        return r->b[1] & 0xf;
    if (!r->v4 && r->b[0] == 0xfe && (r->b[1] & 0xc0) == 0xc0)
        return 5;
    return 14;
}

static void rate(gonet_ip_t ip, rated_t *r)
{
    gonet_ip_t full = gonet_ip_to16(ip);

    memset(r, 0, sizeof(*r));
    if (full.len != 16)
        return;
    memcpy(r->b, full.b, 16);
    r->known = true;
    r->v4 = gonet_ip_to4(ip).len == 4;
    r->scope = scope_of(ip, r);
    look_up_policy(r);
}

/* > 0: a goes before b. */
static int compare(const item_t *a, const item_t *b)
{
    int rule;

    if (a->src.known != b->src.known) /* rule 1 */
        return a->src.known ? 1 : -1;
    if (!a->src.known)
        return 0;
    rule = (a->dst.scope == a->src.scope) - (b->dst.scope == b->src.scope); /* 2 */
    if (rule == 0)
        rule = (a->dst.label == a->src.label) - (b->dst.label == b->src.label); /* 5 */
    if (rule == 0)
        rule = a->dst.precedence - b->dst.precedence; /* 6 */
    if (rule == 0)
        rule = b->dst.scope - a->dst.scope; /* 8 */
    if (rule == 0 && !a->dst.v4 && !b->dst.v4)
        rule = common_bits(a->src.b, a->dst.b, 64) - common_bits(b->src.b, b->dst.b, 64); /* 9 */
    return rule;
}

/* Stable; the lists are short. False: they were sorted already. */
static bool insertion_sort(item_t *items, size_t n)
{
    bool moved = false;

    for (size_t i = 1; i < n; i++) {
        size_t at = i;
        item_t item;

        while (at > 0 && compare(&items[i], &items[at - 1]) > 0)
            at--;
        if (at == i)
            continue;
        item = items[i];
        memmove(&items[at + 1], &items[at], (i - at) * sizeof(*items));
        items[at] = item;
        moved = true;
    }
    return moved;
}

/* Room for n items: few, if it is enough; NULL without memory. */
static item_t *begin(item_t few[MAX_ON_STACK], size_t n)
{
    return n <= MAX_ON_STACK ? few : gonet__calloc(n, sizeof(item_t));
}

static void finish(item_t *items, const item_t *few, gonet_ip_addr_t *addrs, size_t n)
{
    bool moved = insertion_sort(items, n);

    for (size_t i = 0; moved && i < n; i++)
        addrs[i] = items[i].addr;
    if (items != few)
        gonet__free(items);
}

void gonet__sort_with(gonet_ip_addr_t *addrs, const gonet_ip_t *sources, size_t n)
{
    item_t few[MAX_ON_STACK];
    item_t *items = begin(few, n);

    if (items == NULL)
        return; /* no memory: any order is right enough */
    for (size_t i = 0; i < n; i++) {
        items[i].addr = addrs[i];
        rate(addrs[i].ip, &items[i].dst);
        rate(sources[i], &items[i].src);
    }
    finish(items, few, addrs, n);
}

/* A socket that asks the kernel for sources. IPv6's asks for mapped addresses, too; where there is
 * none, it is IPv4's. */
typedef struct {
    int fd; /* -1: not made yet */
    int family;
} probe_t;

static void open_probe(probe_t *p)
{
    int off = 0;

    p->family = AF_INET6;
    p->fd = gonet__fd_socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (p->fd >= 0 && setsockopt(p->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0)
        return;
    if (p->fd >= 0)
        close(p->fd);
    p->family = AF_INET;
    p->fd = gonet__fd_socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
}

/* The socket for the next question. One that is connected keeps its source; one that is
 * disconnected forgets it, and the interface of a zone, too: it is as good as a new one. */
static int fresh_probe(probe_t *p)
{
    static const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

    if (p->fd >= 0 && connect(p->fd, &nowhere, sizeof(nowhere)) != 0) {
        close(p->fd);
        p->fd = -1;
    }
    if (p->fd < 0)
        open_probe(p);
    return p->fd;
}

static gonet_ip_t ask_source(const gonet_ip_addr_t *dst, probe_t *p)
{
    gonet_netip_addr_port_t ap = {.port = 53};
    bool v4 = gonet_ip_to4(dst->ip).len == 4;
    gonet_ip_t full = gonet_ip_to16(dst->ip);
    gonet__sockaddr_any_t sa;
    gonet_addr_t local;
    socklen_t len;
    int fd = fresh_probe(p);

    if (fd < 0 || full.len != 16 || (p->family == AF_INET && !v4))
        return (gonet_ip_t){0};
    ap.addr.bits = 128;
    memcpy(ap.addr.b, full.b, 16);
    if (!v4)
        memcpy(ap.addr.zone, dst->zone, sizeof(dst->zone));
    len = gonet__sockaddr_make(ap, &sa);
    if (v4 && p->family == AF_INET6) {
        sa.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(ap.port)};
        memcpy(&sa.in6.sin6_addr, full.b, 16);
        len = sizeof(sa.in6);
    }
    if (connect(fd, &sa.sa, len) != 0)
        return (gonet_ip_t){0};
    local = gonet__local_endpoint(fd, SOCK_DGRAM);
    return local.kind == GONET_ADDR_UDP ? local.udp.ip : (gonet_ip_t){0};
}

/* Whether an item goes before all of less precedence, whatever their sources: it has a source, of
 * its scope and label. */
static bool is_best(const item_t *item)
{
    return item->src.known && item->src.scope == item->dst.scope &&
           item->src.label == item->dst.label;
}

/* The item of less precedence than all others; NULL: there are several. */
static item_t *lowest(item_t *items, size_t n)
{
    item_t *low = &items[0];
    bool alone = true;

    for (size_t i = 1; i < n; i++) {
        if (items[i].dst.precedence < low->dst.precedence) {
            low = &items[i];
            alone = true;
        } else if (items[i].dst.precedence == low->dst.precedence) {
            alone = false;
        }
    }
    return alone ? low : NULL;
}

/* Asks for the sources, but for that of the lowest item where it can't make a difference: as most
 * often for IPv4's, where IPv6 works. */
static void ask_sources(item_t *items, size_t n)
{
    item_t *low = lowest(items, n);
    probe_t probe = {.fd = -1};
    bool best = true;

    for (size_t i = 0; i < n; i++) {
        if (&items[i] == low)
            continue;
        rate(ask_source(&items[i].addr, &probe), &items[i].src);
        best &= is_best(&items[i]);
    }
    if (low != NULL && best)
        low->src = low->dst; /* it can't be better than that */
    else if (low != NULL)
        rate(ask_source(&low->addr, &probe), &low->src);
    if (probe.fd >= 0)
        close(probe.fd);
}

void gonet__sort_addrs(gonet_ip_addr_t *addrs, size_t n)
{
    item_t few[MAX_ON_STACK];
    item_t *items;

    if (n < 2)
        return;
    items = begin(few, n);
    if (items == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        items[i].addr = addrs[i];
        rate(addrs[i].ip, &items[i].dst);
    }
    ask_sources(items, n);
    finish(items, few, addrs, n);
}
