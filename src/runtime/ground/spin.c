/*
 * Locks that are met held: spinning, then waiting in the kernel.
 */
#include "runtime/ground/spin.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gonet/errno.h"

#define SPINS    100
#define SLICE_NS 500000 /* how long somebody sleeps whom the holder has not seen */
#define FIRST_NS 20000  /* how long somebody who relaxes sleeps, then twice that, … */
#define DOUBLES  5

/* Sleeps as long as lock is held. Of several locks that are slept on one is known. */
static void sleep_on(_Atomic uint32_t *lock, uint32_t held)
{
    struct timespec slice = {.tv_nsec = SLICE_NS};
    _Atomic uint32_t *mine = lock;
    int saved = errno;

    atomic_store(&gonet__fork_page.slept_on, lock);
    if (atomic_load(lock) == held &&
        syscall(SYS_futex, lock, FUTEX_WAIT_PRIVATE, held, &slice, NULL, 0) < 0 &&
        (errno == ENOSYS || errno == EPERM))
        clock_nanosleep(CLOCK_MONOTONIC, 0, &slice, NULL);
    atomic_compare_exchange_strong(&gonet__fork_page.slept_on, &mine, NULL);
    errno = saved;
}

gonet__spin_found_t gonet__spin_lock_slow(_Atomic uint32_t *lock)
{
    const uint32_t free = gonet__fork_now(), held = free | GONET__SPIN_HELD;
    unsigned spins = 0;

    for (;;) {
        uint32_t s = atomic_load_explicit(lock, memory_order_relaxed);

        if (s != held) {
            if (!atomic_compare_exchange_weak_explicit(lock, &s, held, memory_order_acquire,
                                                       memory_order_relaxed))
                continue;
            if (s == free)
                return GONET__SPIN_KNOWN;
            return (s & GONET__SPIN_HELD) != 0 ? GONET__SPIN_BROKEN : GONET__SPIN_FORKED;
        }
        if (spins++ < SPINS)
            gonet__spin_pause();
        else
            sleep_on(lock, held);
    }
}

void gonet__spin_wake(_Atomic uint32_t *lock)
{
    int saved = errno;

    syscall(SYS_futex, lock, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    errno = saved;
}

void gonet__relax(unsigned *turns)
{
    unsigned more;

    if (*turns < SPINS) {
        ++*turns;
        gonet__spin_pause();
        return;
    }
    more = *turns - SPINS;
    *turns += more < DOUBLES;
    clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = FIRST_NS << more}, NULL);
}
