/*
 * The list of tasks (gonet_dump_tasks).
 */
#ifndef GONET_RUNTIME_DEBUG_DUMP_H
#define GONET_RUNTIME_DEBUG_DUMP_H

#include <stdio.h>

#include "base/symbol.h"

/* gonet__dump_frames prints the frames of a backtrace, one a line. */
void gonet__dump_frames(FILE *f, gonet__symbols_t *s, void *const *frame, int count);

#endif
