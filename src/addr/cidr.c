/*
 * Networks: CIDR notation, membership and text.
 */
#include "gonet/ip.h"

#include "addr/addr_error.h"
#include "addr/ip_bytes.h"
#include "addr/literal_parse.h"
#include "base/digits.h"

/* The digits of a prefix length, from s to the end; 255 if they are none, or too many. */
GONET__INLINE unsigned read_ones(const char *s, const char *end)
{
    unsigned n = 0;

    if (gonet__at_end(s, end))
        return 255;
    for (; !gonet__at_end(s, end); s++) {
        unsigned d = gonet__digit(*s);
        if (d > 9 || n > 128)
            return 255;
        n = n * 10 + d;
    }
    return n;
}

/* Masks the bytes of an address into *net. */
static inline void fill_net(gonet_ip_net_t *net, const uint8_t *b, size_t len, unsigned ones)
{
    memset(net, 0, sizeof(*net));
    net->ip.len = (uint8_t)len;
    net->mask.len = (uint8_t)len;
    gonet__fill_mask(net->mask.b, ones);
    for (size_t i = 0; i < len; i++)
        net->ip.b[i] = b[i] & net->mask.b[i];
}

GONET__INLINE bool parse_cidr(const char *s, const char *end, gonet_ip_t *ip, gonet_ip_net_t *net)
{
    uint8_t b[16];
    unsigned bits;
    const char *p = gonet__read_literal(s, end, b, &bits);

    if (p == NULL || gonet__peek(p, end) != '/')
        return false;
    unsigned ones = read_ones(p + 1, end);
    if (ones > bits)
        return false;
    if (net != NULL)
        fill_net(net, b, bits / 8, ones);
    if (bits == 32) {
        *ip = gonet_ipv4(b[0], b[1], b[2], b[3]);
    } else {
        ip->len = 16;
        memcpy(ip->b, b, 16);
    }
    return true;
}

static gonet_ip_t refuse(const char *s, size_t len, gonet_ip_net_t *net, gonet_error_t **err)
{
    if (net != NULL)
        memset(net, 0, sizeof(*net));
    if (err != NULL)
        *err = gonet__parse_error_n("CIDR address", s, len);
    return (gonet_ip_t){0};
}

gonet_ip_t gonet_parse_cidr_n(const char *s, size_t len, gonet_ip_net_t *net, gonet_error_t **err)
{
    gonet_ip_t ip;

    s = gonet__text(s);
    gonet__error_clear(err);
    return parse_cidr(s, s + len, &ip, net) ? ip : refuse(s, len, net, err);
}

gonet_ip_t gonet_parse_cidr(const char *s, gonet_ip_net_t *net, gonet_error_t **err)
{
    gonet_ip_t ip;

    gonet__error_clear(err);
    return parse_cidr(s, NULL, &ip, net) ? ip : refuse(s, strlen(s), net, err);
}

/*
 * The network's number and mask in one length (behaviour 3.14), which is returned; 0 if they do not
 * go together.
 */
static inline size_t number_and_mask(const gonet_ip_net_t *net, const uint8_t **number,
                                     const uint8_t **mask)
{
    const uint8_t *four = gonet__ip_four(&net->ip);

    *number = four != NULL ? four : net->ip.b;
    *mask = net->mask.b;
    if (four == NULL)
        return net->ip.len == 16 && net->mask.len == 16 ? 16 : 0;
    if (net->mask.len == 16)
        *mask += 12;
    return net->mask.len == 4 || net->mask.len == 16 ? 4 : 0;
}

/*
 * Whether a and b have the same 4 bytes at i, as far as mask goes. Byte by byte: a was copied to
 * the stack in pieces that a load of 4 bytes would straddle, and the processor would wait for them.
 */
static inline bool same_word(const uint8_t *a, const uint8_t *b, const uint8_t *mask, size_t i)
{
    unsigned differ = 0;

    for (size_t k = i; k < i + 4; k++)
        differ |= (unsigned)(a[k] ^ b[k]) & mask[k];
    return differ == 0;
}

bool gonet_ip_net_contains(const gonet_ip_net_t *net, gonet_ip_t ip)
{
    const uint8_t *four = gonet__ip_four(&ip);
    const uint8_t *number;
    const uint8_t *mask;

    if (net == NULL)
        return ip.len == 0; /* as in the zero value */
    if (number_and_mask(net, &number, &mask) != (four != NULL ? 4 : ip.len))
        return false;
    if (four != NULL)
        return same_word(number, four, mask, 0);
    return ip.len == 0 || (same_word(number, ip.b, mask, 0) && same_word(number, ip.b, mask, 4) &&
                           same_word(number, ip.b, mask, 8) && same_word(number, ip.b, mask, 12));
}

const char *gonet_ip_net_network(const gonet_ip_net_t *net)
{
    (void)net;
    return "ip+net";
}

const char *gonet_ip_net_string(const gonet_ip_net_t *net, char *buf, size_t size)
{
    static const char nil[] = "<nil>";
    char text[GONET__IPV6_ROOM + 1 + GONET_IP_MASK_STRLEN];
    const uint8_t *number;
    const uint8_t *mask;
    size_t len = net != NULL ? number_and_mask(net, &number, &mask) : 0;

    if (len == 0)
        return gonet__deliver(buf, size, nil, nil + sizeof(nil) - 1);
    char *end = len == 4 ? gonet__put_ipv4(text, number) : gonet__put_ipv6(text, number);
    int ones = gonet__mask_ones(mask, len);
    *end++ = '/';
    end = ones >= 0 ? gonet__put_octet(end, (uint8_t)ones) : gonet__put_hex(end, mask, len);
    return gonet__deliver(buf, size, text, end);
}
