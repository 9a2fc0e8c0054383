/*
 * Locks and meeting points for tasks and threads alike. Whoever has to wait parks, if it is a task,
 * or blocks, if it is a thread; both may share one object.
 *
 * The types are plain structs of private words: ready when zero (a static one, or "= {0}"), nothing
 * to release, not to be copied once in use. One lock word and a list of waiters, no descriptor.
 *
 * A pthread mutex that a task locks holds up its whole worker while it waits; that is what
 * gonet_mutex_t is for.
 */
#ifndef GONET_SYNC_H
#define GONET_SYNC_H

#include "gonet/context.h"
#include "gonet/error.h"
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
 * gonet_wait_group_wait_until is gonet_wait_group_wait with an end: it waits until the count is 0,
 * but not beyond deadline ({ 0 }: none). A deadline that is past only looks.
 *
 * Parks:    until the count is 0, until deadline, or, a task, until gonet_shutdown.
 * Returns:  true when the count is 0; false with errno set when it is not: nothing has changed.
 * Errors:   ETIMEDOUT, ECANCELED (gonet_shutdown is under way, and the caller is a task).
 * Threads:  any task or thread.
 * Example:  examples/task_results.c
 * Go:       nothing alike: there a goroutine waits, and closes a channel for a select.
 */
GONET_API bool gonet_wait_group_wait_until(gonet_wait_group_t *wg, gonet_time_t deadline);

/*
 * gonet_wait_group_go adds 1, starts fn(arg) in a new task, and takes 1 off when fn has returned.
 * Returns 0, or -1 with errno as gonet_go sets it: nothing was started, the count is as it was, and
 * arg is still the caller's. Go: (*sync.WaitGroup).Go.
 */
GONET_API GONET_NODISCARD int gonet_wait_group_go(gonet_wait_group_t *wg, void (*fn)(void *arg),
                                                  void *arg);

/*
 * gonet_once_t lets something be done once, whoever comes first; zero is ready, and nothing is to
 * be released.
 *
 * Example:  examples/key_value.c
 * Go:       sync.Once
 */
typedef struct {
    uint32_t private_state;
    uint32_t private_lock;
    void *private_waiters;
} gonet_once_t;

/*
 * gonet_once_do calls fn(arg) if this is the first call with o. When it returns, fn has returned,
 * here or in whoever was first, and what fn wrote is visible. Later calls, which need not wait,
 * cost a look at a word. fn must return, and may park and call anything but gonet_once_do with the
 * same o, which would wait for itself. In a forked child, an fn that another thread of the parent
 * had begun and not ended is called anew.
 *
 * Parks:    as fn does; the others until fn has returned: gonet_shutdown does not end that.
 * Threads:  any task or thread.
 * Example:  examples/key_value.c
 * Go:       (*sync.Once).Do
 */
GONET_API void gonet_once_do(gonet_once_t *o, void (*fn)(void *arg), void *arg);

/*
 * gonet_rwmutex_t is a lock that any number of readers hold at the same time, or one writer; zero
 * is unlocked, and nothing is to be released. Each lock has its own unlock: gonet_rwmutex_rlock and
 * _runlock, gonet_rwmutex_lock and _unlock; who locks may be another task or thread than who
 * unlocks.
 *
 * A writer that waits keeps new readers out, so that it comes to its turn; so a reader that locks
 * once more while it has the lock may wait for ever. When a writer unlocks, all readers that wait
 * by then come before the next writer. Writers come in the order in which they began to wait.
 *
 * Example:  examples/key_value.c
 * Go:       sync.RWMutex
 */
typedef struct {
    uint32_t private_state;
    uint32_t private_lock;
    void *private_readers;
    void *private_writers;
} gonet_rwmutex_t;

/*
 * gonet_rwmutex_rlock locks m for reading.
 *
 * Parks:    while a writer holds m or waits for it; gonet_shutdown does not end that.
 * Threads:  any task or thread.
 * Example:  examples/key_value.c
 * Go:       (*sync.RWMutex).RLock
 */
GONET_API void gonet_rwmutex_rlock(gonet_rwmutex_t *m);

/*
 * gonet_rwmutex_try_rlock locks m for reading if that needs no waiting.
 *
 * Parks:    never.
 * Returns:  whether it has locked m.
 * Threads:  any task or thread.
 * Go:       (*sync.RWMutex).TryRLock
 */
