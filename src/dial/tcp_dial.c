/*
 * Dialing one TCP address. The context's cancellation reaches the waiting connect as a write
 * deadline that is past; a connect that succeeds at the same moment counts as cancelled, so that no
 * connection is handed out whose deadline somebody else has set (behaviour 6.8).
 */
#include "dial/tcp_dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "conn/rawconn.h"
#include "dial/lookup.h"
#include "dial/mptcp.h"
#include "runtime/context.h"
#include "socket/socket.h"

/* Retries after a connect to oneself, or for want of a local port (behaviour 6.30). */
#define MAX_RETRIES 2

#define LONG_AGO INT64_C(1)

bool gonet__is_tcp(const char *network)
{
    return strcmp(network, "tcp") == 0 || strcmp(network, "tcp4") == 0 ||
           strcmp(network, "tcp6") == 0;
}

/* Calls the dialer's control function, if there is one. NULL, or its error. */
static gonet_error_t *call_control(const gonet__tcp_dial_t *d, gonet_tcp_conn_t *c,
                                   const gonet_tcp_addr_t *raddr)
{
    const char *network = c->sock.fd.family == AF_INET ? "tcp4" : "tcp6";
    char address[GONET_ADDR_STRLEN];
    gonet_error_t *e = NULL;
    gonet_raw_conn_t *raw;
    int result;

    if (d->dialer->control == NULL && d->dialer->control_context == NULL)
        return NULL;
    raw = gonet__raw_conn_new(&c->sock, GONET__RAW_CONTROL, &e);
    if (raw == NULL)
        return e;
    (void)gonet_tcp_addr_string(raddr, address, sizeof(address));
    if (d->dialer->control_context != NULL)
        result = d->dialer->control_context(d->dialer->control_context_arg, d->ctx, network,
                                            address, raw, &e);
    else
        result = d->dialer->control(d->dialer->control_arg, network, address, raw, &e);
    gonet_raw_conn_free(raw);
    if (result == 0) {
        gonet_error_free(e);
        return NULL;
    }
    return e != NULL ? e : gonet_error_new("control function failed");
}

static gonet_error_t *bind_local(gonet_tcp_conn_t *c, const gonet_tcp_addr_t *laddr)
{
    gonet__fd_t *fd = &c->sock.fd;
    gonet__sockaddr_t sa;
    gonet_error_t *e;

    if (laddr == NULL)
        return NULL;
    e = gonet__sockaddr_of_ip(&sa, fd->family, &laddr->ip, laddr->port, laddr->zone);
    if (e == NULL && gonet__sockaddr_bind(fd->pd.fd, &sa) < 0)
        e = gonet_syscall_error_new("bind", errno);
    return e;
}

static void cancel_connect(void *arg)
{
    gonet__fd_t *fd = arg;

    gonet__pd_set_deadline(&fd->pd, 1u << GONET__SIDE_WRITE, LONG_AGO);
}

/* Why a connect failed, in the words of a dial. */
static gonet_error_t *connect_error(const gonet__tcp_dial_t *d, const gonet__fail_t *fail)
{
    gonet_error_t *e;

    if (fail->kind != GONET__FAIL_TIMEOUT)
        return gonet__fail_error(fail);
    e = gonet__ended(d->ctx, 0);
    return e != NULL ? e : gonet__err_dial_timeout;
}

static gonet_error_t *connect_remote(const gonet__tcp_dial_t *d, gonet_tcp_conn_t *c,
                                     const gonet_tcp_addr_t *raddr, gonet__sockaddr_t *to,
                                     gonet__sockaddr_t *peer)
{
    gonet__fd_t *fd = &c->sock.fd;
    gonet__context_watch_t watch = {.context = NULL};
    gonet__fail_t fail;
    gonet_error_t *e;
    bool ok;

    e = gonet__sockaddr_of_ip(to, fd->family, &raddr->ip, raddr->port, raddr->zone);
    if (e != NULL)
        return e;
    gonet__pd_set_deadline(&fd->pd, 1u << GONET__SIDE_WRITE, d->deadline);
    if (!gonet__context_watch(&watch, d->ctx, cancel_connect, fd))
        return gonet__ended(d->ctx, 0);
    ok = gonet__fd_connect(fd, to, peer, &fail);
    gonet__context_unwatch(&watch);
    if (!ok) {
        e = connect_error(d, &fail);
        gonet__fd_unhold(fd);
        return e;
    }
    gonet__pd_set_deadline(&fd->pd, 1u << GONET__SIDE_WRITE, 0);
    return gonet__ended(d->ctx, 0);
}

/* The addresses the connection shows: what the kernel says, else what was asked for
 * (behaviour 7.13). */
static void set_addrs(gonet_tcp_conn_t *c, const gonet__sockaddr_t *to, gonet__sockaddr_t *peer,
                      gonet__sockaddr_t *local)
{
    int sysfd = c->sock.fd.pd.fd;

    gonet__sock_name(sysfd, local);
    if (peer->len == 0)
        gonet__sock_peer(sysfd, peer);
    gonet__sock_set_addrs(&c->sock, local, peer->len != 0 ? peer : to);
}

/* One socket, one connect. *self says whether it is worth another try. */
static gonet_tcp_conn_t *attempt(const gonet__tcp_dial_t *d, int proto,
                                 const gonet_tcp_addr_t *laddr, const gonet_tcp_addr_t *raddr,
                                 bool *again, gonet_error_t **e)
{
    gonet__sockaddr_t to, peer, local;
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
    *e = call_control(d, c, raddr);
    if (*e == NULL)
        *e = bind_local(c, laddr);
    if (*e == NULL)
        *e = connect_remote(d, c, raddr, &to, &peer);
    if (*e != NULL) {
        *again = gonet_error_is_errno(*e, EADDRNOTAVAIL);
        gonet_tcp_conn_free(c);
        return NULL;
    }
    c->sock.fd.connected = true;
    set_addrs(c, &to, &peer, &local);
    *again = local.len == 0 || gonet__sockaddr_same_end(&local, peer.len != 0 ? &peer : &to);
    return c;
}

static gonet_tcp_conn_t *dial_proto(const gonet__tcp_dial_t *d, int proto,
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

gonet_tcp_conn_t *gonet__tcp_dial(const gonet__tcp_dial_t *d, const gonet_tcp_addr_t *laddr,
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
        gonet__tcp_conn_set_defaults(c, d->dialer->keep_alive, &d->dialer->keep_alive_config);
    return c;
}
