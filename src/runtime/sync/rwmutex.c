/*
 * The readers-writer mutex: a word that says who has it, a writer or so many readers, and two
 * queues of those who wait.
 *
 * While nobody waits, to lock and to unlock is one atomic operation on the word. QUEUED says that
 * somebody waits: from then on newcomers queue, under the spin lock, and of those who have the
 * mutex the last to unlock hands it on before it leaves that lock. So nobody can come in between,
 * and the one it was handed to, who is woken after that, may release the memory. A writer that
 * unlocks hands it to all readers that wait, or else to the first writer; the last reader to the
 * first writer. So neither side can keep the other out.
 *
 * In a forked child the first lock forgets those who wait; who has the mutex keeps it.
 */
#include "gonet/sync.h"

#include "base/compiler.h"
#include "runtime/ground/fatal.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/task.h"
#include "runtime/sync/waitq.h"

#define WRITER ((uint32_t)1)
#define QUEUED ((uint32_t)2)
#define READER ((uint32_t)4) /* one of them */

static _Atomic uint32_t *lock_of(gonet_rwmutex_t *m)
{
    return (_Atomic uint32_t *)(void *)&m->private_lock;
}

static gonet__waiter_t **readers_of(gonet_rwmutex_t *m)
{
    return (gonet__waiter_t **)(void *)&m->private_readers;
}

static gonet__waiter_t **writers_of(gonet_rwmutex_t *m)
{
    return (gonet__waiter_t **)(void *)&m->private_writers;
}

static uint32_t look(gonet_rwmutex_t *m)
{
    return __atomic_load_n(&m->private_state, __ATOMIC_RELAXED);
}

