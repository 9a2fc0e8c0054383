/*
 * Connecting and configuring one socket. The context's cancellation reaches the waiting connect as
 * a write deadline that is past; a connect that succeeds at the same moment counts as cancelled, so
 * that no connection is handed out whose deadline somebody else has set (behaviour 6.8).
 */
#include "dial/sock_dial.h"

#include "conn/rawconn.h"
#include "dial/lookup.h"
#include "dial/sock_options.h"
#include "gonet/errno.h"
#include "runtime/sync/context.h"
#include "socket/socket.h"
#include "socket/sys.h"

#define LONG_AGO INT64_C(1)

/* How a control function ended; takes e. */
static gonet_error_t *control_result(int result, gonet_error_t *e)
{
    if (result == 0) {
        gonet_error_free(e);
        return NULL;
    }
    return e != NULL ? e : gonet_error_new("control function failed");
}

gonet_error_t *gonet__dial_control(const gonet__sock_dial_t *d, gonet__sock_t *s,
                                   const char *network, const gonet_addr_t *addr)
{
    const gonet_dialer_t *dialer = d->dialer;
    char text[GONET_ADDR_STRLEN];
    gonet_error_t *e = gonet__dial_options(dialer, s);
    gonet_raw_conn_t *raw;
    int result;

    if (e != NULL || (dialer->control == NULL && dialer->control_context == NULL))
        return e;
    raw = gonet__raw_conn_new(s, GONET__RAW_CONTROL, &e);
    if (raw == NULL)
        return e;
    (void)gonet_addr_string(addr, text, sizeof(text));
    if (dialer->control_context != NULL)
        result =
            dialer->control_context(dialer->control_context_arg, d->ctx, network, text, raw, &e);
    else
        result = dialer->control(dialer->control_arg, network, text, raw, &e);
    gonet_raw_conn_free(raw);
    return control_result(result, e);
}

gonet_error_t *gonet__listen_control(const gonet_listen_config_t *lc, gonet__sock_t *s,
                                     const char *network, const gonet_addr_t *addr)
{
    char text[GONET_ADDR_STRLEN];
    gonet_error_t *e = gonet__listen_options(lc, s);
    gonet_raw_conn_t *raw;
    int result;

    if (e != NULL || lc->control == NULL)
        return e;
    raw = gonet__raw_conn_new(s, GONET__RAW_CONTROL, &e);
    if (raw == NULL)
        return e;
    (void)gonet_addr_string(addr, text, sizeof(text));
    result = lc->control(lc->control_arg, network, text, raw, &e);
    gonet_raw_conn_free(raw);
    return control_result(result, e);
}

gonet_error_t *gonet__sock_bind(gonet__sock_t *s, const gonet__sockaddr_t *sa)
{
    if (gonet__sockaddr_bind(s->fd.pd.fd, sa) < 0)
        return gonet_syscall_error_new("bind", errno);
    return NULL;
}

gonet_error_t *gonet__sock_listen(const gonet_listen_config_t *lc, gonet__sock_t *s)
{
    /* The kernel takes a negative number for a big one. */
    if (lc->backlog < 0)
        return gonet_syscall_error_new("listen", EINVAL);
    if (gonet__sys_listen(s->fd.pd.fd, lc->backlog == 0 ? gonet__somaxconn() : lc->backlog) < 0)
        return gonet_syscall_error_new("listen", errno);
    return NULL;
}

static void cancel_connect(void *arg)
{
    gonet__fd_t *fd = arg;

    gonet__pd_set_deadline(&fd->pd, 1u << GONET__SIDE_WRITE, LONG_AGO);
}

/* Why a connect failed, in the words of a dial. */
static gonet_error_t *connect_error(const gonet__sock_dial_t *d, const gonet__fail_t *fail)
{
    gonet_error_t *e;

    if (fail->kind != GONET__FAIL_TIMEOUT && fail->kind != GONET__FAIL_CANCELED)
        return gonet__fail_error(fail);
    e = gonet__ended(d->ctx, 0);
    return e != NULL ? e : gonet__err_dial_timeout;
}

static void set_addrs(gonet__sock_t *s, const gonet__sockaddr_t *to, gonet__sockaddr_t *peer)
{
    int sysfd = s->fd.pd.fd;
    gonet__sockaddr_t local;

    gonet__sock_name(sysfd, &local);
    if (peer->len == 0)
        gonet__sock_peer(sysfd, peer);
    gonet__sock_set_addrs(s, &local, peer->len != 0 ? peer : to);
}

gonet_error_t *gonet__sock_connect(const gonet__sock_dial_t *d, gonet__sock_t *s,
                                   const gonet__sockaddr_t *to)
{
    gonet__fd_t *fd = &s->fd;
    gonet__context_watch_t watch = {.context = NULL};
    gonet__sockaddr_t peer;
    gonet__fail_t fail;
    gonet_error_t *e;
    bool ok;

    gonet__pd_set_deadline(&fd->pd, 1u << GONET__SIDE_WRITE, d->deadline);
    if (!gonet__context_watch(&watch, d->ctx, cancel_connect, fd))
        return gonet__ended(d->ctx, 0);
    ok = gonet__fd_connect(fd, to, &peer, &fail);
    gonet__context_unwatch(&watch);
    if (!ok) {
        e = connect_error(d, &fail);
        gonet__fd_unhold(fd);
        return e;
    }
    gonet__pd_set_deadline(&fd->pd, 1u << GONET__SIDE_WRITE, 0);
    e = gonet__ended(d->ctx, 0);
    if (e == NULL) {
        fd->connected = true;
        set_addrs(s, to, &peer);
    }
    return e;
}
