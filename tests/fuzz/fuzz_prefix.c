/*
 * Prefixes: netip's and CIDR notation agree, and what parses prints to a text that parses to the
 * same.
 */
#include "fuzz.h"

#include "gonet/addr.h"

static void check_prefix(gonet_netip_prefix_t p)
{
    char text[GONET_ADDR_STRLEN];
    uint8_t binary[32];
    gonet_netip_prefix_t q;

    MUST(gonet_netip_prefix_is_valid(p));
    MUST(gonet_netip_prefix_string(p, text, sizeof(text)) == text);
    q = gonet_netip_must_parse_prefix(text);
    MUST(SAME(p, q));
    ssize_t n = gonet_netip_prefix_marshal_binary(p, binary, sizeof(binary), NULL);
    MUST(n > 0 && gonet_netip_prefix_unmarshal_binary(&q, binary, (size_t)n, NULL) == 0);
    MUST(SAME(p, q));
    MUST(gonet_netip_prefix_contains(p, gonet_netip_prefix_addr(p)));
    MUST(gonet_netip_prefix_overlaps(p, gonet_netip_prefix_masked(p)));
}

static void check_net(gonet_ip_t ip, const gonet_ip_net_t *net)
{
    char text[GONET_ADDR_STRLEN];
    gonet_ip_net_t again;
    int bits;

    int ones = gonet_ip_mask_size(net->mask, &bits);
    /* As in Go, a mapped address is taken for IPv4, and the network that it was cut down to is not.
     */
    bool cut = gonet_ip_to4(ip).len == 4 && bits == 128 && ones < 96;
    MUST(gonet_ip_net_contains(net, ip) == !cut);
    gonet_ip_mask_t mask = gonet_cidr_mask(ones, bits);
    MUST(SAME(mask, net->mask));
    gonet_ip_t masked = gonet_ip_mask(ip, net->mask);
    MUST(gonet_ip_equal(masked, net->ip));
    MUST(gonet_ip_net_string(net, text, sizeof(text)) == text);
    MUST(gonet_parse_cidr(text, &again, NULL).len == 16);
    MUST(gonet_ip_net_contains(&again, net->ip));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gonet_error_t *err = NULL;
    gonet_error_t *cidr_err = NULL;
    gonet_ip_net_t net;
    gonet_netip_prefix_t p = gonet_netip_parse_prefix_n((const char *)data, size, &err);
    gonet_ip_t ip = gonet_parse_cidr_n((const char *)data, size, &net, &cidr_err);

    MUST(gonet_netip_prefix_is_valid(p) == (err == NULL));
    MUST((ip.len == 16) == (cidr_err == NULL));
    char *s = c_string(data, size);
    if (s != NULL) {
        gonet_error_t *err2 = NULL;
        gonet_ip_net_t net2;
        gonet_netip_prefix_t p2 = gonet_netip_parse_prefix(s, &err2);
        MUST(SAME(p, p2));
        same_error(gonet_error_ref(err), err2);
        err2 = NULL;
        gonet_ip_t ip2 = gonet_parse_cidr(s, &net2, &err2);
        MUST(SAME(ip, ip2));
        MUST(SAME(net, net2));
        same_error(gonet_error_ref(cidr_err), err2);
        free(s);
    }
    if (err == NULL) {
        int bits;
        check_prefix(p);
        MUST(cidr_err == NULL); /* CIDR is the laxer one: leading zeros */
        MUST(gonet_ip_mask_size(net.mask, &bits) == gonet_netip_prefix_bits(p));
        gonet_netip_prefix_t masked = gonet_netip_prefix_masked(p);
        MUST(memcmp(masked.b, net.ip.b, sizeof(masked.b)) == 0);
    }
    if (cidr_err == NULL)
        check_net(ip, &net);
    gonet_error_free(err);
    gonet_error_free(cidr_err);
    return 0;
}
