/*
 * Dialing one TCP address: the choice of the socket, the options, the retries.
 */
#include "dial/tcp_dial.h"

#include <netinet/in.h>
#include <string.h>

#include "dial/mptcp.h"
#include "gonet/errno.h"
#include "socket/socket.h"

/* Retries after a connect to oneself, or for want of a local port (behaviour 6.30). */
#define MAX_RETRIES 2

bool gonet__is_tcp(const char *network)
{
    return strcmp(network, "tcp") == 0 || strcmp(network, "tcp4") == 0 ||
           strcmp(network, "tcp6") == 0;
}

/* The control function, then the local address, then the peer. NULL, or the bare reason. */
static gonet_error_t *connect_conn(const gonet__sock_dial_t *d, gonet__sock_t *s,
                                   const gonet_tcp_addr_t *laddr, const gonet_tcp_addr_t *raddr)
{
    int family = s->fd.family;
    gonet_addr_t addr = gonet_tcp_addr_as_addr(raddr);
    gonet__sockaddr_t sa;
    gonet_error_t *e = gonet__dial_control(d, s, family == AF_INET ? "tcp4" : "tcp6", &addr);

    if (e == NULL && laddr != NULL) {
        e = gonet__sockaddr_of_ip(&sa, family, &laddr->ip, laddr->port, laddr->zone);
        if (e == NULL)
            e = gonet__sock_bind(s, &sa);
    }
    if (e == NULL)
        e = gonet__sockaddr_of_ip(&sa, family, &raddr->ip, raddr->port, raddr->zone);
    if (e == NULL)
        e = gonet__sock_connect(d, s, &sa);
    return e;
}

/* One socket, one connect. *self says whether it is worth another try. */
static gonet_tcp_conn_t *attempt(const gonet__sock_dial_t *d, int proto,
                                 const gonet_tcp_addr_t *laddr, const gonet_tcp_addr_t *raddr,
                                 bool *again, gonet_error_t **e)
{
    gonet_tcp_conn_t *c;
    gonet__fail_t fail;
    bool v6only;
    int family = gonet__socket_family(d->network, laddr == NULL ? NULL : &laddr->ip, &raddr->ip,
                                      false, &v6only);
    int sysfd = gonet__socket_open(family, SOCK_STREAM, proto, v6only, &fail);

    *again = false;
    if (sysfd < 0) {
        *e = gonet__fail_error(&fail);
        return NULL;
    }
    c = gonet__tcp_conn_new(gonet__net_static(d->network), sysfd, family);
    if (c == NULL) {
        *e = gonet_err_no_memory;
        return NULL;
    }
    *e = connect_conn(d, &c->sock, laddr, raddr);
    if (*e != NULL) {
        *again = gonet_error_is_errno(*e, EADDRNOTAVAIL);
        gonet_tcp_conn_free(c);
        return NULL;
    }
    *again = gonet__sock_met_itself(&c->sock);
    return c;
}

static gonet_tcp_conn_t *dial_proto(const gonet__sock_dial_t *d, int proto,
                                    const gonet_tcp_addr_t *laddr, const gonet_tcp_addr_t *raddr,
                                    gonet_error_t **e)
{
    bool may_retry = laddr == NULL || laddr->port == 0;
    gonet_tcp_conn_t *c;
    bool again;

    c = attempt(d, proto, laddr, raddr, &again, e);
    for (int i = 0; i < MAX_RETRIES && again && may_retry; i++) {
        gonet_tcp_conn_free(c);
        gonet_error_set(e, NULL);
        c = attempt(d, proto, laddr, raddr, &again, e);
    }
    return c;
}

gonet_tcp_conn_t *gonet__tcp_dial(const gonet__sock_dial_t *d, const gonet_tcp_addr_t *laddr,
                                  const gonet_tcp_addr_t *raddr, gonet_error_t **e)
{
    gonet_tcp_conn_t *c = NULL;

    *e = NULL;
    if (gonet__mptcp_for_dialer(d->dialer->mptcp) && gonet__mptcp_available()) {
        c = dial_proto(d, GONET__IPPROTO_MPTCP, laddr, raddr, e);
        /* Whatever went wrong, plain TCP may do better (behaviour 7.20). */
        if (c == NULL)
            gonet_error_set(e, NULL);
    }
    if (c == NULL)
        c = dial_proto(d, IPPROTO_TCP, laddr, raddr, e);
    if (c != NULL)
        gonet__tcp_set_defaults(c->sock.fd.pd.fd, d->dialer->keep_alive,
                                &d->dialer->keep_alive_config);
    return c;
}
