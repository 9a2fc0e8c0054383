/*
 * Dialing a list of addresses, one after the other or in a race.
 */
#ifndef GONET_DIAL_SERIAL_H
#define GONET_DIAL_SERIAL_H

#include "dial/addrlist.h"
#include "gonet/dial.h"

/* A dial under way. */
typedef struct {
    const gonet_dialer_t *dialer; /* never NULL */
    gonet_context_t *ctx;         /* NULL: background */
    int64_t deadline;             /* of everything; monotonic ns; 0: none */
    const char *network;          /* as given */
    const gonet_addr_t *local;    /* NULL: none */
} gonet__dial_t;

/*
 * gonet__dial_serial tries the addresses in turn: the first connection, or NULL with the OpError of
 * the first address in *e (behaviour 6.13, 6.14).
 */
gonet_conn_t *gonet__dial_serial(const gonet__dial_t *d, const gonet_addr_t *addrs, size_t n,
                                 gonet_error_t **e);

/*
 * gonet__dial_race lets the addresses of the first one's family start, and the others follow after
 * the fallback delay (behaviour 6.9-6.12). If the dialer says so, the families' addresses take
 * turns, and each starts when that delay has passed since the one before it, or when one has
 * failed (RFC 8305). The losers have ended when it returns.
 */
gonet_conn_t *gonet__dial_race(const gonet__dial_t *d, const gonet__addr_list_t *list,
                               gonet_error_t **e);

#endif
