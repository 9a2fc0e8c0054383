/*
 * A lock for a handful of instructions, never held over a system call, an allocation or a callback.
 * Who meets it held spins for a moment, and then waits in the kernel: its holder was preempted, and
 * may need the very processor that a thread of higher priority spins on.
 *
 * The word is the generation of the process that used it last (fork.h), and a bit. To unlock is a
 * store, and a look whether somebody sleeps on this lock; an atomic operation there, or a look at
 * the word itself, would cost as much as all the rest. So it may miss who has just gone to sleep,
 * and sleepers look again after a while.
 */
#ifndef GONET_RUNTIME_GROUND_SPIN_H
#define GONET_RUNTIME_GROUND_SPIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "runtime/ground/fork.h"

#define GONET__SPIN_HELD 1u

/* How gonet__spin_lock has found the lock; it holds it in any case. */
typedef enum {
    GONET__SPIN_KNOWN = 0, /* used in this process before */
    GONET__SPIN_FORKED,    /* not yet, or new: who waits in what it guards is the parent's */
    GONET__SPIN_BROKEN     /* likewise, and somebody held it at the fork: what it guards may be half
                              changed */
} gonet__spin_found_t;

/* The slow parts of the two below. */
GONET__COLD gonet__spin_found_t gonet__spin_lock_slow(_Atomic uint32_t *lock);
GONET__COLD void gonet__spin_wake(_Atomic uint32_t *lock);

static inline void gonet__spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline gonet__spin_found_t gonet__spin_lock(_Atomic uint32_t *lock)
{
    uint32_t free = gonet__fork_seen();

    if (atomic_compare_exchange_strong_explicit(lock, &free, free | GONET__SPIN_HELD,
                                                memory_order_acquire, memory_order_relaxed))
        return GONET__SPIN_KNOWN;
    return gonet__spin_lock_slow(lock);
}

/* The lock's memory may be gone after the store. */
static inline void gonet__spin_unlock(_Atomic uint32_t *lock)
{
    atomic_store_explicit(lock, gonet__fork_seen(), memory_order_release);
    if (atomic_load_explicit(&gonet__fork_page.slept_on, memory_order_relaxed) == lock)
        gonet__spin_wake(lock);
}

/* gonet__spin_init returns what a new lock begins with; 0 will do where that can't be called. */
static inline uint32_t gonet__spin_init(void)
{
    return gonet__fork_now();
}

/*
 * gonet__relax is what a loop does that waits for somebody who is within a few instructions of the
 * end: at first it pauses, then it sleeps, for the other one may have been preempted. *turns is 0
 * at first.
 */
void gonet__relax(unsigned *turns);

#endif
