/*
 * Reading netlink messages and their attributes. Lengths are checked before anything is read, and
 * fields are copied out, so no alignment is assumed.
 */
#include "iface/message.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet/errno.h"

/* The last two are in newer headers than the ones supported. */
#define ARP_GRE_V4 778
#define ARP_GRE_V6 823

#define PARSE_MESSAGE "parsenetlinkmessage"
#define PARSE_ATTR    "parsenetlinkrouteattr"

/* A number in the machine's own byte order; 0 if there are too few bytes. */
static uint32_t get_u32(gonet__nl_bytes_t value)
{
    uint32_t v = 0;

    if (value.len >= sizeof(v))
        memcpy(&v, value.p, sizeof(v));
    return v;
}

static void skip(gonet__nl_bytes_t *b, size_t n)
{
    n = n < b->len ? n : b->len;
    b->p += n;
    b->len -= n;
}

int gonet__nl_next_message(gonet__nl_bytes_t *rest, gonet__nl_message_t *m)
{
    struct nlmsghdr h;

    if (rest->len < sizeof(h))
        return 0;
    memcpy(&h, rest->p, sizeof(h));
    if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > rest->len)
        return -1;
    *m = (gonet__nl_message_t){.type = h.nlmsg_type,
                               .flags = h.nlmsg_flags,
                               .seq = h.nlmsg_seq,
                               .pid = h.nlmsg_pid,
                               .body = {rest->p + sizeof(h), h.nlmsg_len - sizeof(h)}};
    skip(rest, NLMSG_ALIGN((size_t)h.nlmsg_len));
    return 1;
}

/* The same for attributes. */
static int next_attr(gonet__nl_bytes_t *rest, unsigned *type, gonet__nl_bytes_t *value)
{
    struct rtattr a;

    if (rest->len < sizeof(a))
        return 0;
    memcpy(&a, rest->p, sizeof(a));
    if (a.rta_len < sizeof(a) || a.rta_len > rest->len)
        return -1;
    *type = a.rta_type & (unsigned)NLA_TYPE_MASK;
    *value = (gonet__nl_bytes_t){rest->p + sizeof(a), a.rta_len - sizeof(a)};
    skip(rest, RTA_ALIGN((size_t)a.rta_len));
    return 1;
}

/* A message's fixed part; the attributes are left in body. */
static bool get_fixed(gonet__nl_bytes_t *body, void *fixed, size_t size)
{
    if (body->len < size)
        return false;
    memcpy(fixed, body->p, size);
    skip(body, NLMSG_ALIGN(size));
    return true;
}

static gonet_flags_t link_flags(unsigned f)
{
    const struct {
        unsigned kernel;
        gonet_flags_t flag;
    } table[] = {{IFF_UP, GONET_FLAG_UP},
                 {IFF_BROADCAST, GONET_FLAG_BROADCAST},
                 {IFF_LOOPBACK, GONET_FLAG_LOOPBACK},
                 {IFF_POINTOPOINT, GONET_FLAG_POINT_TO_POINT},
                 {IFF_MULTICAST, GONET_FLAG_MULTICAST},
                 {IFF_RUNNING, GONET_FLAG_RUNNING}};
    gonet_flags_t flags = 0;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        flags |= (f & table[i].kernel) != 0 ? table[i].flag : 0;
    return flags;
}

/* Tunnels carry an IP address in place of a hardware address (behaviour 20.2). */
static bool is_tunnel_end(unsigned arp, size_t len)
{
    if (len == 4)
        return arp == ARPHRD_TUNNEL || arp == ARPHRD_SIT || arp == ARP_GRE_V4;
    return len == 16 && (arp == ARPHRD_TUNNEL6 || arp == ARP_GRE_V6);
}

static bool put_hardware(gonet_interface_t *ifi, unsigned arp, gonet__nl_bytes_t value)
{
    bool zero = true;

    if (value.len > sizeof(ifi->hardware_addr.b))
        return false;
    for (size_t i = 0; i < value.len; i++)
        zero = zero && value.p[i] == 0;
    if (zero || is_tunnel_end(arp, value.len))
        return true;
    memcpy(ifi->hardware_addr.b, value.p, value.len);
    ifi->hardware_addr.len = (uint8_t)value.len;
    return true;
}

static bool put_name(gonet_interface_t *ifi, gonet__nl_bytes_t value)
{
    size_t len = strnlen((const char *)value.p, value.len);

    if (len >= sizeof(ifi->name))
        return false;
    memcpy(ifi->name, value.p, len);
    return true;
}

/* NULL, or the name of what failed. */
static const char *parse_link(gonet__nl_bytes_t body, int index, gonet_interface_t *ifi,
                              bool *wanted)
{
    struct ifinfomsg info;
    gonet__nl_bytes_t value;
    unsigned type;
    int more;

    memset(ifi, 0, sizeof(*ifi));
    if (!get_fixed(&body, &info, sizeof(info)))
        return PARSE_MESSAGE;
    *wanted = index == 0 || index == info.ifi_index;
    if (!*wanted)
        return NULL;
    ifi->index = info.ifi_index;
    ifi->flags = link_flags(info.ifi_flags);
    while ((more = next_attr(&body, &type, &value)) > 0) {
        bool ok = true;

        if (type == IFLA_MTU)
            ifi->mtu = (int)get_u32(value);
        else if (type == IFLA_IFNAME)
            ok = put_name(ifi, value);
        else if (type == IFLA_ADDRESS)
            ok = put_hardware(ifi, info.ifi_type, value);
        if (!ok)
            return PARSE_ATTR;
    }
    return more < 0 ? PARSE_ATTR : NULL;
}

