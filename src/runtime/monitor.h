/*
 * The monitor: a thread that exists only if GONETDEBUG asks for dumponsigquit=1 or
 * slowtask=DURATION.
 */
#ifndef GONET_RUNTIME_MONITOR_H
#define GONET_RUNTIME_MONITOR_H

#include <stdio.h>

#include "runtime/worker.h"

/* gonet__monitor_print_running names the task that holds w, with its backtrace if the monitor runs.
 */
void gonet__monitor_print_running(gonet__worker_t *w, FILE *f);

/* gonet__dump_frames prints the frames of a backtrace, one a line. */
void gonet__dump_frames(FILE *f, void *const *frame, int count);

#endif
