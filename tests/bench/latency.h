/*
 * A histogram of times in nanoseconds: exact to about 1.6 %, of fixed size, nothing to release.
 */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include <stdint.h>

enum { LATENCY_STEPS = 64, LATENCY_CELLS = 64 * LATENCY_STEPS };

typedef struct {
    int64_t cells[LATENCY_CELLS];
    int64_t count;
    int64_t max;
} latency_t;

/* latency_add counts one time; negative ones count as 0. */
void latency_add(latency_t *l, int64_t ns);

/* latency_at returns the time that the given part (0 to 1) of the counted ones do not exceed. */
int64_t latency_at(const latency_t *l, double part);

#endif