GONET_API GONET_NODISCARD bool gonet_rwmutex_try_rlock(gonet_rwmutex_t *m);

/*
 * gonet_rwmutex_runlock undoes one gonet_rwmutex_rlock. It does not touch m after the moment
 * somebody else can lock it for writing, so that one may release the memory that m lives in. An m
 * that is not locked for reading is a programmer's mistake: Go's text on standard error, and abort.
 *
 * Parks:    never.
 * Threads:  any task or thread.
 * Example:  examples/key_value.c
 * Go:       (*sync.RWMutex).RUnlock
 */
GONET_API void gonet_rwmutex_runlock(gonet_rwmutex_t *m);

/*
 * gonet_rwmutex_lock locks m for writing.
 *
 * Parks:    while a reader or another writer holds m; gonet_shutdown does not end that.
 * Threads:  any task or thread.
 * Example:  examples/key_value.c
 * Go:       (*sync.RWMutex).Lock
 */
GONET_API void gonet_rwmutex_lock(gonet_rwmutex_t *m);

/*
 * gonet_rwmutex_try_lock locks m for writing if nobody holds it.
 *
 * Parks:    never.
 * Returns:  whether it has locked m.
 * Threads:  any task or thread.
 * Go:       (*sync.RWMutex).TryLock
 */
GONET_API GONET_NODISCARD bool gonet_rwmutex_try_lock(gonet_rwmutex_t *m);

/*
 * gonet_rwmutex_unlock unlocks m, which is locked for writing. It does not touch m after the moment
 * somebody else can lock it, so that one may release the memory that m lives in. An m that is not
 * locked for writing is a programmer's mistake: Go's text on standard error, and abort.
 *
 * Parks:    never.
 * Threads:  any task or thread.
 * Example:  examples/key_value.c
 * Go:       (*sync.RWMutex).Unlock
 */
GONET_API void gonet_rwmutex_unlock(gonet_rwmutex_t *m);

/*
 * gonet_semaphore_t lets so much be taken at a time as size says: connections, requests, bytes of
 * memory. It is a plain struct, set up by its one public field before the first use, and there is
 * nothing to release:
 *
 *   static gonet_semaphore_t sem = {.size = 64 << 20};
 *
 * Who waits comes to its turn in the order of the calls: one that wants much is not overtaken by
 * those that want little.
 *
 * Units:    the program's own.
 * Example:  examples/budget.c
 * Go:       semaphore.Weighted (golang.org/x/sync/semaphore)
 */
typedef struct {
    int64_t size;
    int64_t private_taken;
    uint32_t private_lock;
    void *private_waiters;
} gonet_semaphore_t;

/*
 * gonet_semaphore_acquire takes n (0 or more) of the semaphore, waiting until there is so much and
 * everybody who came before has been served. More than size is never there: such a call waits until
 * ctx ends, and keeps nobody else waiting.
 *
 * Parks:    until it has n, until ctx (NULL: background) ends, or, a task, until gonet_shutdown.
 * Returns:  0, or -1 with *err set: nothing was taken.
 * Errors:   gonet_err_canceled, gonet_err_context_deadline_exceeded (also if ctx had ended before),
 *           gonet_err_closed (gonet_shutdown is under way), EINVAL (n is negative).
 * Threads:  any task or thread.
 * Example:  examples/budget.c
 * Go:       (*semaphore.Weighted).Acquire
 */
GONET_API GONET_NODISCARD int gonet_semaphore_acquire(gonet_semaphore_t *s, gonet_context_t *ctx,
                                                      int64_t n, gonet_error_t **err);

/*
 * gonet_semaphore_try_acquire takes n of the semaphore if so much is there and nobody waits.
 *
 * Parks:    never.
 * Returns:  whether it has taken n; false for a negative n.
 * Threads:  any task or thread.
 * Go:       (*semaphore.Weighted).TryAcquire
 */
GONET_API GONET_NODISCARD bool gonet_semaphore_try_acquire(gonet_semaphore_t *s, int64_t n);

/*
 * gonet_semaphore_release gives n back, by whoever has taken them or another. More than is taken is
 * a programmer's mistake: Go's text on standard error, and abort.
 *
 * Parks:    never.
 * Threads:  any task or thread.
 * Example:  examples/budget.c
 * Go:       (*semaphore.Weighted).Release
 */
GONET_API void gonet_semaphore_release(gonet_semaphore_t *s, int64_t n);

GONET_END_DECLS

#endif
