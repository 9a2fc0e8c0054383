/*
 * A lock of four bytes for what takes longer: it may be held over system calls and allocations,
 * though not over a wait. Who meets it held waits in the kernel, and lends its priority to the
 * holder (futex(2), FUTEX_LOCK_PI). The word is 0, or the holder's thread id, to which the kernel
 * adds a bit when somebody waits.
 *
 * In a forked child a lock that was held is set to 0 by whoever resets what it guards.
 */
#ifndef GONET_RUNTIME_GROUND_PI_LOCK_H
#define GONET_RUNTIME_GROUND_PI_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/compiler.h"
#include "runtime/ground/here.h"

/* The slow parts of the two below. */
GONET__COLD void gonet__pi_lock_slow(_Atomic uint32_t *lock);
GONET__COLD void gonet__pi_unlock_slow(_Atomic uint32_t *lock);

static inline void gonet__pi_lock(_Atomic uint32_t *lock)
{
    uint32_t free = 0, mine = gonet__local()->pi_self;

    if (mine == 0 || !atomic_compare_exchange_strong_explicit(
                         lock, &free, mine, memory_order_acquire, memory_order_relaxed))
        gonet__pi_lock_slow(lock);
}

static inline void gonet__pi_unlock(_Atomic uint32_t *lock)
{
    uint32_t mine = gonet__local()->pi_self;

    if (!atomic_compare_exchange_strong_explicit(lock, &mine, 0, memory_order_release,
                                                 memory_order_relaxed))
        gonet__pi_unlock_slow(lock);
}

/* gonet__pi_forget lets the calling thread, which is that of a forked child, ask for its id anew.
 */
void gonet__pi_forget(void);

#endif
