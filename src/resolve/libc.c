/*
 * Calls of the C library's resolver. A call belongs to the one who waits and to the thread that
 * makes it; whoever is last releases it, so a waiter may leave at any time.
 *
 * Only so many are under way at a time; a call that is given up keeps its slot until it is back. A
 * slot that becomes free goes to the first in the queue.
 */
#include "resolve/libc.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "error/error.h"
#include "gonet/errno.h"
#include "resolve/address.h"
#include "runtime/sync/context.h"
#include "runtime/ground/fork.h"
#include "runtime/life/pool.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/wait.h"
#include "runtime/sync/waitq.h"

/* Go's limit for what getnameinfo says; NI_MAXHOST is no limit of glibc's. */
#define NAME_SIZE 4096

typedef struct {
    _Atomic unsigned refs;
    gonet__wait_t *wait; /* valid while nobody has claimed it */
    _Atomic uint32_t lock;
    bool reverse;
    int family;
    int status; /* EAI_… */
    int errnum;
    bool done;
    struct addrinfo *list;
    gonet__sockaddr_any_t sa;
    socklen_t len;
    char host[NAME_SIZE + 1]; /* a dot may come behind the name */
} call_t;

#define HANDED_OVER 1 /* a wait's value */

static struct {
    pthread_mutex_t lock;
    unsigned free;
    gonet__waiter_t *queue;
} slots = {.lock = PTHREAD_MUTEX_INITIALIZER};

unsigned gonet__libc_limit(uint64_t descriptors)
{
    if (descriptors > 500)
        return 500;
    if (descriptors > 30)
        return (unsigned)descriptors - 30;
    return descriptors > 0 ? (unsigned)descriptors : 1;
}

static void fill_slots(void)
{
    struct rlimit r;

    slots.free = gonet__libc_limit(getrlimit(RLIMIT_NOFILE, &r) == 0 ? r.rlim_cur : UINT64_MAX);
    slots.queue = NULL;
}

/* The calls under way are the parent's. */
static void refill_slots(void)
{
    gonet__fork_renew(&slots.lock);
    fill_slots();
}

GONET__FORK_HOOK(refill_slots)

static void free_slot(void)
{
    gonet__waiter_t *next;

    gonet__fork_lock(&slots.lock);
    next = gonet__waitq_claim(&slots.queue);
    slots.free += next == NULL;
    pthread_mutex_unlock(&slots.lock);
    if (next == NULL)
        return;
    next->wait->value = HANDED_OVER;
    gonet__wait_wake(next->wait);
}

static gonet_error_t *why_ended(const gonet__limit_t *limit)
{
    gonet_error_t *e = gonet__limit_ended(limit);

    return e != NULL ? e : gonet_err_closed;
}

/* Waits for a slot; NULL, or why it was not worth waiting for. */
static gonet_error_t *take_slot(const gonet__limit_t *limit)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    gonet__wait_t wait;
    gonet__waiter_t waiter = {.wait = &wait};
    bool queued;

    pthread_once(&once, fill_slots);
    gonet__wait_init(&wait);
    wait.value = 0;
    gonet__fork_lock(&slots.lock);
    queued = slots.free == 0;
    slots.free -= !queued;
    if (queued)
        gonet__waitq_push_back(&slots.queue, &waiter);
    pthread_mutex_unlock(&slots.lock);
    if (!queued)
        return NULL;
    gonet__wait_within(&wait, limit->ctx, gonet__limit_deadline(limit), "a turn with getaddrinfo");
    gonet__fork_lock(&slots.lock);
    gonet__waitq_remove(&slots.queue, &waiter);
    pthread_mutex_unlock(&slots.lock);
    return wait.value == HANDED_OVER ? NULL : why_ended(limit);
}

