/*
 * A worker's channels are in three lists: open (may take another question), full (64 questions over
 * this socket, or too many abandoned ones) and idle (no socket). An idle channel serves any server.
 * A socket lives while there are questions, so ports change, and nothing is left open.
 */
#include "resolve/channels.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "resolve/address.h"
#include "runtime/end_hook.h"
#include "runtime/netpoll.h"
#include "runtime/task.h"

#define MAX_QUESTIONS 64
#define MAX_ABANDONED 64
#define MAX_IDLE      4

/* A socket and its reader. Its memory has two owners, channel and reader, and those who watch. */
typedef struct gonet__dns_socket {
    gonet__pd_t pd;
    _Atomic unsigned refs;
    gonet__channel_t *channel; /* NULL: closed */
} socket_t;

typedef struct gonet__dns_worker {
    struct gonet__dns_worker *next;
    gonet__list_t open, full, idle;
    unsigned idle_count;
    uint8_t random[256];
    size_t random_left;
} worker_t;

static _Thread_local worker_t *mine;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static worker_t *workers; /* all of them */

static void release_all(void);
static gonet__end_hook_t end_hook = {.fn = release_all};

static void take_lock(void)
{
    pthread_mutex_lock(&lock);
}

static void drop_lock(void)
{
    pthread_mutex_unlock(&lock);
}

/* The parent's channels are not the child's to touch. */
static void forget(void)
{
    workers = NULL;
    mine = NULL;
    pthread_mutex_unlock(&lock);
}

static void guard_fork(void)
{
    pthread_atfork(take_lock, drop_lock, forget);
}

static worker_t *this_worker(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    worker_t *w = mine;

    if (w != NULL)
        return w;
    w = gonet__zalloc(sizeof(*w));
    if (w == NULL)
        return NULL;
    gonet__list_init(&w->open);
    gonet__list_init(&w->full);
    gonet__list_init(&w->idle);
    pthread_once(&once, guard_fork);
    gonet__end_hook_add(&end_hook);
    pthread_mutex_lock(&lock);
    w->next = workers;
    workers = w;
    pthread_mutex_unlock(&lock);
    mine = w;
    return w;
}

bool gonet__random(uint8_t *p, size_t n)
{
    worker_t *w = this_worker();

    if (w == NULL)
        return false;
    if (w->random_left < n) {
        size_t got = 0;

        while (got < sizeof(w->random)) {
            ssize_t more = getrandom(w->random + got, sizeof(w->random) - got, 0);

            if (more > 0)
                got += (size_t)more;
        }
        w->random_left = sizeof(w->random);
    }
    w->random_left -= n;
    memcpy(p, w->random + w->random_left, n);
    return true;
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

/* Nothing can be read any more, whatever the reason: the questions end. */
static void give_up(gonet__channel_t *ch, int errnum)
{
    gonet__channel_failed(ch, "read", "epoll_ctl", errnum);
    gonet__cares_cancel(ch->cares);
}

static void read_socket(void *arg)
{
    socket_t *s = arg;
    gonet__channel_t *ch;

    while (s->channel != NULL) {
        int errnum = ENOMEM;
        gonet__poll_status_t status = gonet__pd_wait(&s->pd, GONET__SIDE_READ, &errnum);

        if (status == GONET__POLL_TAKEN)
            unhold(&s->pd);
        ch = s->channel;
        if (ch == NULL)
            break;
        if (status == GONET__POLL_OK || status == GONET__POLL_NOT_POLLABLE)
            gonet__cares_read(ch->cares, s->pd.fd);
        else
            give_up(ch, status == GONET__POLL_SHUTDOWN ? ECANCELED : errnum);
        gonet__channel_settle(ch);
    }
    unhold(&s->pd);
}

static socket_t *make_socket(gonet__channel_t *ch, int fd)
{
    socket_t *s = gonet__zalloc(sizeof(*s));

    if (s == NULL)
        return NULL;
    gonet__pd_init(&s->pd, fd);
    s->pd.hold = hold;
    s->pd.unhold = unhold;
    s->channel = ch;
    atomic_init(&s->refs, 2);
    if (gonet__task_go_here(read_socket, s) == 0)
        return s;
    gonet__free(s);
    return NULL;
}

static int open_socket(void *self)
{
    gonet__channel_t *ch = self;
    gonet__sockaddr_any_t sa;
    int fd;

    gonet__sockaddr_make(ch->server, &sa);
    fd = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        gonet__channel_failed(ch, "dial", "socket", errno);
        return -1;
    }
    ch->socket = make_socket(ch, fd);
    if (ch->socket == NULL) {
        gonet__channel_failed(ch, "dial", NULL, ENOMEM);
        close(fd);
        errno = ENOMEM;
        return -1;
    }
    return fd;
}

