/*
 * Stacks of tasks: address space with a guard at the low end. Stacks of the default size are carved
 * from slabs and pooled per worker; others are mapped singly.
 */
#ifndef GONET_RUNTIME_STACK_H
#define GONET_RUNTIME_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gonet__slab;

/* Lies at the high end of its stack; the stack's usable part is [low, this). */
typedef struct gonet__stack {
    struct gonet__stack *next; /* in a pool */
    struct gonet__slab *slab;  /* NULL: mapped singly */
    char *base;                /* first byte of the mapping, or of the place in the slab */
    char *low;                 /* first byte above the guard */
    size_t mapping;            /* bytes mapped, for a single one */
    bool canary;               /* no guard could be had: the lowest word is looked at instead */
    bool splits;               /* single ones: the guard takes mappings that are counted */
} gonet__stack_t;

/* Free stacks of one worker, the most recently used first. Only their owner touches it. */
typedef struct {
    gonet__stack_t *free;
    unsigned count;
    unsigned lowest; /* the smallest count since the last trim: that many were not needed */
} gonet__stack_pool_t;

/* How many free stacks a worker keeps untouched whatever happens. */
#define GONET__STACKS_KEPT 64

/* gonet__stack_get returns a stack of the default size (pool may be NULL), or NULL when memory is
 * out. */
gonet__stack_t *gonet__stack_get(gonet__stack_pool_t *pool);

/* gonet__stack_get_sized returns a stack of its own mapping; NULL when memory is out. */
gonet__stack_t *gonet__stack_get_sized(size_t size);

/* gonet__stack_put takes back a stack that nobody runs on. */
void gonet__stack_put(gonet__stack_pool_t *pool, gonet__stack_t *stack);

/* gonet__stack_trim gives back the memory of the stacks that were not needed since the last trim.
 */
void gonet__stack_trim(gonet__stack_pool_t *pool);

/* gonet__stack_drain gives back the memory of all pooled stacks: their worker ends. */
void gonet__stack_drain(gonet__stack_pool_t *pool);

/* gonet__stack_release_all unmaps all slabs; no task exists. */
void gonet__stack_release_all(void);

/* gonet__stack_forget drops the slabs without unmapping: a forked child, maybe running on one of
 * them. */
void gonet__stack_forget(void);

/* Whether the word that stands in for a guard has been written to. */
static inline bool gonet__stack_overrun(const gonet__stack_t *s)
{
    return s->canary && *(volatile const uint64_t *)(const void *)s->low != 0;
}

/* The default size, from GONET_STACK_SIZE. */
size_t gonet__stack_default_size(void);

#endif
