/*
 * Address lists. What Go keeps as a list of its Addr interface is an array of gonet_addr_t here.
 */
#include "dial/addrlist.h"

#include <string.h>

#include "addr/addr_error.h"
#include "base/alloc.h"
#include "conn/op_error.h"
#include "gonet/errno.h"
#include "resolve/services.h"
#include "gonet/hostport.h"

static const char no_suitable[] = "no suitable address found";
static const char mismatched[] = "mismatched local address type";

void gonet__addr_list_free(gonet__addr_list_t *list)
{
    gonet__free(list->v);
    list->v = NULL;
    list->n = 0;
}

static const gonet_ip_t *ip_of(const gonet_addr_t *addr)
{
    switch (addr->kind) {
    case GONET_ADDR_TCP:
        return &addr->tcp.ip;
    case GONET_ADDR_UDP:
        return &addr->udp.ip;
    case GONET_ADDR_IP:
        return &addr->ip.ip;
    default:
        return NULL;
    }
}

bool gonet__addr_is_ipv4(const gonet_addr_t *addr)
{
    const gonet_ip_t *ip = ip_of(addr);

    return ip != NULL && gonet_ip_to4(*ip).len != 0;
}

const gonet_addr_t *gonet__addr_list_first(const gonet__addr_list_t *list, bool ipv4)
{
    for (size_t i = 0; i < list->n; i++) {
        if (gonet__addr_is_ipv4(&list->v[i]) == ipv4)
            return &list->v[i];
    }
    return &list->v[0];
}

static gonet_addr_t make_addr(gonet__network_kind_t kind, const gonet_ip_addr_t *ip, int port)
{
    gonet_addr_t addr;

    memset(&addr, 0, sizeof(addr));
    switch (kind) {
    case GONET__NETWORK_TCP:
        addr.kind = GONET_ADDR_TCP;
        addr.tcp.ip = ip->ip;
        addr.tcp.port = port;
        memcpy(addr.tcp.zone, ip->zone, sizeof(ip->zone));
        break;
    case GONET__NETWORK_UDP:
        addr.kind = GONET_ADDR_UDP;
        addr.udp.ip = ip->ip;
        addr.udp.port = port;
        memcpy(addr.udp.zone, ip->zone, sizeof(ip->zone));
        break;
    case GONET__NETWORK_IP:
        addr.kind = GONET_ADDR_IP;
        addr.ip = *ip;
        break;
    case GONET__NETWORK_UNIX:
        break;
    }
    return addr;
}

/* Whether an address found for a host fits the network's family (behaviour 5.9). */
static bool fits(const gonet__network_t *network, const gonet_ip_t *ip)
{
    bool ipv4 = gonet_ip_to4(*ip).len != 0;

    if (network->family == '4')
        return ipv4;
    if (network->family == '6')
        return ip->len == 16 && !ipv4;
    return true;
}

/* The list of those of the n addresses (and of 0.0.0.0, if it is to follow) that fit. */
static gonet_error_t *make_list(const gonet__network_t *network, const gonet_ip_addr_t *addrs,
                                size_t n, int port, const char *host, gonet__addr_list_t *list)
{
    /* A lone "::" also stands for 0.0.0.0 (behaviour 5.8). */
    bool both = n == 1 && gonet_ip_equal(addrs[0].ip, gonet_ipv6_unspecified);
    const gonet_ip_addr_t zero = {.ip = gonet_ipv4_zero};

    list->v = gonet__calloc(n + both, sizeof(*list->v));
    if (list->v == NULL)
        return gonet_err_no_memory;
    for (size_t i = 0; i < n + both; i++) {
        const gonet_ip_addr_t *addr = i < n ? &addrs[i] : &zero;

        if (fits(network, &addr->ip))
            list->v[list->n++] = make_addr(network->kind, addr, port);
    }
    if (list->n > 0)
        return NULL;
    gonet__addr_list_free(list);
    return gonet__addr_error(no_suitable, host);
}

static gonet_error_t *resolve_host(const gonet__resolve_t *how, const gonet__network_t *network,
                                   const char *host, int port, gonet__addr_list_t *list)
{
    static const gonet_ip_addr_t unset;
    gonet_ip_addr_t *addrs = NULL;
    size_t n = 0;
    gonet_error_t *e;

    if (host[0] == '\0') {
        list->v = gonet__calloc(1, sizeof(*list->v));
        if (list->v == NULL)
            return gonet_err_no_memory;
        list->v[0] = make_addr(network->kind, &unset, port);
        list->n = 1;
        return NULL;
    }
    e = gonet__lookup_ip_addr(how->resolver, how->ctx, how->deadline, network->name, host, &addrs,
                              &n);
    if (e == NULL)
        e = make_list(network, addrs, n, port, host, list);
    gonet__free(addrs);
    return e;
}

