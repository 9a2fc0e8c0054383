/*
 * Making sockets, and the probes that find out once per process what the machine is capable of. Any
 * thread or task; nothing here waits.
 */
#include "socket/socket.h"

#include <limits.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "gonet/errno.h"
#include "socket/sockaddr.h"
#include "socket/sockopt.h"
#include "socket/sys.h"

#define DEFAULT_BACKLOG 128

static void fail_with(gonet__fail_t *fail, const char *syscall)
{
    fail->kind = GONET__FAIL_SYSCALL;
    fail->errnum = errno;
    fail->syscall = syscall;
}

int gonet__socket_open(int family, int sotype, int proto, bool v6only, gonet__fail_t *fail)
{
    int sysfd = gonet__sys_socket(family, sotype | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);

    if (sysfd < 0) {
        fail_with(fail, "socket");
        return -1;
    }
    if (family == AF_INET6 && sotype != SOCK_RAW)
        (void)gonet__sockopt_int(sysfd, IPPROTO_IPV6, IPV6_V6ONLY, v6only);
    if ((sotype == SOCK_DGRAM || sotype == SOCK_RAW) && family != AF_UNIX) {
        errno = gonet__sockopt_int(sysfd, SOL_SOCKET, SO_BROADCAST, 1);
        if (errno != 0) {
            fail_with(fail, "setsockopt");
            (void)gonet__sys_close(sysfd);
            return -1;
        }
    }
    return sysfd;
}

int gonet__socket_family(const char *network, const gonet_ip_t *local, const gonet_ip_t *remote,
                         bool listens, bool *v6only)
{
    size_t len = strlen(network);
    char last = len == 0 ? '\0' : network[len - 1];

    *v6only = last == '6';
    if (last == '4')
        return AF_INET;
    if (last == '6')
        return AF_INET6;
    if (listens && gonet__ip_wildcard(local)) {
        gonet__ip_stack_t stack = gonet__ip_stack();

        if (stack.ipv4_mapped || !stack.ipv4)
            return AF_INET6;
        return gonet__ip_family(local);
    }
    if (gonet__ip_family(local) == AF_INET && gonet__ip_family(remote) == AF_INET)
        return AF_INET;
    return AF_INET6;
}

/* What a probe found out; UNKNOWN: the machine is short of something just now, so ask again later.
 */
typedef enum { PROBE_NO, PROBE_YES, PROBE_UNKNOWN } probe_t;

static probe_t probe_failed(void)
{
    return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM ? PROBE_UNKNOWN
                                                                                     : PROBE_NO;
}

static probe_t probe_socket(int family, int proto)
{
    int sysfd = gonet__sys_socket(family, SOCK_STREAM | SOCK_CLOEXEC, proto);

    if (sysfd < 0)
        return probe_failed();
    (void)gonet__sys_close(sysfd);
    return PROBE_YES;
}

/* Whether an IPv6 socket can be bound to this address and a free port. */
static probe_t probe_bind(const struct in6_addr *ip, int v6only)
{
    struct sockaddr_in6 sa = {.sin6_family = AF_INET6, .sin6_addr = *ip};
    int sysfd = gonet__sys_socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    probe_t answer = PROBE_YES;

    if (sysfd < 0)
        return probe_failed();
    (void)gonet__sockopt_int(sysfd, IPPROTO_IPV6, IPV6_V6ONLY, v6only);
    if (gonet__sys_bind(sysfd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
        answer = probe_failed();
    (void)gonet__sys_close(sysfd);
    return answer;
}

gonet__ip_stack_t gonet__ip_stack(void)
{
    static const uint8_t mapped_loopback[16] = {[10] = 0xff, 0xff, 127, 0, 0, 1};
    static _Atomic unsigned known; /* one bit for each answer, and one for having them */
    unsigned bits = atomic_load_explicit(&known, memory_order_relaxed);

    if (bits == 0) {
        struct in6_addr mapped;
        probe_t ipv4, ipv6, ipv4_mapped;

        memcpy(&mapped, mapped_loopback, sizeof(mapped));
        ipv4 = probe_socket(AF_INET, IPPROTO_TCP);
        ipv6 = probe_bind(&in6addr_loopback, 1);
        ipv4_mapped = probe_bind(&mapped, 0);
        bits = 8u | (ipv4 != PROBE_NO) | (ipv6 != PROBE_NO) << 1 | (ipv4_mapped != PROBE_NO) << 2;
        if (ipv4 != PROBE_UNKNOWN && ipv6 != PROBE_UNKNOWN && ipv4_mapped != PROBE_UNKNOWN)
            atomic_store_explicit(&known, bits, memory_order_relaxed);
    }
    return (gonet__ip_stack_t){
        .ipv4 = (bits & 1u) != 0, .ipv6 = (bits & 2u) != 0, .ipv4_mapped = (bits & 4u) != 0};
}

bool gonet__mptcp_available(void)
{
    static _Atomic int known; /* 1 + the answer */
    int answer = atomic_load_explicit(&known, memory_order_relaxed);

    if (answer == 0) {
        /* Only these two errors mean that the kernel has no such protocol (behaviour 7.19). */
        probe_t probe = probe_socket(AF_INET, GONET__IPPROTO_MPTCP);
        bool available = probe == PROBE_YES || (errno != EPROTONOSUPPORT && errno != EINVAL);

        answer = 1 + available;
        if (probe != PROBE_UNKNOWN)
            atomic_store_explicit(&known, answer, memory_order_relaxed);
    }
    return answer == 2;
}

/* Takes fd. */
static int read_backlog(int fd)
{
    char text[32] = "";
    ssize_t got = read(fd, text, sizeof(text) - 1);
    unsigned long n;

    text[got < 0 ? 0 : got] = '\0';
    close(fd);
    n = strtoul(text, NULL, 10);
    return n == 0 ? DEFAULT_BACKLOG : n > INT_MAX ? INT_MAX : (int)n;
}

int gonet__somaxconn(void)
{
    static _Atomic int known;
    int backlog = atomic_load_explicit(&known, memory_order_relaxed);
    int fd;

    if (backlog != 0)
        return backlog;
    fd = gonet__fd_open("/proc/sys/net/core/somaxconn");
    backlog = fd < 0 ? DEFAULT_BACKLOG : read_backlog(fd);
    if (fd >= 0 || probe_failed() != PROBE_UNKNOWN)
        atomic_store_explicit(&known, backlog, memory_order_relaxed);
    return backlog;
}
