/*
 * The kernel's form of server addresses.
 */
#ifndef GONET_RESOLVE_ADDRESS_H
#define GONET_RESOLVE_ADDRESS_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "gonet/addr.h"
#include "gonet/error.h"

typedef union {
    struct sockaddr sa;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
} gonet__sockaddr_any_t;

/* gonet__sockaddr_make fills sa and returns its length. Mapped addresses are IPv4. */
socklen_t gonet__sockaddr_make(gonet_netip_addr_port_t addr, gonet__sockaddr_any_t *sa);

/* gonet__endpoint makes the address of a socket of that type (SOCK_DGRAM: UDP) out of addr. */
gonet_addr_t gonet__endpoint(gonet_netip_addr_port_t addr, int sotype);

/* gonet__local_endpoint returns the socket's own address; of kind GONET_ADDR_NONE if it has none.
 */
gonet_addr_t gonet__local_endpoint(int fd, int sotype);

/* gonet__scope_name stores the name of an interface, or its number; "" for 0. */
void gonet__scope_name(uint32_t index, char zone[GONET_ZONE_SIZE]);

/*
 * gonet__exchange_error makes an OpError of a step of an exchange: "read udp local->remote: read:
 * connection refused". local may be of kind GONET_ADDR_NONE. Takes cause.
 */
gonet_error_t *gonet__exchange_error(const char *op, int sotype, const gonet_addr_t *local,
                                     gonet_netip_addr_port_t remote, gonet_error_t *cause);

#endif
