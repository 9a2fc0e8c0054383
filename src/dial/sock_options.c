/*
 * Socket options from configuration structs. What the kernel would cut to fit, or take for "the
 * default", is refused here with the kernel's own EINVAL.
 */
#include "dial/sock_options.h"

#include <limits.h>
#include <netinet/tcp.h>

#include "gonet/errno.h"
#include "socket/sockopt.h"

#define MAX_BYTE 255 /* the header's fields */

/* What the two kinds of structs have in common; the fields are theirs. */
typedef struct {
    gonet_duration_t user_timeout;
    int tos;
    int ttl;
    bool reuse_port;
    bool recv_tos;
    bool recv_ttl;
} options_t;

/*
 * Sets an option that each family has under its own name. An IPv6 socket may carry IPv4, too, and
 * then goes by that family's option; raw ones don't, and haven't any.
 */
static int set_ip(const gonet__sock_t *s, int name4, int name6, int value)
{
    int sysfd = s->fd.pd.fd, errnum = 0;

    if (s->fd.family == AF_INET6)
        errnum = gonet__sockopt_int(sysfd, IPPROTO_IPV6, name6, value);
    if (errnum == 0 && (s->fd.family == AF_INET || s->fd.sotype != SOCK_RAW))
        errnum = gonet__sockopt_int(sysfd, IPPROTO_IP, name4, value);
    return errnum;
}

static int set_byte(const gonet__sock_t *s, int name4, int name6, int value)
{
    if (value == 0)
        return 0;
    return value < 0 || value > MAX_BYTE ? EINVAL : set_ip(s, name4, name6, value);
}

/* The kernel counts milliseconds; less than one is not none. */
static int set_user_timeout(const gonet__sock_t *s, gonet_duration_t d)
{
    gonet_duration_t ms = d / GONET_MILLISECOND + (d % GONET_MILLISECOND > 0);

    if (d == 0)
        return 0;
    if (d < 0)
        return EINVAL;
    return gonet__sockopt_int(s->fd.pd.fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
                              ms > INT_MAX ? INT_MAX : (int)ms);
}

static int set_all(const options_t *o, const gonet__sock_t *s)
{
    bool tcp = s->fd.sotype == SOCK_STREAM, raw = s->fd.sotype == SOCK_RAW;
    int errnum = 0;

    if (o->reuse_port && !raw)
        errnum = gonet__sockopt_int(s->fd.pd.fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (errnum == 0 && tcp)
        errnum = set_user_timeout(s, o->user_timeout);
    if (errnum == 0)
        errnum = set_byte(s, IP_TOS, IPV6_TCLASS, o->tos);
    if (errnum == 0)
        errnum = set_byte(s, IP_TTL, IPV6_UNICAST_HOPS, o->ttl);
    if (errnum == 0 && o->recv_tos && !tcp)
        errnum = set_ip(s, IP_RECVTOS, IPV6_RECVTCLASS, 1);
    if (errnum == 0 && o->recv_ttl && !tcp)
        errnum = set_ip(s, IP_RECVTTL, IPV6_RECVHOPLIMIT, 1);
    return errnum;
}

static gonet_error_t *apply(const options_t *o, const gonet__sock_t *s)
{
    int errnum = s->fd.family == AF_UNIX ? 0 : set_all(o, s);

    return errnum == 0 ? NULL : gonet_syscall_error_new("setsockopt", errnum);
}

gonet_error_t *gonet__dial_options(const gonet_dialer_t *d, const gonet__sock_t *s)
{
    const options_t o = {d->user_timeout, d->tos, d->ttl, d->reuse_port, d->recv_tos, d->recv_ttl};

    return apply(&o, s);
}

gonet_error_t *gonet__listen_options(const gonet_listen_config_t *lc, const gonet__sock_t *s)
{
    const options_t o = {lc->user_timeout, lc->tos,      lc->ttl,
                         lc->reuse_port,   lc->recv_tos, lc->recv_ttl};

    return apply(&o, s);
}
