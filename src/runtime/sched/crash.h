/*
 * What happens when a task crashes: a fault, an abort, the end of its stack.
 */
#ifndef GONET_RUNTIME_SCHED_CRASH_H
#define GONET_RUNTIME_SCHED_CRASH_H

#include "runtime/sched/worker.h"

/* gonet__crash_install installs the handlers that report it; gonet__crash_uninstall takes them
 * back.
 */
void gonet__crash_install(void);
void gonet__crash_uninstall(void);

/* gonet__crash_enter_worker gives the calling worker its alternate stack; _leave_worker takes it
 * away. */
void gonet__crash_enter_worker(gonet__worker_t *w);
void gonet__crash_leave_worker(gonet__worker_t *w);

/* gonet__crash_overrun: the canary of a task without a guard is gone; ends the program. */
void gonet__crash_overrun(const gonet__task_t *task);

#endif
