/*
 * Serial dialing: with a deadline, each address gets its share of the time that is left.
 */
#include "dial/serial.h"

#include "dial/ip_dial.h"
#include "dial/tcp_dial.h"
#include "dial/udp_dial.h"
#include "dial/unix_dial.h"
#include "error/error.h"
#include "runtime/time/clock.h"

#define SANE_MINIMUM (2 * GONET_SECOND)

/* When the attempt at one of so many addresses has to end; 0: never. */
static int64_t partial_deadline(int64_t deadline, size_t addresses)
{
    int64_t now, left, share;

    if (deadline == 0)
        return 0;
    now = gonet__now();
    left = gonet__sub_ns(deadline, now);
    share = left / (int64_t)addresses;
    if (share < SANE_MINIMUM)
        share = left < SANE_MINIMUM ? left : SANE_MINIMUM;
    return gonet__earlier(deadline, gonet__add_ns(now, share));
}

static gonet_error_t *op_error(const gonet__dial_t *d, const gonet_addr_t *addr,
                               gonet_error_t *inner)
{
    return gonet_op_error_new("dial", d->network, d->local, addr, inner);
}

static gonet_conn_t *dial_one(const gonet__dial_t *d, const gonet_addr_t *addr, int64_t deadline,
                              gonet_error_t **e)
{
    const gonet__sock_dial_t how = {d->dialer, d->ctx, d->network, deadline};
    gonet_conn_t *c = NULL;

    switch (addr->kind) {
    case GONET_ADDR_TCP:
        c = gonet_tcp_conn_as_conn(
            gonet__tcp_dial(&how, gonet_addr_as_tcp(d->local), &addr->tcp, e));
        break;
    case GONET_ADDR_UDP:
        c = gonet_udp_conn_as_conn(
            gonet__udp_dial(&how, gonet_addr_as_udp(d->local), &addr->udp, e));
        break;
    case GONET_ADDR_IP:
        c = gonet_ip_conn_as_conn(gonet__ip_dial(&how, gonet_addr_as_ip(d->local), &addr->ip, e));
        break;
    case GONET_ADDR_UNIX:
        c = gonet_unix_conn_as_conn(
            gonet__unix_dial(&how, gonet_addr_as_unix(d->local), &addr->unix_, e));
        break;
    default:
        *e = gonet_err_unsupported;
        break;
    }
    if (c == NULL)
        *e = op_error(d, addr, *e);
    return c;
}

gonet_conn_t *gonet__dial_serial(const gonet__dial_t *d, const gonet_addr_t *addrs, size_t n,
                                 gonet_error_t **e)
{
    gonet_error_t *first = NULL;

    for (size_t i = 0; i < n; i++) {
        gonet_error_t *failed = gonet__ended(d->ctx, d->deadline);
        gonet_conn_t *c;

        if (failed != NULL) {
            gonet_error_set(&first, op_error(d, &addrs[i], failed));
            break;
        }
        c = dial_one(d, &addrs[i], partial_deadline(d->deadline, n - i), &failed);
        if (c != NULL) {
            gonet_error_free(first);
            return c;
        }
        if (first == NULL)
            first = failed;
        else
            gonet_error_free(failed);
    }
    if (first == NULL)
        first = gonet_op_error_new("dial", d->network, NULL, NULL, gonet__err_missing_address);
    *e = first;
    return NULL;
}
