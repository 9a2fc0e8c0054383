/*
 * TCP connections: the options.
 */
#include "conn/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "gonet/errno.h"
#include "socket/socket.h"
#include "socket/sockopt.h"
#include "socket/sys.h"

#define LEVEL_MPTCP 284
#define OPTION_INFO 1

/* Ends a setter: Source and Addr are both told (behaviour 11.3). */
static int set_result(gonet_tcp_conn_t *c, bool ok, const gonet__fail_t *fail, gonet_error_t **err)
{
    return ok ? 0 : gonet__sock_fail(&c->sock, "set", GONET__SHAPE_BOTH, fail, err);
}

static int set_int(gonet_tcp_conn_t *c, int level, int name, int value, gonet_error_t **err)
{
    gonet__fail_t fail;

    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    return set_result(c, gonet__fd_set_int_option(&c->sock.fd, level, name, value, &fail), &fail,
                      err);
}

int gonet_tcp_conn_set_linger(gonet_tcp_conn_t *c, int sec, gonet_error_t **err)
{
    gonet__fail_t fail;

    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    return set_result(c, gonet__fd_set_linger(&c->sock.fd, sec, &fail), &fail, err);
}

int gonet_tcp_conn_set_no_delay(gonet_tcp_conn_t *c, bool no_delay, gonet_error_t **err)
{
    return set_int(c, IPPROTO_TCP, TCP_NODELAY, no_delay, err);
}

int gonet_tcp_conn_set_keep_alive(gonet_tcp_conn_t *c, bool enable, gonet_error_t **err)
{
    return set_int(c, SOL_SOCKET, SO_KEEPALIVE, enable, err);
}

int gonet_tcp_conn_set_keep_alive_period(gonet_tcp_conn_t *c, gonet_duration_t d,
                                         gonet_error_t **err)
{
    if (c != NULL && d < 0) {
        gonet__error_clear(err);
        return 0;
    }
    if (d == 0)
        d = GONET__KEEP_ALIVE_TIME;
    return set_int(c, IPPROTO_TCP, TCP_KEEPIDLE, gonet__sockopt_seconds(d), err);
}

int gonet_tcp_conn_set_keep_alive_config(gonet_tcp_conn_t *c, gonet_keep_alive_config_t config,
                                         gonet_error_t **err)
{
    gonet__fail_t fail;

    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    return set_result(c, gonet__fd_set_keep_alive(&c->sock.fd, &config, &fail), &fail, err);
}

/*
 * The kernel (5.16 and later) refuses MPTCP_INFO with one of two errors on a connection that fell
 * back to TCP or never was anything else; whatever else happens counts as Multipath TCP, even a
 * closed one (behaviour 7.22).
 */
static bool uses_mptcp(const gonet__fd_t *fd)
{
    int refused = fd->family == AF_INET ? EOPNOTSUPP : ENOPROTOOPT;
    int value = 0;
    socklen_t len = sizeof(value);

    if (gonet__sys_getsockopt(fd->pd.fd, LEVEL_MPTCP, OPTION_INFO, &value, &len) == 0)
        return true;
    return errno != refused;
}

bool gonet_tcp_conn_multipath_tcp(gonet_tcp_conn_t *c, gonet_error_t **err)
{
    gonet__fail_t fail;
    bool uses;

    gonet__error_clear(err);
    if (c == NULL) {
        (void)gonet__no_object(err);
        return false;
    }
    if (!gonet__mptcp_available())
        return false;
    if (!gonet__fd_ref(&c->sock.fd, &fail)) {
        gonet__fd_unhold(&c->sock.fd);
        return true;
    }
    uses = uses_mptcp(&c->sock.fd);
    gonet__fd_unref(&c->sock.fd);
    return uses;
}
