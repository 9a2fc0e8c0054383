/*
 * Equal lookups that are under way at the same time share one. Whoever comes first starts it in a
 * task of its own, without a deadline; everybody waits within his own limit; who leaves as the last
 * one cancels it.
 *
 * A table under one lock, held for moments, never across a lookup.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/list.h"
#include "error/error.h"
#include "gonet/task.h"
#include "resolve/cache.h"
#include "resolve/hash.h"
#include "resolve/lookup.h"
#include "runtime/context.h"
#include "runtime/task.h"
#include "runtime/wait.h"
#include "runtime/waitq.h"

#define BUCKETS 1024

/* Under the lock, but for what is set before the flight is in the table, and the result, which is
 * final once done is set. */
typedef struct {
    gonet__list_t link; /* in its bucket; in none when done or forgotten */
    unsigned refs;      /* those who wait, and the lookup */
    unsigned waiting;
    bool done;
    gonet__waiter_t *queue;
    gonet_context_t
        *ctx; /* the lookup's own; cancelled by the last waiter. NULL: who began it stays */
    gonet_resolver_t resolver;
    const char *network, *host;
    gonet_error_t *e;
    gonet__addresses_t result;
    size_t key_len;
    char *key;
} flight_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static gonet__list_t table[BUCKETS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void take_lock(void)
{
    pthread_mutex_lock(&lock);
}

static void drop_lock(void)
{
    pthread_mutex_unlock(&lock);
}

static void clear_table(void)
{
    for (size_t i = 0; i < BUCKETS; i++)
        gonet__list_init(&table[i]);
}

/* The parent's lookups go on in the parent. */
static void forget_table(void)
{
    clear_table();
    pthread_mutex_unlock(&lock);
}

static void prepare(void)
{
    clear_table();
    pthread_atfork(take_lock, drop_lock, forget_table);
}

/* All that makes lookups differ. NULL without memory. */
static char *make_key(const gonet_resolver_t *r, const char *network, const char *host, size_t *len)
{
    gonet__buf_t b = {0};
    const char *servers = r->servers == NULL ? "" : r->servers;

    gonet__buf_reserve(&b, 64 + strlen(network) + strlen(host) + strlen(servers));
    gonet__buf_put(&b, &r->dial, sizeof(r->dial));
    gonet__buf_put(&b, &r->dial_arg, sizeof(r->dial_arg));
    gonet__buf_putc(&b, (char)(r->prefer_go | r->strict_errors << 1 | (r->servers != NULL) << 2));
    gonet__buf_put(&b, network, strlen(network) + 1);
    gonet__buf_put(&b, host, strlen(host) + 1);
    gonet__buf_put(&b, servers, strlen(servers) + 1);
    *len = b.len;
    return gonet__buf_take(&b);
}

static gonet__list_t *bucket_of(const char *key, size_t len)
{
    return &table[gonet__hash(key, len) % BUCKETS];
}

static void drop(flight_t *f)
{
    bool last;

    pthread_mutex_lock(&lock);
    last = --f->refs == 0;
    pthread_mutex_unlock(&lock);
    if (!last)
        return;
    gonet_context_free(f->ctx);
    gonet_error_free(f->e);
    gonet__addresses_free(&f->result);
    gonet__free(f->key);
    gonet__free(f);
}

/* The lookup has ended: everybody goes. Drops the lookup's reference. */
static void land(flight_t *f)
{
    gonet__waiter_t *woken;

    pthread_mutex_lock(&lock);
    f->done = true;
    gonet__list_remove(&f->link);
    woken = gonet__waitq_claim_all(&f->queue);
    pthread_mutex_unlock(&lock);
    gonet__waitq_wake_all(woken);
    drop(f);
}

static void fly(void *arg)
{
    flight_t *f = arg;
    gonet__request_t request = gonet__request_make(&f->resolver, f->ctx, 0);

    f->e = gonet__lookup_host(&request, gonet__wanted(f->network), f->host, &f->result);
    land(f);
}

/* A flight that is not in the table yet. Takes key. NULL without memory. */
static flight_t *make_flight(const gonet_resolver_t *r, const char *network, const char *host,
                             char *key, size_t key_len)
{
    flight_t *f = gonet__zalloc(sizeof(*f));
    size_t at = sizeof(r->dial) + sizeof(r->dial_arg) + 1;

    if (f == NULL) {
        gonet__free(key);
        return NULL;
    }
    gonet__list_init(&f->link);
    gonet__addresses_init(&f->result);
    f->refs = 1;
    f->key = key;
    f->key_len = key_len;
    f->network = key + at;
    f->host = f->network + strlen(network) + 1;
    f->resolver = *r;
    if (r->servers != NULL)
        f->resolver.servers = f->host + strlen(host) + 1;
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

/* Queues the caller at the flight of that key; a new one if there is none (*mine), which must be
 * started. NULL without memory. */
static flight_t *join(const gonet_resolver_t *r, const char *network, const char *host,
                      bool patient, gonet__waiter_t *waiter, bool *mine)
{
    size_t len;
    char *key = make_key(r, network, host, &len);
    flight_t *fresh, *f;
    gonet__list_t *bucket;

    if (key == NULL)
        return NULL;
    pthread_once(&once, prepare);
    fresh = make_flight(r, network, host, key, len);
    if (fresh == NULL)
        return NULL;
    bucket = bucket_of(key, len);
    pthread_mutex_lock(&lock);
    f = find(bucket, key, len);
    *mine = f == NULL;
    if (*mine) {
        f = fresh;
        f->ctx = patient ? NULL : gonet_context_with_cancel(NULL);
        gonet__list_push_back(bucket, &f->link);
    }
    f->refs++;
    f->waiting++;
    gonet__waitq_push_back(&f->queue, waiter);
    pthread_mutex_unlock(&lock);
    if (!*mine)
        drop(fresh);
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

static gonet_error_t *why_ended(const gonet__limit_t *limit, const char *host)
{
    gonet_error_t *e = gonet__limit_ended(limit);

    return gonet__dns_error_from(e != NULL ? e : gonet_err_closed, host, "");
}

/* A task that nobody can interrupt does the lookup itself. */
static void start(flight_t *f, bool patient)
{
    if (patient) {
        fly(f);
    } else if (gonet_go(fly, f) != 0) {
        f->e = errno == EAGAIN ? gonet__dns_error_from(gonet_err_closed, f->host, "")
                               : gonet_err_no_memory;
        land(f);
    }
}

/* What the cache has. */
static bool find_kept(const gonet_resolver_t *r, const char *network, const char *host,
                      gonet__addresses_t *a)
{
    size_t len;
    char *key = make_key(r, network, host, &len);
    bool found = key != NULL && gonet__cache_find(key, len, a);

    gonet__free(key);
    return found;
}

gonet_error_t *gonet__lookup_shared(const gonet__request_t *request, const char *network,
                                    const char *host, gonet__addresses_t *a)
{
    gonet__wait_t wait;
    gonet__waiter_t waiter = {.wait = &wait};
    gonet_error_t *e;
    flight_t *f;
    bool mine, patient = request->limit.ctx == NULL && request->limit.deadline == 0 &&
                         gonet__task_current() != NULL;

    if (gonet__limit_over(&request->limit))
        return why_ended(&request->limit, host);
    if (request->resolver->cache && find_kept(request->resolver, network, host, a))
        return a->failed ? gonet_err_no_memory : NULL;
    gonet__wait_init(&wait);
    f = join(request->resolver, network, host, patient, &waiter, &mine);
    if (f == NULL)
        return gonet_err_no_memory;
    if (mine)
        start(f, patient);
    gonet__wait_within(&wait, request->limit.ctx, gonet__limit_deadline(&request->limit), "lookup");
    e = leave(f, &waiter) ? copy_result(f, a) : why_ended(&request->limit, host);
    if (e == NULL && request->resolver->cache)
        gonet__cache_store(f->key, f->key_len, a);
    drop(f);
    return e;
}
