/*
 * Binary forms of netip: what is accepted comes out as it went in, and prints.
 */
#include "fuzz.h"

#include "gonet/netip.h"

static void check_addr(const uint8_t *data, size_t size)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_t a;
    uint8_t binary[64];
    char text[GONET_ADDR_STRLEN];

    int ok = gonet_netip_addr_unmarshal_binary(&a, data, size, &err);
    MUST((ok == 0) == (err == NULL));
    if (ok == 0) {
        MUST(gonet_netip_addr_marshal_binary(a, binary, sizeof(binary), &err) == (ssize_t)size);
        MUST(memcmp(binary, data, size) == 0);
        MUST(gonet_netip_addr_string(a, text, sizeof(text)) == text);
        MUST(gonet_netip_addr_compare(a, a) == 0);
    }
    gonet_error_free(err);
}

static void check_addr_port(const uint8_t *data, size_t size)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_port_t p;
    uint8_t binary[64];
    char text[GONET_ADDR_STRLEN];

    int ok = gonet_netip_addr_port_unmarshal_binary(&p, data, size, &err);
    MUST((ok == 0) == (err == NULL));
    if (ok == 0) {
        MUST(gonet_netip_addr_port_marshal_binary(p, binary, sizeof(binary), &err) ==
             (ssize_t)size);
        MUST(memcmp(binary, data, size) == 0);
        MUST(gonet_netip_addr_port_string(p, text, sizeof(text)) == text);
    }
    gonet_error_free(err);
}

/* A zone is dropped, and a length out of range becomes 255. */
static void check_prefix(const uint8_t *data, size_t size)
{
    gonet_error_t *err = NULL;
    gonet_netip_prefix_t p;
    gonet_netip_prefix_t q;
    uint8_t binary[32];
    char text[GONET_ADDR_STRLEN];

    int ok = gonet_netip_prefix_unmarshal_binary(&p, data, size, &err);
    MUST((ok == 0) == (err == NULL));
    if (ok == 0) {
        ssize_t n = gonet_netip_prefix_marshal_binary(p, binary, sizeof(binary), &err);
        MUST(n >= 1 && memcmp(binary, data, (size_t)n - 1) == 0);
        MUST(gonet_netip_prefix_unmarshal_binary(&q, binary, (size_t)n, &err) == 0);
        MUST(SAME(p, q));
        MUST(gonet_netip_prefix_string(p, text, sizeof(text)) == text);
        MUST(gonet_netip_prefix_is_valid(p) ==
             gonet_netip_prefix_contains(p, gonet_netip_prefix_addr(p)));
    }
    gonet_error_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_addr(data, size);
    check_addr_port(data, size);
    check_prefix(data, size);
    return 0;
}
