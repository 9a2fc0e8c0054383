/*
 * Connections and listeners made of the user's descriptors. The library works on a duplicate, which
 * shares the open socket with the original: making it non-blocking makes both so. Its options are
 * whatever the user makes them, now or later.
 */
#include <stdio.h>
#include <string.h>

#include "conn/iprawsock.h"
#include "base/fd.h"
#include "conn/tcp.h"
#include "conn/udp.h"
#include "conn/unixsock.h"
#include "gonet/errno.h"
#include "socket/sys.h"

/* A descriptor on its way to become an object. */
typedef struct {
    int sysfd; /* the duplicate; -1: none */
    int sotype;
    gonet__sockaddr_t local;
    gonet__sockaddr_t peer;
    gonet_addr_t addr; /* local, as its kind */
} adopted_t;

/* "file file+net /dev/fd/5: …"; takes inner. */
static gonet_error_t *file_error(int fd, gonet_error_t *inner)
{
    gonet_addr_t addr;

    memset(&addr, 0, sizeof(addr));
    addr.kind = GONET_ADDR_OTHER;
    snprintf(addr.other.text, sizeof(addr.other.text), "/dev/fd/%d", fd);
    strcpy(addr.other.net, "file+net");
    return gonet_op_error_new("file", "file+net", NULL, &addr, inner);
}

/* What is no socket is left as it is. */
static gonet_error_t *duplicate(int fd, adopted_t *a)
{
    socklen_t len = sizeof(a->sotype);
    int flags;

    a->sysfd = gonet__sys_fcntl(fd, F_DUPFD_CLOEXEC, GONET__FD_LEAST);
    if (a->sysfd < 0)
        return gonet_syscall_error_new("fcntl", errno);
    if (gonet__sys_getsockopt(a->sysfd, SOL_SOCKET, SO_TYPE, &a->sotype, &len) < 0)
        return gonet_syscall_error_new("getsockopt", errno);
    flags = gonet__sys_fcntl(a->sysfd, F_GETFL, 0);
    if (flags < 0 || gonet__sys_fcntl(a->sysfd, F_SETFL, flags | O_NONBLOCK) < 0)
        return gonet_syscall_error_new("setnonblock", errno);
    return NULL;
}

static gonet_error_t *adopt(int fd, adopted_t *a)
{
    gonet_error_t *e = duplicate(fd, a);

    if (e != NULL)
        return e;
    gonet__sock_name(a->sysfd, &a->local);
    gonet__sock_peer(a->sysfd, &a->peer);
    gonet__sockaddr_to_addr(&a->local.u, a->local.len, a->sotype, &a->addr);
    if (a->addr.kind == GONET_ADDR_NONE)
        return gonet_errno_error(EPROTONOSUPPORT);
    return NULL;
}

/* Makes an object of what was adopted, which it takes; NULL with the reason in *e. */
typedef void *(*maker_t)(adopted_t *a, gonet_error_t **e);

static void *adopt_as(int fd, maker_t make, gonet_error_t **err)
{
    adopted_t a = {.sysfd = -1};
    void *object = NULL;
    gonet_error_t *e;

    gonet__error_clear(err);
    e = adopt(fd, &a);
    if (e == NULL)
        object = make(&a, &e);
    if (a.sysfd >= 0)
        (void)gonet__sys_close(a.sysfd);
    if (object == NULL)
        gonet_error_set(err, file_error(fd, e));
    return object;
}

/* The object's descriptor, which is its own from now on. */
static int take_fd(adopted_t *a)
{
    int sysfd = a->sysfd;

    a->sysfd = -1;
    return sysfd;
}

/* What every maker ends with; takes the reason of one that made nothing. */
static void *made(const adopted_t *a, gonet__sock_t *s, bool with_peer, gonet_error_t **e)
{
    if (s == NULL) {
        *e = gonet_err_no_memory;
        return NULL;
    }
    gonet__sock_set_addrs(s, &a->local, with_peer ? &a->peer : NULL);
    atomic_store(&s->fd.exported, true); /* the user has it, too */
    return s;
}

static void *make_tcp(adopted_t *a, gonet_error_t **e)
{
    gonet_tcp_conn_t *c = gonet__tcp_conn_new("tcp", take_fd(a), a->local.u.sa.sa_family);

    if (c != NULL)
        gonet__tcp_set_defaults(c->sock.fd.pd.fd, 0, NULL);
    return made(a, c == NULL ? NULL : &c->sock, true, e);
}

static void *make_udp(adopted_t *a, gonet_error_t **e)
{
    gonet_udp_conn_t *c = gonet__udp_conn_new("udp", take_fd(a), a->local.u.sa.sa_family);

    return made(a, c == NULL ? NULL : &c->sock, true, e);
}

static void *make_ip(adopted_t *a, gonet_error_t **e)
{
    gonet_ip_conn_t *c = gonet__ip_conn_new("ip", take_fd(a), a->local.u.sa.sa_family);

    return made(a, c == NULL ? NULL : &c->sock, true, e);
}

static void *make_unix(adopted_t *a, gonet_error_t **e)
{
    gonet_unix_conn_t *c = gonet__unix_conn_new(gonet__unix_net(a->sotype), take_fd(a), a->sotype);

    return made(a, c == NULL ? NULL : &c->sock, true, e);
}

/* Kinds of sockets that don't have what was asked for (behaviour 16.4). */
static void *refuse(gonet_error_t **e)
{
    *e = gonet_errno_error(EINVAL);
    return NULL;
}

static void *make_conn(adopted_t *a, gonet_error_t **e)
{
    switch (a->addr.kind) {
    case GONET_ADDR_TCP:
        return make_tcp(a, e);
    case GONET_ADDR_UDP:
        return make_udp(a, e);
    case GONET_ADDR_IP:
        return make_ip(a, e);
    case GONET_ADDR_UNIX:
        return make_unix(a, e);
    default:
        return refuse(e);
    }
}

static void *make_packet_conn(adopted_t *a, gonet_error_t **e)
{
    switch (a->addr.kind) {
    case GONET_ADDR_UDP:
        return make_udp(a, e);
    case GONET_ADDR_IP:
        return make_ip(a, e);
    case GONET_ADDR_UNIX:
        return make_unix(a, e);
    default:
        return refuse(e);
    }
}

static void *make_listener(adopted_t *a, gonet_error_t **e)
{
    gonet_tcp_listener_t *tcp;
    gonet_unix_listener_t *local;

    switch (a->addr.kind) {
    case GONET_ADDR_TCP:
        tcp = gonet__tcp_listener_new("tcp", take_fd(a), a->local.u.sa.sa_family, 0, NULL);
        return made(a, tcp == NULL ? NULL : &tcp->sock, false, e);
    case GONET_ADDR_UNIX:
        local = gonet__unix_listener_new(gonet__unix_net(a->sotype), take_fd(a), a->sotype, false);
        return made(a, local == NULL ? NULL : &local->sock, false, e);
    default:
        return refuse(e);
    }
}

gonet_conn_t *gonet_file_conn(int fd, gonet_error_t **err)
{
    return adopt_as(fd, make_conn, err);
}

gonet_packet_conn_t *gonet_file_packet_conn(int fd, gonet_error_t **err)
{
    return adopt_as(fd, make_packet_conn, err);
}

gonet_listener_t *gonet_file_listener(int fd, gonet_error_t **err)
{
    return adopt_as(fd, make_listener, err);
}
