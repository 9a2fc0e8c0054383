/*
 * Listening: from two texts to a listener. Parks only to resolve a name.
 */
#include "gonet/dial.h"

#include "addr/addr_error.h"
#include "dial/addrlist.h"
#include "dial/mptcp.h"
#include "dial/tcp_dial.h"
#include "dial/unix_dial.h"
#include "error/error.h"
#include "gonet/tcp.h"

static const gonet_listen_config_t zero_config;

bool gonet_listen_config_multipath_tcp(const gonet_listen_config_t *lc)
{
    return gonet__mptcp_for_listener(lc == NULL ? 0 : lc->mptcp);
}

void gonet_listen_config_set_multipath_tcp(gonet_listen_config_t *lc, bool use)
{
    lc->mptcp = use ? 1 : 2;
}

/* Which listener it is depends on the kind of the address alone (behaviour 8.1). */
static gonet_listener_t *listen_on(const gonet_listen_config_t *lc, const char *network,
                                   const char *address, const gonet_addr_t *local,
                                   gonet_error_t **e)
{
    switch (local->kind) {
    case GONET_ADDR_TCP:
        return gonet_tcp_listener_as_listener(gonet__tcp_listen(lc, network, &local->tcp, e));
    case GONET_ADDR_UNIX:
        return gonet_unix_listener_as_listener(gonet__unix_listen(lc, network, &local->unix_, e));
    default:
        *e = gonet__addr_error("unexpected address type", address);
        return NULL;
    }
}

gonet_listener_t *gonet_listen_config_listen(const gonet_listen_config_t *lc, gonet_context_t *ctx,
                                             const char *network, const char *address,
                                             gonet_error_t **err)
{
    const gonet__resolve_t how = {.ctx = ctx};
    const gonet_addr_t *local;
    gonet__addr_list_t list;
    gonet__network_t parsed;
    gonet_listener_t *l;
    gonet_error_t *e;

    gonet__error_clear(err);
    e = gonet__resolve_listen(&how, network, address, &parsed, &list);
    if (e != NULL) {
        gonet_error_set(err, gonet__resolve_listen_failed(network, address, e));
        return NULL;
    }
    local = gonet__addr_list_first(&list, true);
    l = listen_on(lc == NULL ? &zero_config : lc, network, address, local, &e);
    if (l == NULL)
        gonet_error_set(err, gonet_op_error_new("listen", network, NULL, local, e));
    gonet__addr_list_free(&list);
    return l;
}

gonet_listener_t *gonet_listen(const char *network, const char *address, gonet_error_t **err)
{
    return gonet_listen_config_listen(NULL, NULL, network, address, err);
}

gonet_tcp_listener_t *gonet_listen_tcp(const char *network, const gonet_tcp_addr_t *laddr,
                                       gonet_error_t **err)
{
    gonet_tcp_listener_t *l = NULL;
    gonet_error_t *e = NULL;

    gonet__error_clear(err);
    if (!gonet__is_tcp(network))
        e = gonet__unknown_network_error(network);
    else
        l = gonet__tcp_listen(&zero_config, network, laddr, &e);
    if (l == NULL) {
        gonet_addr_t addr = gonet_tcp_addr_as_addr(laddr);

        gonet_error_set(err, gonet_op_error_new("listen", network, NULL, &addr, e));
    }
    return l;
}
