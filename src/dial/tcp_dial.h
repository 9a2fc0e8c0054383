/*
 * One TCP connection from one address to another, and one TCP listener: sockets, options, control
 * functions, retries.
 */
#ifndef GONET_DIAL_TCP_DIAL_H
#define GONET_DIAL_TCP_DIAL_H

#include "conn/tcp.h"
#include "dial/sock_dial.h"

/*
 * gonet__tcp_dial connects to raddr, from laddr if that is not NULL. Parks. NULL with the bare
 * reason in *e (new reference) on failure.
 */
gonet_tcp_conn_t *gonet__tcp_dial(const gonet__sock_dial_t *d, const gonet_tcp_addr_t *laddr,
                                  const gonet_tcp_addr_t *raddr, gonet_error_t **e);

/* gonet__tcp_listen listens on laddr (NULL: the wildcard). NULL with the bare reason in *e on
 * failure. */
gonet_tcp_listener_t *gonet__tcp_listen(const gonet_listen_config_t *lc, const char *network,
                                        const gonet_tcp_addr_t *laddr, gonet_error_t **e);

/* gonet__is_tcp says whether network is "tcp", "tcp4" or "tcp6". */
bool gonet__is_tcp(const char *network);

#endif
