/*
 * How anybody waits for anybody: one wait of one task or thread. The wait lives on the waiting
 * stack and is shown to others by the primitive that queues it (mutex, channel, context, …).
 *
 * Its life: WAITING -> CLAIMED -> woken. Whoever wants to end the wait claims it (one of the many
 * that may try wins), does what it has to do with the waiter's memory, and wakes it exactly once;
 * after the wake the memory is gone. A deadline, gonet_shutdown, or the end of the context that the
 * waiter runs under (under.h) claims it too.
 *
 * What is claimed is a word: of a thread in the wait itself, of a task in the task, for a timer may
 * come on another worker when the stack that it was set for is no more. The word of a task has a
 * number, one higher for each wait, so that who has looked at one wait can't claim the next. By
 * time and by gonet_shutdown a wait may be ended from the moment when `until` is set: then the task
 * is certain to park. Who queues the wait may claim it before.
 */
#ifndef GONET_RUNTIME_SCHED_WAIT_H
#define GONET_RUNTIME_SCHED_WAIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/ground/fork.h"
#include "runtime/sched/task.h"

typedef enum {
    GONET__WAIT_WAITING = 0,
    GONET__WAIT_CLAIMED,
    GONET__WAIT_EXPIRED,
    GONET__WAIT_INTERRUPTED,
    GONET__WAIT_WOKEN /* threads only: the wake has come */
} gonet__wait_state_t;

/* Beside the state of a thread's wait: it sleeps, or is about to. */
#define GONET__WAIT_SLEEPS 8u

typedef struct gonet__wait {
    struct gonet__task *task; /* NULL: a plain thread, in a futex on state */
    _Atomic uint32_t state;   /* a thread's: a gonet__wait_state_t and the process's generation */
    uint32_t number; /* a task's: the upper half of its word, whose lower half is as above */
    uint32_t value;  /* for the claimer: which case of a select, and the like */
} gonet__wait_t;

/* Flags of gonet__wait_for. */
#define GONET__WAIT_UNINTERRUPTIBLE \
    (1u << 0) /* neither gonet_shutdown nor a context ends this wait */

/* gonet__wait_init makes w a wait of the caller. */
void gonet__wait_init(gonet__wait_t *w);

/*
 * gonet__wait_for blocks the caller until w is woken, until deadline (monotonic ns; 0: none), or
 * until gonet_shutdown or the end of the caller's context, whichever claims first. why is a static
 * text for gonet_dump_tasks ("chan receive"). Returns CLAIMED, EXPIRED or INTERRUPTED; after
 * anything but CLAIMED nobody will touch w, but it may still be queued in the primitive: take it
 * out under the primitive's lock.
 */
gonet__wait_state_t gonet__wait_for(gonet__wait_t *w, int64_t deadline, unsigned flags,
                                    const char *why);

/*
 * gonet__wait_ending says whether a call of the caller may not wait any more, nor begin what may
 * have to: it is a task, and gonet_shutdown is under way. Such a call comes back with the closed
 * error or ECANCELED; if it has not called gonet__wait_for it calls gonet__wait_told first, holding
 * nothing that others wait for, with its deadline (0: none).
 */
bool gonet__wait_ending(void);
void gonet__wait_told(int64_t deadline);

/* gonet__wait_note_told counts a call of task that gonet_shutdown ends. Returns until when it is to
 * wait before it comes back; 0: at once. By the task, or who has claimed its wait. */
int64_t gonet__wait_note_told(struct gonet__task *task);

/* gonet__wait_sweep ends the task's wait, if it has one, for gonet_shutdown; true: the caller wakes
 * it. Any thread, as long as the task can't be freed. */
bool gonet__wait_sweep(struct gonet__task *task);

/* gonet__wait_timer is what a task's timer does. */
gonet__timer_fire_t gonet__wait_timer;

/* gonet__wait_endless says whether the task is in a wait that no time ends. Any thread, as long as
 * the task can't be freed. */
bool gonet__wait_endless(struct gonet__task *task);

/* How many threads are in a wait that no time ends: for deadlock.c, which makes sure that they
 * sleep. */
extern _Atomic unsigned gonet__wait_threads;

/* gonet__wait_state returns the state alone. */
gonet__wait_state_t gonet__wait_state(gonet__wait_t *w);

static inline uint64_t gonet__wait_word(const gonet__wait_t *w, gonet__wait_state_t state)
{
    return (uint64_t)w->number << 32 | gonet__fork_seen() | (uint32_t)state;
}

/* gonet__wait_end ends the wait (CLAIMED, EXPIRED, INTERRUPTED); false: too late. */
static inline bool gonet__wait_end(gonet__wait_t *w, gonet__wait_state_t state)
{
    uint64_t word = gonet__wait_word(w, GONET__WAIT_WAITING);
    uint32_t half = (uint32_t)word;

    if (w->task != NULL)
        return atomic_compare_exchange_strong(&w->task->wait, &word, gonet__wait_word(w, state));
    while (!atomic_compare_exchange_weak(&w->state, &half, half + (uint32_t)state)) {
        if ((half & ~GONET__WAIT_SLEEPS) != (uint32_t)word)
            return false;
    }
    return true;
}

/* gonet__wait_claim ends the wait on behalf of the caller, who must then wake it; false: too late,
 * or a wait of the process that forked this one. Any thread. */
static inline bool gonet__wait_claim(gonet__wait_t *w)
{
    return gonet__wait_end(w, GONET__WAIT_CLAIMED);
}

/* gonet__wait_wake lets the claimed waiter go on. Any thread; exactly once after a claim. */
void gonet__wait_wake(gonet__wait_t *w);

#endif
