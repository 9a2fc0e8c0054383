/*
 * Listening to a multicast group: a bound socket, and the options that make it a member. IPv4 and
 * IPv6 have options of their own; which are set depends on the group's address, not on the socket.
 */
#include <netinet/in.h>
#include <string.h>

#include "dial/udp_dial.h"
#include "error/error.h"
#include "gonet/errno.h"
#include "socket/sys.h"

static const gonet_listen_config_t zero_config;

static gonet_error_t *set(int sysfd, int level, int name, const void *value, socklen_t len)
{
    if (gonet__sys_setsockopt(sysfd, level, name, value, len) < 0)
        return gonet_syscall_error_new("setsockopt", errno);
    return NULL;
}

/* index is the interface's; 0 leaves the choice to the system. */
static gonet_error_t *join4(int sysfd, const gonet_ip_t *group, int index)
{
    struct ip_mreqn mreq = {.imr_ifindex = index};
    int off = 0;
    gonet_error_t *e = NULL;

    if (index != 0)
        e = set(sysfd, IPPROTO_IP, IP_MULTICAST_IF, &mreq, sizeof(mreq));
    if (e == NULL)
        e = set(sysfd, IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof(off));
    if (e != NULL)
        return e;
    memcpy(&mreq.imr_multiaddr, group->b, 4);
    return set(sysfd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq));
}

static gonet_error_t *join6(int sysfd, const gonet_ip_t *group, int index)
{
    struct ipv6_mreq mreq = {.ipv6mr_interface = (unsigned)index};
    int off = 0;
    gonet_error_t *e = NULL;

    if (index != 0)
        e = set(sysfd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof(index));
    if (e == NULL)
        e = set(sysfd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof(off));
    if (e != NULL)
        return e;
    memcpy(&mreq.ipv6mr_multiaddr, group->b, 16);
    return set(sysfd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mreq, sizeof(mreq));
}

static gonet_error_t *join(gonet_udp_conn_t *c, const gonet_interface_t *ifi, const gonet_ip_t *ip)
{
    const gonet_ip_t ip4 = gonet_ip_to4(*ip);
    int index = ifi == NULL ? 0 : ifi->index, sysfd = c->sock.fd.pd.fd;

    return ip4.len != 0 ? join4(sysfd, &ip4, index) : join6(sysfd, ip, index);
}

static gonet_udp_conn_t *listen_to(const char *network, const gonet_interface_t *ifi,
                                   const gonet_udp_addr_t *gaddr, gonet_error_t **e)
{
    gonet_udp_conn_t *c = gonet__udp_listen(&zero_config, network, gaddr, e);

    if (c == NULL)
        return NULL;
    *e = join(c, ifi, &gaddr->ip);
    if (*e == NULL)
        return c;
    gonet_udp_conn_free(c);
    return NULL;
}

gonet_udp_conn_t *gonet_listen_multicast_udp(const char *network, const gonet_interface_t *ifi,
                                             const gonet_udp_addr_t *gaddr, gonet_error_t **err)
{
    gonet_udp_conn_t *c = NULL;
    gonet_error_t *e = NULL;

    gonet__error_clear(err);
    if (!gonet__is_udp(network))
        e = gonet__unknown_network_error(network);
    else if (gaddr == NULL || gaddr->ip.len == 0)
        e = gonet__err_missing_address;
    else
        c = listen_to(network, ifi, gaddr, &e);
    if (c == NULL) {
        gonet_addr_t addr = gonet_udp_addr_as_addr(gaddr);

        gonet_error_set(err, gonet_op_error_new("listen", network, NULL, &addr, e));
    }
    return c;
}
