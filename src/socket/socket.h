/*
 * Making sockets: the family for a pair of addresses, the options that each new socket gets, what
 * the machine is capable of.
 */
#ifndef GONET_SOCKET_SOCKET_H
#define GONET_SOCKET_SOCKET_H

#include "gonet/addr.h"
#include "socket/fd.h"

/* What the machine can do, found out once (behaviour 7.4, 7.19). */
typedef struct {
    bool ipv4;
    bool ipv6;
    bool ipv4_mapped; /* an IPv6 socket serves IPv4, too */
} gonet__ip_stack_t;

gonet__ip_stack_t gonet__ip_stack(void);

/* gonet__mptcp_available says whether the kernel makes Multipath TCP sockets. */
bool gonet__mptcp_available(void);

/* gonet__somaxconn returns the backlog for listen. */
int gonet__somaxconn(void);

/* The protocol number of Multipath TCP. */
#define GONET__IPPROTO_MPTCP 262

/*
 * gonet__socket_family chooses the family for a socket on network (its last character counts:
 * "tcp4"), from the IPs of the local and the remote address; NULL where there is no address
 * (behaviour 7.3).
 */
int gonet__socket_family(const char *network, const gonet_ip_t *local, const gonet_ip_t *remote,
                         bool listens, bool *v6only);

/*
 * gonet__socket_open makes a socket (non-blocking, close-on-exec) with the options that all get
 * (behaviour 7.1, 7.2). Returns -1 with fail filled; nothing is held.
 */
int gonet__socket_open(int family, int sotype, int proto, bool v6only, gonet__fail_t *fail);

#endif
