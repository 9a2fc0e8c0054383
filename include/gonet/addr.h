/*
 * The addresses of endpoints: TCP, UDP, IP and unix ones, and gonet_addr_t, which is any of them
 * (Go's Addr interface). Plain values without pointers, copied with "="; unused bytes are zero, so
 * that equal addresses have equal bytes. The calls here never wait and allocate nothing; any task
 * or thread may call them.
 */
#ifndef GONET_ADDR_H
#define GONET_ADDR_H

#include "gonet/export.h"
#include "gonet/ip.h"
#include "gonet/netip.h"

GONET_BEGIN_DECLS

/* Size of a unix address's name, the NUL included. */
#define GONET_UNIX_NAME_SIZE 128

/* gonet_tcp_addr_t is the address of a TCP endpoint. Go: net.TCPAddr. */
typedef struct {
    gonet_ip_t ip;
    int port;
    char zone[GONET_ZONE_SIZE]; /* IPv6 scoped addressing zone */
} gonet_tcp_addr_t;

/* gonet_udp_addr_t is the address of a UDP endpoint. Go: net.UDPAddr. */
typedef struct {
    gonet_ip_t ip;
    int port;
    char zone[GONET_ZONE_SIZE];
} gonet_udp_addr_t;

/* gonet_ip_addr_t is the address of an IP endpoint. Go: net.IPAddr. */
typedef struct {
    gonet_ip_t ip;
    char zone[GONET_ZONE_SIZE];
} gonet_ip_addr_t;

/* gonet_unix_addr_t is the address of a unix endpoint; a name like "@x" is abstract. Go:
 * net.UnixAddr. */
typedef struct {
    char name[GONET_UNIX_NAME_SIZE];
    char net[16]; /* "unix", "unixgram" or "unixpacket" */
} gonet_unix_addr_t;

/* gonet_other_addr_t is an address of a kind that the library does not know, as a user's own conn
 * may have. */
typedef struct {
    char text[GONET_UNIX_NAME_SIZE];
    char net[16];
} gonet_other_addr_t;

/* The kinds of gonet_addr_t. */
#define GONET_ADDR_NONE   0 /* Go's nil */
#define GONET_ADDR_TCP    1
#define GONET_ADDR_UDP    2
#define GONET_ADDR_IP     3
#define GONET_ADDR_UNIX   4
#define GONET_ADDR_IP_NET 5
#define GONET_ADDR_OTHER  6

/* gonet_addr_t is any address; the zero value is Go's nil. Go: net.Addr. */
typedef struct {
    int kind; /* GONET_ADDR_… */
    union {
        gonet_tcp_addr_t tcp;
        gonet_udp_addr_t udp;
        gonet_ip_addr_t ip;
        gonet_unix_addr_t unix_;
        gonet_ip_net_t ip_net;
        gonet_other_addr_t other;
        uint8_t room[172];
    };
} gonet_addr_t;

/*
 * gonet_addr_string writes addr as its kind does; "<nil>" for NULL and GONET_ADDR_NONE.
 * GONET_ADDR_STRLEN bytes are enough. Returns buf, or NULL with errno ENOSPC. Go: Addr.String.
 */
GONET_API const char *gonet_addr_string(const gonet_addr_t *addr, char *buf, size_t size);

/* gonet_addr_network returns "tcp", "udp", …, static or part of addr; "" for NULL and
 * GONET_ADDR_NONE. Go: Addr.Network. */
GONET_API const char *gonet_addr_network(const gonet_addr_t *addr);

/* Each of these makes a gonet_addr_t of an address; of NULL, the zero value. */
GONET_API gonet_addr_t gonet_tcp_addr_as_addr(const gonet_tcp_addr_t *addr);
GONET_API gonet_addr_t gonet_udp_addr_as_addr(const gonet_udp_addr_t *addr);
GONET_API gonet_addr_t gonet_ip_addr_as_addr(const gonet_ip_addr_t *addr);
GONET_API gonet_addr_t gonet_unix_addr_as_addr(const gonet_unix_addr_t *addr);
GONET_API gonet_addr_t gonet_ip_net_as_addr(const gonet_ip_net_t *net);

