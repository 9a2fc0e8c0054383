/*
 * Networks: CIDR notation, membership and text.
 */
#include "gonet/ip.h"

#include "addr/addr_error.h"
#include "addr/ip_bytes.h"
#include "base/digits.h"

/* The digits of a prefix length, from s to end; 255 if they are none, or too many. */
static unsigned read_ones(const char *s, const char *end)
{
    unsigned n = 0;

    if (s == end)
        return 255;
    for (; s < end; s++) {
        unsigned d = gonet__digit(*s);
        if (d > 9 || n > 128)
            return 255;
        n = n * 10 + d;
    }
    return n;
}

/* bits 0 if s is no address with a prefix length; then b and *ones are rubbish. */
static unsigned read_cidr(const char *s, size_t len, uint8_t b[16], unsigned *ones)
{
    const char *slash = memchr(s, '/', len);

    if (slash == NULL)
        return 0;
    gonet__literal_t l = gonet__parse_literal(s, (size_t)(slash - s), b);
    *ones = read_ones(slash + 1, s + len);
    return l.zone == NULL && *ones <= l.bits ? l.bits : 0;
}

gonet_ip_t gonet_parse_cidr_n(const char *s, size_t len, gonet_ip_net_t *net, gonet_error_t **err)
{
    gonet_ip_net_t n = {0};
    gonet_ip_t ip = {0};
    uint8_t b[16];
    unsigned ones = 0;

    gonet__error_clear(err);
    unsigned bits = read_cidr(s, len, b, &ones);
    if (bits != 0) {
        unsigned bytes = bits / 8;
        n.ip.len = (uint8_t)bytes;
        n.mask.len = (uint8_t)bytes;
        gonet__fill_mask(n.mask.b, ones);
        for (unsigned i = 0; i < bytes; i++)
            n.ip.b[i] = b[i] & n.mask.b[i];
        ip = bits == 32 ? gonet_ipv4(b[0], b[1], b[2], b[3]) : (gonet_ip_t){.len = 16};
        if (bits == 128)
            memcpy(ip.b, b, 16);
    } else if (err != NULL) {
        *err = gonet__parse_error_n("CIDR address", s, len);
    }
    if (net != NULL)
        *net = n;
    return ip;
}

gonet_ip_t gonet_parse_cidr(const char *s, gonet_ip_net_t *net, gonet_error_t **err)
{
    return gonet_parse_cidr_n(s, strlen(s), net, err);
}

/*
 * The network's number and mask in one length (behaviour 3.14), which is returned; 0 if they do not
 * go together.
 */
static size_t number_and_mask(const gonet_ip_net_t *net, const uint8_t **number,
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

bool gonet_ip_net_contains(const gonet_ip_net_t *net, gonet_ip_t ip)
{
    static const gonet_ip_net_t none = {0};
    const uint8_t *number;
    const uint8_t *mask;
    size_t len = number_and_mask(net != NULL ? net : &none, &number, &mask);
    const uint8_t *four = gonet__ip_four(&ip);
    const uint8_t *b = four != NULL ? four : ip.b;

    if (len != (four != NULL ? 4 : ip.len))
        return false;
    uint32_t differ = 0;
    for (size_t i = 0; i < len; i += 4) {
        uint32_t x;
        uint32_t y;
        uint32_t m;
        memcpy(&x, number + i, 4);
        memcpy(&y, b + i, 4);
        memcpy(&m, mask + i, 4);
        differ |= (x ^ y) & m;
    }
    return differ == 0;
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
    end = ones >= 0 ? gonet__put_uint(end, (unsigned)ones) : gonet__put_hex(end, mask, len);
    return gonet__deliver(buf, size, text, end);
}
