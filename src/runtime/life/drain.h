/*
 * The beginning of an end: gonet_drain, or gonet_shutdown without it.
 */
#ifndef GONET_RUNTIME_LIFE_DRAIN_H
#define GONET_RUNTIME_LIFE_DRAIN_H

#include <stdatomic.h>
#include <stdbool.h>

/* Called with true when an end begins, before anybody is interrupted and while tasks can still be
 * started, and with false when a gonet_shutdown is over. Under no lock. NULL: nobody asks. */
extern _Atomic(void (*)(bool begins)) gonet__drain_hook;

/* gonet__drain_tell calls it. */
void gonet__drain_tell(bool begins);

#endif
