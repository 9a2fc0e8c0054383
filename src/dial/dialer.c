/*
 * Dialers: from two texts to a connection. All of it happens in the caller, but for races and the
 * cancel channel, which have ended when the dial returns.
 */
#include "gonet/dial.h"

#include "dial/addrlist.h"
#include "dial/mptcp.h"
#include "dial/serial.h"
#include "dial/tcp_dial.h"
#include "error/error.h"
#include "gonet/chan.h"
#include "gonet/errno.h"
#include "runtime/sync/beside.h"
#include "runtime/time/clock.h"
#include "runtime/sync/context.h"
#include "runtime/sched/task.h"
#include "runtime/sched/wait.h"

static const gonet_dialer_t zero_dialer;

bool gonet_dialer_multipath_tcp(const gonet_dialer_t *d)
{
    return gonet__mptcp_for_dialer(d == NULL ? 0 : d->mptcp);
}

void gonet_dialer_set_multipath_tcp(gonet_dialer_t *d, bool use)
{
    d->mptcp = use ? 1 : 2;
}

/* The earliest of the three limits (behaviour 6.2). */
static int64_t dial_deadline(const gonet_dialer_t *d, gonet_context_t *ctx)
{
    int64_t deadline = gonet__earlier(d->deadline.ns, gonet__context_deadline_ns(ctx));

    if (d->timeout != 0)
        deadline = gonet__earlier(deadline, gonet__add_ns(gonet__now(), d->timeout));
    return deadline;
}

static gonet_conn_t *dial_list(const gonet__dial_t *d, const gonet__network_t *network,
                               const gonet__addr_list_t *list, gonet_error_t **e)
{
    bool races = network->kind == GONET__NETWORK_TCP &&
                 (network->family == 0 || d->dialer->interleave) &&
                 d->dialer->fallback_delay >= 0 && list->n > 1;

    return races ? gonet__dial_race(d, list, e) : gonet__dial_serial(d, list->v, list->n, e);
}

static gonet_conn_t *dial(const gonet__dial_t *d, const char *address, gonet_error_t **err)
{
    const gonet__resolve_t how = {d->dialer->resolver, d->ctx, d->deadline};
    gonet__addr_list_t list;
    gonet__network_t network;
    gonet_conn_t *c = NULL;
    gonet_error_t *e = gonet__resolve_dial(&how, d->network, address, d->local, &network, &list);

    if (e != NULL) {
        gonet_error_set(err, gonet__resolve_dial_failed(d->network, d->local, address, e));
        return NULL;
    }
    c = dial_list(d, &network, &list, &e);
    gonet__addr_list_free(&list);
    gonet_error_set(err, c == NULL ? e : NULL);
    return c;
}

/* A dial that a channel can cancel: somebody beside it waits for that, or for the dial's end. */
typedef struct {
    gonet_chan_t *cancel;
    gonet_chan_t *end;
    gonet_context_t *ctx;
} canceller_t;

static void wait_for_cancel(void *arg)
{
    canceller_t *c = arg;
    gonet_select_case_t cases[2] = {{.ch = c->cancel}, {.ch = c->end}};

    if (gonet_select(cases, 2, gonet_no_deadline) == 0)
        gonet_context_cancel(c->ctx);
}

/* NULL, or why nobody waits for the channel. */
static gonet_error_t *start_canceller(gonet__beside_t *work, canceller_t *c)
{
    if (c->end == NULL)
        return gonet_err_no_memory;
    if (gonet__beside_start(work, wait_for_cancel, c))
        return NULL;
    if (errno == EAGAIN && gonet__task_current() != NULL)
        return gonet_err_closed; /* the runtime is ending */
    return errno == ENOMEM ? gonet_err_no_memory : gonet_errno_error(errno);
}

static gonet_conn_t *dial_cancellable(gonet__dial_t *d, const char *address, gonet_error_t **err)
{
    canceller_t canceller = {d->dialer->cancel, gonet_chan_new(0, 0),
                             gonet_context_with_cancel(d->ctx)};
    gonet__beside_t work;
    gonet_conn_t *c = NULL;
    gonet_error_t *e;

    d->ctx = canceller.ctx;
    if (gonet_chan_try_recv(canceller.cancel, NULL) != GONET_CHAN_WOULD_BLOCK)
        gonet_context_cancel(d->ctx);
    e = start_canceller(&work, &canceller);
    if (e == NULL) {
        c = dial(d, address, err);
        (void)gonet_chan_close(canceller.end);
        gonet__beside_join(&work);
    } else {
        gonet_error_set(err, gonet_op_error_new("dial", d->network, NULL, NULL, e));
    }
    gonet_chan_free(canceller.end);
    gonet_context_free(canceller.ctx);
    return c;
}

gonet_conn_t *gonet_dialer_dial_context(const gonet_dialer_t *d, gonet_context_t *ctx,
                                        const char *network, const char *address,
                                        gonet_error_t **err)
{
    gonet__dial_t dialing = {
        .dialer = d == NULL ? &zero_dialer : d, .ctx = ctx, .network = network};

    gonet__error_clear(err);
    dialing.deadline = dial_deadline(dialing.dialer, ctx);
    if (gonet__wait_ending()) {
        gonet__wait_told(dialing.deadline);
        gonet_error_set(err, gonet_op_error_new("dial", network, NULL, NULL, gonet_err_closed));
        return NULL;
    }
    dialing.local = dialing.dialer->local_addr;
    if (dialing.local != NULL && dialing.local->kind == GONET_ADDR_NONE)
        dialing.local = NULL;
    if (dialing.dialer->cancel != NULL)
        return dial_cancellable(&dialing, address, err);
    return dial(&dialing, address, err);
}

gonet_conn_t *gonet_dialer_dial(const gonet_dialer_t *d, const char *network, const char *address,
                                gonet_error_t **err)
{
    return gonet_dialer_dial_context(d, NULL, network, address, err);
}

gonet_conn_t *gonet_dial(const char *network, const char *address, gonet_error_t **err)
{
    return gonet_dialer_dial_context(NULL, NULL, network, address, err);
}

gonet_conn_t *gonet_dial_timeout(const char *network, const char *address, gonet_duration_t timeout,
                                 gonet_error_t **err)
{
    const gonet_dialer_t d = {.timeout = timeout};

    return gonet_dialer_dial_context(&d, NULL, network, address, err);
}

/* The addresses of a typed dial as its error tells them. */
static gonet_error_t *typed_error(const char *network, const gonet_tcp_addr_t *laddr,
                                  const gonet_tcp_addr_t *raddr, gonet_error_t *inner)
{
    gonet_addr_t source = gonet_tcp_addr_as_addr(laddr), addr = gonet_tcp_addr_as_addr(raddr);

    return gonet_op_error_new("dial", network, &source, &addr, inner);
}

gonet_tcp_conn_t *gonet_dial_tcp(const char *network, const gonet_tcp_addr_t *laddr,
                                 const gonet_tcp_addr_t *raddr, gonet_error_t **err)
{
    const gonet__sock_dial_t dialing = {.dialer = &zero_dialer, .network = network};
    gonet_tcp_conn_t *c = NULL;
    gonet_error_t *e = NULL;

    gonet__error_clear(err);
    if (!gonet__is_tcp(network))
        e = gonet__unknown_network_error(network);
    else if (raddr == NULL)
        e = gonet__err_missing_address;
    else
        c = gonet__tcp_dial(&dialing, laddr, raddr, &e);
    if (c == NULL)
        gonet_error_set(err, typed_error(network, laddr, raddr, e));
    return c;
}
