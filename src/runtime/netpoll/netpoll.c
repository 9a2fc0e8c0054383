/*
 * Waiting for a side of a descriptor. The side's slot holds its one waiter: a task, or a thread
 * (tag). Its life is empty -> parked -> ready -> empty: who wants the waiter to go on sets the
 * ready tag and wakes it, and the waiter itself empties the slot when it runs. Until then the
 * closer may take a task away; then the task, when it runs, finds the slot changed and leaves
 * without touching the descriptor. A thread is inside of poll(2), which keeps the socket alive
 * whatever happens to its number, so a thread is only woken, and the closer waits for it. A task
 * that pauses (tag) is parked like any other, but for events, which pass it by. In the place of a
 * task there may be one that is not born yet (a value of its own), which is parked like any other,
 * too; made ready it is sent to a worker, born there, and finds in the slot what a task would
 * (birth.h).
 *
 * Deadlines are numbers. Whoever moves one forward, and the timer that comes, only make the waiter
 * look again (rechecks): what it finds then counts, so an expired deadline that was moved meanwhile
 * is none.
 */
#include "runtime/netpoll/netpoll.h"

#include <poll.h>

#include "base/compiler.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/netpoll/slot.h"
#include "runtime/netpoll/thread.h"
#include "runtime/poller/poller.h"
#include "runtime/sched/birth.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/under.h"
#include "runtime/time/clock.h"

#define NO_EVENTFD_SLICE_NS ((int64_t)10000000)
#define MAX_DELAY_MS        100u

static bool expired(gonet__pd_t *pd, gonet__side_t side)
{
    int64_t deadline = atomic_load(&pd->side[side].deadline);

    return deadline != 0 && deadline <= gonet__now();
}

gonet__poll_status_t gonet__pd_check(gonet__pd_t *pd, gonet__side_t side)
{
    if (atomic_load(&pd->closing))
        return GONET__POLL_CLOSED;
    if (expired(pd, side))
        return GONET__POLL_TIMEOUT;
    if (gonet__runtime_ending() && gonet__task_current() != NULL)
        return GONET__POLL_SHUTDOWN;
    return gonet__under_over() ? GONET__POLL_CANCELED : GONET__POLL_OK;
}

/* Makes a parked waiter ready; true if the caller was the one, who wakes what is left in *task or
 * *thread. An unborn task is sent to be born. */
static bool mark_ready(gonet__pd_t *pd, int side, uintptr_t v, bool rechecks, gonet__task_t **task,
                       gonet__thread_t **thread)
{
    gonet__poll_side_t *s = &pd->side[side];

    *task = NULL;
    *thread = NULL;
    if (v == 0 || (v & READY) != 0 || !atomic_compare_exchange_strong(&s->slot, &v, v | READY))
        return false;
    if ((v & THREAD) != 0) {
        *thread = (gonet__thread_t *)(v & ~TAGS);
        return true;
    }
    if (v == UNBORN) {
        s->rechecks = rechecks;
        gonet__birth_send(pd);
        return true;
    }
    *task = (gonet__task_t *)(v & ~TAGS);
    (*task)->rechecks = rechecks;
    return true;
}

static bool make_ready(gonet__pd_t *pd, int side, uintptr_t v, bool rechecks)
{
    gonet__thread_t *thread;
    gonet__task_t *task;
    bool ours = mark_ready(pd, side, v, rechecks, &task, &thread);

    if (task != NULL)
        gonet__task_ready(task);
    else if (thread != NULL)
        gonet__thread_signal(thread);
    return ours;
}

static void signal_thread(void *thread)
{
    gonet__thread_signal(thread);
}

/* Lets who waits for a side under a context look again. */
static void stop(void *what, unsigned side, gonet__told_t *told)
{
    gonet__pd_t *pd = what;
    gonet__thread_t *thread;

    mark_ready(pd, (int)side, atomic_load(&pd->side[side].slot), true, &told->task, &thread);
    if (thread != NULL) {
        told->wake = signal_thread;
        told->arg = thread;
    }
}

static bool event(gonet__pd_t *pd, gonet__side_t side, bool error)
{
    gonet__poll_side_t *s = &pd->side[side];
    uintptr_t v = atomic_load(&s->slot);

    if (v == 0 || (v & (THREAD | PAUSES)) != 0)
        return false;
    if (error && (v & READY) == 0)
        atomic_store_explicit(&s->error, true, memory_order_relaxed); /* read after the wake */
    if (make_ready(pd, side, v, false))
        gonet__here()->polled++;
    return true;
}

