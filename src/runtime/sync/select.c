/*
 * Select: looks at all cases with all their channels locked (in the order of their addresses, so
 * that two selects cannot deadlock); if none can go on, it queues in all of them with one wait,
 * which whoever comes first claims. Nodes and the lock order lie in the cases themselves: nothing
 * is allocated.
 */
#include "gonet/chan.h"

#include <assert.h>
#include <string.h>

#include "gonet/errno.h"
#include "runtime/sched/task.h"
#include "runtime/sched/under.h"
#include "runtime/sync/chan.h"
#include "runtime/time/clock.h"

typedef struct {
    gonet__chan_waiter_t waiter;
    uint32_t order; /* in case k: which case is the k-th to lock */
} scratch_t;

static_assert(sizeof(scratch_t) <= sizeof(((gonet_select_case_t *)0)->private_words),
              "private_words is too small");

typedef struct {
    gonet_select_case_t *cases;
    size_t n;
    size_t live; /* cases with a channel */
} select_t;

static scratch_t *scratch(gonet_select_case_t *c)
{
    return (scratch_t *)(void *)c->private_words;
}

/* nth returns the k-th case in locking order. */
static gonet_select_case_t *nth(select_t *s, size_t k)
{
    return &s->cases[scratch(&s->cases[k])->order];
}

static gonet__waiter_t **queue_of(gonet_select_case_t *c)
{
    return c->send != NULL ? &c->ch->senders : &c->ch->receivers;
}

static bool before(select_t *s, size_t a, size_t b)
{
    return (uintptr_t)nth(s, a)->ch < (uintptr_t)nth(s, b)->ch;
}

static void swap(select_t *s, size_t a, size_t b)
{
    uint32_t order = scratch(&s->cases[a])->order;

    scratch(&s->cases[a])->order = scratch(&s->cases[b])->order;
    scratch(&s->cases[b])->order = order;
}

/* sift lets the k-th sink to its place in a heap of the first size. */
static void sift(select_t *s, size_t k, size_t size)
{
    for (size_t child; (child = 2 * k + 1) < size; k = child) {
        if (child + 1 < size && before(s, child, child + 1))
            child++;
        if (!before(s, k, child))
            return;
        swap(s, k, child);
    }
}

/* arrange finds the order in which to lock: a heap sort, which needs no room and has no bad cases.
 */
static void arrange(select_t *s)
{
    s->live = 0;
    for (size_t i = 0; i < s->n; i++) {
        s->cases[i].ok = false;
        if (s->cases[i].ch != NULL)
            scratch(&s->cases[s->live++])->order = (uint32_t)i;
    }
    for (size_t k = s->live / 2; k-- > 0;)
        sift(s, k, s->live);
    for (size_t size = s->live; size > 1; size--) {
        swap(s, 0, size - 1);
        sift(s, 0, size - 1);
    }
}

static void lock_all(select_t *s)
{
    for (size_t k = 0; k < s->live; k++) {
        if (k == 0 || nth(s, k)->ch != nth(s, k - 1)->ch)
            gonet__chan_lock(nth(s, k)->ch);
    }
}

static void unlock_all(select_t *s)
{
    for (size_t k = s->live; k-- > 0;) {
        if (k == 0 || nth(s, k)->ch != nth(s, k - 1)->ch)
            gonet__chan_unlock(nth(s, k)->ch);
    }
}

/* anybody says whether somebody waits in queue; it drops those who have stopped waiting. */
static bool anybody(gonet__waiter_t **queue)
{
    while (*queue != NULL) {
        if (gonet__wait_state((*queue)->wait) == GONET__WAIT_WAITING)
            return true;
        gonet__waitq_remove(queue, *queue);
    }
    return false;
}

static bool ready(gonet_select_case_t *c)
{
    gonet_chan_t *ch = c->ch;

    if (c->send != NULL)
        return ch->closed || ch->receive_only || ch->count < ch->cap || anybody(&ch->receivers);
    return ch->count > 0 || anybody(&ch->senders) || gonet__chan_due_locked(ch) ||
           gonet__chan_closed_locked(ch);
}

/* below returns a random number below n. */
static uint32_t below(uint32_t n)
{
    gonet__local_t *l = gonet__local();
    uint32_t x = l->random;

    if (x == 0)
        x = (uint32_t)((uintptr_t)l >> 4 ^ (uint64_t)gonet__now()) | 1;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    l->random = x;
    return (uint32_t)((uint64_t)x * n >> 32);
}

