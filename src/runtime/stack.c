/*
 * Slabs of 64 MiB hold the stacks. Memory comes with the first touch and goes by MADV_DONTNEED; the
 * guards survive that, so each is made once. A slab stays until gonet_shutdown.
 *
 * Guards: MADV_GUARD_INSTALL (Linux 6.13) costs no mapping. Before that mprotect splits the mapping
 * in two per stack, so half of vm.max_map_count is spent at most, and later stacks get a canary:
 * the lowest word, which untouched memory has as 0, is looked at whenever the task parks.
 */
#include "runtime/stack.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/setting.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#define SLAB_SIZE   ((size_t)64 << 20)
#define MIN_STACK   ((size_t)16 << 10)
#define MAX_DEFAULT ((size_t)8 << 20)

typedef struct gonet__slab {
    struct gonet__slab *next;
    char *base;
    unsigned used;    /* places handed out at least once: they have their guards */
    unsigned cold;    /* places given back without memory */
    uint16_t *colds;  /* their numbers */
    uint8_t canary[]; /* one bit a place */
} slab_t;

typedef enum { GUARD_UNKNOWN, GUARD_MADVISE, GUARD_MPROTECT, GUARD_CANARY } guard_t;

static pthread_mutex_t slabs_lock = PTHREAD_MUTEX_INITIALIZER;
static slab_t *slabs; /* those with a free place first */
static guard_t guard_kind;
static long guard_budget; /* mprotect: how many more */

static size_t page_size(void)
{
    static _Atomic size_t size;
    size_t s = atomic_load_explicit(&size, memory_order_relaxed);

    if (s == 0) {
        s = (size_t)sysconf(_SC_PAGESIZE);
        atomic_store_explicit(&size, s, memory_order_relaxed);
    }
    return s;
}

size_t gonet__stack_default_size(void)
{
    static _Atomic size_t size;
    size_t s = atomic_load_explicit(&size, memory_order_relaxed);

    if (s != 0)
        return s;
    unsigned long wanted;
    s = 256 << 10;
    if (gonet__setting_number(GONET__SETTING_STACK_SIZE, MIN_STACK, MAX_DEFAULT, &wanted)) {
        for (s = MIN_STACK; s < wanted && s < MAX_DEFAULT;)
            s *= 2;
    }
    atomic_store_explicit(&size, s, memory_order_relaxed);
    return s;
}

static long read_max_map_count(void)
{
    FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
    long n = 65530;

    if (f != NULL) {
        if (fscanf(f, "%ld", &n) != 1)
            n = 65530;
        fclose(f);
    }
    return n;
}

/* Under slabs_lock: the first guard decides what this kernel offers. */
static void choose_guard(void)
{
    static const char *const kinds[] = {"madvise", "mprotect", "canary", NULL};
    int kind = gonet__setting_word(GONET__SETTING_GUARD, kinds);

    guard_kind = kind > 0 ? GUARD_MADVISE + (guard_t)kind : GUARD_MADVISE;
    guard_budget = read_max_map_count() / 4; /* each guard adds two mappings */
}

/* Under slabs_lock. False: this stack needs a canary. */
static bool make_guard(char *page)
{
    if (guard_kind == GUARD_UNKNOWN)
        choose_guard();
    if (guard_kind == GUARD_MADVISE) {
        if (madvise(page, page_size(), MADV_GUARD_INSTALL) == 0)
            return true;
        guard_kind = GUARD_MPROTECT; /* an old kernel, or locked memory */
    }
    if (guard_kind == GUARD_MPROTECT && guard_budget > 0) {
        if (mprotect(page, page_size(), PROT_NONE) == 0) {
            guard_budget--;
            return true;
        }
    }
    return false;
}

static void *map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    madvise(p, size, MADV_NOHUGEPAGE); /* else one touched byte may cost 2 MiB */
    return p;
}

static unsigned places_per_slab(void)
{
    return (unsigned)(SLAB_SIZE / gonet__stack_default_size());
}

/* Under slabs_lock. */
static slab_t *new_slab(void)
{
    unsigned places = places_per_slab();
    slab_t *slab = gonet__zalloc(sizeof(*slab) + (places + 7) / 8);

    if (slab == NULL)
        return NULL;
    slab->colds = gonet__calloc(places, sizeof(*slab->colds));
    slab->base = slab->colds != NULL ? map(SLAB_SIZE) : NULL;
    if (slab->base == NULL) {
        gonet__free(slab->colds);
        gonet__free(slab);
        return NULL;
    }
    slab->next = slabs;
    slabs = slab;
    return slab;
}

/*
 * Writes the descriptor at the high end of a place. All tops have the same place in their page:
 * spreading them over pages or cache lines was measured, and made a switch among 1000 tasks slower.
 */
static gonet__stack_t *describe(slab_t *slab, char *base, size_t size, bool canary)
{
    gonet__stack_t *s = (gonet__stack_t *)(void *)(base + size - 64);

    memset(s, 0, sizeof(*s));
    s->slab = slab;
    s->canary = canary;
    s->base = base;
    s->low = canary ? base : base + page_size();
    s->mapping = size;
    return s;
}

