/*
 * TCP listeners.
 */
#include "conn/tcp.h"

#include "conn/rawconn.h"

static gonet_conn_t *accept_slot(void *self, gonet_error_t **err)
{
    return (gonet_conn_t *)gonet_tcp_listener_accept_tcp(self, err);
}

/* Who has the descriptor may set other options, and then nothing is inherited for sure. */
static int file_slot(void *self, gonet_error_t **err)
{
    atomic_store(&((gonet_tcp_listener_t *)self)->preset, false);
    return gonet__sock_file(self, err);
}

static gonet_raw_conn_t *syscall_conn_slot(void *self, gonet_error_t **err)
{
    atomic_store(&((gonet_tcp_listener_t *)self)->preset, false);
    return gonet__sock_listener_syscall_conn(self, err);
}

static const gonet_listener_vtable_t tcp_listener_vtable = {.size = sizeof(gonet_listener_vtable_t),
                                                            .accept = accept_slot,
                                                            .close = gonet__sock_close,
                                                            .addr = gonet__sock_local_addr,
                                                            .destroy = gonet__sock_release,
                                                            .set_deadline =
                                                                gonet__sock_listener_set_deadline,
                                                            .file = file_slot,
                                                            .syscall_conn = syscall_conn_slot};

gonet_tcp_listener_t *gonet__tcp_listener_new(const char *net, int sysfd, int family,
                                              gonet_duration_t keep_alive,
                                              const gonet_keep_alive_config_t *config)
{
    gonet_tcp_listener_t *l = (gonet_tcp_listener_t *)gonet__sock_new(
        sizeof(*l), GONET__KIND_LISTENER, GONET__TYPE_TCP_LISTENER, &tcp_listener_vtable, net,
        sysfd, family, SOCK_STREAM);

    if (l == NULL)
        return NULL;
    l->keep_alive = keep_alive;
    if (config != NULL)
        l->keep_alive_config = *config;
    return l;
}

gonet_listener_t *gonet_tcp_listener_as_listener(gonet_tcp_listener_t *l)
{
    return (gonet_listener_t *)l;
}

gonet_tcp_listener_t *gonet_listener_as_tcp(gonet_listener_t *l)
{
    return l != NULL && l->object.type == GONET__TYPE_TCP_LISTENER ? (gonet_tcp_listener_t *)l
                                                                   : NULL;
}

gonet_tcp_listener_t *gonet_tcp_listener_ref(gonet_tcp_listener_t *l)
{
    gonet__object_ref(GONET__OBJECT(l));
    return l;
}

void gonet_tcp_listener_free(gonet_tcp_listener_t *l)
{
    gonet__object_unref(GONET__OBJECT(l));
}

gonet_tcp_conn_t *gonet_tcp_listener_accept_tcp(gonet_tcp_listener_t *l, gonet_error_t **err)
{
    gonet__sockaddr_t local, peer;
    gonet__tcp_settings_t settings;
    const char *net;
    gonet_tcp_conn_t *c;
    gonet__fail_t fail;
    bool exported;
    int sysfd, family;

    gonet__error_clear(err);
    if (l == NULL) {
        (void)gonet__no_object(err);
        return NULL;
    }
    /* Nothing keeps the listener's memory once the accept has succeeded. */
    net = l->sock.net;
    family = l->sock.fd.family;
    settings = (gonet__tcp_settings_t){.keep_alive = l->keep_alive,
                                       .config = l->keep_alive_config,
                                       .preset = atomic_load(&l->preset),
                                       .mptcp = l->mptcp};
    sysfd = gonet__fd_accept(&l->sock.fd, &peer, &exported, &fail);
    if (sysfd < 0) {
        (void)gonet__sock_fail(&l->sock, "accept", GONET__SHAPE_LOCAL, &fail, err);
        return NULL;
    }
    c = gonet__tcp_conn_new(net, sysfd, family);
    if (c == NULL) {
        gonet_error_set(err, gonet_op_error_new("accept", net, NULL, NULL, gonet_err_no_memory));
        return NULL;
    }
    gonet__sock_name(sysfd, &local);
    gonet__sock_set_addrs(&c->sock, &local, &peer);
    if (exported)
        gonet__fd_inherit(&c->sock.fd);
    gonet__tcp_accepted(sysfd, &settings);
    return c;
}

gonet_conn_t *gonet_tcp_listener_accept(gonet_tcp_listener_t *l, gonet_error_t **err)
{
    return (gonet_conn_t *)gonet_tcp_listener_accept_tcp(l, err);
}

int gonet_tcp_listener_close(gonet_tcp_listener_t *l, gonet_error_t **err)
{
    return gonet_listener_close((gonet_listener_t *)l, err);
}

const gonet_addr_t *gonet_tcp_listener_addr(gonet_tcp_listener_t *l)
{
    return gonet__sock_local_addr(l);
}

int gonet_tcp_listener_set_deadline(gonet_tcp_listener_t *l, gonet_time_t t, gonet_error_t **err)
{
    return gonet_listener_set_deadline((gonet_listener_t *)l, t, err);
}

int gonet_tcp_listener_file(gonet_tcp_listener_t *l, gonet_error_t **err)
{
    return gonet_listener_file((gonet_listener_t *)l, err);
}

gonet_raw_conn_t *gonet_tcp_listener_syscall_conn(gonet_tcp_listener_t *l, gonet_error_t **err)
{
    return gonet_listener_syscall_conn((gonet_listener_t *)l, err);
}