/* pick returns a ready case, each as likely as the others, or NULL. */
static gonet_select_case_t *pick(select_t *s)
{
    gonet_select_case_t *picked = NULL;
    uint32_t seen = 0;

    for (size_t k = 0; k < s->live; k++) {
        gonet_select_case_t *c = nth(s, k);

        if (ready(c) && (++seen == 1 || below(seen) == 0))
            picked = c;
    }
    return picked;
}

/* carry_out does one ready case, under all locks; NULL: none is. *peer is to be woken without them.
 */
static gonet_select_case_t *carry_out(select_t *s, gonet__chan_waiter_t **peer)
{
    gonet_select_case_t *c;
    int status;

    while ((c = pick(s)) != NULL) {
        status = c->send != NULL ? gonet__chan_send_locked(c->ch, c->send, peer)
                                 : gonet__chan_recv_locked(c->ch, c->recv, peer);
        c->ok = status == GONET_CHAN_OK;
        if (status != GONET_CHAN_WOULD_BLOCK)
            break; /* otherwise the other side was claimed elsewhere a moment ago */
    }
    return c;
}

/* enqueue queues all cases for wait, under all locks, and returns the earliest of their deadlines.
 */
static int64_t enqueue(select_t *s, gonet__wait_t *wait, bool queued)
{
    int64_t earliest = 0;

    for (size_t k = 0; k < s->live; k++) {
        gonet_select_case_t *c = nth(s, k);
        gonet__chan_waiter_t *w = &scratch(c)->waiter;

        if (queued) {
            gonet__waitq_remove(queue_of(c), &w->node);
            c->ch->pins--;
        }
        w->elem = c->send != NULL ? (void *)c->send : c->recv;
        w->index = (uint32_t)(c - s->cases);
        w->in_select = true;
        gonet__chan_enqueue(c->ch, queue_of(c), w, wait);
        earliest = gonet__earlier(earliest, c->ch->deadline);
    }
    return earliest;
}

/* leave takes all cases out of their queues; chosen, if not NULL, is the one that was claimed. */
static void leave(select_t *s, gonet_select_case_t *chosen)
{
    for (size_t k = 0; k < s->live; k++) {
        gonet_select_case_t *c = nth(s, k);
        gonet__chan_waiter_t *w = &scratch(c)->waiter;

        if (c == chosen) {
            c->ok = w->ok;
            if (!w->ok && c->send == NULL && c->recv != NULL && c->ch->elem_size != 0)
                memset(c->recv, 0, c->ch->elem_size);
        }
        gonet__chan_leave(c->ch, queue_of(c), w);
    }
}

/* refuse ends a select in which nothing may be waited for any more. */
static int refuse(void)
{
    errno = gonet__under_errno();
    gonet__task_tick();
    return -2;
}

int gonet_select(gonet_select_case_t *cases, size_t n, gonet_time_t deadline)
{
    select_t s = {.cases = cases, .n = n};
    gonet_select_case_t *chosen;
    gonet__chan_waiter_t *peer = NULL;
    gonet__wait_state_t how;
    gonet__wait_t wait;
    int64_t until;
    bool ended = false;

    arrange(&s);
    if (gonet__under_over() && (deadline.ns == 0 || gonet__now() < deadline.ns))
        return refuse();
    for (bool queued = false;; queued = true) {
        lock_all(&s);
        chosen = carry_out(&s, &peer);
        if (chosen != NULL || (deadline.ns != 0 && gonet__now() >= deadline.ns)) {
            unlock_all(&s);
            if (peer != NULL)
                gonet__wait_wake(peer->node.wait);
            if (queued)
                leave(&s, NULL);
            gonet__task_tick();
            break;
        }
        gonet__wait_init(&wait);
        until = gonet__earlier(deadline.ns, enqueue(&s, &wait, queued));
        unlock_all(&s);
        how = gonet__wait_for(&wait, until, 0, "select");
        if (how == GONET__WAIT_INTERRUPTED ||
            (how == GONET__WAIT_CLAIMED && wait.value != GONET__CHAN_AGAIN)) {
            chosen = how == GONET__WAIT_CLAIMED ? &cases[wait.value] : NULL;
            ended = chosen == NULL;
            leave(&s, chosen);
            break;
        }
        /* The call's deadline, a context's or a timer's, or a timer was set to another time: look
         * again, with the pins that keep the channels. */
    }
    if (chosen != NULL)
        return (int)(chosen - cases);
    return ended ? refuse() : -1;
}
