/*
 * Equal lookups that are under way at the same time share one. The task that comes first starts it
 * in a task of its own, without a deadline; everybody waits within his own limit; who leaves as the
 * last one cancels it.
 *
 * Threads share with threads alone, since a task's lookup needs its worker, which may be held by
 * somebody who waits for the thread. The first one does the lookup itself; should its own limit end
 * that, the others begin anew.
 *
 * A resolver with a dial of its own shares with nobody: its argument, and what the context's values
 * point to, are the caller's until his call returns. So the lookup is part of that call, with the
 * caller's context.
 *
 * A table under one lock, held for moments, never across a lookup.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/list.h"
#include "error/error.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "resolve/cache.h"
#include "resolve/hash.h"
#include "resolve/lookup.h"
#include "runtime/sync/context.h"
#include "runtime/ground/fork.h"
#include "runtime/sched/task.h"
#include "runtime/sched/wait.h"
#include "runtime/sync/waitq.h"

#define BUCKETS 1024

/* Under the lock, but for what is set before the flight is in the table, and the result, which is
 * final once done is set. */
typedef struct {
    gonet__list_t link; /* in its bucket; in none when done or forgotten */
    unsigned refs;      /* those who wait, and the lookup */
    unsigned waiting;
    bool done;
    bool given_up;      /* by the one who did it: nobody else's result */
    atomic_bool cached; /* somebody wants the result to be kept */
    gonet__waiter_t *queue;
    gonet_context_t
        *ctx; /* the lookup's own; cancelled by the last waiter. NULL: who began it stays */
    const gonet__limit_t *limit; /* the caller's; NULL: only ctx is one */
    gonet_resolver_t resolver;
    const char *network, *host;
    gonet_error_t *e;
    size_t key_len;
    gonet__addresses_t result;
    char key[]; /* of tasks or threads; then what the cache goes by, too */
} flight_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static gonet__list_t table[BUCKETS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void clear_table(void)
{
    for (size_t i = 0; i < BUCKETS; i++)
        gonet__list_init(&table[i]);
}

/* The parent's lookups go on in the parent. */
static void forget_table(void)
{
    gonet__fork_renew(&lock);
    clear_table();
}

GONET__FORK_HOOK(forget_table)

static gonet__list_t *bucket_of(const char *key, size_t len)
{
    return &table[gonet__hash(key, len) % BUCKETS];
}

static void release(flight_t *f)
{
    gonet_context_free(f->ctx);
    gonet_error_free(f->e);
    gonet__addresses_free(&f->result);
    gonet__free(f);
}

static void drop(flight_t *f)
{
    bool last;

    pthread_mutex_lock(&lock);
    last = --f->refs == 0;
    pthread_mutex_unlock(&lock);
    if (last)
        release(f);
}

/* The lookup has ended: everybody goes. False if there is nobody but the caller. */
static bool land(flight_t *f)
{
    gonet__waiter_t *woken;
    bool others;

    pthread_mutex_lock(&lock);
    f->done = true;
    gonet__list_remove(&f->link);
    woken = gonet__waitq_claim_all(&f->queue);
    others = f->refs > 1;
    pthread_mutex_unlock(&lock);
    gonet__waitq_wake_all(woken);
    return others;
}

static void look_up(void *arg)
{
    flight_t *f = arg;
    gonet__request_t request = gonet__request_make(&f->resolver, f->ctx, 0);

    if (f->limit != NULL)
        request.limit = *f->limit;
    f->e = gonet__lookup_host(&request, gonet__order_for(&f->resolver, f->host),
                              gonet__wanted(f->network), f->host, &f->result);
    if (f->e == NULL && atomic_load(&f->cached))
        gonet__cache_store(f->key + 1, f->key_len - 1, &f->result);
}

static void fly(void *arg)
{
    flight_t *f = arg;

    look_up(f);
    land(f);
    drop(f);
}

unsigned gonet__lookups_waiting(void)
{
    unsigned n = 0;

    pthread_once(&once, clear_table);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (gonet__list_t *l = table[i].next; l != &table[i]; l = l->next)
            n += GONET__CONTAINER(l, flight_t, link)->waiting;
    }
    pthread_mutex_unlock(&lock);
    return n;
}

