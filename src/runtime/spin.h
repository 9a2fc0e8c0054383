/*
 * A lock for a handful of instructions: it spins, and yields the processor when its holder seems to
 * have been preempted. Never held over a system call or user code.
 */
#ifndef GONET_RUNTIME_SPIN_H
#define GONET_RUNTIME_SPIN_H

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

static inline void gonet__spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline void gonet__spin_lock(_Atomic uint32_t *lock)
{
    unsigned spins = 0;

    while (atomic_exchange_explicit(lock, 1, memory_order_acquire) != 0) {
        while (atomic_load_explicit(lock, memory_order_relaxed) != 0) {
            if (++spins % 128 == 0)
                sched_yield();
            gonet__spin_pause();
        }
    }
}

static inline void gonet__spin_unlock(_Atomic uint32_t *lock)
{
    atomic_store_explicit(lock, 0, memory_order_release);
}

#endif
