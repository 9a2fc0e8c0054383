/*
 * One socket per request, closed when the table is here. A table that changed while the kernel
 * wrote it is asked for again (NLM_F_DUMP_INTR).
 */
#include "iface/netlink.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "gonet/errno.h"

/* The kernel fills its datagrams up to the reader's size, at most this. */
#define FIRST_SIZE ((size_t)32 * 1024)
#define MAX_TRIES  8
#define SEQ        1

typedef struct {
    int sysfd;
    uint32_t pid;
    uint8_t *p;
    size_t len;
    size_t size;
    bool done;
    bool changed;
} dump_t;

static gonet_error_t *failed(int errnum)
{
    return gonet_syscall_error_new("netlinkrib", errnum);
}

static bool open_socket(dump_t *d)
{
    struct sockaddr_nl sa;
    socklen_t len = sizeof(sa);

    d->sysfd = gonet__fd_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (d->sysfd < 0)
        return false;
    memset(&sa, 0, sizeof(sa));
    sa.nl_family = AF_NETLINK;
    if (bind(d->sysfd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
        getsockname(d->sysfd, (struct sockaddr *)&sa, &len) < 0)
        return false;
    d->pid = sa.nl_pid;
    return true;
}

static bool send_request(const dump_t *d, uint16_t type)
{
    struct {
        struct nlmsghdr h;
        struct rtgenmsg family;
    } request;
    struct sockaddr_nl kernel;
    ssize_t n;

    memset(&request, 0, sizeof(request));
    memset(&kernel, 0, sizeof(kernel));
    kernel.nl_family = AF_NETLINK;
    request.h.nlmsg_len = sizeof(request);
    request.h.nlmsg_type = type;
    request.h.nlmsg_flags = NLM_F_DUMP | NLM_F_REQUEST;
    request.h.nlmsg_seq = SEQ;
    request.family.rtgen_family = AF_UNSPEC;
    do
        n = sendto(d->sysfd, &request, sizeof(request), 0, (struct sockaddr *)&kernel,
                   sizeof(kernel));
    while (n < 0 && errno == EINTR);
    return n >= 0;
}

static bool reserve(dump_t *d, size_t more)
{
    size_t size = d->size;
    uint8_t *p;

    if (more <= d->size - d->len)
        return true;
    while (more > size - d->len)
        size = size == 0 ? FIRST_SIZE : size * 2;
    p = gonet__realloc(d->p, size, 1);
    if (p == NULL)
        return false;
    d->p = p;
    d->size = size;
    return true;
}

/* An error's number lies in front of what an error or a done message carries; it is negative. */
static int status_of(const gonet__nl_message_t *m)
{
    int status = 0;

    if (m->body.len >= sizeof(status))
        memcpy(&status, m->body.p, sizeof(status));
    return status < 0 && status > -4096 ? -status : 0;
}

/* check looks through the n bytes that have come; 0, or the errno. */
static int check(dump_t *d, size_t n)
{
    gonet__nl_bytes_t rest = {d->p + d->len, n};
    gonet__nl_message_t m;
    int more;

    while ((more = gonet__nl_next_message(&rest, &m)) > 0) {
        int status;

        if (m.seq != SEQ || m.pid != d->pid)
            return EINVAL;
        if ((m.flags & NLM_F_DUMP_INTR) != 0)
            d->changed = true;
        if (m.type != NLMSG_DONE && m.type != NLMSG_ERROR)
            continue;
        status = status_of(&m);
        d->done = true;
        if (status != 0 || m.type == NLMSG_ERROR)
            return status != 0 ? status : EINVAL;
    }
    return more < 0 || n < sizeof(struct nlmsghdr) ? EINVAL : 0;
}

/* receive_one appends a datagram of the kernel's. */
static gonet_error_t *receive_one(dump_t *d)
{
    struct sockaddr_nl from;
    socklen_t from_len = sizeof(from);
    ssize_t n;
    int errnum;

    /* Its length first: the rest of a longer one would be lost. */
    do
        n = recv(d->sysfd, NULL, 0, MSG_PEEK | MSG_TRUNC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return failed(errno);
    if (!reserve(d, (size_t)n < FIRST_SIZE ? FIRST_SIZE : (size_t)n))
        return gonet_err_no_memory;
    memset(&from, 0, sizeof(from));
    do
        n = recvfrom(d->sysfd, d->p + d->len, d->size - d->len, 0, (struct sockaddr *)&from,
                     &from_len);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return failed(errno);
    if (from.nl_pid != 0) /* not the kernel */
        return NULL;
    errnum = check(d, (size_t)n);
    d->len += (size_t)n;
    return errnum != 0 ? failed(errnum) : NULL;
}

static gonet_error_t *dump_once(dump_t *d, uint16_t type)
{
    gonet_error_t *e = NULL;

    if (!open_socket(d) || !send_request(d, type))
        e = failed(errno);
    while (e == NULL && !d->done)
        e = receive_one(d);
    if (d->sysfd >= 0)
        (void)close(d->sysfd);
    return e;
}

gonet_error_t *gonet__netlink_dump(uint16_t type, uint8_t **bytes, size_t *len)
{
    dump_t d = {.sysfd = -1};
    gonet_error_t *e;

    *bytes = NULL;
    *len = 0;
    for (int tries = 1;; tries++) {
        e = dump_once(&d, type);
        if (e != NULL || !d.changed || tries == MAX_TRIES)
            break;
        d = (dump_t){.sysfd = -1, .p = d.p, .size = d.size};
    }
    if (e != NULL) {
        gonet__free(d.p);
        return e;
    }
    *bytes = d.p;
    *len = d.len;
    return NULL;
}
