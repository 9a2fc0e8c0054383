/*
 * Interfaces and unicast addresses out of netlink's tables.
 */
#include "iface/interfaces.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "base/alloc.h"
#include "iface/netlink.h"

gonet_error_t *gonet__iface_list(int index, gonet_interface_t **list, size_t *n)
{
    uint8_t *bytes;
    size_t len;
    gonet_error_t *e = gonet__netlink_dump(RTM_GETLINK, &bytes, &len);

    *list = NULL;
    *n = 0;
    if (e == NULL)
        e = gonet__nl_links((gonet__nl_bytes_t){bytes, len}, index, list, n);
    gonet__free(bytes);
    return e;
}

gonet_error_t *gonet__iface_unicast(int index, gonet_addr_t **list, size_t *n)
{
    uint8_t *bytes;
    size_t len;
    gonet_error_t *e = gonet__netlink_dump(RTM_GETADDR, &bytes, &len);

    *list = NULL;
    *n = 0;
    if (e == NULL)
        e = gonet__nl_addrs((gonet__nl_bytes_t){bytes, len}, index, list, n);
    gonet__free(bytes);
    return e;
}