/* The attributes of an address message that matter. */
typedef struct {
    gonet__nl_bytes_t local;
    gonet__nl_bytes_t address;
} ends_t;

static bool parse_ends(gonet__nl_bytes_t body, ends_t *ends)
{
    gonet__nl_bytes_t value;
    unsigned type;
    int more;

    memset(ends, 0, sizeof(*ends));
    while ((more = next_attr(&body, &type, &value)) > 0) {
        if (type == IFA_LOCAL && ends->local.p == NULL)
            ends->local = value;
        else if (type == IFA_ADDRESS && ends->address.p == NULL)
            ends->address = value;
    }
    return more == 0;
}

/* Makes the network of an address; *wanted is false if it is of no known family. */
static const char *parse_addr(gonet__nl_bytes_t body, int index, gonet_addr_t *addr, bool *wanted)
{
    struct ifaddrmsg info;
    gonet__nl_bytes_t ip;
    gonet_ip_net_t net;
    ends_t ends;
    size_t size;

    memset(&net, 0, sizeof(net));
    memset(addr, 0, sizeof(*addr));
    if (!get_fixed(&body, &info, sizeof(info)))
        return PARSE_MESSAGE;
    size = info.ifa_family == AF_INET ? 4 : 16;
    *wanted = (index == 0 || index == (int)info.ifa_index) &&
              (info.ifa_family == AF_INET || info.ifa_family == AF_INET6);
    if (!*wanted)
        return NULL;
    if (!parse_ends(body, &ends))
        return PARSE_ATTR;
    /* Of a point-to-point link the other end is not ours (behaviour 20.4). */
    ip = ends.local.p != NULL ? ends.local : ends.address;
    if (ip.p == NULL) {
        *wanted = false;
        return NULL;
    }
    if (ip.len < size || info.ifa_prefixlen > size * 8)
        return PARSE_ATTR;
    net.ip.len = (uint8_t)size;
    memcpy(net.ip.b, ip.p, size);
    net.ip = gonet_ip_to16(net.ip);
    net.mask = gonet_cidr_mask(info.ifa_prefixlen, (int)size * 8);
    *addr = gonet_ip_net_as_addr(&net);
    return NULL;
}

/* How many messages of a type there are, or -1. */
static ssize_t count_messages(gonet__nl_bytes_t table, unsigned type)
{
    gonet__nl_message_t m;
    ssize_t n = 0;
    int more;

    while ((more = gonet__nl_next_message(&table, &m)) > 0)
        n += m.type == type;
    return more < 0 ? -1 : n;
}

/* What the two tables have in common: put makes the i-th element of list from a message's body. */
typedef const char *(*put_t)(gonet__nl_bytes_t body, int index, void *list, size_t i, bool *wanted);

static const char *put_link(gonet__nl_bytes_t body, int index, void *list, size_t i, bool *wanted)
{
    return parse_link(body, index, (gonet_interface_t *)list + i, wanted);
}

static const char *put_addr(gonet__nl_bytes_t body, int index, void *list, size_t i, bool *wanted)
{
    return parse_addr(body, index, (gonet_addr_t *)list + i, wanted);
}

static gonet_error_t *make_list(gonet__nl_bytes_t table, unsigned type, int index, put_t put,
                                size_t size, void **list, size_t *n)
{
    ssize_t count = count_messages(table, type);
    gonet__nl_message_t m;
    const char *failed = NULL;

    *n = 0;
    *list = NULL;
    if (count < 0)
        return gonet_syscall_error_new(PARSE_MESSAGE, EINVAL);
    *list = gonet__calloc((size_t)count + 1, size);
    if (*list == NULL)
        return gonet_err_no_memory;
    while (failed == NULL && gonet__nl_next_message(&table, &m) > 0) {
        bool wanted = false;

        if (m.type == type)
            failed = put(m.body, index, *list, *n, &wanted);
        *n += wanted;
    }
    if (failed == NULL)
        return NULL;
    gonet__free(*list);
    *list = NULL;
    *n = 0;
    return gonet_syscall_error_new(failed, EINVAL);
}

gonet_error_t *gonet__nl_links(gonet__nl_bytes_t table, int index, gonet_interface_t **list,
                               size_t *n)
{
    void *made;
    gonet_error_t *e =
        make_list(table, RTM_NEWLINK, index, put_link, sizeof(gonet_interface_t), &made, n);

    *list = made;
    return e;
}

gonet_error_t *gonet__nl_addrs(gonet__nl_bytes_t table, int index, gonet_addr_t **list, size_t *n)
{
    void *made;
    gonet_error_t *e =
        make_list(table, RTM_NEWADDR, index, put_addr, sizeof(gonet_addr_t), &made, n);

    *list = made;
    return e;
}
