/*
 * Slabs of 64 MiB, or smaller ones where address space is short, hold the stacks, each above its
 * guard. Memory comes with the first touch and goes by MADV_DONTNEED; the guards survive that, so
 * each is made once. A slab stays until gonet_shutdown.
 *
 * Where no guard can be had the guard's place is unused address space, and the lowest word of the
 * stack, which untouched memory has as 0, is looked at whenever the task parks.
 */
#include "runtime/switch/stack.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "base/setting.h"
#include "runtime/ground/fork.h"

#define SLAB_SIZE    ((size_t)64 << 20)
#define MAX_DEFAULT  ((size_t)8 << 20)
#define BATCH        32 /* promises that a worker asks for, or gives back, at a time */
#define MAX_PROMISES 64 /* that it keeps */

typedef struct gonet__slab {
    struct gonet__slab *next;
    char *base;
    unsigned places;
    unsigned used;   /* places handed out at least once: they have their guards */
    unsigned cold;   /* places given back without memory */
    uint16_t *colds; /* their numbers */
    uint8_t bare[];  /* one bit a place: it has no guard */
} slab_t;

static pthread_mutex_t slabs_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the rest, and guard.c */
static slab_t *slabs;                                          /* those with a free place first */
static size_t vacant;                                          /* places that nobody has */
static size_t promised;                                        /* at most as many */
static unsigned next_places; /* of the next slab; 0: as many as there is room for */

_Atomic(gonet__supply_t) gonet__stack_supply;