static char *put(char *p, const void *from, size_t n)
{
    memcpy(p, from, n);
    return p + n;
}

/* A flight that is not in the table yet, with a key of all that makes lookups differ behind it.
 * NULL without memory. */
static flight_t *make_flight(const gonet_resolver_t *r, const char *network, const char *host)
{
    const char *servers = r->servers == NULL ? "" : r->servers;
    size_t a = strlen(network) + 1, b = strlen(host) + 1, c = strlen(servers) + 1;
    size_t key_len = 1 + sizeof(r->dial) + sizeof(r->dial_arg) + 1 + a + b + c;
    flight_t *f = gonet__alloc(sizeof(*f) + key_len);
    char *p;

    if (f == NULL)
        return NULL;
    memset(f, 0, offsetof(flight_t, result));
    gonet__list_init(&f->link);
    gonet__addresses_init(&f->result);
    f->refs = 1;
    f->resolver = *r;
    atomic_init(&f->cached, r->cache);
    f->key_len = key_len;
    f->key[0] = gonet__task_current() == NULL;
    p = put(f->key + 1, &r->dial, sizeof(r->dial));
    p = put(p, &r->dial_arg, sizeof(r->dial_arg));
    *p++ = (char)(r->prefer_go | r->strict_errors << 1 | (r->servers != NULL) << 2);
    f->network = p;
    f->host = put(p, network, a);
    p = put(p + a, host, b);
    put(p, servers, c);
    if (r->servers != NULL)
        f->resolver.servers = p;
    return f;
}

static flight_t *find(const gonet__list_t *bucket, const char *key, size_t len)
{
    for (gonet__list_t *l = bucket->next; l != bucket; l = l->next) {
        flight_t *f = GONET__CONTAINER(l, flight_t, link);

        if (f->key_len == len && memcmp(f->key, key, len) == 0)
            return f;
    }
    return NULL;
}

/* Takes fresh, and returns it when it has become the flight of its key, or the one that is in the
 * air already, with the caller in its queue. Of a new one the first reference is the lookup's;
 * myself: that is the caller's. */
static flight_t *join(flight_t *fresh, bool myself, gonet__waiter_t *waiter)
{
    gonet__list_t *bucket = bucket_of(fresh->key, fresh->key_len);
    flight_t *f;

    pthread_once(&once, clear_table);
    gonet__fork_lock(&lock);
    f = find(bucket, fresh->key, fresh->key_len);
    if (f == NULL) {
        f = fresh;
        f->ctx = myself ? NULL : gonet_context_with_cancel(NULL);
        gonet__list_push_back(bucket, &f->link);
    }
    if (fresh->resolver.cache)
        atomic_store(&f->cached, true);
    f->waiting++;
    if (f != fresh || !myself) {
        f->refs++;
        gonet__waitq_push_back(&f->queue, waiter);
    }
    pthread_mutex_unlock(&lock);
    if (f != fresh)
        release(fresh);
    return f;
}

/* The caller does not wait any more; whether the result is there. */
static bool leave(flight_t *f, gonet__waiter_t *waiter)
{
    bool done, last;

    pthread_mutex_lock(&lock);
    gonet__waitq_remove(&f->queue, waiter);
    done = f->done;
    last = --f->waiting == 0 && !done;
    if (last)
        gonet__list_remove(&f->link);
    pthread_mutex_unlock(&lock);
    if (last)
        gonet_context_cancel(f->ctx);
    return done;
}

static gonet_error_t *copy_result(const flight_t *f, gonet__addresses_t *a)
{
    if (f->e != NULL)
        return gonet_error_ref(f->e);
    for (size_t i = 0; i < f->result.n; i++)
        gonet__addresses_add(a, &f->result.v[i]);
    a->ttl = f->result.ttl;
    return a->failed ? gonet_err_no_memory : NULL;
}

/* The result of a flight that nobody else knows. */
static gonet_error_t *take_result(flight_t *f, gonet__addresses_t *a)
{
    gonet_error_t *e = f->e;

    f->e = NULL;
    if (e == NULL) {
        gonet__addresses_free(a);
        a->v = f->result.v;
        a->n = f->result.n;
        a->size = f->result.size;
        a->ttl = f->result.ttl;
        gonet__addresses_init(&f->result);
    }
    return e;
}

