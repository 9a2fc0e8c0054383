/*
 * Sockets as objects: making them, their addresses, their errors. The memory is released by the
 * last reference that the descriptor counts (fd.h).
 */
#include "conn/sock.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "iface/zone.h"
#include "socket/sys.h"

_Static_assert(sizeof(gonet__sock_t) <= 312, "an idle connection must stay small");

/* Addresses are made a layer below, by one that may not see the interfaces. */
static __attribute__((constructor)) void lend_zones(void)
{
    static const gonet__zone_source_t source = {.index = gonet__zone_cache_index,
                                                .name = gonet__zone_cache_name};

    gonet__zones_from(&source);
}

static void sock_destroy(gonet__fd_t *fd)
{
    gonet__sock_t *s = GONET__CONTAINER(fd, gonet__sock_t, fd);

    gonet__free(atomic_load(&s->addrs));
    gonet__free(s);
}

/* For gonet_dump_tasks: what a task waits for, as the operation's error would name it. */
static void sock_describe(gonet__pd_t *pd, gonet__side_t side, char *buf, unsigned size)
{
    const gonet__sock_t *s = GONET__CONTAINER(pd, gonet__sock_t, fd.pd);
    char local_text[GONET_ADDR_STRLEN], remote_text[GONET_ADDR_STRLEN];
    const char *op = side == GONET__SIDE_READ ? "read" : "write";
    gonet_addr_t local, remote;

    gonet__sock_local(s, &local);
    gonet__sock_remote(s, &remote);
    (void)gonet_addr_string(&local, local_text, sizeof(local_text));
    (void)gonet_addr_string(&remote, remote_text, sizeof(remote_text));
    if (s->object.kind == GONET__KIND_LISTENER)
        snprintf(buf, size, "accept %s %s", s->net, local_text);
    else if (s->local_len == 0)
        snprintf(buf, size, "connect %s", s->net); /* the addresses come with the connection */
    else if (s->remote_len == 0)
        snprintf(buf, size, "%s %s %s", op, s->net, local_text);
    else
        snprintf(buf, size, "%s %s %s->%s", op, s->net, local_text, remote_text);
}

static uint8_t addr_room(int family)
{
    switch (family) {
    case AF_INET:
        return sizeof(struct sockaddr_in);
    case AF_INET6:
        return sizeof(struct sockaddr_in6);
    default:
        return sizeof(struct sockaddr_un);
    }
}

gonet__sock_t *gonet__sock_new(size_t size, gonet__kind_t kind, gonet__type_t type,
                               const void *vtable, const char *net, int sysfd, int family,
                               int sotype)
{
    uint8_t room = addr_room(family);
    gonet__sock_t *s = gonet__zalloc(size + 2 * (size_t)room);

    if (s == NULL) {
        (void)gonet__sys_close(sysfd);
        return NULL;
    }
    gonet__object_init(&s->object, kind, type, vtable);
    gonet__fd_init(&s->fd, sysfd, family, sotype, sock_destroy);
    s->fd.pd.describe = sock_describe;
    s->net = net;
    atomic_init(&s->addrs, NULL);
    s->tail = (uint16_t)size;
    s->room = room;
    return s;
}

static uint8_t *addr_bytes(const gonet__sock_t *s, int remote)
{
    return (uint8_t *)s + s->tail + (remote ? s->room : 0);
}

static uint8_t store_addr(gonet__sock_t *s, int remote, const gonet__sockaddr_t *sa)
{
    size_t len = sa == NULL ? 0 : sa->len;

    if (len > s->room)
        len = s->room;
    if (len > 0)
        memcpy(addr_bytes(s, remote), &sa->u, len);
    return (uint8_t)len;
}

void gonet__sock_set_addrs(gonet__sock_t *s, const gonet__sockaddr_t *local,
                           const gonet__sockaddr_t *remote)
{
    s->local_len = store_addr(s, 0, local);
    s->remote_len = store_addr(s, 1, remote);
}

void gonet__sock_remote_without_ip(gonet__sock_t *s)
{
    s->remote_len = GONET__SOCKADDR_NO_IP;
}

void gonet__sock_name(int sysfd, gonet__sockaddr_t *sa)
{
    sa->len = sizeof(sa->u);
    if (gonet__sys_getsockname(sysfd, &sa->u.sa, &sa->len) < 0)
        sa->len = 0;
}

void gonet__sock_peer(int sysfd, gonet__sockaddr_t *sa)
{
    sa->len = sizeof(sa->u);
    if (gonet__sys_getpeername(sysfd, &sa->u.sa, &sa->len) < 0)
        sa->len = 0;
}

