/*
 * Unix sockets, dialed and bound.
 */
#ifndef GONET_DIAL_UNIX_DIAL_H
#define GONET_DIAL_UNIX_DIAL_H

#include "conn/unixsock.h"
#include "dial/sock_dial.h"

/*
 * gonet__unix_dial connects to raddr, from laddr; NULL and an empty name are no address. Parks.
 * NULL with the bare reason in *e (new reference) on failure.
 */
gonet_unix_conn_t *gonet__unix_dial(const gonet__sock_dial_t *d, const gonet_unix_addr_t *laddr,
                                    const gonet_unix_addr_t *raddr, gonet_error_t **e);

/*
 * gonet__unix_listen makes a listener of any of the unix networks, and gonet__unix_listen_packet a
 * connection: what the socket is capable of shows later (behaviour 8.1). NULL with the bare reason
 * in *e on failure.
 */
gonet_unix_listener_t *gonet__unix_listen(const gonet_listen_config_t *lc, const char *network,
                                          const gonet_unix_addr_t *laddr, gonet_error_t **e);
gonet_unix_conn_t *gonet__unix_listen_packet(const gonet_listen_config_t *lc, const char *network,
                                             const gonet_unix_addr_t *laddr, gonet_error_t **e);

#endif
