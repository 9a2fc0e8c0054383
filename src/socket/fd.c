/*
 * The fd mutex: one word for closed, two locks, their queues and the references; one CAS to enter,
 * one to leave: that is all of it that most calls meet, and what else there may be is kept out of
 * their way. A caller that finds a side locked queues and is handed the lock together with the
 * descriptor reference of the one before; it holds the object's memory meanwhile, not the
 * descriptor.
 *
 * Close marks the word, sends the queues away, and takes the tasks that are parked (their locks and
 * references are dropped for them): so it waits only for calls that are inside the kernel, as a
 * thread that polls is, or inside a user's function. Whoever drops the last reference takes the
 * descriptor off the loops and closes it.
 */
#include "socket/fd.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/say.h"
#include "gonet/errno.h"
#include "runtime/ground/fork.h"
#include "runtime/life/pool.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/task.h"
#include "runtime/sched/under.h"
#include "runtime/sched/wait.h"
#include "socket/fd_callback.h"
#include "socket/fd_lock.h"
#include "socket/sockopt.h"
#include "socket/sys.h"

typedef struct {
    gonet__wait_t wait;
    gonet__list_t node;
} queued_t;

static void hold_pd(gonet__pd_t *pd)
{
    gonet__fd_hold(GONET__CONTAINER(pd, gonet__fd_t, pd));
}

static void unhold_pd(gonet__pd_t *pd)
{
    gonet__fd_unhold(GONET__CONTAINER(pd, gonet__fd_t, pd));
}

static const gonet__pd_ops_t pd_ops = {
    .hold = hold_pd, .unhold = unhold_pd, .born = gonet__fd_born};

void gonet__fd_init(gonet__fd_t *fd, int sysfd, int family, int sotype,
                    void (*destroy)(gonet__fd_t *fd))
{
    gonet__pd_init(&fd->pd, sysfd);
    fd->pd.ops = &pd_ops;
    atomic_init(&fd->state, GONET__FD_REF); /* the reference that close drops */
    atomic_init(&fd->memory, 1);
    atomic_init(&fd->queue_lock, gonet__spin_init());
    gonet__list_init(&fd->queue[0]);
    gonet__list_init(&fd->queue[1]);
    fd->destroy = destroy;
    atomic_init(&fd->generation, gonet__fork_now());
    atomic_init(&fd->closer, NULL);
    fd->close_errnum = 0;
    fd->family = (uint8_t)family;
    fd->sotype = (uint8_t)sotype;
    fd->stream = sotype == SOCK_STREAM;
    fd->zero_is_eof = sotype != SOCK_DGRAM && sotype != SOCK_RAW;
    fd->connected = false;
    fd->drained = false;
    fd->skip = 0;
    fd->next_skip = GONET__SKIP_FIRST;
    atomic_init(&fd->exported, false);
    atomic_init(&fd->lingers, false);
}

void gonet__fd_hold(gonet__fd_t *fd)
{
    atomic_fetch_add_explicit(&fd->memory, 1, memory_order_relaxed);
}

void gonet__fd_unhold(gonet__fd_t *fd)
{
    if (atomic_fetch_sub_explicit(&fd->memory, 1, memory_order_acq_rel) == 1)
        fd->destroy(fd);
}

/*
 * The first use in a forked child: locks, waiters and watches of the parent mean nothing here; held
 * is what the child itself has. A call of the parent's that was under way keeps its reference to
 * the memory for ever.
 */
static void forget_parent(gonet__fd_t *fd, uint64_t held)
{
    uint64_t state = atomic_load(&fd->state);
    bool users = (state & (GONET__FD_REFS * GONET__FD_REF)) != 0;

    atomic_fetch_sub(&fd->memory, gonet__pd_reset(&fd->pd));
    atomic_init(&fd->queue_lock, 0);
    gonet__list_init(&fd->queue[0]);
    gonet__list_init(&fd->queue[1]);
    atomic_init(&fd->closer, NULL);
    if ((state & GONET__FD_CLOSED) == 0)
        atomic_store(&fd->state, GONET__FD_REF + held);
    else
        atomic_store(&fd->state, GONET__FD_CLOSED + held);
    if ((state & GONET__FD_CLOSED) != 0 && users && held == 0)
        (void)gonet__sys_close(fd->pd.fd); /* the parent's last user will, there */
}

void gonet__fd_keep_in_child(gonet__fd_t *fd, uint64_t held)
{
    forget_parent(fd, held);
    atomic_store(&fd->generation, gonet__fork_coming());
}

static inline void check_generation(gonet__fd_t *fd)
{
    if (!gonet__fork_begin_reset(&fd->generation))
        return;
    forget_parent(fd, 0);
    gonet__fork_end_reset(&fd->generation);
}

