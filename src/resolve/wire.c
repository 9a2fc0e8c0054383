/*
 * Sockets of exchanges. One is used by one task or thread; who cancels its context lets its
 * deadline pass. A forked child closes them.
 */
#include "resolve/wire.h"

#include <string.h>

#include "base/alloc.h"
#include "error/error.h"
#include "gonet/errno.h"
#include "resolve/address.h"
#include "resolve/limit.h"
#include "resolve/pace.h"
#include "runtime/sync/context.h"
#include "runtime/ground/fork.h"
#include "socket/fd_inline.h"
#include "socket/fd_io.h"

#define MAX_LATE 16

#define BOTH ((1u << GONET__SIDE_READ) | (1u << GONET__SIDE_WRITE))

struct gonet__wire {
    gonet__fd_t fd;
    gonet_netip_addr_port_t server;
    gonet_context_t *ctx;
    gonet__context_watch_t watch;
    unsigned late; /* datagrams that were read after the deadline */
};

static _Atomic unsigned open_count;

/* Nobody waits there for the parent's answers. */
static void forget_count(void)
{
    atomic_store(&open_count, 0);
}

GONET__FORK_HOOK(forget_count)

static void enlist(gonet__wire_t *w)
{
    gonet__fork_own(w->fd.pd.fd);
    atomic_fetch_add_explicit(&open_count, 1, memory_order_relaxed);
}

static void delist(gonet__wire_t *w)
{
    gonet__fork_disown(w->fd.pd.fd);
    atomic_fetch_sub_explicit(&open_count, 1, memory_order_relaxed);
}

/* A step's error; "dial" has no local address yet. fd -1: no socket. Takes cause. */
static gonet_error_t *step_error(const char *op, int sotype, int fd, gonet_netip_addr_port_t server,
                                 gonet_error_t *cause)
{
    gonet_addr_t local = {0};

    if (op[0] != 'd')
        local = gonet__local_endpoint(fd, sotype);
    return gonet__exchange_error(op, sotype, &local, server, cause);
}

/* The error of a step that failed and, as all of the socket's calls do then, holds its memory. */
static gonet_error_t *failed(gonet__wire_t *w, const char *op, const gonet__fail_t *fail)
{
    gonet__limit_t limit = {.ctx = w->ctx};
    gonet_error_t *e = NULL;

    if (fail->kind == GONET__FAIL_EOF) {
        e = gonet_eof;
    } else {
        if (fail->kind == GONET__FAIL_TIMEOUT || fail->kind == GONET__FAIL_CANCELED)
            e = gonet__limit_ended(&limit);
        if (e != NULL)
            op = "dial";
        else if (fail->kind == GONET__FAIL_TIMEOUT && op[0] == 'd')
            e = gonet__err_dial_timeout;
        else
            e = gonet__fail_error(fail);
        e = step_error(op, w->fd.sotype, w->fd.pd.fd, w->server, e);
    }
    gonet__fd_unhold(&w->fd);
    return e;
}

static void destroy(gonet__fd_t *fd)
{
    gonet__free(GONET__CONTAINER(fd, gonet__wire_t, fd));
}

/* The context has ended: whoever waits for the socket looks up. */
static void interrupt(void *arg)
{
    gonet__wire_t *w = arg;

    gonet__pd_set_deadline(&w->fd.pd, BOTH, 1);
}

static gonet__wire_t *make_wire(const gonet__server_t *server, int sotype, gonet_context_t *ctx,
                                int64_t deadline, int family, int fd)
{
    gonet__wire_t *w = gonet__zalloc(sizeof(*w));

    if (w == NULL)
        return NULL;
    gonet__fd_init(&w->fd, fd, family, sotype, destroy);
    gonet__pd_set_deadline(&w->fd.pd, BOTH, deadline);
    w->server = server->addr;
    w->ctx = ctx;
    enlist(w);
    return w;
}

/* A datagram socket is connected at once; a stream is waited for. */
static gonet_error_t *connect_wire(gonet__wire_t *w, const gonet__sockaddr_t *to)
{
    gonet__sockaddr_t peer;
    gonet__fail_t fail;

    if (!gonet__context_watch(&w->watch, w->ctx, interrupt, w))
        interrupt(w);
    return gonet__fd_connect(&w->fd, to, &peer, &fail) ? NULL : failed(w, "dial", &fail);
}

gonet_error_t *gonet__wire_open(gonet__wire_t **wire, const gonet__server_t *server, int sotype,
                                gonet_context_t *ctx, int64_t deadline)
{
    gonet__sockaddr_any_t sa;
    gonet__sockaddr_t to = {.len = gonet__sockaddr_make(server->addr, &sa)};
    int family = sa.sa.sa_family, fd;
    gonet_error_t *e = NULL;

    *wire = NULL;
    memcpy(&to.u, &sa, sizeof(sa));
    if (sotype == SOCK_DGRAM)
        e = gonet__pace(atomic_load_explicit(&open_count, memory_order_relaxed), ctx, deadline);
    if (e != NULL)
        return step_error("dial", sotype, -1, server->addr, e);
    fd = gonet__sys_socket(family, sotype | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return step_error("dial", sotype, -1, server->addr,
                          gonet_syscall_error_new("socket", errno));
    *wire = make_wire(server, sotype, ctx, deadline, family, fd);
    if (*wire == NULL) {
        gonet__sys_close(fd);
        return gonet_err_no_memory;
    }
    e = connect_wire(*wire, &to);
    if (e != NULL)
        gonet__wire_close(wire);
    return e;
}

gonet_error_t *gonet__wire_write(gonet__wire_t *w, const uint8_t *p, size_t len)
{
    gonet__fail_t fail;
    size_t n;

    return gonet__fd_write(&w->fd, p, len, &n, &fail) ? NULL : failed(w, "write", &fail);
}

/* Who has waited for something else meanwhile comes late, but the datagram was in time. But for so
 * many: what a forger sends may go on for ever. */
static ssize_t read_late(gonet__wire_t *w, uint8_t *p, size_t size)
{
    if (w->fd.sotype != SOCK_DGRAM || w->late == MAX_LATE)
        return -1;
    w->late++;
    return gonet__sys_recv(w->fd.pd.fd, p, size);
}

gonet_error_t *gonet__wire_read(gonet__wire_t *w, uint8_t *p, size_t size, size_t *n)
{
    gonet_error_t *e = NULL;
    gonet__fail_t fail;
    ssize_t got = gonet__fd_read(&w->fd, p, size, &fail);

    if (got < 0) {
        e = failed(w, "read", &fail);
        if (fail.kind == GONET__FAIL_TIMEOUT)
            got = read_late(w, p, size);
        if (got >= 0)
            gonet_error_set(&e, NULL);
    }
    *n = got < 0 ? 0 : (size_t)got;
    return e;
}

void gonet__wire_expect(gonet__wire_t *w, bool something)
{
    w->fd.drained = !something;
}

void gonet__wire_close(gonet__wire_t **wire)
{
    gonet__wire_t *w = *wire;
    gonet__fail_t fail;

    *wire = NULL;
    if (w == NULL)
        return;
    gonet__context_unwatch(&w->watch);
    delist(w); /* before its number can be another's */
    if (!gonet__fd_close(&w->fd, &fail))
        gonet__fd_unhold(&w->fd);
    gonet__fd_unhold(&w->fd);
}
