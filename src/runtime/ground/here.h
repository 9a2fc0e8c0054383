/*
 * Where the caller is: the words that each thread has of its own.
 *
 * A task may park in one thread and go on in another. Compilers don't know: they take the address
 * of a thread-local variable for the same all through a function, keep it in a register over a call
 * that parks, and look at another thread's variable afterwards, whose memory may be gone with its
 * thread. So the runtime has no thread-local variables but this one struct, and whoever needs it
 * asks anew: where the processor's way to it is known by an asm that is volatile, so that it is
 * neither kept nor moved over a call (two instructions, what a variable takes); elsewhere by a
 * function that stays opaque. A function of the layers above that has a thread-local variable is
 * GONET__OPAQUE, and does not park.
 *
 * What gonet__local returned, and what was read there, is good until the caller parks; a task that
 * looks at it on both sides of a park calls it twice.
 */
#ifndef GONET_RUNTIME_GROUND_HERE_H
#define GONET_RUNTIME_GROUND_HERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gonet__under;
struct gonet__worker;

/* What one who waits awake has learnt (time/awake.h). All zero at first. */
typedef struct {
    int64_t quiet;    /* until when it does not pay; ns */
    int64_t patience; /* for how long it did not, the last time */
    unsigned misses;  /* in a row */
} gonet__awake_t;

/* All zero in a new thread. At most GONET__LOCAL_SIZE bytes, for local.S makes the room. */
typedef struct {
    struct gonet__worker *worker;  /* that the thread is; NULL: a plain thread */
    struct gonet__worker *forking; /* worker, while a task forks: fork.c */
    struct gonet__under *under;    /* of a plain thread: under.h */
    unsigned ticks;                /* calls since the last switch that did not wait: task.h */
    uint32_t pi_self;              /* the thread's id, once it was needed: pi_lock.h */
    uint32_t random;               /* select.c */
    uint32_t favourite;            /* thread.c */
    bool in_runtime;               /* a worker, or one of the pool: gonet_shutdown would wait for
                                      itself */
    gonet__awake_t awake;          /* a plain thread's: wait.c */
} gonet__local_t;

#define GONET__LOCAL_SIZE 80
_Static_assert(sizeof(gonet__local_t) <= GONET__LOCAL_SIZE, "see local.S");

/* The variable is made in local.S, where link-time optimisation neither renames nor drops
 * it: that does not look into asm. */
#if defined(__x86_64__) && defined(__LP64__) && !defined(GONET_SWITCH_UCONTEXT)
static inline gonet__local_t *gonet__local(void)
{
    gonet__local_t *l;

    __asm__ volatile("movq %%fs:0, %0\n\t"
                     "addq gonet__local_words@gottpoff(%%rip), %0"
                     : "=r"(l)
                     :
                     : "cc");
    return l;
}
#elif defined(__aarch64__) && defined(__LP64__) && !defined(GONET_SWITCH_UCONTEXT)
static inline gonet__local_t *gonet__local(void)
{
    gonet__local_t *l;
    uintptr_t offset;

    __asm__ volatile("mrs %0, tpidr_el0\n\t"
                     "adrp %1, :gottprel:gonet__local_words\n\t"
                     "ldr %1, [%1, #:gottprel_lo12:gonet__local_words]\n\t"
                     "add %0, %0, %1"
                     : "=&r"(l), "=&r"(offset));
    return l;
}
#else
#define GONET__LOCAL_IN_C
gonet__local_t *gonet__local(void);
#endif

/* gonet__here returns the worker that the caller runs on, now; NULL in a plain thread. */
static inline struct gonet__worker *gonet__here(void)
{
    return gonet__local()->worker;
}

#endif
