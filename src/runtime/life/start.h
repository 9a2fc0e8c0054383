/*
 * Starting workers, and how many.
 */
#ifndef GONET_RUNTIME_LIFE_START_H
#define GONET_RUNTIME_LIFE_START_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/time/timer.h"

/* Both are under the runtime's lock, while none shuts it down. gonet__start makes sure that there
 * are workers; false, with errno, if there are none to be had. gonet__start_adjust makes their
 * number the one wanted, if there are any. */
bool gonet__start(void);
void gonet__start_adjust(void);

/* gonet__start_arm arms t at some worker, for a thread, and starts the runtime if need be. 0 or an
 * errno. */
int gonet__start_arm(gonet__timer_t *t, int64_t at);

#endif
