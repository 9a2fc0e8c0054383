/*
 * Cells: below 64 ns one per nanosecond, above 64 to each power of two. Used by one thread.
 */
#include "latency.h"

static unsigned cell_of(uint64_t ns)
{
    unsigned shift;

    if (ns < LATENCY_STEPS)
        return (unsigned)ns;
    /* The top seven bits are kept: 64 <= ns >> shift < 128. */
    shift = 57 - (unsigned)__builtin_clzll(ns);
    return shift * LATENCY_STEPS + (unsigned)(ns >> shift);
}

static int64_t value_of(unsigned cell)
{
    unsigned shift;

    if (cell < 2 * LATENCY_STEPS)
        return cell;
    shift = cell / LATENCY_STEPS - 1;
    return (int64_t)(LATENCY_STEPS + cell % LATENCY_STEPS) << shift;
}

void latency_add(latency_t *l, int64_t ns)
{
    if (ns < 0)
        ns = 0;
    l->cells[cell_of((uint64_t)ns)]++;
    l->count++;
    if (ns > l->max)
        l->max = ns;
}

int64_t latency_at(const latency_t *l, double part)
{
    int64_t wanted = (int64_t)((double)l->count * part + 0.5);
    int64_t seen = 0;
    unsigned i;

    for (i = 0; i < LATENCY_CELLS; i++) {
        seen += l->cells[i];
        if (seen >= wanted && seen > 0)
            return value_of(i) < l->max ? value_of(i) : l->max;
    }
    return l->max;
}
