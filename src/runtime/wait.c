/*
 * gonet__wait_t for tasks (woken through their worker) and threads (a futex on the state).
 */
#include "runtime/wait.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/clock.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"

void gonet__wait_init(gonet__wait_t *w)
{
    w->task = gonet__task_current();
    atomic_init(&w->state, GONET__WAIT_WAITING);
    w->value = 0;
}

bool gonet__wait_end(gonet__wait_t *w, gonet__wait_state_t state)
{
    uint32_t waiting = GONET__WAIT_WAITING;

    return atomic_compare_exchange_strong(&w->state, &waiting, state);
}

static gonet__wait_state_t wait_task(gonet__wait_t *w, int64_t deadline, unsigned flags,
                                     const char *why)
{
    gonet__task_t *task = w->task;

    if ((flags & GONET__WAIT_UNINTERRUPTIBLE) == 0 && gonet__runtime_ending() &&
        gonet__wait_end(w, GONET__WAIT_INTERRUPTED))
        return GONET__WAIT_INTERRUPTED;
    if (deadline != 0) {
        if (deadline <= gonet__now() && gonet__wait_end(w, GONET__WAIT_EXPIRED))
            return GONET__WAIT_EXPIRED;
        gonet__timer_arm(&task->worker->timers, &task->timer, deadline);
    }
    task->deadline = deadline;
    task->park = GONET__PARK_WAIT;
    task->parked_in = w;
    task->why = why;
    task->flags = (uint8_t)flags;
    gonet__task_park(task);
    return (gonet__wait_state_t)atomic_load(&w->state);
}

static long futex(_Atomic uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, timeout, NULL,
                   FUTEX_BITSET_MATCH_ANY);
}

static gonet__wait_state_t wait_thread(gonet__wait_t *w, int64_t deadline)
{
    struct timespec until = {.tv_sec = deadline / GONET_SECOND, .tv_nsec = deadline % GONET_SECOND};

    for (;;) {
        uint32_t state = atomic_load(&w->state);
        if (state == GONET__WAIT_WOKEN)
            return GONET__WAIT_CLAIMED;
        if (state == GONET__WAIT_WAITING && deadline != 0 && deadline <= gonet__now() &&
            gonet__wait_end(w, GONET__WAIT_EXPIRED))
            return GONET__WAIT_EXPIRED;
        /* the time of FUTEX_WAIT_BITSET is absolute; once claimed, the wake is near */
        futex(&w->state, FUTEX_WAIT_BITSET, state,
              deadline != 0 && state == GONET__WAIT_WAITING ? &until : NULL);
    }
}

gonet__wait_state_t gonet__wait_for(gonet__wait_t *w, int64_t deadline, unsigned flags,
                                    const char *why)
{
    if (deadline < 0)
        deadline = 1;
    if (w->task != NULL)
        return wait_task(w, deadline, flags, why);
    return wait_thread(w, deadline);
}

void gonet__wait_wake(gonet__wait_t *w)
{
    if (w->task != NULL) {
        gonet__task_ready(w->task);
        return;
    }
    /* The store may end the waiter's frame: the address alone is used after it. */
    atomic_store(&w->state, GONET__WAIT_WOKEN);
    futex(&w->state, FUTEX_WAKE, INT_MAX, NULL);
}
