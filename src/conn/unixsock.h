/*
 * Unix connections and listeners inside the library.
 */
#ifndef GONET_CONN_UNIXSOCK_H
#define GONET_CONN_UNIXSOCK_H

#include "conn/sock.h"
#include "gonet/unixsock.h"

struct gonet_unix_conn {
    gonet__sock_t sock; /* first */
};

struct gonet_unix_listener {
    gonet__sock_t sock;    /* first */
    _Atomic pid_t remover; /* the process whose first close removes the path; 0: none */
    _Atomic bool was_closed;
};

/* gonet__unix_net returns the network of a type of socket: "unix", "unixgram", "unixpacket". */
const char *gonet__unix_net(int sotype);

/*
 * gonet__unix_conn_new makes a connection of the descriptor sysfd, which it takes; net is static.
 * Addresses are not yet set. NULL when memory is out: sysfd is closed then.
 */
gonet_unix_conn_t *gonet__unix_conn_new(const char *net, int sysfd, int sotype);

/* gonet__unix_listener_new: the same for a listener; unlink: its close removes the path. */
gonet_unix_listener_t *gonet__unix_listener_new(const char *net, int sysfd, int sotype,
                                                bool unlink);

/* The table of the packet connection that a unix connection is, too (unixmsg.c). */
extern const gonet_packet_conn_vtable_t gonet__unix_packet_vtable;

#endif
