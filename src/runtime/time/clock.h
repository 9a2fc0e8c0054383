/*
 * Monotonic nanoseconds. 0 stands for "no deadline", so no instant is 0.
 */
#ifndef GONET_RUNTIME_TIME_CLOCK_H
#define GONET_RUNTIME_TIME_CLOCK_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "gonet/time.h"

/* gonet__now returns the monotonic clock in ns, > 0. */
int64_t gonet__now(void);

/* gonet__add_ns returns t + d, saturating, never 0. */
int64_t gonet__add_ns(int64_t t, gonet_duration_t d);

/* gonet__sub_ns returns a - b, saturating: how long it is from b to a. */
gonet_duration_t gonet__sub_ns(int64_t a, int64_t b);

/* gonet__earlier returns the earlier of two deadlines, where 0 means none. */
static inline int64_t gonet__earlier(int64_t a, int64_t b)
{
    if (a == 0)
        return b;
    return b != 0 && b < a ? b : a;
}

/*
 * gonet__cond_until and gonet__sem_until wait until at, at the latest, whatever is done to the wall
 * clock, by which the plain timed waits go. False: that time has come. The first may come back
 * before, too, as any wait for a condition.
 */
bool gonet__cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t at);
bool gonet__sem_until(sem_t *sem, int64_t at);

#endif
