/*
 * Addresses with port: what parses prints to a text that parses to the same, and splits into its
 * parts.
 */
#include "fuzz.h"

#include "gonet/addr.h"
#include "gonet/hostport.h"

static void check_forms(gonet_netip_addr_port_t p)
{
    char text[GONET_ADDR_STRLEN];
    uint8_t binary[64];
    gonet_netip_addr_port_t q;

    MUST(gonet_netip_addr_port_string(p, text, sizeof(text)) == text);
    q = gonet_netip_must_parse_addr_port(text);
    MUST(SAME(p, q));
    ssize_t n = gonet_netip_addr_port_marshal_binary(p, binary, sizeof(binary), NULL);
    MUST(n > 0 && gonet_netip_addr_port_unmarshal_binary(&q, binary, (size_t)n, NULL) == 0);
    MUST(SAME(p, q));
    gonet_tcp_addr_t tcp = gonet_tcp_addr_from_addr_port(p);
    q = gonet_tcp_addr_addr_port(&tcp);
    MUST(SAME(p, q));
    gonet_udp_addr_t udp = gonet_udp_addr_from_addr_port(p);
    gonet_addr_t any = gonet_udp_addr_as_addr(&udp);
    MUST(gonet_addr_string(&any, text, sizeof(text)) == text);
}

/* A zone may have brackets in it, which host:port may not. */
static void check_split(const char *s, gonet_netip_addr_port_t p)
{
    size_t room = strlen(s) + 1;
    char *host = malloc(room);
    char *port = malloc(room);

    MUST(host != NULL && port != NULL);
    if (gonet_split_host_port(s, host, room, port, room, NULL) == 0) {
        gonet_netip_addr_t a = gonet_netip_must_parse_addr(host);
        MUST(SAME(a, p.addr));
        MUST(strtoul(port, NULL, 10) == p.port);
    }
    free(host);
    free(port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_port_t p = gonet_netip_parse_addr_port_n((const char *)data, size, &err);

    MUST(gonet_netip_addr_port_is_valid(p) == (err == NULL));
    char *s = c_string(data, size);
    if (s != NULL) {
        gonet_error_t *err2 = NULL;
        gonet_netip_addr_port_t p2 = gonet_netip_parse_addr_port(s, &err2);
        MUST(SAME(p, p2));
        if (err2 == NULL)
            check_split(s, p);
        same_error(gonet_error_ref(err), err2);
        free(s);
    }
    if (err == NULL)
        check_forms(p);
    gonet_error_free(err);
    return 0;
}