static int connect_socket(void *self, int fd)
{
    gonet__channel_t *ch = self;
    gonet__sockaddr_any_t sa;
    socklen_t len = gonet__sockaddr_make(ch->server, &sa);

    if (connect(fd, &sa.sa, len) == 0)
        return 0;
    gonet__channel_failed(ch, "dial", "connect", errno);
    return -1;
}

/* By the reader inside of c-ares, or by another task while the reader is parked. */
static void close_socket(void *self, int fd)
{
    gonet__channel_t *ch = self;
    socket_t *s = ch->socket;

    ch->socket = NULL;
    s->channel = NULL;
    gonet__pd_close(&s->pd);
    gonet__pd_take(&s->pd, GONET__SIDE_READ);
    gonet__pd_detach(&s->pd);
    close(fd);
    unhold(&s->pd);
}

static const gonet__cares_user_t user = {
    .open = open_socket,
    .connect = connect_socket,
    .receive = gonet__channel_receive,
    .send = gonet__channel_send,
    .close = close_socket,
};

int gonet__channel_fd(const gonet__channel_t *ch)
{
    return ch->socket == NULL ? -1 : ch->socket->pd.fd;
}

void gonet__channel_failed(gonet__channel_t *ch, const char *op, const char *syscall, int errnum)
{
    int saved = errno;

    ch->failed = (gonet__step_t){.op = op, .syscall = syscall, .errnum = errnum};
    if (strcmp(op, "dial") != 0)
        ch->failed.local = gonet__local_endpoint(gonet__channel_fd(ch), SOCK_DGRAM);
    errno = saved;
}

static gonet__channel_t *make_channel(worker_t *w)
{
    gonet__channel_t *ch = gonet__zalloc(sizeof(*ch));

    if (ch == NULL)
        return NULL;
    ch->cares = gonet__cares_new(&user, ch);
    if (ch->cares == NULL) {
        gonet__free(ch);
        return NULL;
    }
    ch->worker = w;
    gonet__list_init(&ch->link);
    gonet__list_init(&ch->live_list);
    gonet__list_init(&ch->abandoned_list);
    return ch;
}

static void free_channel(gonet__channel_t *ch)
{
    gonet__list_remove(&ch->link);
    gonet__cares_free(ch->cares);
    gonet__free(ch);
}

static gonet__channel_t *channel_at(gonet__list_t *link)
{
    return GONET__CONTAINER(link, gonet__channel_t, link);
}

static bool same_server(const gonet_netip_addr_port_t *a, const gonet_netip_addr_port_t *b)
{
    return a->port == b->port && gonet_netip_addr_compare(a->addr, b->addr) == 0;
}

gonet__channel_t *gonet__channel_for(gonet_netip_addr_port_t server)
{
    worker_t *w = this_worker();
    gonet__channel_t *ch;

    if (w == NULL)
        return NULL;
    for (gonet__list_t *l = w->open.next, *next; l != &w->open; l = next) {
        next = l->next;
        ch = channel_at(l);
        if (ch->asked >= MAX_QUESTIONS || ch->abandoned > MAX_ABANDONED) {
            gonet__list_remove(l);
            gonet__list_push_back(&w->full, l);
        } else if (same_server(&ch->server, &server)) {
            return ch;
        }
    }
    if (w->idle_count > 0) {
        ch = channel_at(gonet__list_pop_front(&w->idle));
        w->idle_count--;
    } else {
        ch = make_channel(w);
    }
    if (ch == NULL)
        return NULL;
    ch->server = server;
    ch->asked = 0;
    gonet__list_push_back(&w->open, &ch->link);
    return ch;
}

void gonet__channel_settle(gonet__channel_t *ch)
{
    worker_t *w = ch->worker;

    if (ch->live > 0 || (ch->asked == 0 && ch->socket == NULL))
        return;
    if (ch->abandoned > 0 || ch->socket != NULL)
        gonet__cares_cancel(ch->cares);
    ch->asked = 0;
    gonet__list_remove(&ch->link);
    if (w->idle_count >= MAX_IDLE) {
        free_channel(ch);
        return;
    }
    gonet__list_push_back(&w->idle, &ch->link);
    w->idle_count++;
}

static void release_list(gonet__list_t *list)
{
    gonet__list_t *l;

    while ((l = list->next) != list)
        free_channel(channel_at(l));
}

/* No task is left, so nobody uses a channel. */
static void release_all(void)
{
    pthread_mutex_lock(&lock);
    while (workers != NULL) {
        worker_t *w = workers;

        workers = w->next;
        release_list(&w->idle);
        release_list(&w->open);
        release_list(&w->full);
        gonet__free(w);
    }
    pthread_mutex_unlock(&lock);
}