void gonet__sock_local(const gonet__sock_t *s, gonet_addr_t *addr)
{
    gonet__sockaddr_to_addr(addr_bytes(s, 0), s->local_len, s->fd.sotype, addr);
}

void gonet__sock_remote(const gonet__sock_t *s, gonet_addr_t *addr)
{
    gonet__sockaddr_to_addr(addr_bytes(s, 1), s->remote_len, s->fd.sotype, addr);
}

bool gonet__sock_met_itself(const gonet__sock_t *s)
{
    gonet__sockaddr_t local = {.len = s->local_len}, remote = {.len = s->remote_len};

    memcpy(&local.u, addr_bytes(s, 0), local.len);
    memcpy(&remote.u, addr_bytes(s, 1), remote.len);
    return local.len == 0 || remote.len == 0 || gonet__sockaddr_same_end(&local, &remote);
}

/* Makes the public addresses once; whoever comes second throws its own away. */
static gonet__sock_addrs_t *sock_addrs(gonet__sock_t *s)
{
    gonet__sock_addrs_t *addrs = atomic_load_explicit(&s->addrs, memory_order_acquire);
    gonet__sock_addrs_t *fresh;

    if (addrs != NULL)
        return addrs;
    fresh = gonet__alloc(sizeof(*fresh));
    if (fresh == NULL)
        return NULL;
    gonet__sock_local(s, &fresh->local);
    gonet__sock_remote(s, &fresh->remote);
    if (atomic_compare_exchange_strong(&s->addrs, &addrs, fresh))
        return fresh;
    gonet__free(fresh);
    return addrs;
}

const gonet_addr_t *gonet__sock_local_addr(void *self)
{
    gonet__sock_t *s = self;
    gonet__sock_addrs_t *addrs = s == NULL || s->local_len == 0 ? NULL : sock_addrs(s);

    return addrs == NULL ? NULL : &addrs->local;
}

const gonet_addr_t *gonet__sock_remote_addr(void *self)
{
    gonet__sock_t *s = self;
    gonet__sock_addrs_t *addrs = s == NULL || s->remote_len == 0 ? NULL : sock_addrs(s);

    return addrs == NULL ? NULL : &addrs->remote;
}

const char *gonet__net_static(const char *net)
{
    static const char *const names[] = {"tcp", "tcp4", "tcp6", "udp",  "udp4",     "udp6",
                                        "ip",  "ip4",  "ip6",  "unix", "unixgram", "unixpacket"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(net, names[i]) == 0)
            return names[i];
    }
    return NULL;
}

gonet_error_t *gonet__sock_op_error(const gonet__sock_t *s, const char *op, gonet__shape_t shape,
                                    gonet_error_t *inner)
{
    gonet_addr_t local, remote;

    gonet__sock_local(s, &local);
    if (shape == GONET__SHAPE_LOCAL)
        return gonet_op_error_new(op, s->net, NULL, &local, inner);
    gonet__sock_remote(s, &remote);
    return gonet_op_error_new(op, s->net, &local, &remote, inner);
}

ssize_t gonet__sock_write_failed(const gonet__sock_t *s, const gonet_addr_t *addr, gonet_error_t *e,
                                 gonet_error_t **err)
{
    gonet_addr_t local;

    gonet__sock_local(s, &local);
    gonet_error_set(err, gonet_op_error_new("write", s->net, &local, addr, e));
    return -1;
}

int gonet__sock_fail(gonet__sock_t *s, const char *op, gonet__shape_t shape,
                     const gonet__fail_t *fail, gonet_error_t **err)
{
    if (err != NULL)
        gonet_error_set(err, gonet__sock_op_error(s, op, shape, gonet__fail_error(fail)));
    gonet__fd_unhold(&s->fd);
    return -1;
}

gonet__sock_t *gonet__object_sock(void *o)
{
    gonet__object_t *object = o;

    if (object == NULL || object->kind != GONET__KIND_CONN)
        return NULL;
    switch ((gonet__type_t)object->type) {
    case GONET__TYPE_TCP_CONN:
    case GONET__TYPE_UDP_CONN:
    case GONET__TYPE_IP_CONN:
    case GONET__TYPE_UNIX_CONN:
        return o;
    case GONET__TYPE_USER:
    case GONET__TYPE_TCP_LISTENER:
    case GONET__TYPE_UNIX_LISTENER:
    case GONET__TYPE_PIPE:
    case GONET__TYPE_BUFREADER:
    case GONET__TYPE_BUFWRITER:
    case GONET__TYPE_LIMITED_READER:
    case GONET__TYPE_FILE_READER:
    case GONET__TYPE_FILE_WRITER:
    case GONET__TYPE_FD_CONN:
        break;
    }
    return NULL;
}