static bool wanted(gonet__pd_t *pd, gonet__side_t side)
{
    uintptr_t v = atomic_load(&pd->side[side].slot);

    return v != 0 && (v & (THREAD | PAUSES)) == 0;
}

static void failed(gonet__pd_t *pd, int errnum)
{
    bool told = false;

    atomic_store(&pd->poll_errnum, errnum);
    for (int i = 0; i < 2; i++) {
        uintptr_t v = atomic_load(&pd->side[i].slot);
        if ((v & THREAD) == 0 && make_ready(pd, i, v, true))
            told = true;
    }
    if (!told) /* nobody waits any more: the next one makes its own attempt */
        atomic_store(&pd->poll_errnum, 0);
}

static void recheck(gonet__pd_t *pd)
{
    for (int i = 0; i < 2; i++) {
        uintptr_t v = atomic_load(&pd->side[i].slot);

        if ((v & THREAD) == 0)
            make_ready(pd, i, v, true);
    }
}

/* pd's timer has come; the deadlines of the day decide. */
int64_t gonet__netpoll_timer(gonet__timer_t *t, int64_t now, gonet__fired_t *fired)
{
    gonet__pd_t *pd = GONET__CONTAINER(t, gonet__pd_t, timer);
    int64_t again = 0;

    for (int i = 0; i < 2; i++) {
        gonet__poll_side_t *s = &pd->side[i];
        uintptr_t v = atomic_load(&s->slot);
        int64_t deadline = atomic_load(&s->deadline);

        if (v == 0 || (v & (THREAD | READY)) != 0)
            continue; /* who waits there next arms it */
        if ((v & PAUSES) != 0 || (deadline != 0 && deadline <= now)) {
            gonet__thread_t *none;

            /* it looks at the clock, and may pause again */
            mark_ready(pd, i, v, true, &fired->woken[i], &none);
        } else {
            again = gonet__earlier(again, deadline);
        }
    }
    return again;
}

static const gonet__pd_calls_t calls = {.event = event,
                                        .wanted = wanted,
                                        .failed = failed,
                                        .recheck = recheck,
                                        .born = gonet__netpoll_born};

static void forget(gonet__pd_t *pd)
{
    atomic_init(&pd->lock, 0);
    atomic_init(&pd->poll_errnum, 0);
    for (int i = 0; i < 2; i++) {
        atomic_init(&pd->side[i].slot, 0);
        atomic_init(&pd->watch[i], NULL);
        atomic_init(&pd->side[i].armed, false);
        atomic_init(&pd->side[i].error, false);
        pd->side[i].delay = 0;
        pd->side[i].rechecks = false;
    }
    pd->next_unborn = NULL;
    pd->timer = (gonet__timer_t){.fire = gonet__netpoll_timer};
}

void gonet__pd_init(gonet__pd_t *pd, int fd)
{
    pd->fd = fd;
    forget(pd);
    pd->calls = &calls;
    atomic_init(&pd->closing, false);
    atomic_init(&pd->side[0].deadline, 0);
    atomic_init(&pd->side[1].deadline, 0);
}

unsigned gonet__pd_reset(gonet__pd_t *pd)
{
    struct gonet__watch *a = atomic_load(&pd->watch[0]), *b = atomic_load(&pd->watch[1]);
    unsigned held = (a != NULL) + (b != NULL && b != a);

    if (atomic_load(&pd->lock) != 0)
        held = 0; /* they were being changed: better too many references than too few */
    forget(pd);
    return held;
}

/*
 * The last wake was an error event, and the call found nothing to report: if an error queue is all
 * there is, a reader is told so, and a writer waits a little, since its side is not to be affected.
 */
GONET__COLD static gonet__poll_status_t after_error(gonet__pd_t *pd, gonet__side_t side,
                                                    int *errnum)
{
    gonet__poll_side_t *s = &pd->side[side];
    struct pollfd p = {.fd = pd->fd, .events = side == GONET__SIDE_READ ? POLLIN : POLLOUT};
    unsigned ms;

    atomic_store_explicit(&s->error, false, memory_order_relaxed);
    if (poll(&p, 1, 0) <= 0 || (p.revents & (POLLIN | POLLOUT | POLLHUP)) != 0 ||
        (p.revents & POLLERR) == 0) {
        s->delay = 0;
        return GONET__POLL_OK;
    }
    if (side == GONET__SIDE_READ)
        return GONET__POLL_NOT_POLLABLE;
    ms = s->delay >= 7 ? MAX_DELAY_MS : 1u << s->delay++;
    return gonet__pd_pause(pd, side, ms, errnum);
}

