/*
 * The condition variable: a queue of waiters under a spin lock. A signaller claims under the lock
 * and wakes after it, touching only the waiter then; a waiter whose deadline claimed it first is
 * passed over, so no signal is lost on it. In a forked child the first lock forgets the queue.
 */
#include "gonet/sync.h"

#include "gonet/errno.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/task.h"
#include "runtime/sched/under.h"
#include "runtime/sync/waitq.h"

static _Atomic uint32_t *lock_of(gonet_cond_t *c)
{
    return (_Atomic uint32_t *)(void *)&c->private_lock;
}

static gonet__waiter_t **queue_of(gonet_cond_t *c)
{
    return (gonet__waiter_t **)(void *)&c->private_waiters;
}

static void lock(gonet_cond_t *c)
{
    if (gonet__spin_lock(lock_of(c)) != GONET__SPIN_KNOWN)
        *queue_of(c) = NULL;
}

static void unlock(gonet_cond_t *c)
{
    gonet__spin_unlock(lock_of(c));
}

bool gonet_cond_wait_until(gonet_cond_t *c, gonet_mutex_t *m, gonet_time_t deadline)
{
    gonet__wait_t wait;
    gonet__waiter_t node = {.wait = &wait};
    gonet__wait_state_t how;

    gonet__wait_init(&wait);
    lock(c);
    gonet__waitq_push_back(queue_of(c), &node);
    unlock(c);
    gonet_mutex_unlock(m);
    how = gonet__wait_for(&wait, deadline.ns, 0, "cond wait");
    if (how != GONET__WAIT_CLAIMED) {
        lock(c);
        gonet__waitq_remove(queue_of(c), &node);
        unlock(c);
    }
    gonet_mutex_lock(m);
    if (how != GONET__WAIT_CLAIMED)
        errno = how == GONET__WAIT_EXPIRED ? ETIMEDOUT : gonet__under_errno();
    return how == GONET__WAIT_CLAIMED;
}

bool gonet_cond_wait(gonet_cond_t *c, gonet_mutex_t *m)
{
    return gonet_cond_wait_until(c, m, gonet_no_deadline);
}

void gonet_cond_signal(gonet_cond_t *c)
{
    gonet__waiter_t *first;

    lock(c);
    first = gonet__waitq_claim(queue_of(c));
    unlock(c);
    if (first != NULL)
        gonet__wait_wake(first->wait);
    gonet__task_tick();
}

void gonet_cond_broadcast(gonet_cond_t *c)
{
    gonet__waiter_t *all;

    lock(c);
    all = gonet__waitq_claim_all(queue_of(c));
    unlock(c);
    gonet__waitq_wake_all(all);
    gonet__task_tick();
}
