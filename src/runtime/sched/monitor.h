/*
 * The monitor: a thread that looks at the workers from outside.
 */
#ifndef GONET_RUNTIME_SCHED_MONITOR_H
#define GONET_RUNTIME_SCHED_MONITOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * gonet__monitor_start lets the monitor, which does not run, begin; false: it can't be had. also is
 * called in its thread at each of its looks, which are up to 10 ms apart while a worker is awake,
 * and after gonet__monitor_tell; while all sleep, after rest ms (-1: not at all).
 * gonet__monitor_stop ends the thread, before the workers; gonet__monitor_close its descriptors,
 * which they use, after them.
 */
bool gonet__monitor_start(void (*also)(int64_t now), int rest);
void gonet__monitor_stop(void);
void gonet__monitor_close(void);

/* gonet__monitor_runs says whether it has been started. */
bool gonet__monitor_runs(void);

/* gonet__monitor_tell makes it look at once. Also from a signal's handler. */
void gonet__monitor_tell(void);

/* Whether it sleeps as long as all workers do. */
extern _Atomic bool gonet__monitor_rests;

/* gonet__monitor_wake comes after a worker has woken. */
void gonet__monitor_wake_up(void);

static inline void gonet__monitor_wake(void)
{
    if (__builtin_expect(atomic_load(&gonet__monitor_rests), 0))
        gonet__monitor_wake_up();
}

#endif
