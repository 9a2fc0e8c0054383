/*
 * Raw IP sockets inside the library.
 */
#ifndef GONET_CONN_IPRAWSOCK_H
#define GONET_CONN_IPRAWSOCK_H

#include "conn/sock.h"
#include "gonet/iprawsock.h"

struct gonet_ip_conn {
    gonet__sock_t sock; /* first */
};

/*
 * gonet__ip_conn_new makes a raw socket's object for the descriptor sysfd, which it takes; net is
 * static, without a protocol ("ip4"). Addresses are not yet set. NULL when memory is out: sysfd is
 * closed then.
 */
gonet_ip_conn_t *gonet__ip_conn_new(const char *net, int sysfd, int family);

/* The table of the packet connection that a raw socket is, too (ipmsg.c). */
extern const gonet_packet_conn_vtable_t gonet__ip_packet_vtable;

#endif
