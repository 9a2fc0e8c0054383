/*
 * Stacks of tasks: address space with a guard below. Stacks of the default size lie in slabs, and
 * are pooled per worker; others are mapped singly.
 *
 * A task takes its stack when it begins, and must get one then: gonet_go has it promised before. A
 * promise is kept by a vacant place in some slab, so it holds on every worker, whatever the pools
 * of the others keep.
 */
#ifndef GONET_RUNTIME_SWITCH_STACK_H
#define GONET_RUNTIME_SWITCH_STACK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/switch/guard.h"

struct gonet__slab;

/* Lies at the high end of its stack; the stack's usable part is [low, this). */
typedef struct gonet__stack {
    struct gonet__stack *next; /* in a pool */
    struct gonet__slab *slab;  /* NULL: mapped singly */
    char *low;                 /* first byte above the guard */
    size_t mapping;            /* bytes mapped with the guard, for a single one */
    gonet__guard_t guard;      /* if there is none, the lowest word is looked at instead */
} gonet__stack_t;

/* What one worker keeps. Only it touches this. */
typedef struct {
    gonet__stack_t *free; /* stacks, the most recently used first */
    unsigned count;
    unsigned lowest;   /* the smallest count since the last trim: that many were not needed */
    unsigned promises; /* for tasks to come */
} gonet__stack_pool_t;

/* How many free stacks a worker keeps untouched whatever happens, but for a lack of memory. */
#define GONET__STACKS_KEPT 64

/* The smallest stack. */
#define GONET__STACK_MIN ((size_t)16 << 10)

/* gonet__stack_promise promises a stack of the default size to one task; pool is the calling
 * worker's, or NULL. False: memory is out. */
bool gonet__stack_promise(gonet__stack_pool_t *pool);

/* gonet__stack_keep_promise does so with one that the pool has; false: it has none. */
static inline bool gonet__stack_keep_promise(gonet__stack_pool_t *pool)
{
    if (pool->promises == 0)
        return false;
    pool->promises--;
    return true;
}

/* gonet__stack_get returns the stack that was promised. */
gonet__stack_t *gonet__stack_get(gonet__stack_pool_t *pool);

/* gonet__stack_get_sized returns a stack of its own mapping; NULL when memory is out. */
gonet__stack_t *gonet__stack_get_sized(size_t size);

/* gonet__stack_put takes back a stack that nobody runs on. */
void gonet__stack_put(gonet__stack_pool_t *pool, gonet__stack_t *stack);

/* gonet__stack_trim gives back the memory of the stacks that were not needed since the last trim.
 */
void gonet__stack_trim(gonet__stack_pool_t *pool);

/* gonet__stack_drain gives back all that the pool keeps: its worker ends, or memory is scarce. */
void gonet__stack_drain(gonet__stack_pool_t *pool);

/* Once no slab could be mapped nothing is kept in pools, where others can't have it: each worker
 * drains its own. */
typedef enum {
    GONET__STACKS_PLENTY,
    GONET__STACKS_SCARCE,
    GONET__STACKS_ANNOUNCED
} gonet__supply_t;
extern _Atomic(gonet__supply_t) gonet__stack_supply;

static inline bool gonet__stack_scarce(void)
{
    return atomic_load_explicit(&gonet__stack_supply, memory_order_relaxed) != GONET__STACKS_PLENTY;
}

/* gonet__stack_announce: true once after stacks became scarce: who asks has the workers drain. */
bool gonet__stack_announce(void);

/* gonet__stack_release_all unmaps all slabs; no task exists. */
void gonet__stack_release_all(void);

/* Whether the word that stands in for a guard has been written to. */
static inline bool gonet__stack_overrun(const gonet__stack_t *s)
{
    return s->guard == GONET__GUARD_NONE && *(volatile const uint64_t *)(const void *)s->low != 0;
}

/* The default size, from GONET_STACK_SIZE. */
size_t gonet__stack_default_size(void);

#endif