/* Under slabs_lock. */
static gonet__stack_t *take_place(slab_t *slab)
{
    size_t size = gonet__stack_default_size();
    unsigned i;

    if (slab->cold > 0) {
        i = slab->colds[--slab->cold];
    } else {
        i = slab->used++;
        if (!make_guard(slab->base + i * size))
            slab->canary[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    return describe(slab, slab->base + i * size, size, (slab->canary[i / 8] >> (i % 8)) & 1);
}

static bool slab_full(const slab_t *slab)
{
    return slab->cold == 0 && slab->used == places_per_slab();
}

/* Full slabs go to the end, so that the first one tells whether there is room. */
static void retire_full_slab(slab_t *slab)
{
    slab_t **p = &slabs;

    if (slab->next == NULL || slab_full(slab->next))
        return;
    slabs = slab->next;
    while (*p != NULL && !slab_full(*p))
        p = &(*p)->next;
    slab->next = *p;
    *p = slab;
}

static gonet__stack_t *get_cold(void)
{
    gonet__stack_t *s = NULL;

    pthread_mutex_lock(&slabs_lock);
    slab_t *slab = slabs;
    if (slab == NULL || slab_full(slab))
        slab = new_slab();
    if (slab != NULL) {
        s = take_place(slab);
        if (slab_full(slab))
            retire_full_slab(slab);
    }
    pthread_mutex_unlock(&slabs_lock);
    return s;
}

gonet__stack_t *gonet__stack_get(gonet__stack_pool_t *pool)
{
    gonet__stack_t *s;

    if (pool == NULL || pool->free == NULL)
        return get_cold();
    s = pool->free;
    pool->free = s->next;
    if (--pool->count < pool->lowest)
        pool->lowest = pool->count;
    return s;
}

gonet__stack_t *gonet__stack_get_sized(size_t size)
{
    size_t page = page_size();
    gonet__stack_t *s;
    char *base;
    bool guarded;
    long budget;

    size = (size + page - 1) / page * page + page;
    base = map(size);
    if (base == NULL)
        return NULL;
    pthread_mutex_lock(&slabs_lock);
    budget = guard_budget;
    guarded = make_guard(base);
    s = describe(NULL, base, size, !guarded);
    s->splits = guard_kind == GUARD_MPROTECT && guard_budget != budget;
    pthread_mutex_unlock(&slabs_lock);
    return s;
}

/* Gives the memory back, not the place: the descriptor is gone with it. */
static void put_cold(gonet__stack_t *s)
{
    slab_t *slab = s->slab;
    char *base = s->base;
    unsigned i = (unsigned)((size_t)(base - slab->base) / s->mapping);
    bool was_full;

    madvise(base, s->mapping, MADV_DONTNEED);
    pthread_mutex_lock(&slabs_lock);
    was_full = slab_full(slab);
    slab->colds[slab->cold++] = (uint16_t)i;
    if (was_full && slab != slabs) {
        slab_t **p = &slabs;
        while (*p != slab)
            p = &(*p)->next;
        *p = slab->next;
        slab->next = slabs;
        slabs = slab;
    }
    pthread_mutex_unlock(&slabs_lock);
}

/* The mappings that its guard took can be spent again. */
static void put_sized(gonet__stack_t *s)
{
    bool splits = s->splits;

    munmap(s->base, s->mapping);
    pthread_mutex_lock(&slabs_lock);
    if (splits)
        guard_budget++;
    pthread_mutex_unlock(&slabs_lock);
}

void gonet__stack_put(gonet__stack_pool_t *pool, gonet__stack_t *s)
{
    if (s->slab == NULL) {
        put_sized(s);
        return;
    }
    s->next = pool->free;
    pool->free = s;
    pool->count++;
}

static void cool(gonet__stack_t *s)
{
    while (s != NULL) {
        gonet__stack_t *next = s->next;
        put_cold(s);
        s = next;
    }
}

void gonet__stack_trim(gonet__stack_pool_t *pool)
{
    unsigned keep = pool->count - pool->lowest;
    gonet__stack_t **p = &pool->free;
    gonet__stack_t *rest;

    if (keep < GONET__STACKS_KEPT)
        keep = GONET__STACKS_KEPT;
    if (keep < pool->count) {
        for (unsigned i = 0; i < keep; i++)
            p = &(*p)->next;
        rest = *p;
        *p = NULL;
        pool->count = keep;
        cool(rest);
    }
    pool->lowest = pool->count;
}

void gonet__stack_drain(gonet__stack_pool_t *pool)
{
    cool(pool->free);
    memset(pool, 0, sizeof(*pool));
}

void gonet__stack_release_all(void)
{
    slab_t *slab;

    pthread_mutex_lock(&slabs_lock);
    while ((slab = slabs) != NULL) {
        slabs = slab->next;
        munmap(slab->base, SLAB_SIZE);
        gonet__free(slab->colds);
        gonet__free(slab);
    }
    guard_kind = GUARD_UNKNOWN;
    pthread_mutex_unlock(&slabs_lock);
}

void gonet__stack_forget(void)
{
    slabs = NULL;
    guard_kind = GUARD_UNKNOWN;
    pthread_mutex_init(&slabs_lock, NULL);
}