size_t gonet__stack_default_size(void)
{
    static _Atomic size_t size;
    size_t s = atomic_load_explicit(&size, memory_order_relaxed);

    if (s != 0)
        return s;
    unsigned long wanted;
    s = 256 << 10;
    if (gonet__setting_number(GONET__SETTING_STACK_SIZE, GONET__STACK_MIN, MAX_DEFAULT, &wanted)) {
        for (s = GONET__STACK_MIN; s < wanted && s < MAX_DEFAULT;)
            s *= 2;
    }
    atomic_store_explicit(&size, s, memory_order_relaxed);
    return s;
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

static size_t place_size(void)
{
    return gonet__guard_size() + gonet__stack_default_size();
}

static slab_t *new_slab(unsigned places)
{
    slab_t *slab = gonet__zalloc(sizeof(*slab) + (places + 7) / 8);

    if (slab == NULL)
        return NULL;
    slab->places = places;
    slab->colds = gonet__calloc(places, sizeof(*slab->colds));
    slab->base = slab->colds != NULL ? map(places * place_size()) : NULL;
    if (slab->base == NULL) {
        gonet__free(slab->colds);
        gonet__free(slab);
        return NULL;
    }
    return slab;
}

/* Under slabs_lock. Where there is no room for a slab one of half the size will do, down to a
 * single stack; the one after that may be larger again. */
static bool add_slab(void)
{
    unsigned most = (unsigned)(SLAB_SIZE / place_size());
    slab_t *slab;

    if (next_places == 0 || next_places > most)
        next_places = most;
    while ((slab = new_slab(next_places)) == NULL) {
        if (!gonet__stack_scarce())
            atomic_store(&gonet__stack_supply, GONET__STACKS_SCARCE);
        if (next_places == 1)
            return false;
        next_places /= 2;
    }
    next_places *= 2;
    vacant += slab->places;
    slab->next = slabs;
    slabs = slab;
    return true;
}

bool gonet__stack_announce(void)
{
    gonet__supply_t scarce = GONET__STACKS_SCARCE;

    return atomic_load_explicit(&gonet__stack_supply, memory_order_relaxed) == scarce &&
           atomic_compare_exchange_strong(&gonet__stack_supply, &scarce, GONET__STACKS_ANNOUNCED);
}

/*
 * Writes the descriptor at the high end of a stack. All tops have the same place in their page:
 * spreading them over pages or cache lines was measured, and made a switch among 1000 tasks slower.
 */
static gonet__stack_t *describe(slab_t *slab, char *low, size_t size, gonet__guard_t guard)
{
    gonet__stack_t *s = (gonet__stack_t *)(void *)(low + size - 64);

    memset(s, 0, sizeof(*s));
    s->slab = slab;
    s->low = low;
    s->guard = guard;
    s->mapping = gonet__guard_size() + size;
    return s;
}

/* Under slabs_lock. */
static gonet__stack_t *take_place(slab_t *slab)
{
    gonet__guard_t guard = GONET__GUARD_MARKED; /* or mapped: it stays with the slab */
    char *base;
    unsigned i;

    i = slab->cold > 0 ? slab->colds[--slab->cold] : slab->used;
    base = slab->base + i * place_size();
    if (i == slab->used) {
        slab->used++;
        if (gonet__guard_make(base) == GONET__GUARD_NONE)
            slab->bare[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    if ((slab->bare[i / 8] >> (i % 8)) & 1)
        guard = GONET__GUARD_NONE;
    vacant--;
    promised--;
    return describe(slab, base + gonet__guard_size(), gonet__stack_default_size(), guard);
}

static bool slab_full(const slab_t *slab)
{
    return slab->cold == 0 && slab->used == slab->places;
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

bool gonet__stack_promise(gonet__stack_pool_t *pool)
{
    size_t n;

    if (pool != NULL && gonet__stack_keep_promise(pool))
        return true;
    pthread_mutex_lock(&slabs_lock);
    n = vacant > promised || add_slab() ? vacant - promised : 0;
    if (n > 1 && (pool == NULL || gonet__stack_scarce()))
        n = 1;
    if (n > BATCH)
        n = BATCH;
    promised += n;
    pthread_mutex_unlock(&slabs_lock);
    if (n > 1)
        pool->promises += (unsigned)n - 1;
    return n > 0;
}

GONET__NOINLINE static void give_back(unsigned promises)
{
    pthread_mutex_lock(&slabs_lock);
    promised -= promises;
    pthread_mutex_unlock(&slabs_lock);
}

GONET__NOINLINE static gonet__stack_t *get_cold(void)
{
    slab_t *slab;
    gonet__stack_t *s;

    pthread_mutex_lock(&slabs_lock);
    slab = slabs;
    s = take_place(slab);
    if (slab_full(slab))
        retire_full_slab(slab);
    pthread_mutex_unlock(&slabs_lock);
    return s;
}

/* With a stack of the pool's the promise stays for another task. */
gonet__stack_t *gonet__stack_get(gonet__stack_pool_t *pool)
{
    gonet__stack_t *s = pool->free;

    if (s == NULL)
        return get_cold();
    pool->free = s->next;
    if (--pool->count < pool->lowest)
        pool->lowest = pool->count;
    if (++pool->promises > MAX_PROMISES) {
        pool->promises -= BATCH;
        give_back(BATCH);
    }
    return s;
}

gonet__stack_t *gonet__stack_get_sized(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    gonet__guard_t guard;
    char *base;

    size = (size + page - 1) / page * page;
    base = map(gonet__guard_size() + size);
    if (base == NULL)
        return NULL;
    pthread_mutex_lock(&slabs_lock);
    guard = gonet__guard_make(base);
    pthread_mutex_unlock(&slabs_lock);
    return describe(NULL, base + gonet__guard_size(), size, guard);
}

/* Gives the memory back, not the place: the descriptor is gone with it. */
static void put_cold(gonet__stack_t *s)
{
    slab_t *slab = s->slab;
    char *low = s->low;
    bool was_full;

    madvise(low, gonet__stack_default_size(), MADV_DONTNEED);
    pthread_mutex_lock(&slabs_lock);
    was_full = slab_full(slab);
    slab->colds[slab->cold++] = (uint16_t)((size_t)(low - slab->base) / place_size());
    vacant++;
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

static void put_sized(gonet__stack_t *s)
{
    gonet__guard_t guard = s->guard;

    munmap(s->low - gonet__guard_size(), s->mapping);
    pthread_mutex_lock(&slabs_lock);
    gonet__guard_unmapped(guard);
    pthread_mutex_unlock(&slabs_lock);
}

void gonet__stack_put(gonet__stack_pool_t *pool, gonet__stack_t *s)
{
    if (s->slab == NULL) {
        put_sized(s);
    } else if (gonet__stack_scarce()) {
        put_cold(s);
    } else {
        s->next = pool->free;
        pool->free = s;
        pool->count++;
    }
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
    if (pool->promises > 0)
        give_back(pool->promises);
    memset(pool, 0, sizeof(*pool));
}

/* Under slabs_lock. */
static void forget_all(void)
{
    slabs = NULL;
    vacant = 0;
    promised = 0;
    next_places = 0;
    atomic_store(&gonet__stack_supply, GONET__STACKS_PLENTY);
    gonet__guard_forget();
}

void gonet__stack_release_all(void)
{
    slab_t *slab;

    pthread_mutex_lock(&slabs_lock);
    while ((slab = slabs) != NULL) {
        slabs = slab->next;
        munmap(slab->base, slab->places * place_size());
        gonet__free(slab->colds);
        gonet__free(slab);
    }
    forget_all();
    pthread_mutex_unlock(&slabs_lock);
}

/* A child drops the slabs without unmapping: it may run on one of them. */
static void forget_slabs(void)
{
    forget_all();
    pthread_mutex_init(&slabs_lock, NULL);
}

GONET__FORK_HOOK(forget_slabs)
