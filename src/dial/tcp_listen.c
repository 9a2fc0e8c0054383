/*
 * Listening on one TCP address. Nothing here waits but a control function that does.
 */
#include <netinet/in.h>

#include "dial/mptcp.h"
#include "dial/tcp_dial.h"
#include "socket/socket.h"
#include "socket/sockopt.h"

/* Options, control, bind, listen, in Go's order (behaviour 8.10). */
static gonet_error_t *set_up(const gonet_listen_config_t *lc, gonet_tcp_listener_t *l, int proto,
                             const gonet_tcp_addr_t *laddr)
{
    int sysfd = l->sock.fd.pd.fd;
    const char *network = l->sock.fd.family == AF_INET ? "tcp4" : "tcp6";
    gonet_addr_t addr = gonet_tcp_addr_as_addr(laddr);
    gonet__sockaddr_t sa;
    gonet_error_t *e;
    int errnum = gonet__sockopt_int(sysfd, SOL_SOCKET, SO_REUSEADDR, 1);

    if (errnum != 0)
        return gonet_syscall_error_new("setsockopt", errnum);
    e = gonet__sockaddr_of_ip(&sa, l->sock.fd.family, &laddr->ip, laddr->port, laddr->zone);
    if (e == NULL)
        e = gonet__listen_control(lc, &l->sock, network, &addr);
    if (e == NULL)
        e = gonet__sock_bind(&l->sock, &sa);
    if (e != NULL)
        return e;
    gonet__tcp_listener_preset(l, proto);
    e = gonet__sock_listen(lc, &l->sock);
    if (e != NULL)
        return e;
    gonet__sock_name(sysfd, &sa);
    gonet__sock_set_addrs(&l->sock, &sa, NULL);
    return NULL;
}

static gonet_tcp_listener_t *listen_proto(const gonet_listen_config_t *lc, const char *network,
                                          int proto, const gonet_tcp_addr_t *laddr,
                                          gonet_error_t **e)
{
    gonet_tcp_listener_t *l;
    gonet__fail_t fail;
    bool v6only;
    int family = gonet__socket_family(network, &laddr->ip, NULL, true, &v6only);
    int sysfd = gonet__socket_open(family, SOCK_STREAM, proto, v6only, &fail);

    if (sysfd < 0) {
        *e = gonet__fail_error(&fail);
        return NULL;
    }
    l = gonet__tcp_listener_new(gonet__net_static(network), sysfd, family, lc->keep_alive,
                                &lc->keep_alive_config);
    if (l == NULL) {
        *e = gonet_err_no_memory;
        return NULL;
    }
    *e = set_up(lc, l, proto, laddr);
    if (*e == NULL)
        return l;
    gonet_tcp_listener_free(l);
    return NULL;
}

gonet_tcp_listener_t *gonet__tcp_listen(const gonet_listen_config_t *lc, const char *network,
                                        const gonet_tcp_addr_t *laddr, gonet_error_t **e)
{
    static const gonet_tcp_addr_t wildcard;
    gonet_tcp_listener_t *l = NULL;

    *e = NULL;
    if (laddr == NULL)
        laddr = &wildcard;
    if (gonet__mptcp_for_listener(lc->mptcp) && gonet__mptcp_available()) {
        l = listen_proto(lc, network, GONET__IPPROTO_MPTCP, laddr, e);
        if (l == NULL)
            gonet_error_set(e, NULL);
    }
    return l != NULL ? l : listen_proto(lc, network, IPPROTO_TCP, laddr, e);
}
