/*
 * UDP sockets: dialing and binding. Connecting a datagram socket sends nothing and never waits;
 * nothing else here does, but a control function that does.
 */
#include "dial/udp_dial.h"

#include <string.h>

#include "gonet/errno.h"
#include "socket/socket.h"
#include "socket/sockopt.h"

static const gonet_dialer_t zero_dialer;
static const gonet_listen_config_t zero_config;

bool gonet__is_udp(const char *network)
{
    return strcmp(network, "udp") == 0 || strcmp(network, "udp4") == 0 ||
           strcmp(network, "udp6") == 0;
}

/* What control functions are told: the family is in the name even if the caller left it out. */
static const char *network_of(const gonet__sock_t *s)
{
    return s->fd.family == AF_INET ? "udp4" : "udp6";
}

/* A socket that is neither bound nor connected; NULL with the bare reason in *e. */
static gonet_udp_conn_t *new_conn(const char *network, const gonet_ip_t *local,
                                  const gonet_ip_t *remote, bool listens, gonet_error_t **e)
{
    gonet_udp_conn_t *c;
    gonet__fail_t fail;
    bool v6only;
    int family = gonet__socket_family(network, local, remote, listens, &v6only);
    int sysfd = gonet__socket_open(family, SOCK_DGRAM, 0, v6only, &fail);

    if (sysfd < 0) {
        *e = gonet__fail_error(&fail);
        return NULL;
    }
    c = gonet__udp_conn_new(gonet__net_static(network), sysfd, family);
    if (c == NULL)
        *e = gonet_err_no_memory;
    return c;
}

static gonet_error_t *sockaddr_of(const gonet__sock_t *s, const gonet_udp_addr_t *addr,
                                  gonet__sockaddr_t *sa)
{
    return gonet__sockaddr_of_ip(sa, s->fd.family, &addr->ip, addr->port, addr->zone);
}

/* The control function, then the local address, then the peer. NULL, or the bare reason. */
static gonet_error_t *connect_conn(const gonet__sock_dial_t *d, gonet__sock_t *s,
                                   const gonet_udp_addr_t *laddr, const gonet_udp_addr_t *raddr)
{
    gonet_addr_t shown = gonet_udp_addr_as_addr(raddr);
    gonet__sockaddr_t sa;
    gonet_error_t *e = gonet__dial_control(d, s, network_of(s), &shown);

    if (e == NULL && laddr != NULL) {
        e = sockaddr_of(s, laddr, &sa);
        if (e == NULL)
            e = gonet__sock_bind(s, &sa);
    }
    if (e == NULL)
        e = sockaddr_of(s, raddr, &sa);
    if (e == NULL)
        e = gonet__sock_connect(d, s, &sa);
    /* Port 0 is no peer to the kernel, so the address is the one that was asked for. */
    if (e == NULL && raddr->ip.len == 0 && raddr->port == 0)
        gonet__sock_remote_without_ip(s);
    return e;
}

gonet_udp_conn_t *gonet__udp_dial(const gonet__sock_dial_t *d, const gonet_udp_addr_t *laddr,
                                  const gonet_udp_addr_t *raddr, gonet_error_t **e)
{
    gonet_udp_conn_t *c =
        new_conn(d->network, laddr == NULL ? NULL : &laddr->ip, &raddr->ip, false, e);

    if (c == NULL)
        return NULL;
    *e = connect_conn(d, &c->sock, laddr, raddr);
    if (*e == NULL)
        return c;
    gonet_udp_conn_free(c);
    return NULL;
}

/*
 * A multicast address stands for all addresses at its port, which others may bind, too: groups are
 * joined by whoever wants them (behaviour 8.11).
 */
static gonet_error_t *open_to_groups(const gonet__sock_t *s, gonet_udp_addr_t *laddr)
{
    int errnum = gonet__sockopt_int(s->fd.pd.fd, SOL_SOCKET, SO_REUSEADDR, 1);

    laddr->ip = s->fd.family == AF_INET ? gonet_ipv4_zero : gonet_ipv6_unspecified;
    return errnum == 0 ? NULL : gonet_syscall_error_new("setsockopt", errnum);
}

static gonet_error_t *set_up(const gonet_listen_config_t *lc, gonet__sock_t *s,
                             gonet_udp_addr_t laddr)
{
    gonet_addr_t shown;
    gonet__sockaddr_t sa;
    gonet_error_t *e = NULL;

    if (gonet_ip_is_multicast(laddr.ip))
        e = open_to_groups(s, &laddr);
    if (e == NULL)
        e = sockaddr_of(s, &laddr, &sa);
    if (e != NULL)
        return e;
    shown = gonet_udp_addr_as_addr(&laddr);
    e = gonet__listen_control(lc, s, network_of(s), &shown);
    if (e == NULL)
        e = gonet__sock_bind(s, &sa);
    if (e != NULL)
        return e;
    gonet__sock_name(s->fd.pd.fd, &sa);
    gonet__sock_set_addrs(s, &sa, NULL);
    return NULL;
}

gonet_udp_conn_t *gonet__udp_listen(const gonet_listen_config_t *lc, const char *network,
                                    const gonet_udp_addr_t *laddr, gonet_error_t **e)
{
    static const gonet_udp_addr_t wildcard;
    gonet_udp_conn_t *c;

    if (laddr == NULL)
        laddr = &wildcard;
    c = new_conn(network, &laddr->ip, NULL, true, e);
    if (c == NULL)
        return NULL;
    *e = set_up(lc, &c->sock, *laddr);
    if (*e == NULL)
        return c;
    gonet_udp_conn_free(c);
    return NULL;
}

gonet_udp_conn_t *gonet_dial_udp(const char *network, const gonet_udp_addr_t *laddr,
                                 const gonet_udp_addr_t *raddr, gonet_error_t **err)
{
    const gonet__sock_dial_t dialing = {.dialer = &zero_dialer, .network = network};
    gonet_udp_conn_t *c = NULL;
    gonet_error_t *e = NULL;

    gonet__error_clear(err);
    if (!gonet__is_udp(network))
        e = gonet__unknown_network_error(network);
    else if (raddr == NULL)
        e = gonet__err_missing_address;
    else
        c = gonet__udp_dial(&dialing, laddr, raddr, &e);
    if (c == NULL) {
        gonet_addr_t source = gonet_udp_addr_as_addr(laddr), addr = gonet_udp_addr_as_addr(raddr);

        gonet_error_set(err, gonet_op_error_new("dial", network, &source, &addr, e));
    }
    return c;
}

gonet_udp_conn_t *gonet_listen_udp(const char *network, const gonet_udp_addr_t *laddr,
                                   gonet_error_t **err)
{
    gonet_udp_conn_t *c = NULL;
    gonet_error_t *e = NULL;

    gonet__error_clear(err);
    if (!gonet__is_udp(network))
        e = gonet__unknown_network_error(network);
    else
        c = gonet__udp_listen(&zero_config, network, laddr, &e);
    if (c == NULL) {
        gonet_addr_t addr = gonet_udp_addr_as_addr(laddr);

        gonet_error_set(err, gonet_op_error_new("listen", network, NULL, &addr, e));
    }
    return c;
}