static inline void park_for(gonet__pd_t *pd, gonet__side_t side, gonet__task_t *task)
{
    task->side = (uint8_t)side;
    task->parked_in = pd;
    task->park = GONET__PARK_POLL;
    gonet__task_park(task);
}

/* Parks a task that is in its slot, as v, and that something may keep from it, or may end its wait
 * (until != 0: at the latest): OK when it has parked. */
static inline gonet__poll_status_t park_closely(gonet__pd_t *pd, gonet__side_t side,
                                                gonet__task_t *task, uintptr_t v, int64_t until)
{
    gonet__poll_side_t *s = &pd->side[side];
    gonet__under_t *u = gonet__under_now();
    gonet__poll_status_t status;

    if (u != NULL)
        gonet__under_enter(u, stop, pd, side);
    status = gonet__pd_check(pd, side);
    if (status == GONET__POLL_OK || !retract(s, v)) {
        until = gonet__earlier(until, atomic_load_explicit(&s->deadline, memory_order_relaxed));
        if (until != 0)
            arm_timer(pd, until);
        park_for(pd, side, task);
        status = GONET__POLL_OK;
    }
    if (u != NULL)
        gonet__under_leave(u);
    return status;
}

/*
 * The order matters, since a loop may drop the side's interest, fire the timer or end at this very
 * moment, on another worker: the caller is in the slot before it looks at `armed` and at the timer;
 * they change these before they look at the slot. So one of the two sees the other.
 */
static gonet__poll_status_t wait_task(gonet__pd_t *pd, gonet__side_t side, gonet__task_t *task,
                                      int *errnum)
{
    gonet__poll_side_t *s = &pd->side[side];
    gonet__poll_status_t status;

    do {
        if (atomic_load_explicit(&pd->poll_errnum, memory_order_relaxed) != 0) {
            *errnum = atomic_exchange(&pd->poll_errnum, 0);
            if (*errnum != 0)
                return GONET__POLL_NO_MEMORY;
        }
        atomic_store(&s->slot, (uintptr_t)task);
        if (!atomic_load(&s->armed) && !gonet__poller_arm(&gonet__here()->poller, pd, side) &&
            retract(s, (uintptr_t)task)) {
            *errnum = ENOMEM;
            return GONET__POLL_NO_MEMORY;
        }
        if (gonet__pd_clear(pd, side)) {
            park_for(pd, side, task);
        } else {
            status = park_closely(pd, side, task, (uintptr_t)task, 0);
            if (status != GONET__POLL_OK)
                return status;
        }
        if (!retract(s, (uintptr_t)task | READY))
            return GONET__POLL_TAKEN;
    } while (task->rechecks);
    return GONET__POLL_OK;
}

static gonet__poll_status_t pause_task(gonet__pd_t *pd, gonet__side_t side, gonet__task_t *task,
                                       int64_t until)
{
    gonet__poll_side_t *s = &pd->side[side];
    const uintptr_t v = (uintptr_t)task | PAUSES;
    gonet__poll_status_t status;

    while (gonet__now() < until) {
        atomic_store(&s->slot, v);
        status = park_closely(pd, side, task, v, until);
        if (status != GONET__POLL_OK)
            return status;
        if (!retract(s, v | READY))
            return GONET__POLL_TAKEN;
    }
    return gonet__pd_check(pd, side);
}

/* Until when a thread may poll: its deadline, its context's, the end of its pause or of a slice; 0:
 * for ever. */
static int64_t poll_limit(const gonet__poll_side_t *s, const gonet__thread_t *t, int64_t until)
{
    int64_t limit = gonet__earlier(until, atomic_load(&s->deadline));
    gonet__under_t *u = gonet__under_now();

    if (u != NULL)
        limit = gonet__earlier(limit, u->deadline);
    if (t->event < 0)
        limit = gonet__earlier(limit, gonet__add_ns(gonet__now(), NO_EVENTFD_SLICE_NS));
    return limit;
}

/*
 * Polls once with the slot filled with v; true when the wait is over with *status, or to be
 * repeated (OK, *again). until != 0: it pauses, and does not look at the descriptor.
 */
