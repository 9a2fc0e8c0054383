/*
 * Unix sockets: dialing, listening, binding. The type of the socket follows from the network's
 * name. A connect never waits: a full backlog is told at once (behaviour 7.10).
 */
#include "dial/unix_dial.h"

#include <string.h>
#include <sys/socket.h>

#include "gonet/errno.h"
#include "socket/socket.h"
#include "socket/sockopt.h"

static const gonet_dialer_t zero_dialer;
static const gonet_listen_config_t zero_config;

/* The type of a network's sockets, or -1. */
static int type_of(const char *network)
{
    if (strcmp(network, "unix") == 0)
        return SOCK_STREAM;
    if (strcmp(network, "unixgram") == 0)
        return SOCK_DGRAM;
    return strcmp(network, "unixpacket") == 0 ? SOCK_SEQPACKET : -1;
}

static int open_socket(int sotype, gonet_error_t **e)
{
    gonet__fail_t fail;
    int sysfd = gonet__socket_open(AF_UNIX, sotype, 0, false, &fail);

    if (sysfd < 0)
        *e = gonet__fail_error(&fail);
    return sysfd;
}

static const gonet_unix_addr_t *named(const gonet_unix_addr_t *addr)
{
    return addr == NULL || addr->name[0] == '\0' ? NULL : addr;
}

/* The kernel's own idea of a bound socket's name. */
static void set_local(gonet__sock_t *s)
{
    gonet__sockaddr_t sa;

    gonet__sock_name(s->fd.pd.fd, &sa);
    gonet__sock_set_addrs(s, &sa, NULL);
}

/* Control, bind, connect; laddr and raddr have names, or are NULL, but not both. */
static gonet_error_t *connect_conn(const gonet__sock_dial_t *d, gonet__sock_t *s,
                                   const gonet_unix_addr_t *laddr, const gonet_unix_addr_t *raddr)
{
    gonet_addr_t shown = gonet_unix_addr_as_addr(raddr != NULL ? raddr : laddr);
    gonet__sockaddr_t sa;
    gonet_error_t *e = gonet__dial_control(d, s, s->net, &shown);

    if (e == NULL && laddr != NULL) {
        gonet__sockaddr_of_unix(&sa, laddr->name);
        e = gonet__sock_bind(s, &sa);
    }
    if (e != NULL)
        return e;
    if (raddr == NULL) {
        set_local(s);
        return NULL;
    }
    gonet__sockaddr_of_unix(&sa, raddr->name);
    return gonet__sock_connect(d, s, &sa);
}

gonet_unix_conn_t *gonet__unix_dial(const gonet__sock_dial_t *d, const gonet_unix_addr_t *laddr,
                                    const gonet_unix_addr_t *raddr, gonet_error_t **e)
{
    int sotype = type_of(d->network), sysfd;
    gonet_unix_conn_t *c;

    laddr = named(laddr);
    raddr = named(raddr);
    if (raddr == NULL && (sotype != SOCK_DGRAM || laddr == NULL)) {
        *e = gonet__err_missing_address;
        return NULL;
    }
    sysfd = open_socket(sotype, e);
    if (sysfd < 0)
        return NULL;
    c = gonet__unix_conn_new(gonet__unix_net(sotype), sysfd, sotype);
    *e = c == NULL ? gonet_err_no_memory : connect_conn(d, &c->sock, laddr, raddr);
    if (*e == NULL)
        return c;
    gonet_unix_conn_free(c);
    return NULL;
}

/* Options, control, bind, and listen unless it is a datagram socket. */
static gonet_error_t *set_up(const gonet_listen_config_t *lc, gonet__sock_t *s,
                             const gonet_unix_addr_t *laddr)
{
    bool datagrams = s->fd.sotype == SOCK_DGRAM;
    int sysfd = s->fd.pd.fd;
    gonet_addr_t shown = gonet_unix_addr_as_addr(laddr);
    int errnum = datagrams ? 0 : gonet__sockopt_int(sysfd, SOL_SOCKET, SO_REUSEADDR, 1);
    gonet__sockaddr_t sa;
    gonet_error_t *e;

    if (errnum != 0)
        return gonet_syscall_error_new("setsockopt", errnum);
    gonet__sockaddr_of_unix(&sa, laddr->name);
    e = gonet__listen_control(lc, s, s->net, &shown);
    if (e == NULL)
        e = gonet__sock_bind(s, &sa);
    if (e == NULL && !datagrams)
        e = gonet__sock_listen(lc, s);
    if (e == NULL)
        set_local(s);
    return e;
}

