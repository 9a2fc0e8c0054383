/*
 * Socket addresses. Pure conversion, but for zones, for which somebody who knows the interfaces is
 * asked.
 */
#include "socket/sockaddr.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "addr/addr_error.h"
#include "base/digits.h"
#include "socket/sys.h"

#define MAX_PORT 65535

int gonet__ip_family(const gonet_ip_t *ip)
{
    if (ip == NULL || ip->len <= 4 || gonet_ip_to4(*ip).len != 0)
        return AF_INET;
    return AF_INET6;
}

bool gonet__ip_wildcard(const gonet_ip_t *ip)
{
    return ip == NULL || ip->len == 0 || gonet_ip_is_unspecified(*ip);
}

static uint32_t kernel_index(const char *name)
{
    return if_nametoindex(name);
}

static bool kernel_name(uint32_t index, char *name)
{
    return if_indextoname(index, name) != NULL;
}

static const gonet__zone_source_t kernel_zones = {.index = kernel_index, .name = kernel_name};
static const gonet__zone_source_t *zones = &kernel_zones;

void gonet__zones_from(const gonet__zone_source_t *source)
{
    zones = source;
}

uint32_t gonet__zone_index(const char *zone)
{
    int number = 0;
    size_t used;
    uint32_t index;

    if (zone[0] == '\0')
        return 0;
    index = zones->index(zone);
    if (index == 0 && gonet__scan_decimal(zone, strlen(zone), &number, &used))
        index = (uint32_t)number;
    return index;
}

void gonet__zone_name(uint32_t index, char name[GONET_ZONE_SIZE])
{
    char kernel[IF_NAMESIZE];

    memset(name, 0, GONET_ZONE_SIZE);
    if (index == 0)
        return;
    if (zones->name(index, kernel))
        memcpy(name, kernel, strnlen(kernel, sizeof(kernel)));
    else
        *gonet__put_uint(name, index) = '\0';
}

/* "address IP: non-IPv4 address" */
static gonet_error_t *unfit(const char *why, const gonet_ip_t *ip)
{
    char text[GONET_ADDR_STRLEN];

    return gonet__addr_error(why, gonet_ip_string(*ip, text, sizeof(text)));
}

static gonet_error_t *make_in4(gonet__sockaddr_t *sa, const gonet_ip_t *ip, int port)
{
    gonet_ip_t ip4 = ip->len == 0 ? gonet_ip_to4(gonet_ipv4_zero) : gonet_ip_to4(*ip);

    if (ip4.len == 0)
        return unfit("non-IPv4 address", ip);
    sa->len = sizeof(sa->u.in4);
    sa->u.in4.sin_family = AF_INET;
    sa->u.in4.sin_port = htons((uint16_t)port);
    memcpy(&sa->u.in4.sin_addr, ip4.b, 4);
    return NULL;
}

static gonet_error_t *make_in6(gonet__sockaddr_t *sa, const gonet_ip_t *ip, int port,
                               const char *zone)
{
    bool any = ip->len == 0 || gonet_ip_equal(*ip, gonet_ipv4_zero);
    gonet_ip_t ip6 = any ? gonet_ipv6_zero : gonet_ip_to16(*ip);

    if (ip6.len == 0)
        return unfit("non-IPv6 address", ip);
    sa->len = sizeof(sa->u.in6);
    sa->u.in6.sin6_family = AF_INET6;
    sa->u.in6.sin6_port = htons((uint16_t)port);
    memcpy(&sa->u.in6.sin6_addr, ip6.b, 16);
    sa->u.in6.sin6_scope_id = gonet__zone_index(zone);
    return NULL;
}

gonet_error_t *gonet__sockaddr_of_ip(gonet__sockaddr_t *sa, int family, const gonet_ip_t *ip,
                                     int port, const char *zone)
{
    gonet_error_t *e;

    memset(sa, 0, sizeof(*sa));
    switch (family) {
    case AF_INET:
        e = make_in4(sa, ip, port);
        break;
    case AF_INET6:
        e = make_in6(sa, ip, port, zone);
        break;
    default:
        e = unfit("invalid address family", ip);
        break;
    }
    if (port < 0 || port > MAX_PORT)
        sa->len = 0;
    return e;
}

void gonet__sockaddr_of_unix(gonet__sockaddr_t *sa, const char *name)
{
    size_t len = strlen(name), room = sizeof(sa->u.un.sun_path);
    bool abstract = name[0] == '@';

    memset(sa, 0, sizeof(*sa));
    if (len > room || (len == room && !abstract))
        return;
    sa->u.un.sun_family = AF_UNIX;
    sa->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    memcpy(sa->u.un.sun_path, name, len);
    if (abstract)
        sa->u.un.sun_path[0] = '\0';
    else if (len > 0)
        sa->len++; /* the NUL */
}

