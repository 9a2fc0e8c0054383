/*
 * Unix listeners. The first close removes the path before it stops listening, so that nobody finds
 * a name without a listener behind it, unless there is none to remove or it was asked to stay. A
 * forked child's close leaves it to the parent, which still listens.
 */
#include <string.h>
#include <unistd.h>

#include "conn/rawconn.h"
#include "conn/unixsock.h"

static gonet_conn_t *accept_slot(void *self, gonet_error_t **err)
{
    return (gonet_conn_t *)gonet_unix_listener_accept_unix(self, err);
}

static void remove_path(gonet_unix_listener_t *l)
{
    gonet_addr_t addr;

    if (atomic_exchange(&l->was_closed, true) || atomic_load(&l->remover) != getpid())
        return;
    gonet__sock_local(&l->sock, &addr);
    /* Whatever is there by now goes (behaviour 15.7). */
    if (addr.kind == GONET_ADDR_UNIX && addr.unix_.name[0] != '@')
        (void)unlink(addr.unix_.name);
}

static int close_slot(void *self, gonet_error_t **err)
{
    remove_path(self);
    return gonet__sock_close(self, err);
}

static void destroy_slot(void *self)
{
    remove_path(self);
    gonet__sock_release(self);
}

static const gonet_listener_vtable_t unix_listener_vtable = {
    .size = sizeof(gonet_listener_vtable_t),
    .accept = accept_slot,
    .close = close_slot,
    .addr = gonet__sock_local_addr,
    .destroy = destroy_slot,
    .set_deadline = gonet__sock_listener_set_deadline,
    .file = gonet__sock_file,
    .syscall_conn = gonet__sock_listener_syscall_conn};

gonet_unix_listener_t *gonet__unix_listener_new(const char *net, int sysfd, int sotype, bool unlink)
{
    gonet_unix_listener_t *l = (gonet_unix_listener_t *)gonet__sock_new(
        sizeof(*l), GONET__KIND_LISTENER, GONET__TYPE_UNIX_LISTENER, &unix_listener_vtable, net,
        sysfd, AF_UNIX, sotype);

    if (l == NULL)
        return NULL;
    atomic_init(&l->remover, unlink ? getpid() : 0);
    atomic_init(&l->was_closed, false);
    return l;
}

gonet_listener_t *gonet_unix_listener_as_listener(gonet_unix_listener_t *l)
{
    return (gonet_listener_t *)l;
}

gonet_unix_listener_t *gonet_listener_as_unix(gonet_listener_t *l)
{
    return l != NULL && l->object.type == GONET__TYPE_UNIX_LISTENER ? (gonet_unix_listener_t *)l
                                                                    : NULL;
}

gonet_unix_listener_t *gonet_unix_listener_ref(gonet_unix_listener_t *l)
{
    gonet__object_ref(GONET__OBJECT(l));
    return l;
}

void gonet_unix_listener_free(gonet_unix_listener_t *l)
{
    gonet__object_unref(GONET__OBJECT(l));
}

gonet_unix_conn_t *gonet_unix_listener_accept_unix(gonet_unix_listener_t *l, gonet_error_t **err)
{
    gonet__sockaddr_t local, peer;
    gonet_unix_conn_t *c;
    gonet__fail_t fail;
    bool exported;
    const char *net;
    int sysfd, sotype;

    gonet__error_clear(err);
    if (l == NULL) {
        (void)gonet__no_object(err);
        return NULL;
    }
    /* Nothing keeps the listener's memory once the accept has succeeded. */
    net = l->sock.net;
    sotype = l->sock.fd.sotype;
    sysfd = gonet__fd_accept(&l->sock.fd, &peer, &exported, &fail);
    if (sysfd < 0) {
        (void)gonet__sock_fail(&l->sock, "accept", GONET__SHAPE_LOCAL, &fail, err);
        return NULL;
    }
    c = gonet__unix_conn_new(net, sysfd, sotype);
    if (c == NULL) {
        gonet_error_set(err, gonet_op_error_new("accept", net, NULL, NULL, gonet_err_no_memory));
        return NULL;
    }
    gonet__sock_name(sysfd, &local);
    gonet__sock_set_addrs(&c->sock, &local, &peer);
    if (exported)
        gonet__fd_inherit(&c->sock.fd);
    return c;
}

gonet_conn_t *gonet_unix_listener_accept(gonet_unix_listener_t *l, gonet_error_t **err)
{
    return (gonet_conn_t *)gonet_unix_listener_accept_unix(l, err);
}

int gonet_unix_listener_close(gonet_unix_listener_t *l, gonet_error_t **err)
{
    return gonet_listener_close((gonet_listener_t *)l, err);
}

const gonet_addr_t *gonet_unix_listener_addr(gonet_unix_listener_t *l)
{
    return gonet__sock_local_addr(l);
}

int gonet_unix_listener_set_deadline(gonet_unix_listener_t *l, gonet_time_t t, gonet_error_t **err)
{
    return gonet_listener_set_deadline((gonet_listener_t *)l, t, err);
}

void gonet_unix_listener_set_unlink_on_close(gonet_unix_listener_t *l, bool unlink)
{
    if (l != NULL)
        atomic_store(&l->remover, unlink ? getpid() : 0);
}

int gonet_unix_listener_file(gonet_unix_listener_t *l, gonet_error_t **err)
{
    return gonet_listener_file((gonet_listener_t *)l, err);
}

gonet_raw_conn_t *gonet_unix_listener_syscall_conn(gonet_unix_listener_t *l, gonet_error_t **err)
{
    return gonet_listener_syscall_conn((gonet_listener_t *)l, err);
}