/* Each of these returns the address inside addr, borrowed, or NULL if addr is NULL or of another
 * kind. */
GONET_API const gonet_tcp_addr_t *gonet_addr_as_tcp(const gonet_addr_t *addr);
GONET_API const gonet_udp_addr_t *gonet_addr_as_udp(const gonet_addr_t *addr);
GONET_API const gonet_ip_addr_t *gonet_addr_as_ip(const gonet_addr_t *addr);
GONET_API const gonet_unix_addr_t *gonet_addr_as_unix(const gonet_addr_t *addr);
GONET_API const gonet_ip_net_t *gonet_addr_as_ip_net(const gonet_addr_t *addr);

/*
 * gonet_tcp_addr_string writes "192.0.2.1:80" or "[2001:db8::1%zone]:80"; an unset ip is left out
 * (":80");
 * "<nil>" for NULL. GONET_ADDR_STRLEN bytes are enough. Returns buf, or NULL with errno ENOSPC.
 * Go: (*TCPAddr).String.
 */
GONET_API const char *gonet_tcp_addr_string(const gonet_tcp_addr_t *addr, char *buf, size_t size);

/* gonet_tcp_addr_network returns "tcp". Go: (*TCPAddr).Network. */
GONET_API const char *gonet_tcp_addr_network(const gonet_tcp_addr_t *addr);

/*
 * gonet_tcp_addr_addr_port returns the address as netip has it: the port's lowest 16 bits, a mapped
 * address still mapped; an unset ip, or NULL, gives an invalid one. Go: (*TCPAddr).AddrPort.
 */
GONET_API gonet_netip_addr_port_t gonet_tcp_addr_addr_port(const gonet_tcp_addr_t *addr);

/* gonet_tcp_addr_from_addr_port is the reverse; ip has 4 or 16 bytes as ap has. Go:
 * net.TCPAddrFromAddrPort. */
GONET_API gonet_tcp_addr_t gonet_tcp_addr_from_addr_port(gonet_netip_addr_port_t ap);

/* The same for UDP. Go: (*UDPAddr).String, Network, AddrPort, net.UDPAddrFromAddrPort. */
GONET_API const char *gonet_udp_addr_string(const gonet_udp_addr_t *addr, char *buf, size_t size);
GONET_API const char *gonet_udp_addr_network(const gonet_udp_addr_t *addr);
GONET_API gonet_netip_addr_port_t gonet_udp_addr_addr_port(const gonet_udp_addr_t *addr);
GONET_API gonet_udp_addr_t gonet_udp_addr_from_addr_port(gonet_netip_addr_port_t ap);

/*
 * gonet_ip_addr_string writes "192.0.2.1" or "fe80::1%zone"; no text for an unset ip, "<nil>" for
 * NULL. GONET_ADDR_STRLEN bytes are enough. Returns buf, or NULL with errno ENOSPC. Go:
 * (*IPAddr).String.
 */
GONET_API const char *gonet_ip_addr_string(const gonet_ip_addr_t *addr, char *buf, size_t size);

/* gonet_ip_addr_network returns "ip". Go: (*IPAddr).Network. */
GONET_API const char *gonet_ip_addr_network(const gonet_ip_addr_t *addr);

/* gonet_unix_addr_string writes the name; "<nil>" for NULL. Like gonet_tcp_addr_string. Go:
 * (*UnixAddr).String. */
GONET_API const char *gonet_unix_addr_string(const gonet_unix_addr_t *addr, char *buf, size_t size);

/* gonet_unix_addr_network returns addr->net; "" for NULL. Go: (*UnixAddr).Network. */
GONET_API const char *gonet_unix_addr_network(const gonet_unix_addr_t *addr);

GONET_END_DECLS

#endif
