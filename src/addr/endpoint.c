/*
 * Addresses of TCP, UDP, IP and unix endpoints, and gonet_addr_t, which is any of them. Pure
 * functions on values.
 */
#include "gonet/addr.h"

#include "addr/ip_bytes.h"
#include "base/digits.h"

/* Any text of an IP, a zone, brackets and a port, with what the writers touch beyond its end. */
enum { TEXT_ROOM = 1 + GONET_IP_STRLEN + GONET_ZONE_SIZE + 2 + GONET__INT_STRLEN + 1 };

static const char nil[] = "<nil>";

static const char *deliver_nil(char *buf, size_t size)
{
    return gonet__deliver(buf, size, nil, nil + sizeof(nil) - 1);
}

/* Writes ip, unless it is unset, and the zone. */
static char *put_host(char *p, const gonet_ip_t *ip, const char *zone)
{
    size_t zone_len = strnlen(zone, GONET_ZONE_SIZE);

    if (ip->len != 0)
        p = gonet__put_ip(p, ip);
    if (zone_len > 0) {
        *p++ = '%';
        memcpy(p, zone, zone_len);
        p += zone_len;
    }
    return p;
}

static const char *endpoint_string(const gonet_ip_t *ip, const char *zone, int port, char *buf,
                                   size_t size)
{
    char text[TEXT_ROOM];
    char *start = text + 1; /* room for a bracket */
    char *p = put_host(start, ip, zone);

    if (memchr(start, ':', (size_t)(p - start)) != NULL) {
        *--start = '[';
        *p++ = ']';
    }
    *p++ = ':';
    p = gonet__put_int(p, port);
    return gonet__deliver(buf, size, start, p);
}

static gonet_netip_addr_port_t endpoint_addr_port(const gonet_ip_t *ip, const char *zone, int port)
{
    gonet_netip_addr_t a = {.bits = 0};

    if (ip->len == 4 || ip->len == 16) {
        memcpy(a.b, ip->b, ip->len);
        a.bits = (uint8_t)(ip->len * 8);
    }
    if (ip->len == 16)
        memcpy(a.zone, zone, strnlen(zone, GONET_ZONE_SIZE - 1));
    return gonet_netip_addr_port_from(a, (uint16_t)port);
}

/* For a nil address. */
static gonet_netip_addr_port_t no_addr_port(void)
{
    return gonet_netip_addr_port_from((gonet_netip_addr_t){.bits = 0}, 0);
}

/* What netip's address has for an IP: 4, 16 or no bytes. */
static gonet_ip_t bytes_of(const gonet_netip_addr_t *a)
{
    gonet_ip_t ip = {.len = (uint8_t)(a->bits / 8)};

    memcpy(ip.b, a->b, sizeof(ip.b));
    return ip;
}

const char *gonet_tcp_addr_string(const gonet_tcp_addr_t *addr, char *buf, size_t size)
{
    if (addr == NULL)
        return deliver_nil(buf, size);
    return endpoint_string(&addr->ip, addr->zone, addr->port, buf, size);
}

const char *gonet_tcp_addr_network(const gonet_tcp_addr_t *addr)
{
    (void)addr;
    return "tcp";
}

gonet_netip_addr_port_t gonet_tcp_addr_addr_port(const gonet_tcp_addr_t *addr)
{
    if (addr == NULL)
        return no_addr_port();
    return endpoint_addr_port(&addr->ip, addr->zone, addr->port);
}

gonet_tcp_addr_t gonet_tcp_addr_from_addr_port(gonet_netip_addr_port_t ap)
{
    gonet_tcp_addr_t addr;

    memset(&addr, 0, sizeof(addr)); /* padding, too */
    addr.ip = bytes_of(&ap.addr);
    addr.port = ap.port;
    memcpy(addr.zone, ap.addr.zone, sizeof(addr.zone));
    return addr;
}

const char *gonet_udp_addr_string(const gonet_udp_addr_t *addr, char *buf, size_t size)
{
    if (addr == NULL)
        return deliver_nil(buf, size);
    return endpoint_string(&addr->ip, addr->zone, addr->port, buf, size);
}

const char *gonet_udp_addr_network(const gonet_udp_addr_t *addr)
{
    (void)addr;
    return "udp";
}

gonet_netip_addr_port_t gonet_udp_addr_addr_port(const gonet_udp_addr_t *addr)
{
    if (addr == NULL)
        return no_addr_port();
    return endpoint_addr_port(&addr->ip, addr->zone, addr->port);
}

gonet_udp_addr_t gonet_udp_addr_from_addr_port(gonet_netip_addr_port_t ap)
{
    gonet_udp_addr_t addr;

    memset(&addr, 0, sizeof(addr)); /* padding, too */
    addr.ip = bytes_of(&ap.addr);
    addr.port = ap.port;
    memcpy(addr.zone, ap.addr.zone, sizeof(addr.zone));
    return addr;
}

const char *gonet_ip_addr_string(const gonet_ip_addr_t *addr, char *buf, size_t size)
{
    char text[TEXT_ROOM];

    if (addr == NULL)
        return deliver_nil(buf, size);
    return gonet__deliver(buf, size, text, put_host(text, &addr->ip, addr->zone));
}

const char *gonet_ip_addr_network(const gonet_ip_addr_t *addr)
{
    (void)addr;
    return "ip";
}

const char *gonet_unix_addr_string(const gonet_unix_addr_t *addr, char *buf, size_t size)
{
    if (addr == NULL)
        return deliver_nil(buf, size);
    return gonet__deliver(buf, size, addr->name,
                          addr->name + strnlen(addr->name, sizeof(addr->name)));
}

const char *gonet_unix_addr_network(const gonet_unix_addr_t *addr)
{
    return addr != NULL ? addr->net : "";
}
