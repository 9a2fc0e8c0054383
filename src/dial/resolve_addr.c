/*
 * ResolveTCPAddr and ResolveUDPAddr: one address of the list that a text stands for.
 */
#include <string.h>

#include "dial/addrlist.h"
#include "dial/tcp_dial.h"
#include "dial/udp_dial.h"
#include "error/error.h"

/* Resolves address on a network whose name is known. NULL, or the error (new reference). */
static gonet_error_t *resolve(const char *network, const char *address, gonet_addr_t *addr)
{
    const gonet__resolve_t how = {.ctx = NULL};
    gonet__addr_list_t list = {NULL, 0};
    gonet__network_t parsed;
    gonet_error_t *e = gonet__network_parse(network, true, &parsed);

    if (e == NULL)
        e = gonet__resolve_inet(&how, &parsed, address, &list);
    if (e == NULL) {
        /* Brackets ask for IPv6, if the network leaves the choice (behaviour 5.12). */
        bool want6 = parsed.family == 0 && strchr(address, '[') != NULL;

        *addr = *gonet__addr_list_first(&list, !want6);
    }
    gonet__addr_list_free(&list);
    return e;
}

int gonet_resolve_tcp_addr(const char *network, const char *address, gonet_tcp_addr_t *addr,
                           gonet_error_t **err)
{
    gonet_addr_t found;
    gonet_error_t *e;

    memset(&found, 0, sizeof(found));
    if (network[0] == '\0')
        network = "tcp";
    if (gonet__is_tcp(network))
        e = resolve(network, address, &found);
    else
        e = gonet__unknown_network_error(network);
    if (addr != NULL)
        *addr = found.tcp;
    gonet_error_set(err, e);
    return e == NULL ? 0 : -1;
}

int gonet_resolve_udp_addr(const char *network, const char *address, gonet_udp_addr_t *addr,
                           gonet_error_t **err)
{
    gonet_addr_t found;
    gonet_error_t *e;

    memset(&found, 0, sizeof(found));
    if (network[0] == '\0')
        network = "udp";
    if (gonet__is_udp(network))
        e = resolve(network, address, &found);
    else
        e = gonet__unknown_network_error(network);
    if (addr != NULL)
        *addr = found.udp;
    gonet_error_set(err, e);
    return e == NULL ? 0 : -1;
}
