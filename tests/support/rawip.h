/*
 * What tests of raw IP sockets share: whether they may run, and addresses and payloads of their
 * own, since every raw socket of a host sees what all of them send.
 */
#ifndef TESTS_SUPPORT_RAWIP_H
#define TESTS_SUPPORT_RAWIP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conn/iprawsock.h"

/* A protocol for experiments (RFC 3692). */
#define RAWIP_PROTO 253

/* rawip_allowed says whether this process may bind raw sockets to a family's loopback address; if
 * not, why. */
static inline bool rawip_allowed(int family)
{
    const struct sockaddr_in6 lo6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    const struct sockaddr_in lo = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, RAWIP_PROTO), result = -1;

    if (fd >= 0)
        result = family == AF_INET6 ? bind(fd, (const struct sockaddr *)&lo6, sizeof(lo6))
                                    : bind(fd, (const struct sockaddr *)&lo, sizeof(lo));
    if (result != 0)
        print_message("left out: no raw socket here: %s\n", strerror(errno));
    if (fd >= 0)
        close(fd);
    return result == 0;
}

/* rawip_needed leaves the running test out where raw sockets are not allowed. */
static inline void rawip_needed(int family)
{
    if (!rawip_allowed(family))
        skip();
}

/* rawip_own returns a loopback address that no other process uses: the n-th one of this process,
 * 0 to 3. */
static inline gonet_ip_addr_t rawip_own(unsigned n)
{
    gonet_ip_addr_t addr;
    unsigned pid = (unsigned)getpid() & 0x1fffff;

    memset(&addr, 0, sizeof(addr));
    addr.ip = gonet_ipv4((uint8_t)127, (uint8_t)(32 * (1 + n) + (pid >> 16)), (uint8_t)(pid >> 8),
                         (uint8_t)pid);
    return addr;
}

/*
 * rawip_drain reads away what came to c before it was bound, or connected: until then it got
 * everybody's packets.
 */
static inline void rawip_drain(const gonet_ip_conn_t *c)
{
    char byte;

    while (c != NULL && recv(c->sock.fd.pd.fd, &byte, 1, MSG_DONTWAIT) >= 0)
        ;
}

static inline const char *rawip_text(const gonet_ip_addr_t *addr)
{
    static char room[8][GONET_ADDR_STRLEN];
    static unsigned next;

    return gonet_ip_addr_string(addr, room[next++ % 8], GONET_ADDR_STRLEN);
}

/* rawip_drop takes the right to make raw sockets from this thread, and those it starts. */
static inline bool rawip_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, data) != 0)
        return false;
    data[0].effective &= ~(1u << CAP_NET_RAW);
    return syscall(SYS_capset, &header, data) == 0;
}

#endif