/* The fields that TCP and UDP addresses share lie at the same place. */
static void put_ip(gonet_addr_t *addr, int sotype, const void *ip, uint8_t len, in_port_t port,
                   uint32_t scope)
{
    gonet_tcp_addr_t tcp;

    memset(&tcp, 0, sizeof(tcp));
    tcp.ip.len = len;
    memcpy(tcp.ip.b, ip, len);
    tcp.port = ntohs(port);
    gonet__zone_name(scope, tcp.zone);
    if (sotype == SOCK_STREAM) {
        addr->kind = GONET_ADDR_TCP;
        addr->tcp = tcp;
    } else if (sotype == SOCK_DGRAM) {
        addr->kind = GONET_ADDR_UDP;
        addr->udp.ip = tcp.ip;
        addr->udp.port = tcp.port;
        memcpy(addr->udp.zone, tcp.zone, sizeof(tcp.zone));
    } else if (sotype == SOCK_RAW) {
        addr->kind = GONET_ADDR_IP;
        addr->ip.ip = tcp.ip;
        memcpy(addr->ip.zone, tcp.zone, sizeof(tcp.zone));
    }
}

static void put_unix(gonet_addr_t *addr, int sotype, const struct sockaddr_un *un, size_t len)
{
    size_t room = len - offsetof(struct sockaddr_un, sun_path);
    char *name = addr->unix_.name;

    addr->kind = GONET_ADDR_UNIX;
    strcpy(addr->unix_.net, sotype == SOCK_STREAM  ? "unix"
                            : sotype == SOCK_DGRAM ? "unixgram"
                                                   : "unixpacket");
    name[0] = '@';
    if (room == 0)
        return;
    if (un->sun_path[0] == '\0')
        memcpy(name + 1, un->sun_path + 1, strnlen(un->sun_path + 1, room - 1));
    else
        memcpy(name, un->sun_path, strnlen(un->sun_path, room));
}

void gonet__sockaddr_to_addr(const void *bytes, size_t len, int sotype, gonet_addr_t *addr)
{
    gonet__sockaddr_t sa;

    memset(addr, 0, sizeof(*addr));
    memset(&sa, 0, sizeof(sa));
    if (len < sizeof(sa.u.sa.sa_family))
        return;
    if (len > sizeof(sa.u))
        len = sizeof(sa.u);
    memcpy(&sa.u, bytes, len);
    if (sa.u.sa.sa_family != AF_UNIX && len == GONET__SOCKADDR_NO_IP)
        put_ip(addr, sotype, &sa.u.in4.sin_addr, 0, sa.u.in4.sin_port, 0);
    else if (sa.u.sa.sa_family == AF_INET && len >= sizeof(sa.u.in4))
        put_ip(addr, sotype, &sa.u.in4.sin_addr, 4, sa.u.in4.sin_port, 0);
    else if (sa.u.sa.sa_family == AF_INET6 && len >= sizeof(sa.u.in6))
        put_ip(addr, sotype, &sa.u.in6.sin6_addr, 16, sa.u.in6.sin6_port, sa.u.in6.sin6_scope_id);
    else if (sa.u.sa.sa_family == AF_UNIX)
        put_unix(addr, sotype, &sa.u.un, len);
}

bool gonet__sockaddr_same_end(const gonet__sockaddr_t *a, const gonet__sockaddr_t *b)
{
    if (a->len == 0 || b->len == 0 || a->u.sa.sa_family != b->u.sa.sa_family)
        return false;
    if (a->u.sa.sa_family == AF_INET)
        return a->u.in4.sin_port == b->u.in4.sin_port &&
               a->u.in4.sin_addr.s_addr == b->u.in4.sin_addr.s_addr;
    return a->u.sa.sa_family == AF_INET6 && a->u.in6.sin6_port == b->u.in6.sin6_port &&
           memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr, 16) == 0;
}

int gonet__sockaddr_bind(int sysfd, const gonet__sockaddr_t *sa)
{
    return gonet__sockaddr_is_given(sa) ? gonet__sys_bind(sysfd, &sa->u.sa, sa->len) : -1;
}

int gonet__sockaddr_connect(int sysfd, const gonet__sockaddr_t *sa)
{
    return gonet__sockaddr_is_given(sa) ? gonet__sys_connect(sysfd, &sa->u.sa, sa->len) : -1;
}
