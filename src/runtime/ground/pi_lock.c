/*
 * Locks with priority inheritance, where the kernel has a part.
 */
#include "runtime/ground/pi_lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gonet/errno.h"

#define RETRY_NS 200000

void gonet__pi_forget(void)
{
    gonet__local()->pi_self = 0;
}

/* Where the kernel refuses (an old one, a filter of system calls), it is tried now and then. */
void gonet__pi_lock_slow(_Atomic uint32_t *lock)
{
    gonet__local_t *l = gonet__local();
    int saved = errno;
    uint32_t free = 0;

    if (l->pi_self == 0)
        l->pi_self = (uint32_t)syscall(SYS_gettid);
    while (!atomic_compare_exchange_strong_explicit(lock, &free, l->pi_self, memory_order_acquire,
                                                    memory_order_relaxed)) {
        if (syscall(SYS_futex, lock, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) == 0) {
            (void)atomic_load_explicit(lock, memory_order_acquire);
            break;
        }
        if (errno != EINTR && errno != EAGAIN)
            clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = RETRY_NS}, NULL);
        free = 0;
    }
    errno = saved;
}

/* Somebody waits: the kernel gives the lock to him. */
void gonet__pi_unlock_slow(_Atomic uint32_t *lock)
{
    int saved = errno;

    atomic_fetch_or_explicit(lock, 0, memory_order_release);
    while (syscall(SYS_futex, lock, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0) != 0 &&
           (errno == EAGAIN || errno == EINTR)) {
    }
    errno = saved;
}
