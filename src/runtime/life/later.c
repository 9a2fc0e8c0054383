/*
 * Who has taken the word holds a reference until the task has begun, so that the function may free
 * all this. The owner closes the word, then takes the entry out of its heap, then drops his
 * reference: a worker that fires the entry does so under the heap's lock, so it has its own by
 * then, or finds the word closed. Who puts a call off may put the entry back meanwhile: so the last
 * one takes it out, too.
 */
#include "runtime/life/later.h"

#include "base/list.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/ground/fork.h"
#include "runtime/life/spawn.h"
#include "runtime/life/start.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/task.h"
#include "runtime/time/clock.h"

#define FREED    INT64_MIN
#define RETRY_NS (10 * GONET_MILLISECOND)

static void drop(gonet__later_t *later)
{
    if (atomic_fetch_sub_explicit(&later->refs, 1, memory_order_acq_rel) != 1)
        return;
    gonet__timer_remove(&later->timer);
    later->release(later);
}

static void run(void *arg)
{
    gonet__later_t *later = arg;
    void (*fn)(void *arg) = later->fn;

    arg = later->arg;
    drop(later);
    fn(arg);
}

/* No task could be started: again in a while, unless it was set to another time or freed. */
static void put_off(gonet__later_t *later)
{
    int64_t none = 0, at = gonet__now() + RETRY_NS;

    if (atomic_compare_exchange_strong(&later->at, &none, at)) {
        if (gonet__here() != NULL)
            gonet__timer_arm(gonet__here()->timers, &later->timer, at);
        else
            (void)gonet__start_arm(&later->timer, at);
    }
    drop(later);
}

/* take says whether the caller has the call, and a reference. */
static bool take(gonet__later_t *later, int64_t at)
{
    if (at == 0 || at == FREED || !atomic_compare_exchange_strong(&later->at, &at, 0))
        return false;
    atomic_fetch_add_explicit(&later->refs, 1, memory_order_relaxed);
    return true;
}

static void start_outside(void *arg)
{
    if (gonet__spawn_outside(run, arg) != 0)
        put_off(arg);
}

/* The entry has fired. Under the heap's lock. */
static int64_t fire(gonet__timer_t *t, int64_t now, gonet__fired_t *fired)
{
    gonet__later_t *later = GONET__CONTAINER(t, gonet__later_t, timer);
    int64_t at = atomic_load(&later->at);

    if (at > now)
        return at != GONET__LATER_TOLD ? at : 0;
    if (take(later, at)) {
        fired->then = start_outside;
        fired->arg = later;
    }
    return 0;
}

void gonet__later_init(gonet__later_t *later, void (*fn)(void *arg), void *arg,
                       void (*release)(gonet__later_t *later))
{
    *later = (gonet__later_t){.timer = {.fire = fire}, .fn = fn, .arg = arg, .release = release};
    atomic_init(&later->refs, 1);
    atomic_init(&later->generation, gonet__fork_now());
}

/* In a forked child the call is the parent's. */
static void check_generation(gonet__later_t *later)
{
    if (!gonet__fork_begin_reset(&later->generation))
        return;
    later->timer = (gonet__timer_t){.fire = fire};
    atomic_store(&later->at, 0);
    atomic_store(&later->refs, 1);
    gonet__fork_end_reset(&later->generation);
}

int gonet__later_set(gonet__later_t *later, int64_t at, bool *was)
{
    int errnum = 0;

    check_generation(later);
    *was = atomic_exchange(&later->at, at) != 0;
    if (gonet__runtime_ending() && gonet__here() != NULL)
        errnum = EAGAIN;
    else if (at == GONET__LATER_TOLD)
        return 0;
    else if (gonet__here() != NULL)
        gonet__timer_arm(gonet__here()->timers, &later->timer, at);
    else
        errnum = gonet__start_arm(&later->timer, at);
    if (errnum != 0)
        atomic_store(&later->at, 0);
    return errnum;
}

bool gonet__later_stop(gonet__later_t *later)
{
    check_generation(later);
    return atomic_exchange(&later->at, 0) != 0;
}

void gonet__later_free(gonet__later_t *later)
{
    check_generation(later);
    atomic_store(&later->at, FREED);
    gonet__timer_remove(&later->timer); /* who fires it has its own reference now, or none */
    drop(later);
}

void gonet__later_tell(gonet__later_t *later)
{
    if (!take(later, atomic_load(&later->at)))
        return;
    if (gonet_go(run, later) != 0)
        put_off(later);
}
