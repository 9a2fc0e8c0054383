/*
 * The kernel's lists of multicast groups: whatever the text, what comes out are addresses.
 */
#include "fuzz.h"

#include "iface/igmp.h"

static void check(gonet__groups_t *groups)
{
    for (size_t i = 0; i < groups->n; i++)
        MUST(groups->v[i].kind == GONET_ADDR_IP && groups->v[i].ip.ip.len == 16);
    gonet_free(groups->v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gonet__groups_t four = {.v = NULL}, six = {.v = NULL};

    MUST(gonet__igmp_parse((const char *)data, size, "eth0", &four));
    MUST(gonet__igmp6_parse((const char *)data, size, "eth0", &six));
    check(&four);
    check(&six);
    return 0;
}
