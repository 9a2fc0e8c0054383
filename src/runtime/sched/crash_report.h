/*
 * What is said of a task before a signal ends the program.
 */
#ifndef GONET_RUNTIME_SCHED_CRASH_REPORT_H
#define GONET_RUNTIME_SCHED_CRASH_REPORT_H

#include <signal.h>
#include <stdbool.h>

#include "runtime/sched/task.h"

/* gonet__crash_prepare loads what unwinds stacks, which can't be done in a handler. */
void gonet__crash_prepare(void);

/* gonet__crash_signal says which signal has come in task, the caller's, where, and how the task got
 * there. By the signal's handler, on a stack of its own; only the first report is made. */
void gonet__crash_signal(const gonet__task_t *task, int sig, const siginfo_t *info,
                         const void *context);

/* gonet__crash_overflow says that the task has run over its stack. Likewise; or, context NULL, by
 * the task. */
void gonet__crash_overflow(const gonet__task_t *task, const void *context);

#endif
