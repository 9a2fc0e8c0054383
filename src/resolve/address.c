/*
 * Server addresses, to and from the kernel.
 */
#include "resolve/address.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonet/op_error.h"

static uint32_t scope_of(const char *zone)
{
    uint32_t index = zone[0] == '\0' ? 0 : if_nametoindex(zone);

    return index != 0 ? index : (uint32_t)strtoul(zone, NULL, 10);
}

void gonet__scope_name(uint32_t index, char zone[GONET_ZONE_SIZE])
{
    memset(zone, 0, GONET_ZONE_SIZE);
    if (index != 0 && if_indextoname(index, zone) == NULL)
        snprintf(zone, GONET_ZONE_SIZE, "%u", (unsigned)index);
}

socklen_t gonet__sockaddr_make(gonet_netip_addr_port_t addr, gonet__sockaddr_any_t *sa)
{
    gonet_netip_addr_t a = gonet_netip_addr_unmap(addr.addr);

    memset(sa, 0, sizeof(*sa));
    if (a.bits == 32) {
        sa->in4.sin_family = AF_INET;
        sa->in4.sin_port = htons(addr.port);
        memcpy(&sa->in4.sin_addr, a.b, 4);
        return sizeof(sa->in4);
    }
    sa->in6.sin6_family = AF_INET6;
    sa->in6.sin6_port = htons(addr.port);
    sa->in6.sin6_scope_id = scope_of(a.zone);
    memcpy(&sa->in6.sin6_addr, a.b, 16);
    return sizeof(sa->in6);
}

gonet_addr_t gonet__endpoint(gonet_netip_addr_port_t addr, int sotype)
{
    gonet_tcp_addr_t tcp;
    gonet_udp_addr_t udp;

    addr.addr = gonet_netip_addr_unmap(addr.addr);
    if (sotype == SOCK_STREAM) {
        tcp = gonet_tcp_addr_from_addr_port(addr);
        return gonet_tcp_addr_as_addr(&tcp);
    }
    udp = gonet_udp_addr_from_addr_port(addr);
    return gonet_udp_addr_as_addr(&udp);
}

gonet_addr_t gonet__local_endpoint(int fd, int sotype)
{
    gonet__sockaddr_any_t sa;
    socklen_t len = sizeof(sa);
    gonet_netip_addr_port_t ap = {0};

    if (fd < 0 || getsockname(fd, &sa.sa, &len) != 0)
        return (gonet_addr_t){0};
    if (sa.sa.sa_family == AF_INET) {
        ap.addr.bits = 32;
        memcpy(ap.addr.b, &sa.in4.sin_addr, 4);
        ap.port = ntohs(sa.in4.sin_port);
    } else {
        ap.addr.bits = 128;
        memcpy(ap.addr.b, &sa.in6.sin6_addr, 16);
        ap.port = ntohs(sa.in6.sin6_port);
        gonet__scope_name(sa.in6.sin6_scope_id, ap.addr.zone);
    }
    return gonet__endpoint(ap, sotype);
}

gonet_error_t *gonet__exchange_error(const char *op, int sotype, const gonet_addr_t *local,
                                     gonet_netip_addr_port_t remote, gonet_error_t *cause)
{
    gonet_addr_t to = gonet__endpoint(remote, sotype);

    return gonet_op_error_new(op, sotype == SOCK_STREAM ? "tcp" : "udp", local, &to, cause);
}
