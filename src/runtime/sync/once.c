/*
 * Once: a word that says how far it is. Who finds that it is done has nothing to do but to look,
 * and what fn wrote is visible by that look. Before, the word changes under a spin lock, which is
 * not held over fn; those who come while it runs wait in a queue.
 *
 * In a forked child the first lock forgets them, and an fn that was running: who ran it is in the
 * parent, or is the one who forked, and says that it is done when it has returned.
 */
#include "gonet/sync.h"

#include "base/compiler.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/task.h"
#include "runtime/sync/waitq.h"

enum { NEW, RUNNING, DONE };

static _Atomic uint32_t *lock_of(gonet_once_t *o)
{
    return (_Atomic uint32_t *)(void *)&o->private_lock;
}

static gonet__waiter_t **queue_of(gonet_once_t *o)
{
    return (gonet__waiter_t **)(void *)&o->private_waiters;
}

static uint32_t look(gonet_once_t *o)
{
    return __atomic_load_n(&o->private_state, __ATOMIC_ACQUIRE);
}

static void set(gonet_once_t *o, uint32_t state)
{
    __atomic_store_n(&o->private_state, state, __ATOMIC_RELEASE);
}

static void lock(gonet_once_t *o)
{
    if (gonet__spin_lock(lock_of(o)) == GONET__SPIN_KNOWN)
        return;
    *queue_of(o) = NULL;
    if (look(o) == RUNNING)
        set(o, NEW);
}

static void run(gonet_once_t *o, void (*fn)(void *arg), void *arg)
{
    gonet__waiter_t *all;

    fn(arg);
    lock(o);
    set(o, DONE);
    all = gonet__waitq_claim_all(queue_of(o));
    gonet__spin_unlock(lock_of(o));
    gonet__waitq_wake_all(all);
}

GONET__NOINLINE static void do_slow(gonet_once_t *o, void (*fn)(void *arg), void *arg)
{
    gonet__wait_t wait;
    gonet__waiter_t node = {.wait = &wait};
    uint32_t state;

    gonet__wait_init(&wait);
    lock(o);
    state = look(o);
    if (state == NEW)
        set(o, RUNNING);
    else if (state == RUNNING)
        gonet__waitq_push_back(queue_of(o), &node);
    gonet__spin_unlock(lock_of(o));
    if (state == NEW)
        run(o, fn, arg);
    else if (state == RUNNING)
        gonet__wait_for(&wait, 0, GONET__WAIT_UNINTERRUPTIBLE, "once");
}

void gonet_once_do(gonet_once_t *o, void (*fn)(void *arg), void *arg)
{
    if (look(o) != DONE)
        do_slow(o, fn, arg);
    gonet__task_tick();
}
