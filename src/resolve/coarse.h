/*
 * A clock for what need not be exact: some milliseconds late, and much cheaper to read.
 */
#ifndef GONET_RESOLVE_COARSE_H
#define GONET_RESOLVE_COARSE_H

#include <stdint.h>
#include <time.h>

#include "gonet/time.h"

/* gonet__coarse_now returns the monotonic clock in ns, > 0, as of the kernel's last tick. */
static inline int64_t gonet__coarse_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return t.tv_sec * GONET_SECOND + t.tv_nsec + 1;
}

#endif