static gonet_error_t *why_ended(const gonet__limit_t *limit, const char *host)
{
    gonet_error_t *e = gonet__limit_ended(limit);

    return gonet__dns_error_from(e != NULL ? e : gonet_err_closed, host, "");
}

/* The lookup of a flight that is in no table. Its end at the limit is told as that of a shared one.
 */
static gonet_error_t *fly_alone(flight_t *f, const gonet__limit_t *limit, gonet__addresses_t *a)
{
    gonet_error_t *e;

    f->limit = limit;
    look_up(f);
    e = take_result(f, a);
    if (e != NULL && gonet__limit_over(limit))
        gonet_error_set(&e, why_ended(limit, f->host));
    return e;
}

/* The caller does the lookup itself: a task that nobody can interrupt, or a thread. *alone: nobody
 * else has a reference, or will get one. */
static gonet_error_t *fly_myself(flight_t *f, const gonet__limit_t *limit, gonet__addresses_t *a,
                                 bool *alone)
{
    f->limit = limit;
    look_up(f);
    f->given_up = f->e != NULL && gonet__limit_over(limit);
    *alone = !land(f);
    if (f->given_up)
        return why_ended(limit, f->host);
    return *alone ? take_result(f, a) : copy_result(f, a);
}

/* Others do it, in a task that is started if the flight is new. *again: they have given up. */
static gonet_error_t *fly_along(flight_t *f, bool mine, gonet__waiter_t *waiter,
                                const gonet__limit_t *limit, gonet__addresses_t *a, bool *again)
{
    if (mine && gonet_go(fly, f) != 0) {
        f->e = errno == EAGAIN ? gonet__dns_error_from(gonet_err_closed, f->host, "")
                               : gonet_err_no_memory;
        land(f);
        drop(f);
    }
    gonet__wait_within(waiter->wait, limit->ctx, gonet__limit_deadline(limit), "lookup");
    if (!leave(f, waiter))
        return why_ended(limit, f->host);
    *again = f->given_up;
    return *again ? NULL : copy_result(f, a);
}

/* The flight of all who ask the same; takes fresh, which may become it. *again: nothing has come of
 * it. */
static gonet_error_t *fly_together(flight_t *fresh, const gonet__limit_t *limit,
                                   gonet__addresses_t *a, bool *again)
{
    bool patient = limit->ctx == NULL && limit->deadline == 0;
    bool myself = patient || gonet__task_current() == NULL, alone = false;
    gonet__wait_t wait;
    gonet__waiter_t waiter = {.wait = &wait};
    gonet_error_t *e;
    flight_t *f;

    gonet__wait_init(&wait);
    f = join(fresh, myself, &waiter);
    if (f == fresh && myself)
        e = fly_myself(f, limit, a, &alone);
    else
        e = fly_along(f, f == fresh, &waiter, limit, a, again);
    if (alone)
        release(f);
    else
        drop(f);
    return e;
}

/* By the cache, alone or together with others. *again: nothing has come of it. */
static gonet_error_t *look_up_shared(const gonet__request_t *request, const char *network,
                                     const char *host, gonet__addresses_t *a, bool *again)
{
    const gonet_resolver_t *resolver = request->resolver;
    const gonet__limit_t *limit = &request->limit;
    gonet_error_t *e;
    flight_t *f;

    *again = false;
    e = gonet__refused(limit, host);
    if (e != NULL)
        return e;
    if (gonet__limit_over(limit))
        return why_ended(limit, host);
    f = make_flight(resolver, network, host);
    if (f == NULL)
        return gonet_err_no_memory;
    if (resolver->cache && gonet__cache_find(f->key + 1, f->key_len - 1, a))
        e = a->failed ? gonet_err_no_memory : NULL;
    else if (resolver->dial == NULL)
        return fly_together(f, limit, a, again);
    else
        e = fly_alone(f, limit, a);
    release(f);
    return e;
}

gonet_error_t *gonet__lookup_shared(const gonet__request_t *request, const char *network,
                                    const char *host, gonet__addresses_t *a)
{
    gonet_error_t *e;
    bool again;

    do
        e = look_up_shared(request, network, host, a, &again);
    while (again);
    return e;
}
