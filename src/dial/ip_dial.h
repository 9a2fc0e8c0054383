/*
 * Raw IP sockets, dialed and bound.
 */
#ifndef GONET_DIAL_IP_DIAL_H
#define GONET_DIAL_IP_DIAL_H

#include "conn/iprawsock.h"
#include "dial/sock_dial.h"

/*
 * gonet__ip_dial connects to raddr, from laddr if that is not NULL; the network has a protocol.
 * NULL with the bare reason in *e (new reference) on failure.
 */
gonet_ip_conn_t *gonet__ip_dial(const gonet__sock_dial_t *d, const gonet_ip_addr_t *laddr,
                                const gonet_ip_addr_t *raddr, gonet_error_t **e);

/* gonet__ip_listen binds a socket to laddr. NULL with the bare reason in *e on failure. */
gonet_ip_conn_t *gonet__ip_listen(const gonet_listen_config_t *lc, const char *network,
                                  const gonet_ip_addr_t *laddr, gonet_error_t **e);

#endif
