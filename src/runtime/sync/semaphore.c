/*
 * The weighted semaphore: how much is taken, and a queue of those who wait for more, under a spin
 * lock. Who gives back grants the first ones in the queue what they wait for, as long as it
 * suffices, and wakes them after the lock; who gives up waiting, in front of the queue, does so for
 * those behind it.
 *
 * In a forked child the first lock forgets the queue; what is taken stays taken.
 */
#include "gonet/sync.h"

#include "base/list.h"
#include "gonet/errno.h"
#include "runtime/sync/context.h"
#include "runtime/sync/context_run.h"
#include "runtime/ground/fatal.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/task.h"
#include "runtime/sync/waitq.h"

typedef struct {
    gonet__waiter_t node;
    int64_t n;
    bool granted;
} asker_t;

static _Atomic uint32_t *lock_of(gonet_semaphore_t *s)
{
    return (_Atomic uint32_t *)(void *)&s->private_lock;
}

static gonet__waiter_t **queue_of(gonet_semaphore_t *s)
{
    return (gonet__waiter_t **)(void *)&s->private_waiters;
}

static void lock(gonet_semaphore_t *s)
{
    if (gonet__spin_lock(lock_of(s)) != GONET__SPIN_KNOWN)
        *queue_of(s) = NULL;
}

static void unlock(gonet_semaphore_t *s)
{
    gonet__spin_unlock(lock_of(s));
}

static bool has_room(const gonet_semaphore_t *s, int64_t n)
{
    return n <= s->size - s->private_taken;
}

/* take takes n if nobody waits for some; under the lock. */
static bool take(gonet_semaphore_t *s, int64_t n)
{
    if (*queue_of(s) != NULL || !has_room(s, n))
        return false;
    s->private_taken += n;
    return true;
}

/* grant serves those in front of the queue: a list to be woken after the lock. */
static gonet__waiter_t *grant(gonet_semaphore_t *s)
{
    gonet__waiter_t *list = NULL, **end = &list, *n;

    while ((n = *queue_of(s)) != NULL) {
        asker_t *a = GONET__CONTAINER(n, asker_t, node);

        if (!has_room(s, a->n))
            break;
        gonet__waitq_remove(queue_of(s), n);
        if (!gonet__wait_claim(n->wait))
            continue;
        s->private_taken += a->n;
        a->granted = true;
        *end = n;
        end = &n->next;
    }
    return list;
}

/* leave takes one who has stopped waiting out of the queue. */
static void leave(gonet_semaphore_t *s, asker_t *a)
{
    gonet__waiter_t *next;

    lock(s);
    gonet__waitq_remove(queue_of(s), &a->node);
    next = grant(s);
    unlock(s);
    gonet__waitq_wake_all(next);
}

/* wait_turn waits as long as ctx lasts; the caller has queued a for wait, or nobody knows of it. */
static gonet_error_t *wait_turn(gonet_semaphore_t *s, gonet_context_t *ctx, asker_t *a)
{
    gonet__wait_state_t how = GONET__WAIT_CLAIMED;
    gonet__context_watch_t watch;
    gonet_error_t *e;

    if (gonet__context_watch(&watch, ctx, gonet__context_claim, a->node.wait))
        how = gonet__wait_for(a->node.wait, gonet__context_deadline_ns(ctx), 0, "semaphore");
    gonet__context_unwatch(&watch);
    e = gonet__context_err(ctx);
    if (a->granted && e != NULL)
        gonet_semaphore_release(s, a->n); /* too late: as if it had not been granted */
    else if (!a->granted)
        leave(s, a);
    if (a->granted || e != NULL)
        return e;
    if (how != GONET__WAIT_INTERRUPTED)
        return gonet_err_context_deadline_exceeded;
    e = gonet__under_error();
    return e != NULL ? e : gonet_err_closed;
}

int gonet_semaphore_acquire(gonet_semaphore_t *s, gonet_context_t *ctx, int64_t n,
                            gonet_error_t **err)
{
    gonet_error_t *e = n < 0 ? gonet_errno_error(EINVAL) : gonet__context_err(ctx);
    gonet__wait_t wait;
    asker_t a = {.node.wait = &wait, .n = n};

    gonet__task_tick(); /* others run before, not while it is held */
    if (e == NULL) {
        lock(s);
        if (take(s, n)) {
            unlock(s);
        } else {
            gonet__wait_init(&wait);
            if (n <= s->size)
                gonet__waitq_push_back(queue_of(s), &a.node);
            unlock(s);
            e = wait_turn(s, ctx, &a);
        }
    }
    gonet_error_set(err, e);
    return e == NULL ? 0 : -1;
}

bool gonet_semaphore_try_acquire(gonet_semaphore_t *s, int64_t n)
{
    bool taken;

    gonet__task_tick();
    lock(s);
    taken = n >= 0 && take(s, n);
    unlock(s);
    return taken;
}

void gonet_semaphore_release(gonet_semaphore_t *s, int64_t n)
{
    gonet__waiter_t *next;

    lock(s);
    if (n < 0 || n > s->private_taken)
        gonet__fatal("panic: semaphore: released more than held");
    s->private_taken -= n;
    next = grant(s);
    unlock(s);
    gonet__waitq_wake_all(next);
}
