/*
 * Raw sockets: where they may be made, and what they are bound to.
 */
#include "support/rawip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conn/iprawsock.h"

bool rawip_allowed(int family)
{
    const struct sockaddr_in6 lo6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    const struct sockaddr_in lo = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd, result = -1;

    if (getenv("GONET_TEST_ALONE") == NULL) {
        print_message("left out: a raw socket would hear others (see tests/support/alone.sh)\n");
        return false;
    }
    fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, RAWIP_PROTO);
    if (fd >= 0)
        result = family == AF_INET6 ? bind(fd, (const struct sockaddr *)&lo6, sizeof(lo6))
                                    : bind(fd, (const struct sockaddr *)&lo, sizeof(lo));
    if (result != 0)
        print_message("left out: no raw socket here: %s\n", strerror(errno));
    if (fd >= 0)
        close(fd);
    return result == 0;
}

void rawip_needed(int family)
{
    if (!rawip_allowed(family))
        skip();
}

gonet_ip_addr_t rawip_own(unsigned n)
{
    gonet_ip_addr_t addr;

    memset(&addr, 0, sizeof(addr));
    addr.ip = gonet_ipv4(127, 32, (uint8_t)(n >> 8), (uint8_t)n);
    return addr;
}

void rawip_drain(const gonet_ip_conn_t *c)
{
    char byte;
    int len;

    if (c == NULL)
        return;
    /* Not until recv fails: it may be made to. */
    while (ioctl(c->sock.fd.pd.fd, FIONREAD, &len) == 0 && len > 0)
        (void)recv(c->sock.fd.pd.fd, &byte, 1, MSG_DONTWAIT);
}

const char *rawip_text(const gonet_ip_addr_t *addr)
{
    static char room[8][GONET_ADDR_STRLEN];
    static unsigned next;

    return gonet_ip_addr_string(addr, room[next++ % 8], GONET_ADDR_STRLEN);
}

bool rawip_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, data) != 0)
        return false;
    data[0].effective &= ~(1u << CAP_NET_RAW);
    return syscall(SYS_capset, &header, data) == 0;
}
