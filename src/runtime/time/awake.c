/*
 * Soon is what comes in less time than a sleep costs. Who tries waits longer, since the other side
 * may still be asleep: after one exchange both are awake.
 */
#include "runtime/time/awake.h"

#include <stdatomic.h>

#include "runtime/time/clock.h"
#include "runtime/ground/spin.h"

#define SOON_NS   10000
#define TRY_NS    50000
#define QUIET_NS  ((int64_t)2000000) /* then 6, 14 … 126 ms */
#define MAX_QUIET ((int64_t)126000000)
#define MISSES    2
#define LOOKS     8 /* between two looks at the clock */

static _Atomic bool several;

void gonet__awake_choose(unsigned processors)
{
    atomic_store_explicit(&several, processors > 1, memory_order_relaxed);
}

/* Looks until it has come, or TRY_NS are over; whether it has, and how long that took. */
static bool look(bool (*come)(void *arg), void *arg, int64_t begin, int64_t *took)
{
    bool came = false;

    do {
        for (int i = 0; i < LOOKS && !(came = come(arg)); i++)
            gonet__spin_pause();
        *took = gonet__now() - begin;
    } while (!came && *took < TRY_NS);
    return came;
}

/* A word that took so long. */
static void learn(gonet__awake_t *a, int64_t now, int64_t took)
{
    if (took < SOON_NS) {
        a->misses = 0;
        a->patience = 0;
        return;
    }
    if (++a->misses < MISSES)
        return;
    a->misses = 0;
    a->patience = a->patience * 2 + QUIET_NS;
    if (a->patience > MAX_QUIET)
        a->patience = MAX_QUIET;
    a->quiet = now + a->patience;
}

bool gonet__wait_awake(gonet__awake_t *a, bool (*come)(void *arg), void *arg)
{
    int64_t begin, took;
    bool came;

    if (come(arg))
        return true;
    if (!atomic_load_explicit(&several, memory_order_relaxed))
        return false;
    begin = gonet__now();
    if (begin < a->quiet)
        return false;
    came = look(come, arg, begin, &took);
    learn(a, begin + took, took);
    return came;
}
