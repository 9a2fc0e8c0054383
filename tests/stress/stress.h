/*
 * Random schedules over connections of every kind, against a model that knows each byte.
 *
 * A schedule makes some connections and many actors (tasks, some threads) that share them: they
 * write, read, set deadlines, half-close, close, drop their references, all at random places of a
 * random order. The byte at each place of a stream is a function of the stream and the place, and
 * each datagram says what it must be; so whatever is read is checked, and what was written is known
 * to be read in full unless somebody closed.
 */
#ifndef TESTS_STRESS_STRESS_H
#define TESTS_STRESS_STRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonet/error.h"
#include "gonet/sync.h"

/* ---- random numbers: a generator for each actor, made from the schedule's seed ---- */

typedef struct {
    uint64_t state;
} dice_t;

static inline uint64_t dice_next(dice_t *d)
{
    uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* dice_below returns one of 0 ... n - 1. */
static inline unsigned dice_below(dice_t *d, unsigned n)
{
    return (unsigned)(dice_next(d) % n);
}

/* dice_one_in is true once in n times. */
static inline bool dice_one_in(dice_t *d, unsigned n)
{
    return dice_below(d, n) == 0;
}

/* ---- the model's bytes ---- */

/* Those of a place of a stream: support/pattern.h. */
void stress_fill(uint32_t stream, uint64_t at, unsigned char *p, size_t len);

/* stress_check compares what was read at a place; a difference is recorded. */
bool stress_check(uint32_t stream, uint64_t at, const unsigned char *p, size_t len);

/* ---- actors ---- */

/* A schedule: its actors end before the next one begins. */
typedef struct {
    uint64_t seed;
    dice_t dice;
    gonet_wait_group_t running;
    _Atomic bool over;      /* by gonet_shutdown: everybody is to leave */
    unsigned one_thread_in; /* so many actors one is a thread */
    _Atomic(struct stress_thread *) threads;
    _Atomic unsigned started;
} schedule_t;

/* stress_start runs fn(arg) as an actor of the schedule: a task, or now and then a thread. */
void stress_start(schedule_t *s, void (*fn)(void *arg), void *arg);

/* stress_wait waits until all actors have ended. The schedule's own thread. */
void stress_wait(schedule_t *s);

/* stress_pause lets others run: a yield, or a short sleep. */
void stress_pause(dice_t *d);

/* ---- counting ---- */

typedef struct {
    atomic_long schedules, actors, operations, bytes, streams, datagrams, lost;
    atomic_long dialed, accepted, cancelled, timeouts, closes, shutdowns;
} stress_counts_t;

extern stress_counts_t stress_counts;

#define STRESS_COUNT(what, n) \
    ((void)atomic_fetch_add_explicit(&stress_counts.what, (long)(n), memory_order_relaxed))

/*
 * stress_ended says whether an error ends the use of a connection: it was closed, here or there,
 * which is right if somebody may close it. A timeout does not end it; anything else is recorded as
 * a failure.
 */
bool stress_ended(const gonet_error_t *err, bool may_close);

/* ---- the kinds of schedules; each runs until all is said and done ---- */

void stress_streams(schedule_t *s);
void stress_datagrams(schedule_t *s);
void stress_packets(schedule_t *s);

#endif
