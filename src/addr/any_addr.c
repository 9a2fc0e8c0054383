/*
 * gonet_addr_t: Go's Addr interface as a tagged value. What a kind does not use stays zero, so that
 * equal addresses have equal bytes.
 */
#include "gonet/addr.h"

#include <string.h>

#include "addr/literal.h"

const char *gonet_addr_string(const gonet_addr_t *addr, char *buf, size_t size)
{
    static const char nil[] = "<nil>";

    switch (addr != NULL ? addr->kind : GONET_ADDR_NONE) {
    case GONET_ADDR_TCP:
        return gonet_tcp_addr_string(&addr->tcp, buf, size);
    case GONET_ADDR_UDP:
        return gonet_udp_addr_string(&addr->udp, buf, size);
    case GONET_ADDR_IP:
        return gonet_ip_addr_string(&addr->ip, buf, size);
    case GONET_ADDR_UNIX:
        return gonet_unix_addr_string(&addr->unix_, buf, size);
    case GONET_ADDR_IP_NET:
        return gonet_ip_net_string(&addr->ip_net, buf, size);
    case GONET_ADDR_OTHER:
        return gonet__deliver(buf, size, addr->other.text,
                              addr->other.text +
                                  strnlen(addr->other.text, sizeof(addr->other.text)));
    default:
        return gonet__deliver(buf, size, nil, nil + sizeof(nil) - 1);
    }
}

const char *gonet_addr_network(const gonet_addr_t *addr)
{
    switch (addr != NULL ? addr->kind : GONET_ADDR_NONE) {
    case GONET_ADDR_TCP:
        return "tcp";
    case GONET_ADDR_UDP:
        return "udp";
    case GONET_ADDR_IP:
        return "ip";
    case GONET_ADDR_UNIX:
        return addr->unix_.net;
    case GONET_ADDR_IP_NET:
        return "ip+net";
    case GONET_ADDR_OTHER:
        return addr->other.net;
    default:
        return "";
    }
}

/* An initialiser need not clear more of a union than its first member, nor the padding. */
static gonet_addr_t none(void)
{
    gonet_addr_t any;

    memset(&any, 0, sizeof(any));
    return any;
}

gonet_addr_t gonet_tcp_addr_as_addr(const gonet_tcp_addr_t *addr)
{
    gonet_addr_t any = none();

    if (addr != NULL) {
        any.kind = GONET_ADDR_TCP;
        any.tcp = *addr;
    }
    return any;
}

gonet_addr_t gonet_udp_addr_as_addr(const gonet_udp_addr_t *addr)
{
    gonet_addr_t any = none();

    if (addr != NULL) {
        any.kind = GONET_ADDR_UDP;
        any.udp = *addr;
    }
    return any;
}

gonet_addr_t gonet_ip_addr_as_addr(const gonet_ip_addr_t *addr)
{
    gonet_addr_t any = none();

    if (addr != NULL) {
        any.kind = GONET_ADDR_IP;
        any.ip = *addr;
    }
    return any;
}

gonet_addr_t gonet_unix_addr_as_addr(const gonet_unix_addr_t *addr)
{
    gonet_addr_t any = none();

    if (addr != NULL) {
        any.kind = GONET_ADDR_UNIX;
        any.unix_ = *addr;
    }
    return any;
}

gonet_addr_t gonet_ip_net_as_addr(const gonet_ip_net_t *net)
{
    gonet_addr_t any = none();

    if (net != NULL) {
        any.kind = GONET_ADDR_IP_NET;
        any.ip_net = *net;
    }
    return any;
}

const gonet_tcp_addr_t *gonet_addr_as_tcp(const gonet_addr_t *addr)
{
    return addr != NULL && addr->kind == GONET_ADDR_TCP ? &addr->tcp : NULL;
}

const gonet_udp_addr_t *gonet_addr_as_udp(const gonet_addr_t *addr)
{
    return addr != NULL && addr->kind == GONET_ADDR_UDP ? &addr->udp : NULL;
}

const gonet_ip_addr_t *gonet_addr_as_ip(const gonet_addr_t *addr)
{
    return addr != NULL && addr->kind == GONET_ADDR_IP ? &addr->ip : NULL;
}

const gonet_unix_addr_t *gonet_addr_as_unix(const gonet_addr_t *addr)
{
    return addr != NULL && addr->kind == GONET_ADDR_UNIX ? &addr->unix_ : NULL;
}

const gonet_ip_net_t *gonet_addr_as_ip_net(const gonet_addr_t *addr)
{
    return addr != NULL && addr->kind == GONET_ADDR_IP_NET ? &addr->ip_net : NULL;
}