static void release(call_t *c)
{
    if (atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    if (c->list != NULL)
        freeaddrinfo(c->list);
    gonet__free(c);
}

static void make_call(void *arg)
{
    call_t *c = arg;
    struct addrinfo hints = {.ai_family = c->family,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_CANONNAME | AI_V4MAPPED | AI_ALL};
    gonet__wait_t *wait;

    errno = 0;
    if (c->reverse)
        c->status = getnameinfo(&c->sa.sa, c->len, c->host, NAME_SIZE, NULL, 0, NI_NAMEREQD);
    else
        c->status = getaddrinfo(c->host, NULL, &hints, &c->list);
    c->errnum = errno;
    free_slot();
    gonet__spin_lock(&c->lock);
    c->done = true;
    wait = c->wait;
    if (wait != NULL && !gonet__wait_claim(wait))
        wait = NULL;
    gonet__spin_unlock(&c->lock);
    if (wait != NULL) /* it waits for this now */
        gonet__wait_wake(wait);
    release(c);
}

/* Hands the call over and waits. NULL when it has been made, or why nobody waits any more. */
static gonet_error_t *run(call_t *c, const gonet__limit_t *limit)
{
    gonet__wait_t wait;
    gonet_error_t *e = gonet__limit_ended(limit);
    bool done;

    if (e == NULL)
        e = take_slot(limit);
    if (e != NULL)
        return e;
    gonet__wait_init(&wait);
    c->wait = &wait;
    atomic_store(&c->refs, 2);
    if (!gonet__pool_run(GONET__WORK_NAMES, make_call, c)) {
        e = errno == ENOMEM ? gonet_err_no_memory : gonet_errno_error(errno);
        atomic_store(&c->refs, 1);
        free_slot();
        return e;
    }
    gonet__wait_within(&wait, limit->ctx, gonet__limit_deadline(limit), "getaddrinfo");
    gonet__spin_lock(&c->lock);
    c->wait = NULL;
    done = c->done;
    gonet__spin_unlock(&c->lock);
    return done ? NULL : why_ended(limit);
}

static gonet_error_t *status_error(const call_t *c, const char *name)
{
    int errnum = c->errnum != 0 ? c->errnum : EMFILE;

    if (c->status == EAI_NONAME || c->status == EAI_NODATA)
        return gonet__no_such_host(name, "");
    if (c->status == EAI_SYSTEM)
        return gonet__dns_error_from(gonet_errno_error(errnum), name, "");
    return gonet__dns_error(gai_strerror(c->status), name, "", false, c->status == EAI_AGAIN, false,
                            NULL);
}

static void add_sockaddr(gonet__addresses_t *a, const struct addrinfo *ai)
{
    const gonet__sockaddr_any_t *sa = (const gonet__sockaddr_any_t *)ai->ai_addr;
    gonet_ip_addr_t addr;
    gonet_ip_t v4 = {.len = 4};

    memset(&addr, 0, sizeof(addr));
    if (ai->ai_family == AF_INET) {
        memcpy(v4.b, &sa->in4.sin_addr, 4);
        addr.ip = gonet_ip_to16(v4);
    } else if (ai->ai_family == AF_INET6) {
        addr.ip.len = 16;
        memcpy(addr.ip.b, &sa->in6.sin6_addr, 16);
        gonet__scope_name(sa->in6.sin6_scope_id, addr.zone);
    } else {
        return;
    }
    gonet__addresses_add(a, &addr);
}

gonet_error_t *gonet__libc_host(const gonet__limit_t *limit, unsigned want, const char *host,
                                gonet__addresses_t *a)
{
    call_t *c;
    gonet_error_t *e;

    if (strlen(host) >= NAME_SIZE)
        return gonet__no_such_host(host, "");
    c = gonet__zalloc(sizeof(*c));
    if (c == NULL)
        return gonet_err_no_memory;
    atomic_init(&c->refs, 1);
    strcpy(c->host, host);
    c->family = (want & GONET__WANT_V6) == 0   ? AF_INET
                : (want & GONET__WANT_V4) == 0 ? AF_INET6
                                               : AF_UNSPEC;
    e = run(c, limit);
    if (e != NULL)
        e = gonet__dns_error_from(e, host, "");
    else if (c->status != 0)
        e = status_error(c, host);
    for (const struct addrinfo *ai = e == NULL ? c->list : NULL; ai != NULL; ai = ai->ai_next)
        add_sockaddr(a, ai);
    release(c);
    return e;
}

gonet_error_t *gonet__libc_addr(const gonet__limit_t *limit, const char *addr,
                                gonet__items_t *items)
{
    gonet_netip_addr_port_t ap = {.addr = gonet_netip_parse_addr(addr, NULL)};
    call_t *c;
    gonet_error_t *e;
    size_t len;

    if (ap.addr.bits == 0)
        return gonet__dns_error("invalid address", addr, "", false, false, false, NULL);
    c = gonet__zalloc(sizeof(*c));
    if (c == NULL)
        return gonet_err_no_memory;
    atomic_init(&c->refs, 1);
    c->reverse = true;
    c->len = gonet__sockaddr_make(ap, &c->sa);
    e = run(c, limit);
    if (e != NULL)
        e = gonet__dns_error_from(e, addr, "");
    else if (c->status != 0)
        e = status_error(c, addr);
    if (e == NULL) {
        len = strlen(c->host);
        if (strchr(c->host, '.') != NULL && c->host[len - 1] != '.') {
            c->host[len++] = '.';
            c->host[len] = '\0';
        }
        gonet__items_add(items, (gonet__item_t){0}, c->host, len);
    }
    release(c);
    return e;
}
