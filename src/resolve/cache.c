/*
 * The cache: a table of fixed size in which each key has one place, so it needs no rule for what to
 * forget, and cannot grow. One lock, held for moments.
 */
#include "resolve/cache.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet/time.h"
#include "resolve/hash.h"
#include "runtime/time/clock.h"
#include "runtime/ground/end_hook.h"
#include "runtime/ground/fork.h"

#define PLACES  1024
#define MAX_TTL ((int64_t)7 * 24 * 3600)

typedef struct {
    char *key; /* NULL: free */
    size_t len;
    gonet_ip_addr_t *v;
    size_t n;
    int64_t until;
} place_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static place_t table[PLACES];

static void clear(place_t *p)
{
    gonet__free(p->key);
    gonet__free(p->v);
    memset(p, 0, sizeof(*p));
}

static void release(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < PLACES; i++)
        clear(&table[i]);
    pthread_mutex_unlock(&lock);
}

static gonet__end_hook_t end_hook = {.fn = release};

static void reset_after_fork(void)
{
    if (!gonet__fork_renew(&lock))
        memset(table, 0, sizeof(table));
}

GONET__FORK_HOOK(reset_after_fork)

static place_t *enter(const char *key, size_t len)
{
    gonet__end_hook_add(&end_hook);
    gonet__fork_lock(&lock);
    return &table[gonet__hash(key, len) % PLACES];
}

bool gonet__cache_find(const char *key, size_t len, gonet__addresses_t *a)
{
    place_t *p = enter(key, len);
    int64_t left = p->until - gonet__now();
    bool found = p->key != NULL && p->len == len && memcmp(p->key, key, len) == 0 && left > 0;

    for (size_t i = 0; found && i < p->n; i++)
        gonet__addresses_add(a, &p->v[i]);
    if (found)
        a->ttl = (left + GONET_SECOND - 1) / GONET_SECOND;
    pthread_mutex_unlock(&lock);
    return found;
}

void gonet__cache_store(const char *key, size_t len, const gonet__addresses_t *a)
{
    place_t fresh = {.len = len, .n = a->n};
    place_t *p;

    if (a->ttl <= 0 || a->n == 0)
        return;
    fresh.until = gonet__now() + (a->ttl < MAX_TTL ? a->ttl : MAX_TTL) * GONET_SECOND;
    fresh.key = gonet__alloc(len);
    fresh.v = gonet__calloc(a->n, sizeof(*a->v));
    if (fresh.key == NULL || fresh.v == NULL) {
        clear(&fresh);
        return;
    }
    memcpy(fresh.key, key, len);
    memcpy(fresh.v, a->v, a->n * sizeof(*a->v));
    p = enter(key, len);
    clear(p);
    *p = fresh;
    pthread_mutex_unlock(&lock);
}
