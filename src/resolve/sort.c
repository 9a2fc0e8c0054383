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

/*
 * Asks the kernel, with a socket per family that is made at the first need. A connected socket
 * keeps its source; one that is disconnected forgets it, and the interface of a zone, too: it is as
 * good as a new one, and costs less than half.
 */
static gonet_ip_t ask_source(const gonet_ip_addr_t *dst, int fds[2])
{
    static const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    gonet_netip_addr_port_t ap = {.port = 53};
    gonet_ip_t v4 = gonet_ip_to4(dst->ip);
    gonet__sockaddr_any_t sa;
    socklen_t len;
    gonet_addr_t local;
    int *fd;

    ap.addr.bits = v4.len == 4 ? 32 : 128;
    memcpy(ap.addr.b, v4.len == 4 ? v4.b : dst->ip.b, ap.addr.bits / 8);
    memcpy(ap.addr.zone, v4.len == 4 ? "" : dst->zone, v4.len == 4 ? 1 : sizeof(dst->zone));
    len = gonet__sockaddr_make(ap, &sa);
    fd = &fds[sa.sa.sa_family == AF_INET6];
    if (*fd >= 0 && connect(*fd, &nowhere, sizeof(nowhere)) != 0) {
        close(*fd);
        *fd = -1;
    }
    if (*fd < 0)
        *fd = gonet__fd_socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (*fd < 0 || connect(*fd, &sa.sa, len) != 0)
        return (gonet_ip_t){0};
    local = gonet__local_endpoint(*fd, SOCK_DGRAM);
    return local.kind == GONET_ADDR_UDP ? local.udp.ip : (gonet_ip_t){0};
}

void gonet__sort_addrs(gonet_ip_addr_t *addrs, size_t n)
{
    item_t few[MAX_ON_STACK];
    int fds[2] = {-1, -1};
    item_t *items;

    if (n < 2)
        return;
    items = begin(few, n);
    if (items == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        items[i].addr = addrs[i];
        rate(addrs[i].ip, &items[i].dst);
        rate(ask_source(&addrs[i], fds), &items[i].src);
    }
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    finish(items, few, addrs, n);
}
