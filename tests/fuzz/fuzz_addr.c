/*
 * Addresses: what parses prints to a text that parses to the same, in all forms, and package net
 * and netip agree.
 */
#include "fuzz.h"

#include "gonet/addr.h"

static gonet_netip_addr_t reparse(const char *s)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_t a = gonet_netip_parse_addr(s, &err);

    MUST(err == NULL);
    return a;
}

static void check_forms(gonet_netip_addr_t a)
{
    char text[GONET_ADDR_STRLEN];
    char exact[GONET_ADDR_STRLEN];
    uint8_t binary[64];
    gonet_netip_addr_t b;

    MUST(gonet_netip_addr_string(a, text, sizeof(text)) == text);
    b = reparse(text);
    MUST(SAME(a, b));
    MUST(gonet_netip_addr_string(a, exact, strlen(text) + 1) == exact);
    MUST(strcmp(text, exact) == 0);
    MUST(gonet_netip_addr_string(a, exact, strlen(text)) == NULL);
    MUST(gonet_netip_addr_string_expanded(a, text, sizeof(text)) == text);
    b = reparse(text);
    MUST(SAME(a, b));
    ssize_t n = gonet_netip_addr_marshal_binary(a, binary, sizeof(binary), NULL);
    MUST(n > 0 && gonet_netip_addr_unmarshal_binary(&b, binary, (size_t)n, NULL) == 0);
    MUST(SAME(a, b));
    b = gonet_netip_addr_next(a);
    if (gonet_netip_addr_is_valid(b)) {
        MUST(gonet_netip_addr_less(a, b));
        b = gonet_netip_addr_prev(b);
        MUST(SAME(a, b));
    }
}

/* ParseIP is ParseAddr without zones. */
static void check_net(gonet_netip_addr_t a, gonet_ip_t ip)
{
    char text[GONET_IP_STRLEN];
    uint8_t b[16];
    bool plain = gonet_netip_addr_is_valid(a) && a.zone[0] == '\0';

    MUST((ip.len == 16) == plain);
    if (!plain)
        return;
    gonet_netip_addr_as16(a, b);
    MUST(memcmp(b, ip.b, 16) == 0);
    MUST(gonet_ip_string(ip, text, sizeof(text)) == text);
    gonet_ip_t again = gonet_parse_ip(text);
    MUST(gonet_ip_equal(ip, again));
    MUST(gonet_ip_is_loopback(ip) == gonet_netip_addr_is_loopback(a));
    MUST(gonet_ip_is_private(ip) == gonet_netip_addr_is_private(a));
    MUST(gonet_ip_is_multicast(ip) == gonet_netip_addr_is_multicast(a));
    MUST(gonet_ip_is_link_local_multicast(ip) == gonet_netip_addr_is_link_local_multicast(a));
    MUST(gonet_ip_is_link_local_unicast(ip) == gonet_netip_addr_is_link_local_unicast(a));
    MUST(gonet_ip_is_global_unicast(ip) == gonet_netip_addr_is_global_unicast(a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_t a = gonet_netip_parse_addr_n((const char *)data, size, &err);
    gonet_ip_t ip = gonet_parse_ip_n((const char *)data, size);

    MUST(gonet_netip_addr_is_valid(a) == (err == NULL));
    MUST(err == NULL || strncmp(gonet_error_string(err), "ParseAddr(\"", 11) == 0);
    char *s = c_string(data, size);
    if (s != NULL) {
        gonet_error_t *err2 = NULL;
        gonet_netip_addr_t a2 = gonet_netip_parse_addr(s, &err2);
        gonet_ip_t ip2 = gonet_parse_ip(s);
        MUST(SAME(a, a2));
        MUST(SAME(ip, ip2));
        same_error(gonet_error_ref(err), err2);
        free(s);
    }
    gonet_error_free(err);
    if (gonet_netip_addr_is_valid(a))
        check_forms(a);
    check_net(a, ip);
    return 0;
}