static bool change(gonet_rwmutex_t *m, uint32_t *s, uint32_t to)
{
    return __atomic_compare_exchange_n(&m->private_state, s, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

/* settle stores the word of a mutex that is queued for, and that nobody but the caller has; under
 * the lock. */
static void settle(gonet_rwmutex_t *m, uint32_t to)
{
    __atomic_store_n(&m->private_state, to, __ATOMIC_RELEASE);
}

static void lock(gonet_rwmutex_t *m)
{
    if (gonet__spin_lock(lock_of(m)) == GONET__SPIN_KNOWN)
        return;
    *readers_of(m) = NULL;
    *writers_of(m) = NULL;
    __atomic_fetch_and(&m->private_state, ~QUEUED, __ATOMIC_ACQ_REL);
}

static void unlock(gonet_rwmutex_t *m)
{
    gonet__spin_unlock(lock_of(m));
}

/* current is look; but what a process that forked this one left in the queues is forgotten. */
static uint32_t current(gonet_rwmutex_t *m)
{
    uint32_t s = look(m);

    if ((s & QUEUED) == 0)
        return s;
    lock(m);
    s = look(m);
    unlock(m);
    return s;
}

static bool may(uint32_t s, bool write)
{
    return write ? s == 0 : (s & (WRITER | QUEUED)) == 0;
}

/* wait_turn queues the caller, and waits until it was handed the mutex; false: it need not wait any
 * more. */
static bool wait_turn(gonet_rwmutex_t *m, bool write)
{
    gonet__wait_t wait;
    gonet__waiter_t node = {.wait = &wait};
    uint32_t s;

    gonet__wait_init(&wait);
    lock(m);
    s = look(m);
    while (!may(s, write) && (s & QUEUED) == 0 && !change(m, &s, s | QUEUED))
        continue;
    if (may(s, write)) {
        unlock(m);
        return false;
    }
    gonet__waitq_push_back(write ? writers_of(m) : readers_of(m), &node);
    unlock(m);
    gonet__wait_for(&wait, 0, GONET__WAIT_UNINTERRUPTIBLE,
                    write ? "rwmutex lock" : "rwmutex rlock");
    return true;
}

GONET__NOINLINE static void lock_slow(gonet_rwmutex_t *m, bool write)
{
    uint32_t s;

    /* Others run before m is locked, not meanwhile. */
    if (gonet__local()->ticks >= GONET__MAX_TICKS)
        gonet__task_tick_over();
    for (;;) {
        s = look(m);
        if (may(s, write)) {
            if (change(m, &s, write ? WRITER : s + READER))
                return;
        } else if (wait_turn(m, write)) {
            return;
        }
    }
}

/*
 * hand_on gives m, which nobody has any more, to those who are next after a writer or after
 * readers, and returns them, to be woken without the lock. Whom it takes out of the queues can be
 * claimed: nothing else ends their waits.
 */
static gonet__waiter_t *hand_on(gonet_rwmutex_t *m, bool after_writer)
{
    bool write = *writers_of(m) != NULL && (!after_writer || *readers_of(m) == NULL);
    gonet__waiter_t *next =
        write ? gonet__waitq_claim(writers_of(m)) : gonet__waitq_claim_all(readers_of(m));
    uint32_t s = write ? WRITER : 0;

    for (gonet__waiter_t *n = next; n != NULL && !write; n = n->next)
        s += READER;
    if (*readers_of(m) != NULL || *writers_of(m) != NULL)
        s |= QUEUED;
    settle(m, s);
    return next;
}

GONET__NOINLINE static void unlock_slow(gonet_rwmutex_t *m)
{
    gonet__waiter_t *next;
    uint32_t s = look(m);

    for (;;) {
        if ((s & WRITER) == 0)
            gonet__fatal("fatal error: sync: Unlock of unlocked RWMutex");
        if ((s & QUEUED) == 0) {
            if (change(m, &s, s - WRITER))
                return;
            continue;
        }
        lock(m);
        s = look(m);
        if ((s & QUEUED) != 0)
            break;
        unlock(m);
    }
    next = hand_on(m, true);
    unlock(m);
    gonet__waitq_wake_all(next);
}

/* s is the word before the caller has left: it was no reader, or the last one, and somebody waits.
 */
GONET__NOINLINE static void runlock_slow(gonet_rwmutex_t *m, uint32_t s)
{
    gonet__waiter_t *next = NULL;

    if (s < READER)
        gonet__fatal("fatal error: sync: RUnlock of unlocked RWMutex");
    lock(m);
    if (look(m) == QUEUED) /* else those who waited are another process's */
        next = hand_on(m, false);
    unlock(m);
    gonet__waitq_wake_all(next);
}

void gonet_rwmutex_rlock(gonet_rwmutex_t *m)
{
    uint32_t s = 0; /* a guess costs less than a look */

    if (gonet__task_tick_due() ||
        (!change(m, &s, READER) && (!may(s, false) || !change(m, &s, s + READER))))
        lock_slow(m, false);
}

bool gonet_rwmutex_try_rlock(gonet_rwmutex_t *m)
{
    uint32_t s = current(m);

    gonet__task_tick();
    while (may(s, false)) {
        if (change(m, &s, s + READER))
            return true;
    }
    return false;
}

void gonet_rwmutex_runlock(gonet_rwmutex_t *m)
{
    uint32_t s = __atomic_fetch_sub(&m->private_state, READER, __ATOMIC_ACQ_REL);

    if (s < READER || s - READER == QUEUED)
        runlock_slow(m, s);
}

void gonet_rwmutex_lock(gonet_rwmutex_t *m)
{
    uint32_t s = 0;

    if (gonet__task_tick_due() || !change(m, &s, WRITER))
        lock_slow(m, true);
}

bool gonet_rwmutex_try_lock(gonet_rwmutex_t *m)
{
    uint32_t s = 0;

    gonet__task_tick();
    return change(m, &s, WRITER);
}

void gonet_rwmutex_unlock(gonet_rwmutex_t *m)
{
    uint32_t s = WRITER;

    if (!change(m, &s, 0))
        unlock_slow(m);
}
