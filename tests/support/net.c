/*
 * Pairs over the loopback interface.
 */
#include "support/net.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gonet/addr.h"
#include "gonet/rawconn.h"
#include "gonet/task.h"
#include "gonet/tcp.h"

static const char *loopback(const char *network)
{
    return network[strlen(network) - 1] == '6' ? "[::1]:0" : "127.0.0.1:0";
}

gonet_listener_t *net_listen(const char *network)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_listener_t *l = gonet_listen(network, loopback(network), &err);

    if (l == NULL)
        CHECK_ERROR(err, NULL);
    return l;
}

gonet_conn_t *net_dial(const char *network, gonet_listener_t *l)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char text[GONET_ADDR_STRLEN];
    gonet_conn_t *c = gonet_dial(network, net_addr_text(gonet_listener_addr(l), text), &err);

    if (c == NULL)
        CHECK_ERROR(err, NULL);
    return c;
}

bool net_pair(const char *network, gonet_conn_t **a, gonet_conn_t **b)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_listener_t *l = net_listen(network);

    *a = *b = NULL;
    if (l == NULL)
        return false;
    *a = net_dial(network, l);
    if (*a != NULL)
        *b = gonet_listener_accept(l, &err);
    gonet_listener_free(l);
    if (*b == NULL) {
        CHECK_ERROR(err, NULL);
        gonet_conn_free(*a);
        *a = NULL;
    }
    return *a != NULL;
}

bool net_has(const char *network)
{
    gonet_listener_t *l = gonet_listen(network, loopback(network), NULL);

    gonet_listener_free(l);
    return l != NULL;
}

static void take_descriptor(void *arg, int fd)
{
    *(int *)arg = fd;
}

int net_descriptor(gonet_conn_t *c)
{
    gonet_raw_conn_t *raw = gonet_conn_syscall_conn(c, NULL);
    int fd = -1;

    if (raw != NULL && gonet_raw_conn_control(raw, take_descriptor, &fd, NULL) != 0)
        fd = -1;
    gonet_raw_conn_free(raw);
    return fd;
}

int net_option(gonet_conn_t *c, int level, int name)
{
    int value = 0;
    socklen_t len = sizeof(value);

    if (getsockopt(net_descriptor(c), level, name, &value, &len) != 0)
        return INT_MIN;
    return value;
}

const char *net_addr_text(const gonet_addr_t *a, char *buf)
{
    const char *text = a != NULL ? gonet_addr_string(a, buf, GONET_ADDR_STRLEN) : NULL;

    if (text == NULL)
        return strcpy(buf, "<nil>");
    return text;
}

static void expand(const char *want, const char *local, const char *remote, char *buf, size_t size)
{
    size_t n = 0;

    for (const char *p = want; *p != '\0' && n + 1 < size;) {
        const char *part = strncmp(p, "<L>", 3) == 0   ? local
                           : strncmp(p, "<R>", 3) == 0 ? remote
                                                       : NULL;
        if (part == NULL) {
            buf[n++] = *p++;
            continue;
        }
        n += (size_t)snprintf(buf + n, size - n, "%s", part);
        p += 3;
        if (n >= size)
            n = size - 1;
    }
    buf[n] = '\0';
}

bool net_error_text(const char *file, int line, const gonet_error_t *err, const char *local,
                    const char *remote, const char *want)
{
    char text[512];

    expand(want, local, remote, text, sizeof(text));
    return check_error(file, line, err, text);
}

bool net_error(const char *file, int line, const gonet_error_t *err, gonet_conn_t *c,
               const char *want)
{
    char local[GONET_ADDR_STRLEN], remote[GONET_ADDR_STRLEN];

    return net_error_text(file, line, err, net_addr_text(gonet_conn_local_addr(c), local),
                          net_addr_text(gonet_conn_remote_addr(c), remote), want);
}

/* Whether nothing is under way that could make room: over TCP what was sent is acknowledged, and
 * what is left finds the peer's window closed. */
static bool is_settled(int fd)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 || info.tcpi_unacked == 0;
}

/* Writes behind the connection's back until the kernel takes no more: no deadline that may come too
 * early on a busy machine. In a storm some refusals are not the kernel's. */
static size_t fill_descriptor(int fd)
{
    static const char block[65536];
    size_t sum = 0;
    ssize_t n;

    for (int refused = 0; refused < 3 && check_patience(); refused++) {
        bool settled = is_settled(fd);

        while ((n = send(fd, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) {
            sum += (size_t)n;
            settled = false;
        }
        CHECK(errno == EAGAIN || errno == EINTR);
        if (!settled) {
            refused = -1;
            check_pause();
        }
    }
    return sum;
}

size_t net_fill(gonet_conn_t *c)
{
    gonet_tcp_conn_t *tcp;
    gonet_conn_t *inner = c;

    while (gonet_conn_net_conn(inner) != NULL)
        inner = gonet_conn_net_conn(inner);
    tcp = gonet_conn_as_tcp(inner);
    if (tcp != NULL) /* of a size of its own: else the kernel may let it grow later */
        CHECK(gonet_tcp_conn_set_write_buffer(tcp, 65536, NULL) == 0);
    return fill_descriptor(net_descriptor(inner));
}

char *net_abstract(const char *what, char *buf)
{
    snprintf(buf, 64, "@gonet-%s-%d", what, (int)getpid());
    return buf;
}

char *net_abstract_new(const char *what, char *buf)
{
    static atomic_uint number;
    char each[40];

    snprintf(each, sizeof(each), "%s-%u", what, atomic_fetch_add(&number, 1));
    return net_abstract(each, buf);
}

int net_listener_port(gonet_listener_t *l)
{
    const gonet_addr_t *a = gonet_listener_addr(l);

    return a != NULL && gonet_addr_as_tcp(a) != NULL ? gonet_addr_as_tcp(a)->port : -1;
}
