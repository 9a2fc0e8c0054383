/*
 * The monitor: a thread that looks at the workers from outside.
 */
#ifndef GONET_RUNTIME_MONITOR_H
#define GONET_RUNTIME_MONITOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "runtime/sched/worker.h"

/* The monitor starts with the runtime, if there are several workers or GONETDEBUG asks for it, and
 * ends with it: the thread before the workers, its descriptors, which they use, after them. */
void gonet__monitor_start(bool several);
void gonet__monitor_stop(void);
void gonet__monitor_close(void);
void gonet__monitor_fork_child(void);

/* Whether it sleeps as long as all workers do. */
extern _Atomic bool gonet__monitor_rests;

/* gonet__monitor_wake comes after a worker has woken. */
void gonet__monitor_wake_up(void);

static inline void gonet__monitor_wake(void)
{
    if (__builtin_expect(atomic_load(&gonet__monitor_rests), 0))
        gonet__monitor_wake_up();
}

/* gonet__monitor_unwind prints the backtrace of the task that w runs, if GONETDEBUG asks for such
 * things. */
void gonet__monitor_unwind(gonet__worker_t *w, FILE *f);

/* gonet__dump_monitored says whether GONETDEBUG asks for the monitor. */
bool gonet__dump_monitored(void);

/* gonet__dump_frames prints the frames of a backtrace, one a line. */
void gonet__dump_frames(FILE *f, void *const *frame, int count);

#endif
