/*
 * Locks and meeting points for tasks and threads alike. Whoever has to wait parks, if it is a task,
 * or blocks, if it is a thread; both may share one object.
 *
 * The three types are plain structs of private words: ready when zero (a static one, or "= {0}"),
 * nothing to release, not to be copied once in use. One lock word and a list of waiters, no
 * descriptor.
 *
 * A pthread mutex that a task locks holds up its whole worker while it waits; that is what
 * gonet_mutex_t is for.
 */
#ifndef GONET_SYNC_H
#define GONET_SYNC_H

#include "gonet/export.h"
#include "gonet/time.h"

GONET_BEGIN_DECLS

/* gonet_mutex_t is a mutual exclusion lock; zero is unlocked. Go: sync.Mutex. */
typedef struct {
    uint32_t private_state;
    void *private_waiters;
} gonet_mutex_t;

/*
 * gonet_mutex_lock locks m. It parks while another owner holds it; gonet_shutdown does not end
 * that. Newcomers may overtake those who wait, until somebody has waited 1 ms; from then on the
 * lock is handed over in order. Not recursive: locking it twice waits for ever. The owner may be
 * one task or thread at the lock and another one at the unlock. Go: (*sync.Mutex).Lock.
 */
GONET_API void gonet_mutex_lock(gonet_mutex_t *m);

/* gonet_mutex_try_lock locks m if nobody holds it, and says whether it did. Never parks. Go:
 * TryLock. */
GONET_API GONET_NODISCARD bool gonet_mutex_try_lock(gonet_mutex_t *m);

/*
 * gonet_mutex_unlock unlocks m. Never parks. It does not touch m after the moment somebody else can
 * lock it, so the next owner may release the memory that m lives in. A mutex that is not locked is
 * a programmer's mistake: Go's text on standard error, and abort. Go: (*sync.Mutex).Unlock.
 */
GONET_API void gonet_mutex_unlock(gonet_mutex_t *m);

/* gonet_cond_t is a condition variable; zero is ready. Go: sync.Cond (its L is an argument here).
 */
typedef struct {
    uint32_t private_lock;
    void *private_waiters;
} gonet_cond_t;

/*
 * gonet_cond_wait unlocks m, waits for gonet_cond_signal or gonet_cond_broadcast, and locks m
 * again. The caller holds m, and looks at its condition again, in a loop, since others may come
 * first. Parks.
 * Returns true, or false with errno ECANCELED when gonet_shutdown is under way and the caller is a
 * task: there was no signal, and the loop should end. m is locked in either case.
 * Go: (*sync.Cond).Wait.
 */
GONET_API bool gonet_cond_wait(gonet_cond_t *c, gonet_mutex_t *m);

/*
 * gonet_cond_wait_until is gonet_cond_wait with a deadline ({ 0 }: none): false also with errno
 * ETIMEDOUT when that has passed. m is locked again in either case, however long that takes.
 */
GONET_API bool gonet_cond_wait_until(gonet_cond_t *c, gonet_mutex_t *m, gonet_time_t deadline);

/* gonet_cond_signal wakes the one who has waited longest, if any. m may be held or not. Go: Signal.
 */
GONET_API void gonet_cond_signal(gonet_cond_t *c);

/* gonet_cond_broadcast wakes all who wait at this moment. m may be held or not. Go: Broadcast. */
GONET_API void gonet_cond_broadcast(gonet_cond_t *c);

/* gonet_wait_group_t counts what is under way; zero is ready. Go: sync.WaitGroup. */
typedef struct {
    uintptr_t private_state;
    void *private_waiters;
} gonet_wait_group_t;

/*
 * gonet_wait_group_add adds n, maybe negative, to the count; at 0 those who wait go on. Never
 * parks. A count below 0 (or above INT_MAX) is a programmer's mistake: Go's text on standard error,
 * and abort. Add before starting what will be done: the first add must not race with wait. Go: Add.
 */
GONET_API void gonet_wait_group_add(gonet_wait_group_t *wg, int n);

/*
 * gonet_wait_group_done takes 1 off the count. The one who brings it to 0 does not touch wg any
 * more once a waiter can go on, so that one may release the memory that wg lives in. Go: Done.
 */
GONET_API void gonet_wait_group_done(gonet_wait_group_t *wg);

/* gonet_wait_group_wait waits until the count is 0. Parks; gonet_shutdown does not end it. Go:
 * Wait. */
GONET_API void gonet_wait_group_wait(gonet_wait_group_t *wg);

/*
 * gonet_wait_group_go adds 1, starts fn(arg) in a new task, and takes 1 off when fn has returned.
 * Returns 0, or -1 with errno as gonet_go sets it: nothing was started, the count is as it was, and
 * arg is still the caller's. Go: (*sync.WaitGroup).Go.
 */
GONET_API GONET_NODISCARD int gonet_wait_group_go(gonet_wait_group_t *wg, void (*fn)(void *arg),
                                                  void *arg);

GONET_END_DECLS

#endif
