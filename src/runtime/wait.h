/*
 * How anybody waits for anybody: one wait of one task or thread. The wait lives on the waiting
 * stack and is shown to others by the primitive that queues it (mutex, channel, context, …).
 *
 * Its life: WAITING -> CLAIMED -> woken. Whoever wants to end the wait claims it (one of the many
 * that may try wins), does what it has to do with the waiter's memory, and wakes it exactly once;
 * after the wake the memory is gone. A deadline or gonet_shutdown claims it too.
 */
#ifndef GONET_RUNTIME_WAIT_H
#define GONET_RUNTIME_WAIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/fork.h"

struct gonet__task;

typedef enum {
    GONET__WAIT_WAITING = 0,
    GONET__WAIT_CLAIMED,
    GONET__WAIT_EXPIRED,
    GONET__WAIT_INTERRUPTED,
    GONET__WAIT_WOKEN /* threads only: the wake has come */
} gonet__wait_state_t;

typedef struct gonet__wait {
    struct gonet__task *task; /* NULL: a plain thread, in a futex on state */
    _Atomic uint32_t state;   /* a gonet__wait_state_t and the process's generation */
    uint32_t value;           /* for the claimer: which case of a select, and the like */
} gonet__wait_t;

/* Flags of gonet__wait_for. */
#define GONET__WAIT_UNINTERRUPTIBLE (1u << 0) /* gonet_shutdown does not end this wait */

/* gonet__wait_init makes w a wait of the caller. */
void gonet__wait_init(gonet__wait_t *w);

/*
 * gonet__wait_for blocks the caller until w is woken, until deadline (monotonic ns; 0: none), or
 * until gonet_shutdown, whichever claims first. why is a static text for gonet_dump_tasks ("chan
 * receive"). Returns CLAIMED, EXPIRED or INTERRUPTED; after anything but CLAIMED nobody will touch
 * w, but it may still be queued in the primitive: take it out under the primitive's lock.
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
 * wait before it comes back; 0: at once. On the task's worker. */
int64_t gonet__wait_note_told(struct gonet__task *task);

/* gonet__wait_state returns the state alone. */
static inline gonet__wait_state_t gonet__wait_state(gonet__wait_t *w)
{
    return (gonet__wait_state_t)(atomic_load(&w->state) % GONET__GENERATION);
}

/* gonet__wait_end ends the wait from inside the runtime (EXPIRED, INTERRUPTED); false: too late. */
static inline bool gonet__wait_end(gonet__wait_t *w, gonet__wait_state_t state)
{
    uint32_t generation = gonet__fork_seen();
    uint32_t waiting = generation | GONET__WAIT_WAITING;

    return atomic_compare_exchange_strong(&w->state, &waiting, generation | state);
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
