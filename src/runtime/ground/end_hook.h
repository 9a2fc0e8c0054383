/*
 * What layers above keep for the whole process (caches) and give up when the runtime ends.
 */
#ifndef GONET_RUNTIME_GROUND_END_HOOK_H
#define GONET_RUNTIME_GROUND_END_HOOK_H

#include <stdatomic.h>
#include <stdbool.h>

/* A static struct with fn set and the rest zero. fn may be called more than once; tasks and workers
 * there are none meanwhile, but threads may use the caches. */
typedef struct gonet__end_hook {
    void (*fn)(void);
    _Atomic bool known;
    struct gonet__end_hook *next;
} gonet__end_hook_t;

/* gonet__end_hook_add lets gonet_shutdown call hook->fn when no task is left; the second time
 * nothing happens. */
void gonet__end_hook_add(gonet__end_hook_t *hook);

/* gonet__end_hook_run calls them all. By gonet_shutdown, under no lock, before a runtime can start
 * again. */
void gonet__end_hook_run(void);

#endif
