/*
 * The public face of interfaces: argument checks, and the OpError "route ip+net" around what fails.
 */
#include "gonet/interface.h"

#include <string.h>

#include "error/error.h"
#include "gonet/op_error.h"
#include "iface/interfaces.h"
#include "iface/zone.h"

/* Takes e. */
static void route_failed(gonet_error_t *e, gonet_error_t **err)
{
    gonet_error_set(err, gonet_op_error_new("route", "ip+net", NULL, NULL, e));
}

static int refused(const char *why, gonet_error_t **err)
{
    route_failed(gonet_error_new(why), err);
    return -1;
}

gonet_interface_t *gonet_interfaces(size_t *n, gonet_error_t **err)
{
    gonet_interface_t *list;
    size_t count;
    gonet_error_t *e;

    gonet__error_clear(err);
    e = gonet__iface_list(0, &list, &count);
    if (e != NULL)
        route_failed(e, err);
    else
        gonet__zone_cache_offer(list, count);
    if (n != NULL)
        *n = count;
    return list;
}

/* Stores a found interface; NULL: there is none. */
static int found(const gonet_interface_t *one, gonet_interface_t *ifi, gonet_error_t **err)
{
    if (one == NULL)
        return refused("no such network interface", err);
    if (ifi != NULL)
        *ifi = *one;
    return 0;
}

int gonet_interface_by_index(int index, gonet_interface_t *ifi, gonet_error_t **err)
{
    gonet_interface_t *list;
    gonet_error_t *e;
    size_t n;
    int result;

    gonet__error_clear(err);
    if (ifi != NULL)
        memset(ifi, 0, sizeof(*ifi));
    if (index <= 0)
        return refused("invalid network interface index", err);
    e = gonet__iface_list(index, &list, &n);
    if (e != NULL) {
        route_failed(e, err);
        return -1;
    }
    result = found(n > 0 ? list : NULL, ifi, err);
    gonet_free(list);
    return result;
}

int gonet_interface_by_name(const char *name, gonet_interface_t *ifi, gonet_error_t **err)
{
    const gonet_interface_t *one = NULL;
    gonet_interface_t *list;
    gonet_error_t *e;
    size_t n;
    int result;

    gonet__error_clear(err);
    if (ifi != NULL)
        memset(ifi, 0, sizeof(*ifi));
    if (name[0] == '\0')
        return refused("invalid network interface name", err);
    e = gonet__iface_list(0, &list, &n);
    if (e != NULL) {
        route_failed(e, err);
        return -1;
    }
    gonet__zone_cache_offer(list, n);
    for (size_t i = 0; i < n && one == NULL; i++) {
        if (strcmp(list[i].name, name) == 0)
            one = &list[i];
    }
    result = found(one, ifi, err);
    gonet_free(list);
    return result;
}

/* Ends a call that makes addresses; takes e. */
static gonet_addr_t *listed(gonet_error_t *e, gonet_addr_t *list, size_t count, size_t *n,
                            gonet_error_t **err)
{
    if (e != NULL)
        route_failed(e, err);
    if (n != NULL)
        *n = count;
    return list;
}

static bool is_interface(const gonet_interface_t *ifi, size_t *n, gonet_error_t **err)
{
    gonet__error_clear(err);
    if (ifi != NULL)
        return true;
    if (n != NULL)
        *n = 0;
    (void)refused("invalid network interface", err);
    return false;
}

gonet_addr_t *gonet_interface_addrs(size_t *n, gonet_error_t **err)
{
    gonet_addr_t *list;
    gonet_error_t *e;
    size_t count;

    gonet__error_clear(err);
    e = gonet__iface_unicast(0, &list, &count);
    return listed(e, list, count, n, err);
}

gonet_addr_t *gonet_interface_unicast_addrs(const gonet_interface_t *ifi, size_t *n,
                                            gonet_error_t **err)
{
    gonet_addr_t *list = NULL;
    gonet_error_t *e;
    size_t count = 0;

    if (!is_interface(ifi, n, err))
        return NULL;
    /* Index 0 would mean all of them. */
    e = gonet__iface_unicast(ifi->index == 0 ? -1 : ifi->index, &list, &count);
    return listed(e, list, count, n, err);
}

gonet_addr_t *gonet_interface_multicast_addrs(const gonet_interface_t *ifi, size_t *n,
                                              gonet_error_t **err)
{
    gonet_addr_t *list;
    gonet_error_t *e;
    size_t count;

    if (!is_interface(ifi, n, err))
        return NULL;
    e = gonet__iface_multicast(ifi->name, &list, &count);
    return listed(e, list, count, n, err);
}
