/*
 * ResolveTCPAddr: one address of the list that a text stands for.
 */
#include <string.h>

#include "dial/addrlist.h"
#include "dial/tcp_dial.h"
#include "error/error.h"
#include "gonet/tcp.h"

int gonet_resolve_tcp_addr(const char *network, const char *address, gonet_tcp_addr_t *addr,
                           gonet_error_t **err)
{
    const gonet__resolve_t how = {.ctx = NULL};
    gonet__addr_list_t list = {NULL, 0};
    gonet__network_t parsed;
    gonet_error_t *e;

    if (addr != NULL)
        memset(addr, 0, sizeof(*addr));
    if (network[0] == '\0')
        network = "tcp";
    if (gonet__is_tcp(network))
        e = gonet__network_parse(network, true, &parsed);
    else
        e = gonet__unknown_network_error(network);
    if (e == NULL)
        e = gonet__resolve_inet(&how, &parsed, address, &list);
    if (e == NULL && addr != NULL) {
        /* Brackets ask for IPv6, if the network leaves the choice (behaviour 5.12). */
        bool want6 = parsed.family == 0 && strchr(address, '[') != NULL;

        *addr = gonet__addr_list_first(&list, !want6)->tcp;
    }
    gonet__addr_list_free(&list);
    gonet_error_set(err, e);
    return e == NULL ? 0 : -1;
}
