/*
 * Reads an address that is one field of a vector row: parts separated by '|', whose last one may
 * hold any text.
 */
#ifndef GONET_TESTS_VECTORS_ADDR_FIELD_H
#define GONET_TESTS_VECTORS_ADDR_FIELD_H

#include "gonet/addr.h"
#include "vectors/vec.h"

/* Copies the next part and moves on; the last one is everything that is left. */
static inline void addr_part_field(const char **p, char *out, size_t size, bool last)
{
    size_t len = last ? strlen(*p) : strcspn(*p, "|");

    snprintf(out, size, "%.*s", (int)len, *p);
    *p += len + ((*p)[len] == '|');
}

static inline gonet_ip_t ip_part_field(const char **p)
{
    gonet_ip_t ip = {.len = 0};
    char hex[40];

    addr_part_field(p, hex, sizeof(hex), false);
    if (strcmp(hex, "-") == 0)
        return ip;
    for (const char *s = hex; s[0] != '\0'; s += 2)
        ip.b[ip.len++] = (uint8_t)(vec_digit(s[0]) << 4 | vec_digit(s[1]));
    return ip;
}

/* The address of a field; kind GONET_ADDR_NONE for "-". The field may hold NULs, which end a name.
 */
static inline gonet_addr_t addr_field_of(const char *field)
{
    gonet_addr_t addr;
    char kind[8], port[16];

    memset(&addr, 0, sizeof(addr));
    addr_part_field(&field, kind, sizeof(kind), false);
    if (strcmp(kind, "tcp") == 0 || strcmp(kind, "udp") == 0) {
        addr.kind = kind[0] == 't' ? GONET_ADDR_TCP : GONET_ADDR_UDP;
        addr.tcp.ip = ip_part_field(&field);
        addr_part_field(&field, port, sizeof(port), false);
        addr.tcp.port = (int)strtol(port, NULL, 10);
        addr_part_field(&field, addr.tcp.zone, sizeof(addr.tcp.zone), true);
    } else if (strcmp(kind, "ip") == 0) {
        addr.kind = GONET_ADDR_IP;
        addr.ip.ip = ip_part_field(&field);
        addr_part_field(&field, addr.ip.zone, sizeof(addr.ip.zone), true);
    } else if (strcmp(kind, "unix") == 0) {
        addr.kind = GONET_ADDR_UNIX;
        addr_part_field(&field, addr.unix_.net, sizeof(addr.unix_.net), false);
        addr_part_field(&field, addr.unix_.name, sizeof(addr.unix_.name), true);
    } else if (strcmp(kind, "ipnet") == 0) {
        gonet_ip_t mask;

        addr.kind = GONET_ADDR_IP_NET;
        addr.ip_net.ip = ip_part_field(&field);
        mask = ip_part_field(&field);
        addr.ip_net.mask.len = mask.len;
        memcpy(addr.ip_net.mask.b, mask.b, sizeof(mask.b));
    }
    return addr;
}

#endif
