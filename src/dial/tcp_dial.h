/*
 * One TCP connection from one address to another, and one TCP listener: sockets, options, control
 * functions, retries.
 */
#ifndef GONET_DIAL_TCP_DIAL_H
#define GONET_DIAL_TCP_DIAL_H

#include "conn/tcp.h"
#include "gonet/dial.h"

/* What a dial of one address needs. */
typedef struct {
    const gonet_dialer_t *dialer; /* never NULL */
    gonet_context_t *ctx;         /* NULL: background */
    const char *network;          /* "tcp", "tcp4" or "tcp6" */
    int64_t deadline;             /* monotonic ns; 0: none */
} gonet__tcp_dial_t;

/*
 * gonet__tcp_dial connects to raddr, from laddr if that is not NULL. Parks. NULL with the bare
 * reason in *e (new reference) on failure.
 */
gonet_tcp_conn_t *gonet__tcp_dial(const gonet__tcp_dial_t *d, const gonet_tcp_addr_t *laddr,
                                  const gonet_tcp_addr_t *raddr, gonet_error_t **e);

/* gonet__tcp_listen listens on laddr (NULL: the wildcard). NULL with the bare reason in *e on
 * failure. */
gonet_tcp_listener_t *gonet__tcp_listen(const gonet_listen_config_t *lc, const char *network,
                                        const gonet_tcp_addr_t *laddr, gonet_error_t **e);

/* gonet__is_tcp says whether network is "tcp", "tcp4" or "tcp6". */
bool gonet__is_tcp(const char *network);

#endif
