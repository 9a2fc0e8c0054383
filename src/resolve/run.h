/*
 * Lookups run in tasks: what a task waits for, a plain thread has done by one.
 */
#ifndef GONET_RESOLVE_RUN_H
#define GONET_RESOLVE_RUN_H

#include <stdbool.h>

/* gonet__run_in_task calls fn(arg) in the caller's task, or for a thread in a new one, and returns
 * when fn has. False: no task could be started, and fn was not called. */
bool gonet__run_in_task(void (*fn)(void *arg), void *arg);

#endif