static void too_many(void)
{
    gonet__say("gonet: too many concurrent operations on a single file or socket (max 1048575)\n");
    abort();
}

static void fill(gonet__fail_t *fail, gonet__fail_kind_t kind, const char *syscall, int errnum)
{
    *fail = (gonet__fail_t){.kind = kind, .errnum = errnum, .syscall = syscall};
}

static bool fail_closed(gonet__fd_t *fd, gonet__fail_t *fail)
{
    gonet__fd_hold(fd);
    fill(fail, GONET__FAIL_CLOSED, NULL, 0);
    gonet__task_tick();
    return false;
}

/* ---- the end of the descriptor ---- */

static void finish(gonet__fd_t *fd)
{
    int sysfd = fd->pd.fd;
    gonet__wait_t *closer;

    gonet__pd_detach(&fd->pd);
    if (atomic_load(&fd->lingers) || atomic_load(&fd->exported))
        gonet__fork_disown(sysfd);
    /* EINTR too: the number is free on Linux */
    fd->close_errnum = (uint16_t)(gonet__sys_close(sysfd) == 0 ? 0 : errno);
    closer = atomic_exchange(&fd->closer, (gonet__wait_t *)fd);
    if (closer != NULL && gonet__wait_claim(closer))
        gonet__wait_wake(closer);
    gonet__fd_unhold(fd);
}

static void finish_job(void *arg)
{
    finish(arg);
}

static bool may_linger(const gonet__fd_t *fd)
{
    return atomic_load(&fd->lingers) ||
           (atomic_load(&fd->exported) && gonet__sockopt_lingers(fd->pd.fd));
}

/* The last reference is gone. The memory is held until the descriptor is closed. */
static void last_reference(gonet__fd_t *fd)
{
    gonet__fd_hold(fd);
    /* a close that lingers blocks: not on a worker */
    if (gonet__task_current() != NULL && may_linger(fd)) {
        gonet__fork_own(fd->pd.fd); /* nobody else in a child could close it */
        if (gonet__pool_run(GONET__WORK_CLOSE, finish_job, fd))
            return;
    }
    finish(fd);
}

/* Drops n references (and the bits) from the word; the last one ends the descriptor: true. */
static bool drop(gonet__fd_t *fd, uint64_t n, uint64_t bits)
{
    uint64_t old = atomic_load_explicit(&fd->state, memory_order_relaxed);

    while (!atomic_compare_exchange_weak_explicit(&fd->state, &old,
                                                  (old - n * GONET__FD_REF) & ~bits,
                                                  memory_order_acq_rel, memory_order_relaxed)) {
    }
    if (((old / GONET__FD_REF) & GONET__FD_REFS) != n)
        return false;
    last_reference(fd);
    return true;
}

/* ---- locks ---- */

/* Under the queue's lock. The first of the queue who still waits, claimed; NULL: none. */
static queued_t *pop_queue(gonet__fd_t *fd, gonet__side_t side)
{
    queued_t *q = NULL;
    gonet__list_t *n;

    while (q == NULL && (n = gonet__list_pop_front(&fd->queue[side])) != NULL) {
        q = GONET__CONTAINER(n, queued_t, node);
        if (!gonet__wait_claim(&q->wait))
            q = NULL; /* it was interrupted */
    }
    if (gonet__list_empty(&fd->queue[side]))
        atomic_fetch_and(&fd->state, ~GONET__FD_QUEUE(side));
    return q;
}

/* gonet_shutdown, or the caller's context, has ended the wait. */
static void leave_queue(gonet__fd_t *fd, gonet__side_t side, gonet__list_t *node)
{
    gonet__spin_lock(&fd->queue_lock);
    gonet__list_remove(node);
    if (gonet__list_empty(&fd->queue[side]))
        atomic_fetch_and(&fd->state, ~GONET__FD_QUEUE(side));
    gonet__spin_unlock(&fd->queue_lock);
}

