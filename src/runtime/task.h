/*
 * A task: its stack, where it is in its life, and what it waits for. Everything but the list links of
 * the inbox belongs to the task's worker.
 */
#ifndef GONET_RUNTIME_TASK_H
#define GONET_RUNTIME_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct gonet__worker;
struct gonet__pd;
struct gonet__wait;

typedef enum {
    GONET__PARK_NONE = 0, /* running or runnable */
    GONET__PARK_SLEEP,
    GONET__PARK_WAIT, /* in a gonet__wait_t */
    GONET__PARK_POLL, /* for a descriptor */
    GONET__PARK_POOL  /* for a job on the pool for blocking work */
} gonet__park_kind_t;

typedef struct gonet__task gonet__task_t;

/* gonet__task_current returns the task that the caller runs in, or NULL in a plain thread. */
gonet__task_t *gonet__task_current(void);

#endif
