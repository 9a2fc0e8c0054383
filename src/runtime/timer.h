/*
 * A worker's timers: a pairing heap of entries, one per task, by time. The links are in the
 * entries, so nothing is allocated and nothing can fail. Only the worker touches it. An entry says
 * "look at this task at this time"; what is found then decides, so an entry may stay in the heap
 * long after its cause has gone.
 */
#ifndef GONET_RUNTIME_TIMER_H
#define GONET_RUNTIME_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct gonet__timer {
    int64_t time;               /* monotonic ns; 0: not in the heap */
    struct gonet__timer *child; /* the first of those that are not earlier */
    struct gonet__timer *next;  /* sibling */
    struct gonet__timer *prev;  /* sibling, or the parent of a first child */
} gonet__timer_t;

typedef struct {
    gonet__timer_t *root;
} gonet__timer_heap_t;

/* gonet__timer_arm makes sure that t fires at time or before. */
void gonet__timer_arm(gonet__timer_heap_t *heap, gonet__timer_t *t, int64_t time);

/* gonet__timer_take_out takes t out, which is in. */
void gonet__timer_take_out(gonet__timer_heap_t *heap, gonet__timer_t *t);

/* gonet__timer_remove takes t out; harmless if it is not in. */
static inline void gonet__timer_remove(gonet__timer_heap_t *heap, gonet__timer_t *t)
{
    if (t->time != 0)
        gonet__timer_take_out(heap, t);
}

/* gonet__timer_next returns the time of the first entry, 0 if there is none. */
static inline int64_t gonet__timer_next(const gonet__timer_heap_t *heap)
{
    return heap->root != NULL ? heap->root->time : 0;
}

/* gonet__timer_pop takes out the first entry if its time is not after now, else NULL. */
gonet__timer_t *gonet__timer_pop(gonet__timer_heap_t *heap, int64_t now);

#endif
