/*
 * Allocation: thin, overflow-checked layers over malloc. Any thread may call any of it.
 *
 * With GONET_TEST_HOOKS every live block is counted, and a test can let the n-th allocation from
 * now fail. Without it nothing is added to malloc's own cost.
 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gonet/export.h"

#define LINES 128 /* two cache lines, nearly everywhere */

#ifdef GONET_TEST_HOOKS

#include <stdatomic.h>

static atomic_long live;
static atomic_long failed;
static atomic_long
    countdown; /* allocations until the one that fails is 1; armed says whether it runs */
static atomic_bool armed;
static atomic_bool keep_failing;

static bool must_fail(void)
{
    if (!atomic_load_explicit(&armed, memory_order_relaxed))
        return false;
    long left = atomic_fetch_sub(&countdown, 1);
    if (left > 1 || (left < 1 && !atomic_load(&keep_failing)))
        return false;
    atomic_fetch_add(&failed, 1);
    return true;
}

static void *count_in(void *p)
{
    if (p != NULL)
        atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    return p;
}

static void count_out(const void *p)
{
    if (p != NULL)
        atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
}

long gonet__alloc_live(void)
{
    return atomic_load(&live);
}

void gonet__alloc_fail_at(long n, int sticky)
{
    atomic_store(&armed, false);
    atomic_store(&failed, 0);
    atomic_store(&countdown, n);
    atomic_store(&keep_failing, sticky != 0);
    atomic_store(&armed, n > 0);
}

long gonet__alloc_failed(void)
{
    return atomic_load(&failed);
}

#else

static inline bool must_fail(void)
{
    return false;
}

static inline void *count_in(void *p)
{
    return p;
}

static inline void count_out(const void *p)
{
    (void)p;
}

#endif

void *gonet__alloc(size_t size)
{
    if (must_fail())
        return NULL;
    return count_in(malloc(size != 0 ? size : 1));
}

void *gonet__zalloc(size_t size)
{
    return gonet__calloc(1, size);
}

void *gonet__zalloc_lines(size_t size)
{
    void *p = NULL;

    if (must_fail() || posix_memalign(&p, LINES, size) != 0)
        return NULL;
    memset(p, 0, size);
    return count_in(p);
}

/* The product is checked here, though calloc does it too: a sanitizer's calloc ends the program. */
void *gonet__calloc(size_t n, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(n, size, &total) || must_fail())
        return NULL;
    return count_in(calloc(1, total != 0 ? total : 1));
}

void *gonet__realloc(void *p, size_t n, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(n, size, &total) || must_fail())
        return NULL;
    void *moved = realloc(p, total != 0 ? total : 1);
    if (moved != NULL && p == NULL)
        count_in(moved);
    return moved;
}

char *gonet__strdup(const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = gonet__alloc(size);

    if (copy != NULL)
        memcpy(copy, s, size);
    return copy;
}

void gonet__free(void *p)
{
    count_out(p);
    free(p);
}

void gonet_free(void *ptr)
{
    gonet__free(ptr);
}