/* Queues the caller for side. True: it has the lock (and a reference). False: closed; held. */
static bool queue_up(gonet__fd_t *fd, gonet__side_t side, gonet__fail_t *fail)
{
    gonet__fail_kind_t kind = GONET__FAIL_CLOSED;
    queued_t q;
    uint64_t old;

    gonet__wait_init(&q.wait);
    gonet__spin_lock(&fd->queue_lock);
    old = atomic_load(&fd->state);
    for (;;) {
        uint64_t new;
        if ((old & GONET__FD_CLOSED) != 0) {
            gonet__spin_unlock(&fd->queue_lock);
            return fail_closed(fd, fail);
        }
        new = (old & GONET__FD_LOCK(side)) != 0 ? old | GONET__FD_QUEUE(side)
                                                : (old | GONET__FD_LOCK(side)) + GONET__FD_REF;
        if (atomic_compare_exchange_weak(&fd->state, &old, new)) {
            if ((old & GONET__FD_LOCK(side)) == 0) { /* it became free meanwhile */
                gonet__spin_unlock(&fd->queue_lock);
                return true;
            }
            break;
        }
    }
    gonet__fd_hold(fd);
    gonet__list_push_back(&fd->queue[side], &q.node);
    gonet__spin_unlock(&fd->queue_lock);
    if (gonet__wait_for(&q.wait, 0, 0,
                        side == GONET__SIDE_READ ? "another reader" : "another writer") !=
        GONET__WAIT_CLAIMED) {
        leave_queue(fd, side, &q.node);
        if (gonet__under_over())
            kind = GONET__FAIL_CANCELED;
    }
    if (q.wait.value == 0) { /* sent away by the closer, or interrupted: the memory stays held */
        fill(fail, kind, NULL, 0);
        return false;
    }
    gonet__fd_unhold(fd);
    return true;
}

bool gonet__fd_queue_for(gonet__fd_t *fd, gonet__side_t side, gonet__fail_t *fail)
{
    uint64_t old;

    check_generation(fd);
    old = atomic_load_explicit(&fd->state, memory_order_relaxed);
    do {
        if ((old & (GONET__FD_CLOSED | GONET__FD_LOCK(side))) != 0)
            return (old & GONET__FD_CLOSED) != 0 ? fail_closed(fd, fail) : queue_up(fd, side, fail);
        if (((old / GONET__FD_REF) & GONET__FD_REFS) == GONET__FD_REFS)
            too_many();
    } while (!atomic_compare_exchange_weak_explicit(&fd->state, &old,
                                                    (old | GONET__FD_LOCK(side)) + GONET__FD_REF,
                                                    memory_order_acq_rel, memory_order_relaxed));
    return true;
}

/* Hands the lock and the reference of its holder to the next in the queue, if there is one. */
static bool hand_over(gonet__fd_t *fd, gonet__side_t side)
{
    queued_t *q;

    gonet__spin_lock(&fd->queue_lock);
    q = pop_queue(fd, side);
    gonet__spin_unlock(&fd->queue_lock);
    if (q == NULL)
        return false;
    q->wait.value = 1;
    gonet__wait_wake(&q->wait);
    return true;
}

void gonet__fd_leave(gonet__fd_t *fd, gonet__side_t side)
{
    uint64_t old = atomic_load_explicit(&fd->state, memory_order_relaxed);

    for (;;) {
        if ((old & GONET__FD_QUEUE(side)) != 0) {
            if (hand_over(fd, side))
                return;
            old = atomic_load(&fd->state);
            continue;
        }
        if (atomic_compare_exchange_weak_explicit(&fd->state, &old,
                                                  (old - GONET__FD_REF) & ~GONET__FD_LOCK(side),
                                                  memory_order_acq_rel, memory_order_relaxed))
            break;
    }
    if (((old / GONET__FD_REF) & GONET__FD_REFS) == 1)
        last_reference(fd);
}

void gonet__fd_end_fail(gonet__fd_t *fd, gonet__side_t side, gonet__fail_t *fail,
                        gonet__fail_kind_t kind, const char *syscall, int errnum)
{
    gonet__fd_hold(fd);
    fill(fail, kind, syscall, errnum);
    gonet__fd_end(fd, side);
}

/* What a poll status means for a caller; TAKEN and OK are not for here. */
static gonet__fail_kind_t fail_kind(gonet__poll_status_t status)
{
    switch (status) {
    case GONET__POLL_OK:
        break;
    case GONET__POLL_CLOSED:
    case GONET__POLL_TAKEN:
    case GONET__POLL_SHUTDOWN:
        return GONET__FAIL_CLOSED;
    case GONET__POLL_TIMEOUT:
        return GONET__FAIL_TIMEOUT;
    case GONET__POLL_CANCELED:
        return GONET__FAIL_CANCELED;
    case GONET__POLL_NOT_POLLABLE:
        return GONET__FAIL_NOT_POLLABLE;
    case GONET__POLL_NO_MEMORY:
        return GONET__FAIL_ERRNO;
    case GONET__POLL_REFUSED:
        return GONET__FAIL_SYSCALL;
    }
    return GONET__FAIL_NONE;
}

