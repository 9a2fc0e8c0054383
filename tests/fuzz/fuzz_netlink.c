/*
 * Netlink's tables: whatever the bytes, what comes out are well-formed values.
 */
#include "fuzz.h"

#include "iface/message.h"

static void links(gonet__nl_bytes_t table, int index)
{
    gonet_interface_t *list;
    size_t n;
    gonet_error_t *e = gonet__nl_links(table, index, &list, &n);

    MUST((e == NULL) == (list != NULL));
    MUST(e == NULL || n == 0);
    for (size_t i = 0; i < n; i++) {
        MUST(memchr(list[i].name, '\0', sizeof(list[i].name)) != NULL);
        MUST(list[i].hardware_addr.len <= sizeof(list[i].hardware_addr.b));
        MUST((list[i].flags & ~(gonet_flags_t)63) == 0);
        MUST(index == 0 || list[i].index == index);
    }
    gonet_free(list);
    gonet_error_free(e);
}

static void addrs(gonet__nl_bytes_t table, int index)
{
    gonet_addr_t *list;
    size_t n;
    gonet_error_t *e = gonet__nl_addrs(table, index, &list, &n);

    MUST((e == NULL) == (list != NULL));
    MUST(e == NULL || n == 0);
    for (size_t i = 0; i < n; i++) {
        char text[GONET_ADDR_STRLEN];

        MUST(list[i].kind == GONET_ADDR_IP_NET && list[i].ip_net.ip.len == 16);
        MUST(gonet_addr_string(&list[i], text, sizeof(text)) != NULL && strchr(text, '/') != NULL);
    }
    gonet_free(list);
    gonet_error_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gonet__nl_bytes_t table = {data, size};

    links(table, 0);
    links(table, 1);
    addrs(table, 0);
    addrs(table, 1);
    return 0;
}
