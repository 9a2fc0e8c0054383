/*
 * GONETDEBUG=deadlock=1: tasks that wait for each other, and for nothing else.
 */
#ifndef GONET_RUNTIME_LIFE_DEADLOCK_H
#define GONET_RUNTIME_LIFE_DEADLOCK_H

#include <stdint.h>

/* gonet__deadlock_look reports it, once, if it is asked for and no task can go on any more. For
 * each of the monitor's looks. */
void gonet__deadlock_look(int64_t now);

#ifdef GONET_TEST_HOOKS
#include <stdatomic.h>

/* Where it counts how often it has looked, if this is not NULL. */
extern _Atomic unsigned *gonet__deadlock_looks;
#endif

#endif
