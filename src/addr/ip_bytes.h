/*
 * Looking into IP addresses as bytes.
 */
#ifndef GONET_ADDR_IP_BYTES_H
#define GONET_ADDR_IP_BYTES_H

#include "addr/literal.h"
#include "gonet/ip.h"

/* gonet__ip_len returns how many bytes of ip can be looked at. */
static inline size_t gonet__ip_len(const gonet_ip_t *ip)
{
    return ip->len <= 16 ? ip->len : 16;
}

/* gonet__ip_four returns the 4 bytes of an IPv4 address, mapped or not, inside ip; NULL for others.
 */
static inline const uint8_t *gonet__ip_four(const gonet_ip_t *ip)
{
    if (ip->len == 4)
        return ip->b;
    return ip->len == 16 && gonet__is_mapped(ip->b) ? ip->b + 12 : NULL;
}

/* gonet__is_private4: RFC 1918. */
static inline bool gonet__is_private4(const uint8_t b[4])
{
    return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168);
}

/* gonet__fill_mask sets the first ones (at most 128) bits of m, which holds zeros. */
static inline void gonet__fill_mask(uint8_t *m, unsigned ones)
{
    memset(m, 0xff, ones / 8);
    if (ones % 8 != 0)
        m[ones / 8] = (uint8_t)(0xff00 >> ones % 8);
}

/* gonet__mask_ones returns the number of leading 1-bits, -1 if there are others. */
int gonet__mask_ones(const uint8_t *m, size_t len);

/*
 * gonet__put_ip writes ip as gonet_ip_string does, without a NUL; p has room for GONET_IP_STRLEN
 * bytes.
 */
char *gonet__put_ip(char *p, const gonet_ip_t *ip);

#endif