gonet_unix_listener_t *gonet__unix_listen(const gonet_listen_config_t *lc, const char *network,
                                          const gonet_unix_addr_t *laddr, gonet_error_t **e)
{
    int sotype = type_of(network), sysfd = open_socket(sotype, e);
    gonet_unix_listener_t *l;

    if (sysfd < 0)
        return NULL;
    l = gonet__unix_listener_new(gonet__unix_net(sotype), sysfd, sotype, true);
    *e = l == NULL ? gonet_err_no_memory : set_up(lc, &l->sock, laddr);
    if (*e == NULL)
        return l;
    gonet_unix_listener_free(l);
    return NULL;
}

gonet_unix_conn_t *gonet__unix_listen_packet(const gonet_listen_config_t *lc, const char *network,
                                             const gonet_unix_addr_t *laddr, gonet_error_t **e)
{
    int sotype = type_of(network), sysfd = open_socket(sotype, e);
    gonet_unix_conn_t *c;

    if (sysfd < 0)
        return NULL;
    c = gonet__unix_conn_new(gonet__unix_net(sotype), sysfd, sotype);
    *e = c == NULL ? gonet_err_no_memory : set_up(lc, &c->sock, laddr);
    if (*e == NULL)
        return c;
    gonet_unix_conn_free(c);
    return NULL;
}

/* The error of a typed call; takes inner. */
static void *typed_failed(const char *op, const char *network, const gonet_unix_addr_t *laddr,
                          const gonet_unix_addr_t *raddr, gonet_error_t *inner, gonet_error_t **err)
{
    gonet_addr_t source = gonet_unix_addr_as_addr(laddr), addr = gonet_unix_addr_as_addr(raddr);

    gonet_error_set(err, gonet_op_error_new(op, network, &source, &addr, inner));
    return NULL;
}

gonet_unix_conn_t *gonet_dial_unix(const char *network, const gonet_unix_addr_t *laddr,
                                   const gonet_unix_addr_t *raddr, gonet_error_t **err)
{
    const gonet__sock_dial_t dialing = {.dialer = &zero_dialer, .network = network};
    gonet_unix_conn_t *c = NULL;
    gonet_error_t *e = NULL;

    gonet__error_clear(err);
    if (type_of(network) < 0)
        e = gonet__unknown_network_error(network);
    else
        c = gonet__unix_dial(&dialing, laddr, raddr, &e);
    return c != NULL ? c : typed_failed("dial", network, laddr, raddr, e, err);
}

gonet_unix_listener_t *gonet_listen_unix(const char *network, const gonet_unix_addr_t *laddr,
                                         gonet_error_t **err)
{
    gonet_unix_listener_t *l = NULL;
    gonet_error_t *e = NULL;

    gonet__error_clear(err);
    if (type_of(network) < 0 || type_of(network) == SOCK_DGRAM)
        e = gonet__unknown_network_error(network);
    else if (laddr == NULL)
        e = gonet__err_missing_address;
    else
        l = gonet__unix_listen(&zero_config, network, laddr, &e);
    return l != NULL ? l : typed_failed("listen", network, NULL, laddr, e, err);
}

gonet_unix_conn_t *gonet_listen_unixgram(const char *network, const gonet_unix_addr_t *laddr,
                                         gonet_error_t **err)
{
    gonet_unix_conn_t *c = NULL;
    gonet_error_t *e = NULL;

    gonet__error_clear(err);
    if (type_of(network) != SOCK_DGRAM)
        e = gonet__unknown_network_error(network);
    else if (laddr == NULL)
        e = gonet__err_missing_address;
    else
        c = gonet__unix_listen_packet(&zero_config, network, laddr, &e);
    return c != NULL ? c : typed_failed("listen", network, NULL, laddr, e, err);
}

int gonet_resolve_unix_addr(const char *network, const char *address, gonet_unix_addr_t *addr,
                            gonet_error_t **err)
{
    size_t len = strlen(address);
    gonet_error_t *e = NULL;

    if (addr != NULL)
        memset(addr, 0, sizeof(*addr));
    if (type_of(network) < 0)
        e = gonet__unknown_network_error(network);
    else if (len >= sizeof(addr->name))
        e = gonet_errno_error(EINVAL);
    gonet_error_set(err, e);
    if (e != NULL)
        return -1;
    if (addr != NULL) {
        memcpy(addr->name, address, len);
        strcpy(addr->net, network);
    }
    return 0;
}
