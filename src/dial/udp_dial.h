/*
 * UDP sockets, dialed and bound.
 */
#ifndef GONET_DIAL_UDP_DIAL_H
#define GONET_DIAL_UDP_DIAL_H

#include "conn/udp.h"
#include "dial/sock_dial.h"

/* gonet__udp_dial connects to raddr, from laddr if that is not NULL. NULL with the bare reason in
 * *e (new reference) on failure. */
gonet_udp_conn_t *gonet__udp_dial(const gonet__sock_dial_t *d, const gonet_udp_addr_t *laddr,
                                  const gonet_udp_addr_t *raddr, gonet_error_t **e);

/*
 * gonet__udp_listen binds a socket to laddr (NULL: the wildcard), or, if that is a multicast
 * address, to all addresses at its port. NULL with the bare reason in *e on failure.
 */
gonet_udp_conn_t *gonet__udp_listen(const gonet_listen_config_t *lc, const char *network,
                                    const gonet_udp_addr_t *laddr, gonet_error_t **e);

/* gonet__is_udp says whether network is "udp", "udp4" or "udp6". */
bool gonet__is_udp(const char *network);

#endif
