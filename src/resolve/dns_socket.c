/*
 * Sockets are found by their server; those with room, or without questions in flight, are in the
 * ready list, the latest used first. Each has a reader, which waits for it, reads datagrams a
 * handful at a time, and closes it when it has not been used for a while. A new port costs two
 * system calls, not a new socket: a datagram socket that is disconnected loses the port that the
 * kernel chose for it.
 */
#include "resolve/dns_socket.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "gonet/time.h"
#include "resolve/address.h"
#include "runtime/clock.h"
#include "runtime/task.h"

#define IDLE_FOR (200 * GONET_MILLISECOND) /* twice that at most */

typedef gonet__dns_socket_t socket_t;

/* The open sockets of all workers, so that a forked child can close what it has inherited. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static gonet__list_t all = {&all, &all};

static void take_lock(void)
{
    pthread_mutex_lock(&lock);
}

static void drop_lock(void)
{
    pthread_mutex_unlock(&lock);
}

static void close_inherited(void)
{
    for (gonet__list_t *l = all.next; l != &all; l = l->next)
        close(GONET__CONTAINER(l, socket_t, all)->pd.fd);
    gonet__list_init(&all);
    pthread_mutex_unlock(&lock);
}

static void guard_fork(void)
{
    pthread_atfork(take_lock, drop_lock, close_inherited);
}

static void enlist(socket_t *s)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, guard_fork);
    pthread_mutex_lock(&lock);
    gonet__list_push_back(&all, &s->all);
    pthread_mutex_unlock(&lock);
}

static void close_enlisted(socket_t *s)
{
    pthread_mutex_lock(&lock);
    gonet__list_remove(&s->all);
    close(s->pd.fd);
    pthread_mutex_unlock(&lock);
}

static void hold(gonet__pd_t *pd)
{
    socket_t *s = GONET__CONTAINER(pd, socket_t, pd);

    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
}

static void unhold(gonet__pd_t *pd)
{
    socket_t *s = GONET__CONTAINER(pd, socket_t, pd);

    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
        gonet__free(s);
}

gonet__step_t gonet__dns_socket_step(const socket_t *s, const char *op, const char *syscall,
                                     int errnum)
{
    return (gonet__step_t){.op = op,
                           .syscall = syscall,
                           .errnum = errnum,
                           .local = gonet__local_endpoint(s->pd.fd, SOCK_DGRAM)};
}

/* By the reader, or by another task while the reader is parked. There are no questions. */
static void close_socket(socket_t *s)
{
    s->open = false;
    gonet__list_remove(&s->link);
    gonet__pd_close(&s->pd);
    gonet__pd_take(&s->pd, GONET__SIDE_READ);
    gonet__pd_detach(&s->pd);
    close_enlisted(s);
    unhold(&s->pd);
}

/* Passes on what has arrived, up to a handful; the loop tells if there is more. */
static void read_some(socket_t *s)
{
    uint8_t(*p)[GONET__UDP_SIZE] = s->home->datagram;
    struct mmsghdr m[GONET__DNS_BATCH];
    struct iovec v[GONET__DNS_BATCH];
    unsigned want = s->live < 1 ? 1 : s->live < GONET__DNS_BATCH ? s->live : GONET__DNS_BATCH;
    gonet__step_t step;
    int n;

    memset(m, 0, want * sizeof(*m));
    for (unsigned i = 0; i < want; i++) {
        v[i] = (struct iovec){p[i], sizeof(p[i])};
        m[i].msg_hdr.msg_iov = &v[i];
        m[i].msg_hdr.msg_iovlen = 1;
    }
    n = recvmmsg(s->pd.fd, m, want, MSG_DONTWAIT, NULL);
    if (n < 0 && errno != EINTR && errno != EAGAIN && s->live > 0) {
        step = gonet__dns_socket_step(s, "read", "read", errno);
        s->home->failed(s, &step);
    }
    for (int i = 0; i < n; i++)
        s->home->arrived(s, p[i], m[i].msg_len);
    s->home->done(s->home);
}

/* Nothing can be read any more, whatever the reason. */
static void give_up(socket_t *s, const char *syscall, int errnum)
{
    gonet__step_t step = gonet__dns_socket_step(s, "read", syscall, errnum);

    s->home->failed(s, &step);
    if (s->open)
        close_socket(s); /* before others can ask by it */
    s->home->done(s->home);
}

static void rest(socket_t *s)
{
    if (s->live == 0 && !s->used) {
        close_socket(s);
        return;
    }
    s->used = false;
    gonet__pd_set_deadline(&s->pd, 1u << GONET__SIDE_READ, gonet__now() + IDLE_FOR);
}

