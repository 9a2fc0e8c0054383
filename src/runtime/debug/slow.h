/*
 * Tasks that hold their worker for long, and SIGQUIT: what GONETDEBUG may ask the monitor for.
 */
#ifndef GONET_RUNTIME_DEBUG_SLOW_H
#define GONET_RUNTIME_DEBUG_SLOW_H

#include <stdint.h>
#include <stdio.h>

#include "base/symbol.h"
#include "runtime/sched/worker.h"

/* gonet__slow_open and gonet__slow_close are around the monitor's life. */
void gonet__slow_open(void);
void gonet__slow_close(void);

/* gonet__slow_look is for each of its looks. */
void gonet__slow_look(int64_t now);

/* gonet__slow_unwind prints the backtrace of the task that w runs, if GONETDEBUG asks for such
 * things. */
void gonet__slow_unwind(gonet__worker_t *w, FILE *f, gonet__symbols_t *s);

#endif
