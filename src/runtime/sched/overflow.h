/*
 * What happens when a task overflows its stack.
 */
#ifndef GONET_RUNTIME_SCHED_OVERFLOW_H
#define GONET_RUNTIME_SCHED_OVERFLOW_H

#include "runtime/sched/worker.h"

/* gonet__overflow_install installs the report; gonet__overflow_uninstall takes it back. */
void gonet__overflow_install(void);
void gonet__overflow_uninstall(void);

/* gonet__overflow_enter_worker gives the calling worker its alternate stack; _leave_worker takes it
 * away. */
void gonet__overflow_enter_worker(gonet__worker_t *w);
void gonet__overflow_leave_worker(gonet__worker_t *w);

/* gonet__overflow_report: the canary of a task without a guard is gone; ends the program. */
void gonet__overflow_report(const gonet__task_t *task);

#endif