static void read_socket(void *arg)
{
    socket_t *s = arg;

    while (s->open) {
        int errnum = ENOMEM;
        gonet__poll_status_t status = gonet__pd_wait(&s->pd, GONET__SIDE_READ, &errnum);

        if (status == GONET__POLL_TAKEN)
            unhold(&s->pd);
        if (!s->open)
            break;
        if (status == GONET__POLL_OK || status == GONET__POLL_NOT_POLLABLE)
            read_some(s);
        else if (status == GONET__POLL_TIMEOUT)
            rest(s);
        else if (status == GONET__POLL_SHUTDOWN)
            give_up(s, NULL, ECANCELED);
        else
            give_up(s, "epoll_ctl", errnum);
    }
    unhold(&s->pd);
}

static gonet__step_t dial_step(const char *syscall, int errnum)
{
    return (gonet__step_t){.op = "dial", .syscall = syscall, .errnum = errnum};
}

/* NULL, with errno: ENOMEM, or EAGAIN when the runtime is ending. */
static socket_t *make_socket(gonet__dns_sockets_t *home, const gonet_netip_addr_port_t *server,
                             int fd)
{
    socket_t *s = gonet__zalloc(sizeof(*s));
    int errnum;

    if (s == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    gonet__pd_init(&s->pd, fd);
    s->pd.hold = hold;
    s->pd.unhold = unhold;
    s->home = home;
    s->server = *server;
    s->open = true;
    atomic_init(&s->refs, 2);
    gonet__list_init(&s->link);
    gonet__pd_set_deadline(&s->pd, 1u << GONET__SIDE_READ, gonet__now() + IDLE_FOR);
    if (gonet__task_go_here(read_socket, s) == 0)
        return s;
    errnum = errno;
    gonet__free(s);
    errno = errnum;
    return NULL;
}

static socket_t *open_socket(gonet__dns_sockets_t *home, const gonet_netip_addr_port_t *server,
                             gonet__step_t *step)
{
    gonet__sockaddr_any_t sa;
    socklen_t len = gonet__sockaddr_make(*server, &sa);
    int fd = gonet__fd_socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    socket_t *s = NULL;

    if (fd < 0) {
        *step = dial_step("socket", errno);
        return NULL;
    }
    if (connect(fd, &sa.sa, len) != 0) {
        *step = dial_step("connect", errno);
    } else {
        s = make_socket(home, server, fd);
        *step = dial_step(NULL, errno == EAGAIN ? ECANCELED : ENOMEM);
    }
    if (s == NULL) {
        close(fd);
        return NULL;
    }
    enlist(s);
    gonet__list_push_back(home->ready.next, &s->link);
    return s;
}

/* Another port, for a socket without questions in flight. */
static bool renew(socket_t *s)
{
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    gonet__sockaddr_any_t sa;
    socklen_t len = gonet__sockaddr_make(s->server, &sa);

    if (connect(s->pd.fd, &none, sizeof(none)) != 0 || connect(s->pd.fd, &sa.sa, len) != 0)
        return false;
    s->asked = 0;
    s->first = 0;
    return true;
}

/* Unused bytes of an address are zero. */
static bool same_server(const gonet_netip_addr_port_t *a, const gonet_netip_addr_port_t *b)
{
    return a->port == b->port && memcmp(&a->addr, &b->addr, sizeof(a->addr)) == 0;
}

socket_t *gonet__dns_socket_for(gonet__dns_sockets_t *home, const gonet_netip_addr_port_t *server,
                                gonet__step_t *step)
{
    for (gonet__list_t *l = home->ready.next, *next; l != &home->ready; l = next) {
        socket_t *s = GONET__CONTAINER(l, socket_t, link);

        next = l->next;
        if (!same_server(&s->server, server))
            continue;
        if (s->asked < GONET__PORT_QUESTIONS || renew(s))
            return s;
        close_socket(s);
    }
    return open_socket(home, server, step);
}

unsigned gonet__dns_socket_add(socket_t *s, struct gonet__udp_question *q)
{
    unsigned place = s->asked++;

    s->question[place] = q;
    s->live++;
    s->used = true;
    if (s->asked == GONET__PORT_QUESTIONS) {
        gonet__list_remove(&s->link);
        gonet__list_push_back(&s->home->full, &s->link);
    }
    return place;
}

void gonet__dns_socket_remove(socket_t *s, unsigned place)
{
    s->question[place] = NULL;
    while (s->first < s->asked && s->question[s->first] == NULL)
        s->first++;
    if (--s->live > 0 || s->asked < GONET__PORT_QUESTIONS)
        return;
    gonet__list_remove(&s->link);
    gonet__list_push_back(s->home->ready.next, &s->link); /* to the front */
}
