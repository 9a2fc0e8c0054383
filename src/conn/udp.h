/*
 * UDP sockets inside the library.
 */
#ifndef GONET_CONN_UDP_H
#define GONET_CONN_UDP_H

#include "conn/sock.h"
#include "gonet/udp.h"

struct gonet_udp_conn {
    gonet__sock_t sock;           /* first */
    _Atomic uint8_t send_offload; /* udp_batch.c; 0: not known yet */
    _Atomic bool receive_offload; /* joined datagrams may come */
};

/*
 * gonet__udp_conn_new makes a UDP socket's object for the descriptor sysfd, which it takes; net is
 * static. Addresses are not yet set. NULL when memory is out: sysfd is closed then.
 */
gonet_udp_conn_t *gonet__udp_conn_new(const char *net, int sysfd, int family);

/*
 * gonet__udp_target makes the socket address of to, of c's family. NULL, or the bare reason (new
 * reference): a family that the socket has not, or no address.
 */
gonet_error_t *gonet__udp_target(const gonet_udp_conn_t *c, gonet_netip_addr_port_t to,
                                 gonet__sockaddr_t *sa);

/* gonet__udp_sender makes the address of the kernel's from; the zero value if that is none. */
void gonet__udp_sender(const gonet__sockaddr_t *from, gonet_netip_addr_port_t *addr);

/* gonet__udp_addr_of_netip makes the address that errors show of ap: the texts of the two forms
 * differ for mapped addresses, and for those of no family. */
gonet_addr_t gonet__udp_addr_of_netip(gonet_netip_addr_port_t ap);

#endif