gonet_error_t *gonet__resolve_inet(const gonet__resolve_t *how, const gonet__network_t *network,
                                   const char *address, gonet__addr_list_t *list)
{
    size_t size = strlen(address) + 1;
    char *host, *port_text;
    gonet_error_t *e = NULL;
    int port = 0;

    list->v = NULL;
    list->n = 0;
    if (network->kind == GONET__NETWORK_IP || address[0] == '\0')
        return resolve_host(how, network, address, 0, list);
    host = gonet__alloc(2 * size);
    if (host == NULL)
        return gonet_err_no_memory;
    port_text = host + size;
    if (gonet_split_host_port(address, host, size, port_text, size, &e) == 0)
        e = gonet__lookup_port(network->name, port_text, &port);
    if (e == NULL)
        e = resolve_host(how, network, host, port, list);
    gonet__free(host);
    return e;
}

static gonet_error_t *local_error(const char *why, const gonet_addr_t *local)
{
    char text[GONET_ADDR_STRLEN];

    return gonet__addr_error(why, gonet_addr_string(local, text, sizeof(text)));
}

static bool is_wildcard(const gonet_ip_t *ip)
{
    return ip->len == 0 || gonet_ip_is_unspecified(*ip);
}

static bool same_family(const gonet_ip_t *a, const gonet_ip_t *b)
{
    bool a4 = gonet_ip_to4(*a).len != 0, b4 = gonet_ip_to4(*b).len != 0;

    return (a4 && b4) || (a->len == 16 && !a4 && b->len == 16 && !b4);
}

/* Leaves the addresses that a socket bound to local can reach. */
static gonet_error_t *match_local(const gonet_addr_t *local, gonet__addr_list_t *list)
{
    const gonet_ip_t *from = ip_of(local);
    size_t kept = 0;

    for (size_t i = 0; i < list->n; i++) {
        const gonet_ip_t *to = ip_of(&list->v[i]);

        if (local->kind != list->v[i].kind || from == NULL || to == NULL)
            return local_error(mismatched, local);
        if (is_wildcard(from) || is_wildcard(to) || same_family(from, to))
            list->v[kept++] = list->v[i];
    }
    list->n = kept;
    return kept == 0 ? local_error(no_suitable, local) : NULL;
}

/* A unix name longer than any that the kernel takes; nothing else fails that way. */
static gonet_error_t *too_long(void)
{
    return gonet_errno_error(EINVAL);
}

static gonet_error_t *resolve_unix(const gonet__network_t *network, const char *address,
                                   const gonet_addr_t *local, gonet__addr_list_t *list)
{
    size_t len = strlen(address);

    if (local != NULL && strcmp(network->name, gonet_addr_network(local)) != 0)
        return local_error(mismatched, local);
    if (len >= GONET_UNIX_NAME_SIZE)
        return too_long();
    list->v = gonet__calloc(1, sizeof(*list->v));
    if (list->v == NULL)
        return gonet_err_no_memory;
    list->n = 1;
    list->v[0].kind = GONET_ADDR_UNIX;
    memcpy(list->v[0].unix_.name, address, len);
    strcpy(list->v[0].unix_.net, network->name);
    return NULL;
}

gonet_error_t *gonet__resolve_dial(const gonet__resolve_t *how, const char *network_text,
                                   const char *address, const gonet_addr_t *local,
                                   gonet__network_t *network, gonet__addr_list_t *list)
{
    gonet_error_t *e = gonet__network_parse(network_text, true, network);

    list->v = NULL;
    list->n = 0;
    if (e != NULL)
        return e;
    if (address[0] == '\0')
        return gonet__err_missing_address;
    if (network->kind == GONET__NETWORK_UNIX)
        return resolve_unix(network, address, local, list);
    e = gonet__resolve_inet(how, network, address, list);
    if (e == NULL && local != NULL)
        e = match_local(local, list);
    if (e != NULL)
        gonet__addr_list_free(list);
    return e;
}

gonet_error_t *gonet__resolve_listen(const gonet__resolve_t *how, const char *network_text,
                                     const char *address, gonet__network_t *network,
                                     gonet__addr_list_t *list)
{
    gonet_error_t *e = gonet__network_parse(network_text, true, network);

    list->v = NULL;
    list->n = 0;
    if (e != NULL)
        return e;
    if (network->kind == GONET__NETWORK_UNIX)
        return resolve_unix(network, address, NULL, list);
    return gonet__resolve_inet(how, network, address, list);
}

gonet_error_t *gonet__resolve_dial_failed(const char *network, const gonet_addr_t *local,
                                          const char *address, gonet_error_t *e)
{
    if (e != too_long())
        return gonet_op_error_new("dial", network, NULL, NULL, e);
    return gonet__op_error_named("dial", network, local, address,
                                 gonet_syscall_error_new("connect", EINVAL));
}

gonet_error_t *gonet__resolve_listen_failed(const char *network, const char *address,
                                            gonet_error_t *e)
{
    if (e != too_long())
        return gonet_op_error_new("listen", network, NULL, NULL, e);
    return gonet__op_error_named("listen", network, NULL, address,
                                 gonet_syscall_error_new("bind", EINVAL));
}
