/*
 * Raw IP sockets: dialing and binding. The protocol is part of the network's text, and of the
 * errors of these calls, but not of the socket's own network ("ip4"). Nothing here waits but a
 * control function that does.
 */
#include "dial/ip_dial.h"

#include <string.h>

#include "dial/addrlist.h"
#include "socket/socket.h"

static const gonet_dialer_t zero_dialer;
static const gonet_listen_config_t zero_config;

/* Reads the name of an IP network. NULL, or the bare reason. */
static gonet_error_t *parse(const char *text, bool needs_proto, gonet__network_t *network)
{
    gonet_error_t *e = gonet__network_parse(text, needs_proto, network);

    if (e == NULL && network->kind != GONET__NETWORK_IP)
        e = gonet__unknown_network_error(text);
    return e;
}

/* A socket that is neither bound nor connected; NULL with the bare reason in *e. */
static gonet_ip_conn_t *new_conn(const gonet__network_t *network, const gonet_ip_t *local,
                                 const gonet_ip_t *remote, bool listens, gonet_error_t **e)
{
    gonet_ip_conn_t *c;
    gonet__fail_t fail;
    bool v6only;
    int family = gonet__socket_family(network->name, local, remote, listens, &v6only);
    int sysfd = gonet__socket_open(family, SOCK_RAW, network->proto, v6only, &fail);

    if (sysfd < 0) {
        *e = gonet__fail_error(&fail);
        return NULL;
    }
    c = gonet__ip_conn_new(network->name, sysfd, family);
    if (c == NULL)
        *e = gonet_err_no_memory;
    return c;
}

/* What control functions are told: the family is in the name even if the caller left it out. */
static const char *network_of(const gonet__sock_t *s)
{
    return s->fd.family == AF_INET ? "ip4" : "ip6";
}

static gonet_error_t *bind_to(gonet__sock_t *s, const gonet_ip_addr_t *laddr)
{
    gonet__sockaddr_t sa;
    gonet_error_t *e = gonet__sockaddr_of_ip(&sa, s->fd.family, &laddr->ip, 0, laddr->zone);

    return e != NULL ? e : gonet__sock_bind(s, &sa);
}

/* Control, the local address, the peer. NULL, or the bare reason. */
static gonet_error_t *connect_conn(const gonet__sock_dial_t *d, gonet__sock_t *s,
                                   const gonet_ip_addr_t *laddr, const gonet_ip_addr_t *raddr)
{
    gonet_addr_t shown = gonet_ip_addr_as_addr(raddr);
    gonet__sockaddr_t sa;
    gonet_error_t *e = gonet__dial_control(d, s, network_of(s), &shown);

    if (e == NULL && laddr != NULL)
        e = bind_to(s, laddr);
    if (e == NULL)
        e = gonet__sockaddr_of_ip(&sa, s->fd.family, &raddr->ip, 0, raddr->zone);
    if (e == NULL)
        e = gonet__sock_connect(d, s, &sa);
    /* Without a port there is no peer to the kernel, so the address is the one asked for. */
    if (e == NULL && raddr->ip.len == 0)
        gonet__sock_remote_without_ip(s);
    return e;
}

gonet_ip_conn_t *gonet__ip_dial(const gonet__sock_dial_t *d, const gonet_ip_addr_t *laddr,
                                const gonet_ip_addr_t *raddr, gonet_error_t **e)
{
    gonet__network_t network;
    gonet_ip_conn_t *c;

    *e = parse(d->network, true, &network);
    if (*e != NULL)
        return NULL;
    c = new_conn(&network, laddr == NULL ? NULL : &laddr->ip, &raddr->ip, false, e);
    if (c == NULL)
        return NULL;
    *e = connect_conn(d, &c->sock, laddr, raddr);
    if (*e == NULL)
        return c;
    gonet_ip_conn_free(c);
    return NULL;
}

static gonet_error_t *set_up(const gonet_listen_config_t *lc, gonet__sock_t *s,
                             const gonet_ip_addr_t *laddr)
{
    gonet_addr_t shown = gonet_ip_addr_as_addr(laddr);
    gonet__sockaddr_t sa;
    gonet_error_t *e = gonet__listen_control(lc, s, network_of(s), &shown);

    if (e == NULL)
        e = bind_to(s, laddr);
    if (e != NULL)
        return e;
    gonet__sock_name(s->fd.pd.fd, &sa);
    gonet__sock_set_addrs(s, &sa, NULL);
    return NULL;
}

gonet_ip_conn_t *gonet__ip_listen(const gonet_listen_config_t *lc, const char *network_text,
                                  const gonet_ip_addr_t *laddr, gonet_error_t **e)
{
    gonet__network_t network;
    gonet_ip_conn_t *c;

    *e = parse(network_text, true, &network);
    if (*e != NULL)
        return NULL;
    c = new_conn(&network, &laddr->ip, NULL, true, e);
    if (c == NULL)
        return NULL;
    *e = set_up(lc, &c->sock, laddr);
    if (*e == NULL)
        return c;
    gonet_ip_conn_free(c);
    return NULL;
}

gonet_ip_conn_t *gonet_dial_ip(const char *network, const gonet_ip_addr_t *laddr,
                               const gonet_ip_addr_t *raddr, gonet_error_t **err)
{
    const gonet__sock_dial_t dialing = {.dialer = &zero_dialer, .network = network};
    gonet_ip_conn_t *c = NULL;
    gonet_error_t *e = NULL;

    gonet__error_clear(err);
    if (raddr == NULL)
        e = gonet__err_missing_address;
    else
        c = gonet__ip_dial(&dialing, laddr, raddr, &e);
    if (c == NULL) {
        gonet_addr_t source = gonet_ip_addr_as_addr(laddr), addr = gonet_ip_addr_as_addr(raddr);

        gonet_error_set(err, gonet_op_error_new("dial", network, &source, &addr, e));
    }
    return c;
}

gonet_ip_conn_t *gonet_listen_ip(const char *network, const gonet_ip_addr_t *laddr,
                                 gonet_error_t **err)
{
    static const gonet_ip_addr_t wildcard;
    gonet_error_t *e = NULL;
    gonet_ip_conn_t *c;

    gonet__error_clear(err);
    if (laddr == NULL)
        laddr = &wildcard;
    c = gonet__ip_listen(&zero_config, network, laddr, &e);
    if (c == NULL) {
        gonet_addr_t addr = gonet_ip_addr_as_addr(laddr);

        gonet_error_set(err, gonet_op_error_new("listen", network, NULL, &addr, e));
    }
    return c;
}

int gonet_resolve_ip_addr(const char *network, const char *address, gonet_ip_addr_t *addr,
                          gonet_error_t **err)
{
    const gonet__resolve_t how = {.ctx = NULL};
    gonet__addr_list_t list = {NULL, 0};
    gonet__network_t parsed;
    gonet_error_t *e;

    if (addr != NULL)
        memset(addr, 0, sizeof(*addr));
    if (network[0] == '\0')
        network = "ip";
    e = parse(network, false, &parsed);
    if (e == NULL)
        e = gonet__resolve_inet(&how, &parsed, address, &list);
    if (e == NULL && addr != NULL) {
        /* A colon asks for IPv6, if the network leaves the choice (behaviour 5.12). */
        bool want6 = strcmp(network, "ip") == 0 && strchr(address, ':') != NULL;

        *addr = gonet__addr_list_first(&list, !want6)->ip;
    }
    gonet__addr_list_free(&list);
    gonet_error_set(err, e);
    return e == NULL ? 0 : -1;
}
