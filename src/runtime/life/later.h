/*
 * A function that a task is started for, later: at a time, or when somebody says so. What
 * gonet_after_func and gonet_context_after_func have in common.
 *
 * One word, `at`, decides: whoever exchanges it for 0 has the call, or has stopped it. The entry in
 * a worker's heap is only what looks at the word; it may be earlier, and stay there after a stop.
 */
#ifndef GONET_RUNTIME_LIFE_LATER_H
#define GONET_RUNTIME_LIFE_LATER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/time/timer.h"

#define GONET__LATER_TOLD INT64_MAX /* a time that is none: when somebody says so */

typedef struct gonet__later {
    gonet__timer_t timer;
    _Atomic int64_t at;    /* 0: not to be called; INT64_MIN: freed */
    _Atomic unsigned refs; /* the owner, and starts under way */
    _Atomic uint32_t generation;
    void (*fn)(void *arg);
    void *arg;
    void (*release)(struct gonet__later *later);
} gonet__later_t;

/* gonet__later_init prepares a call of fn(arg). release frees the memory around it. */
void gonet__later_init(gonet__later_t *later, void (*fn)(void *arg), void *arg,
                       void (*release)(gonet__later_t *later));

/*
 * gonet__later_set lets the call come at that time, or when told; *was says whether it was to come.
 * 0, or an errno, and then it will not: the runtime can't be started, or is ending. Any task or
 * thread.
 */
int gonet__later_set(gonet__later_t *later, int64_t at, bool *was);

/* gonet__later_stop says whether the call was to come; it will not. */
bool gonet__later_stop(gonet__later_t *later);

/* gonet__later_free stops the call and drops the owner's reference. */
void gonet__later_free(gonet__later_t *later);

/* gonet__later_tell starts the call now if it is to come. Any task or thread. */
void gonet__later_tell(gonet__later_t *later);

#endif