static bool thread_poll(gonet__pd_t *pd, gonet__side_t side, gonet__thread_t *t, int64_t until,
                        gonet__poll_status_t *status, bool *again, int *errnum)
{
    gonet__poll_side_t *s = &pd->side[side];
    uintptr_t v = (uintptr_t)t | THREAD;
    struct pollfd p[2] = {
        {.fd = until != 0 ? -1 : pd->fd, .events = side == GONET__SIDE_READ ? POLLIN : POLLOUT},
        {.fd = t->event, .events = POLLIN}};
    int failed = gonet__thread_poll(p, 2, poll_limit(s, t, until));

    if (atomic_load(&s->slot) == v) {
        bool over = failed != 0 || p[0].revents != 0 || (until != 0 && gonet__now() >= until);
        gonet__poll_status_t found = failed != 0 ? GONET__POLL_REFUSED
                                     : over      ? GONET__POLL_OK
                                                 : gonet__pd_check(pd, side);

        if (!over && found == GONET__POLL_OK)
            return false;
        if (retract(s, v)) {
            atomic_store_explicit(&s->error, p[0].revents == POLLERR, memory_order_relaxed);
            *errnum = failed;
            *status = found;
            return true;
        }
    }
    gonet__thread_consume(t);
    *again = retract(s, v | READY);
    *status = *again ? GONET__POLL_OK : GONET__POLL_TAKEN;
    return true;
}

/* until != 0: a pause. */
static gonet__poll_status_t wait_as(gonet__thread_t *t, gonet__pd_t *pd, gonet__side_t side,
                                    int64_t until, int *errnum)
{
    gonet__poll_side_t *s = &pd->side[side];
    uintptr_t v = (uintptr_t)t | THREAD;
    gonet__poll_status_t status;
    bool again;

    do {
        again = false;
        atomic_store(&s->slot, v);
        status = gonet__pd_check(pd, side);
        if (status != GONET__POLL_OK && retract(s, v))
            return status;
        while (!thread_poll(pd, side, t, until, &status, &again, errnum)) {
        }
    } while (again);
    return status;
}

GONET__NOINLINE static gonet__poll_status_t wait_thread(gonet__pd_t *pd, gonet__side_t side,
                                                        int64_t until, int *errnum)
{
    gonet__under_t *u = gonet__under_now();
    gonet__thread_t t;
    gonet__poll_status_t status;

    gonet__thread_begin(&t);
    if (u != NULL)
        gonet__under_enter(u, stop, pd, side);
    status = wait_as(&t, pd, side, until, errnum);
    if (u != NULL)
        gonet__under_leave(u);
    gonet__thread_end(&t);
    return status;
}

gonet__poll_status_t gonet__pd_wait(gonet__pd_t *pd, gonet__side_t side, int *errnum)
{
    gonet__task_t *task = gonet__task_current();

    if (atomic_load_explicit(&pd->side[side].error, memory_order_relaxed)) {
        gonet__poll_status_t status = after_error(pd, side, errnum);
        if (status != GONET__POLL_OK)
            return status;
    }
    if (task != NULL)
        return wait_task(pd, side, task, errnum);
    return wait_thread(pd, side, 0, errnum);
}

gonet__poll_status_t gonet__pd_pause(gonet__pd_t *pd, gonet__side_t side, unsigned ms, int *errnum)
{
    gonet__task_t *task = gonet__task_current();
    int64_t until = gonet__add_ns(gonet__now(), ms * GONET_MILLISECOND);

    if (task != NULL)
        return pause_task(pd, side, task, until);
    return wait_thread(pd, side, until, errnum);
}

void gonet__pd_set_deadline(gonet__pd_t *pd, unsigned mask, int64_t deadline)
{
    for (int i = 0; i < 2; i++) {
        gonet__poll_side_t *s = &pd->side[i];
        if ((mask & (1u << i)) == 0)
            continue;
        int64_t before = atomic_exchange(&s->deadline, deadline);
        if (deadline != 0 && (before == 0 || deadline < before))
            make_ready(pd, i, atomic_load(&s->slot), true);
    }
}

void gonet__pd_close(gonet__pd_t *pd)
{
    atomic_store(&pd->closing, true);
}

bool gonet__pd_take(gonet__pd_t *pd, gonet__side_t side)
{
    gonet__poll_side_t *s = &pd->side[side];
    uintptr_t v;

    pd->ops->hold(pd); /* for the waiter, who looks at the slot when it runs */
    do {
        v = atomic_load(&s->slot);
        if (v == 0 || (v & THREAD) != 0) {
            make_ready(pd, side, v, true); /* a thread looks again, and leaves by itself */
            pd->ops->unhold(pd);
            return false;
        }
    } while (!atomic_compare_exchange_weak(&s->slot, &v, 0));
    if ((v & READY) != 0)
        return true; /* it is on its way already */
    if (v == UNBORN)
        gonet__birth_send(pd);
    else
        gonet__task_ready((gonet__task_t *)(v & ~TAGS));
    return true;
}

void gonet__pd_detach(gonet__pd_t *pd)
{
    gonet__poller_detach(pd);
    gonet__timer_remove(&pd->timer);
}
