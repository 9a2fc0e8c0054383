/*
 * Signals and workers: which are blocked there, and what happens when a task overflows its stack.
 */
#ifndef GONET_RUNTIME_SIGNALS_H
#define GONET_RUNTIME_SIGNALS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "runtime/sched/worker.h"

/* gonet__signals_install installs the overflow report; the first time it remembers the signal mask
 * of the caller. gonet__signals_uninstall takes the report back. */
void gonet__signals_install(void);
void gonet__signals_uninstall(void);

/* gonet__signals_take installs a handler where the program has none; false: it has.
 * gonet__signals_give_back takes it back, unless the program has installed its own since. */
bool gonet__signals_take(int sig, const struct sigaction *action);
void gonet__signals_give_back(int sig, const struct sigaction *action);

/*
 * gonet__signals_spawn makes a thread of the runtime or of the pool: all signals are blocked in it
 * but those that a fault raises (blocked, these would kill without any handler), those by which
 * profilers sample and, if the monitor is asked for, SIGURG; task.h lists them. 0 or an errno.
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
