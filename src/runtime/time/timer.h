/*
 * Timers: a pairing heap of entries by time, one heap to a worker. The links are in the entries, so
 * nothing is allocated and nothing can fail. An entry says "look at this at that time"; what is
 * found then decides, so it may stay in its heap long after its cause has gone, and it may fire on
 * another worker than the one on which its owner runs by then.
 *
 * The heap's lock guards the heap and its entries. Their owner looks at `time` without it: it first
 * publishes what it waits for, then looks; who fires an entry first takes it out, then looks for
 * who waits. Each is a store and a load in sequential order, so one of the two sees the other.
 */
#ifndef GONET_RUNTIME_TIME_TIMER_H
#define GONET_RUNTIME_TIME_TIMER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gonet__task;
struct gonet__timer_heap;

struct gonet__timer;

/* What an entry that has fired leaves to be done without the heap's lock. */
typedef struct {
    struct gonet__task *woken[2]; /* claimed, to be made runnable */
    void (*then)(void *arg);      /* to be called, on the worker's thread, outside of tasks */
    void *arg;
} gonet__fired_t;

/*
 * What an entry does when it is taken out at its time, under the heap's lock. It returns the time
 * at which it is to fire again (0: not), and says what the caller of gonet__timer_fire is to do.
 */
typedef int64_t gonet__timer_fire_t(struct gonet__timer *t, int64_t now, gonet__fired_t *fired);

typedef struct gonet__timer {
    _Atomic int64_t time;       /* monotonic ns; 0: not in a heap */
    struct gonet__timer *child; /* the first of those that are not earlier */
    struct gonet__timer *next;  /* sibling */
    struct gonet__timer *prev;  /* sibling, or the parent of a first child */
    _Atomic(struct gonet__timer_heap *) heap;
    gonet__timer_fire_t *fire; /* set before it is armed */
} gonet__timer_t;

typedef struct gonet__timer_heap {
    _Atomic uint32_t lock;
    gonet__timer_t *root;
    _Atomic int64_t first; /* the root's time; 0: empty. Written under the lock */
} gonet__timer_heap_t;

/* The slow part of gonet__timer_arm. */
void gonet__timer_put(gonet__timer_heap_t *heap, gonet__timer_t *t, int64_t time);

/* gonet__timer_arm makes sure that t fires at time or before, in whatever heap it is, or else in
 * heap, the caller's. False: it was so already. */
static inline bool gonet__timer_arm(gonet__timer_heap_t *heap, gonet__timer_t *t, int64_t time)
{
    int64_t set;

    atomic_thread_fence(memory_order_seq_cst);
    set = atomic_load_explicit(&t->time, memory_order_relaxed);
    if (set != 0 && set <= time)
        return false;
    gonet__timer_put(heap, t, time);
    return true;
}

/* The slow part of gonet__timer_remove. */
void gonet__timer_take_out(gonet__timer_t *t);

/* gonet__timer_remove takes t out; harmless if it is not in. Nobody arms it meanwhile, and when it
 * returns nobody looks at it. */
static inline void gonet__timer_remove(gonet__timer_t *t)
{
    if (atomic_load_explicit(&t->heap, memory_order_acquire) != NULL)
        gonet__timer_take_out(t);
}

/* gonet__timer_next returns the time of the first entry, 0 if there is none. Any thread. */
static inline int64_t gonet__timer_next(const gonet__timer_heap_t *heap)
{
    return atomic_load_explicit(&heap->first, memory_order_relaxed);
}

/* gonet__timer_fire takes out the first entry if its time is not after now, and lets it fire; false
 * if there was none. fired is all zero before. */
bool gonet__timer_fire(gonet__timer_heap_t *heap, int64_t now, gonet__fired_t *fired);

/* gonet__timer_others says whether there is an entry that fires otherwise than by one of the two.
 * Any thread. */
bool gonet__timer_others(gonet__timer_heap_t *heap, gonet__timer_fire_t *a, gonet__timer_fire_t *b);

/* gonet__timer_hand_over moves all entries of from, whose worker ends, to the other heap; NULL: out
 * of any. */
void gonet__timer_hand_over(gonet__timer_heap_t *from, gonet__timer_heap_t *to);

#endif
