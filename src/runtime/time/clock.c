/*
 * The monotonic clock and the arithmetic of deadlines: everything saturates, and 0 is never an
 * instant.
 */
#include "runtime/time/clock.h"

#include <time.h>

#include "gonet/errno.h"

#define NS_PER_S INT64_C(1000000000)

const gonet_time_t gonet_no_deadline = {0};

static int64_t clock_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t gonet__now(void)
{
    int64_t ns = clock_ns(CLOCK_MONOTONIC);

    return ns > 0 ? ns : 1;
}

int64_t gonet__add_ns(int64_t t, gonet_duration_t d)
{
    int64_t sum;

    if (__builtin_add_overflow(t, d, &sum))
        return d > 0 ? INT64_MAX : INT64_MIN;
    return sum != 0 ? sum : 1;
}

gonet_time_t gonet_now(void)
{
    return (gonet_time_t){gonet__now()};
}

gonet_time_t gonet_after(gonet_duration_t d)
{
    return (gonet_time_t){gonet__add_ns(gonet__now(), d)};
}

gonet_duration_t gonet__sub_ns(int64_t a, int64_t b)
{
    int64_t d;

    if (__builtin_sub_overflow(a, b, &d))
        return a > b ? INT64_MAX : INT64_MIN;
    return d;
}

gonet_duration_t gonet_until(gonet_time_t t)
{
    return gonet__sub_ns(t.ns, gonet__now());
}

gonet_duration_t gonet_since(gonet_time_t t)
{
    return gonet__sub_ns(gonet__now(), t.ns);
}

gonet_time_t gonet_time_from_wall(const struct timespec *wall)
{
    int64_t ns;

    if (__builtin_mul_overflow((int64_t)wall->tv_sec, NS_PER_S, &ns) ||
        __builtin_add_overflow(ns, (int64_t)wall->tv_nsec, &ns))
        ns = wall->tv_sec > 0 ? INT64_MAX : INT64_MIN;
    return (gonet_time_t){gonet__add_ns(gonet__now(), gonet__sub_ns(ns, clock_ns(CLOCK_REALTIME)))};
}

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

bool gonet__cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t at)
{
    struct timespec until = timespec_of(at);

    return pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &until) == 0;
}

bool gonet__sem_until(sem_t *sem, int64_t at)
{
    struct timespec until = timespec_of(at);
    int status;

    do
        status = sem_clockwait(sem, CLOCK_MONOTONIC, &until);
    while (status != 0 && errno == EINTR);
    return status == 0;
}
