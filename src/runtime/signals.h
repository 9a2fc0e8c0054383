/*
 * Signals and workers: which are blocked there, and what happens when a task overflows its stack.
 */
#ifndef GONET_RUNTIME_SIGNALS_H
#define GONET_RUNTIME_SIGNALS_H

#include <pthread.h>

#include "runtime/worker.h"

/* gonet__signals_install remembers the signal mask of the caller and installs the overflow report;
 * once per process. */
void gonet__signals_install(void);

/*
 * gonet__signals_spawn makes a thread of the runtime: all signals are blocked in it but those that
 * a fault raises (blocked, these would kill without any handler) and, if the monitor is asked for,
 * SIGURG. 0 or an errno.
 */
int gonet__signals_spawn(pthread_t *thread, void *(*fn)(void *arg), void *arg);

/* gonet__signals_enter_worker gives the calling worker its alternate stack; _leave_worker takes it
 * away. */
void gonet__signals_enter_worker(gonet__worker_t *w);
void gonet__signals_leave_worker(gonet__worker_t *w);

/* gonet__signals_restore_mask gives a forked child back the mask from the start of the runtime. */
void gonet__signals_restore_mask(void);

/* gonet__signals_report_overrun: the canary of a task without a guard is gone; ends the program. */
void gonet__signals_report_overrun(const gonet__task_t *task);

#endif