bool gonet__fd_may_begin(gonet__fd_t *fd, gonet__side_t side, gonet__fail_t *fail)
{
    gonet__poll_status_t status = gonet__pd_check(&fd->pd, side);

    if (status == GONET__POLL_OK)
        return true;
    gonet__fd_end_fail(fd, side, fail, fail_kind(status), NULL, 0);
    if (status == GONET__POLL_SHUTDOWN)
        gonet__wait_told(atomic_load(&fd->pd.side[side].deadline));
    return false;
}

bool gonet__fd_wait_failed(gonet__fd_t *fd, gonet__side_t side, gonet__poll_status_t status,
                           int errnum, gonet__fail_t *fail)
{
    if (status ==
        GONET__POLL_TAKEN) /* lock and reference were dropped for us, the memory is held */
        fill(fail, GONET__FAIL_CLOSED, NULL, 0);
    else
        gonet__fd_end_fail(fd, side, fail, fail_kind(status),
                           status == GONET__POLL_REFUSED ? "poll" : NULL, errnum);
    if (status == GONET__POLL_SHUTDOWN)
        gonet__wait_told(atomic_load(&fd->pd.side[side].deadline));
    return false;
}

/* ---- references ---- */

bool gonet__fd_ref(gonet__fd_t *fd, gonet__fail_t *fail)
{
    uint64_t old;

    check_generation(fd);
    old = atomic_load_explicit(&fd->state, memory_order_relaxed);
    do {
        if ((old & GONET__FD_CLOSED) != 0)
            return fail_closed(fd, fail);
        if (((old / GONET__FD_REF) & GONET__FD_REFS) == GONET__FD_REFS)
            too_many();
    } while (!atomic_compare_exchange_weak_explicit(&fd->state, &old, old + GONET__FD_REF,
                                                    memory_order_acq_rel, memory_order_relaxed));
    return true;
}

void gonet__fd_unref(gonet__fd_t *fd)
{
    drop(fd, 1, 0);
}

void gonet__fd_unref_fail(gonet__fd_t *fd, gonet__fail_t *fail, const char *syscall, int errnum)
{
    gonet__fd_hold(fd);
    fill(fail, syscall != NULL ? GONET__FAIL_SYSCALL : GONET__FAIL_ERRNO, syscall, errnum);
    gonet__fd_unref(fd);
}

bool gonet__fd_set_deadline(gonet__fd_t *fd, unsigned mask, int64_t deadline, gonet__fail_t *fail)
{
    if (!gonet__fd_ref(fd, fail))
        return false;
    gonet__pd_set_deadline(&fd->pd, mask, deadline);
    gonet__fd_unref(fd);
    return true;
}

/* ---- close ---- */

/* Everybody who queues for side comes back with the closed error. */
static void send_away(gonet__fd_t *fd, gonet__side_t side)
{
    queued_t *q;

    do {
        gonet__spin_lock(&fd->queue_lock);
        q = pop_queue(fd, side);
        gonet__spin_unlock(&fd->queue_lock);
        if (q != NULL)
            gonet__wait_wake(&q->wait); /* with value 0 */
    } while (q != NULL);
}

static bool mark_closed(gonet__fd_t *fd)
{
    uint64_t old = atomic_load(&fd->state);

    do {
        if ((old & GONET__FD_CLOSED) != 0)
            return false;
    } while (!atomic_compare_exchange_weak(&fd->state, &old, old | GONET__FD_CLOSED));
    return true;
}

/* Waits until the last user has closed the descriptor. */
static void wait_for_last(gonet__fd_t *fd)
{
    gonet__wait_t w;
    gonet__wait_t *none = NULL;

    gonet__wait_init(&w);
    if (atomic_compare_exchange_strong(&fd->closer, &none, &w))
        gonet__wait_for(&w, 0, GONET__WAIT_UNINTERRUPTIBLE, "the last user of a closed descriptor");
}

bool gonet__fd_close(gonet__fd_t *fd, gonet__fail_t *fail)
{
    bool inside;
    bool last;

    check_generation(fd);
    if (!mark_closed(fd))
        return fail_closed(fd, fail);
    gonet__pd_close(&fd->pd);
    inside = gonet__fd_callback_inside(fd);
    gonet__fd_hold(fd);
    for (int side = 0; side < 2; side++) {
        send_away(fd, (gonet__side_t)side);
        if (gonet__pd_take(&fd->pd, (gonet__side_t)side))
            drop(fd, 1, GONET__FD_LOCK(side));
    }
    last = drop(fd, 1, 0);
    if (!inside)
        wait_for_last(fd);
    if (last && fd->close_errnum != 0) { /* of another user's close nobody hears (behaviour 9.9) */
        fill(fail, GONET__FAIL_ERRNO, NULL, fd->close_errnum);
        return false; /* held */
    }
    gonet__fd_unhold(fd);
    gonet__task_tick();
    return true;
}
