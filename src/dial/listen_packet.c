/*
 * Listening for packets: from two texts to a packet connection. Parks only to resolve a name.
 */
#include "addr/addr_error.h"
#include "dial/addrlist.h"
#include "dial/ip_dial.h"
#include "dial/udp_dial.h"
#include "dial/unix_dial.h"
#include "gonet/dial.h"

static const gonet_listen_config_t zero_config;

/* Which connection it is depends on the kind of the address alone (behaviour 8.1). */
static gonet_packet_conn_t *listen_on(const gonet_listen_config_t *lc, const char *network,
                                      const char *address, const gonet_addr_t *local,
                                      gonet_error_t **e)
{
    switch (local->kind) {
    case GONET_ADDR_UNIX:
        return gonet_unix_conn_as_packet_conn(
            gonet__unix_listen_packet(lc, network, &local->unix_, e));
    case GONET_ADDR_IP:
        return gonet_ip_conn_as_packet_conn(gonet__ip_listen(lc, network, &local->ip, e));
    case GONET_ADDR_UDP:
        return gonet_udp_conn_as_packet_conn(gonet__udp_listen(lc, network, &local->udp, e));
    default:
        *e = gonet__addr_error("unexpected address type", address);
        return NULL;
    }
}

gonet_packet_conn_t *gonet_listen_config_listen_packet(const gonet_listen_config_t *lc,
                                                       gonet_context_t *ctx, const char *network,
                                                       const char *address, gonet_error_t **err)
{
    const gonet__resolve_t how = {.ctx = ctx};
    const gonet_addr_t *local;
    gonet__addr_list_t list;
    gonet__network_t parsed;
    gonet_packet_conn_t *c;
    gonet_error_t *e;

    gonet__error_clear(err);
    e = gonet__resolve_listen(&how, network, address, &parsed, &list);
    if (e != NULL) {
        gonet_error_set(err, gonet__resolve_listen_failed(network, address, e));
        return NULL;
    }
    local = gonet__addr_list_first(&list, true);
    c = listen_on(lc == NULL ? &zero_config : lc, network, address, local, &e);
    if (c == NULL)
        gonet_error_set(err, gonet_op_error_new("listen", network, NULL, local, e));
    gonet__addr_list_free(&list);
    return c;
}

gonet_packet_conn_t *gonet_listen_packet(const char *network, const char *address,
                                         gonet_error_t **err)
{
    return gonet_listen_config_listen_packet(NULL, NULL, network, address, err);
}
