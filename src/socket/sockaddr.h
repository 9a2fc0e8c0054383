/*
 * The kernel's socket addresses, and their way from and to gonet's. Scope ids of IPv6 addresses are
 * names in gonet (zones) and numbers in the kernel.
 */
#ifndef GONET_SOCKET_SOCKADDR_H
#define GONET_SOCKET_SOCKADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "gonet/addr.h"
#include "gonet/errno.h"
#include "gonet/error.h"

/* len 0 is no address: system calls given one fail with EINVAL. */
typedef struct {
    socklen_t len;
    union {
        struct sockaddr sa;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } u;
} gonet__sockaddr_t;

/*
 * gonet__sockaddr_of_ip makes the socket address of ip (len 0: the unspecified one), port and zone
 * for a socket of that family. Returns NULL or an AddrError (new reference): the IP does not fit
 * the family (behaviour 3.25). A port that does not exist makes an address of length 0.
 */
gonet_error_t *gonet__sockaddr_of_ip(gonet__sockaddr_t *sa, int family, const gonet_ip_t *ip,
                                     int port, const char *zone);

/*
 * gonet__sockaddr_of_unix makes the socket address of a unix name: "@x" is abstract, "" unnamed. A
 * name that is too long makes an address of length 0 (behaviour 15.1, 15.2).
 */
void gonet__sockaddr_of_unix(gonet__sockaddr_t *sa, const char *name);

/*
 * gonet__sockaddr_to_addr makes the address that the kernel's bytes stand for on a socket of that
 * type (SOCK_STREAM: TCP, …): 4-byte IPs of AF_INET, 16-byte ones of AF_INET6 (behaviour 3.27),
 * names of AF_UNIX
 * ("@" for none, 15.2). GONET_ADDR_NONE if they are no such address. GONET__SOCKADDR_NO_IP bytes of
 * an internet address, which no kernel says, have a port but no IP.
 */
#define GONET__SOCKADDR_NO_IP offsetof(struct sockaddr_in, sin_addr)
void gonet__sockaddr_to_addr(const void *bytes, size_t len, int sotype, gonet_addr_t *addr);

/* gonet__sockaddr_same_end says whether two addresses have equal IPs and ports. */
bool gonet__sockaddr_same_end(const gonet__sockaddr_t *a, const gonet__sockaddr_t *b);

/* gonet__ip_family returns the family of an IP: AF_INET or AF_INET6 (behaviour 3.24). NULL:
 * AF_INET. */
int gonet__ip_family(const gonet_ip_t *ip);

/* gonet__ip_wildcard says whether ip is NULL, unset or unspecified (behaviour 3.23). */
bool gonet__ip_wildcard(const gonet_ip_t *ip);

/* gonet__sockaddr_is_given comes before a system call that takes an address: false, with errno
 * EINVAL, for one of length 0. */
static inline bool gonet__sockaddr_is_given(const gonet__sockaddr_t *sa)
{
    if (sa->len == 0)
        errno = EINVAL;
    return sa->len != 0;
}

/* bind(2) and connect(2). */
int gonet__sockaddr_bind(int sysfd, const gonet__sockaddr_t *sa);
int gonet__sockaddr_connect(int sysfd, const gonet__sockaddr_t *sa);

/*
 * Who knows the interfaces: index returns 0 for an unknown name; name stores at most 16 bytes, or
 * returns false. gonet__zones_from sets it, once, before anything else; by default the kernel is
 * asked each time.
 */
typedef struct {
    uint32_t (*index)(const char *name);
    bool (*name)(uint32_t index, char *name);
} gonet__zone_source_t;

void gonet__zones_from(const gonet__zone_source_t *source);

/* gonet__zone_index returns the index of the interface named zone, else the number that zone begins
 * with, else 0. */
uint32_t gonet__zone_index(const char *zone);

/* gonet__zone_name stores the name of the interface, or its number; "" for 0. */
void gonet__zone_name(uint32_t index, char name[GONET_ZONE_SIZE]);

#endif
