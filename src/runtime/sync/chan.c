/*
 * Channels: a spin lock, a ring of stored elements and two queues of waiters. Elements go straight
 * from one side's memory to the other's: claim the waiter, copy, unlock, wake. No operation
 * allocates.
 *
 * Nobody sends to a timer's channel: it has a time from which on there is an element, and who waits
 * there waits until then, and looks. A receive that has to wait is a select of one case, since that
 * looks again, as often as the timer is set to another time or another receiver was faster.
 *
 * While somebody waits, nothing else could have served it: receivers wait only when nothing is
 * stored, senders only when the ring is full; so both queues and the ring are served first come
 * first served.
 */
#include "runtime/sync/chan.h"

#include <string.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "base/list.h"
#include "gonet/errno.h"
#include "runtime/sched/task.h"
#include "runtime/sched/under.h"
#include "runtime/sync/context.h"
#include "runtime/time/clock.h"

static inline void copy_elem(void *to, const void *from, size_t size)
{
    if (to == NULL)
        return;
    if (size == sizeof(uint64_t))
        memcpy(to, from, sizeof(uint64_t));
    else if (size == sizeof(uint32_t))
        memcpy(to, from, sizeof(uint32_t));
    else if (size != 0)
        memcpy(to, from, size);
}

static inline void zero_elem(void *elem, size_t size)
{
    if (elem != NULL && size != 0)
        memset(elem, 0, size);
}

/* Those who waited are the parent's. What was being changed at the fork is closed, and empty. */
void gonet__chan_forget(gonet_chan_t *ch, gonet__spin_found_t found)
{
    ch->receivers = NULL;
    ch->senders = NULL;
    ch->pins = 0;
    if (ch->event != 0)
        gonet__chan_fd_renew(ch);
    if (found == GONET__SPIN_BROKEN) {
        ch->closed = true;
        ch->head = 0;
        ch->count = 0;
    }
}

/* slot returns where the i-th stored element lies; i may be one more than are stored. */
static inline unsigned char *slot(gonet_chan_t *ch, size_t i)
{
    size_t at = i < ch->cap - ch->head ? ch->head + i : i - (ch->cap - ch->head);

    return ch->stored + at * ch->elem_size;
}

/* claim takes the first waiter that is still waiting out of queue, to be woken with ok. */
static inline gonet__chan_waiter_t *claim(gonet_chan_t *ch, gonet__waiter_t **queue, bool ok)
{
    gonet__waiter_t *n = gonet__waitq_claim(queue);
    gonet__chan_waiter_t *w;

    if (n == NULL)
        return NULL;
    w = GONET__CONTAINER(n, gonet__chan_waiter_t, node);
    w->ok = ok;
    n->wait->value = w->index;
    if (!w->in_select)
        ch->pins--;
    return w;
}

/* Nobody else has the channel any more: no lock. */
static void destroy_left(gonet_chan_t *ch)
{
    if (ch->destroy == NULL)
        return;
    for (size_t i = 0; i < ch->count; i++)
        ch->destroy(slot(ch, i));
}

static void give_up(gonet_chan_t *ch)
{
    if (ch->event != 0)
        gonet__chan_fd_close(ch);
    if (ch->context != NULL) {
        gonet__context_release(ch->context);
        return;
    }
    destroy_left(ch);
    gonet__free(ch);
}

gonet_chan_t *gonet_chan_new_owning(size_t elem_size, size_t capacity, void (*destroy)(void *elem))
{
    gonet_chan_t *ch = NULL;
    /* Where the elements begin: as aligned as what malloc returns. */
    enum { ALIGN = _Alignof(max_align_t), HEAD = (sizeof(*ch) + ALIGN - 1) / ALIGN * ALIGN };
    size_t room;

    if (!__builtin_mul_overflow(elem_size, capacity, &room) &&
        !__builtin_add_overflow(room, (size_t)HEAD, &room))
        ch = gonet__alloc(room);
    if (ch == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    *ch = (gonet_chan_t){.lock = gonet__spin_init(),
                         .elem_size = elem_size,
                         .cap = capacity,
                         .stored = (unsigned char *)ch + HEAD,
                         .refs = 1,
                         .destroy = destroy};
    return ch;
}

gonet_chan_t *gonet_chan_new(size_t elem_size, size_t capacity)
{
    return gonet_chan_new_owning(elem_size, capacity, NULL);
}

gonet_chan_t *gonet_chan_ref(gonet_chan_t *ch)
{
    if (ch == NULL)
        return NULL;
    if (ch->context != NULL)
        gonet__context_hold(ch->context);
    else
        atomic_fetch_add_explicit(&ch->refs, 1, memory_order_relaxed);
    return ch;
}

void gonet_chan_free(gonet_chan_t *ch)
{
    if (ch == NULL)
        return;
    if (ch->context != NULL)
        gonet__context_unhold(ch->context);
    else if (atomic_fetch_sub_explicit(&ch->refs, 1, memory_order_acq_rel) == 1 &&
             gonet__chan_retire(ch))
        give_up(ch);
}

/* claim_all takes all waiters out, to be woken as those of a closed channel. */
static gonet__waiter_t *claim_all(gonet_chan_t *ch)
{
    gonet__waiter_t *list = NULL, **end = &list;
    gonet__chan_waiter_t *w;

    while ((w = claim(ch, &ch->receivers, false)) != NULL ||
           (w = claim(ch, &ch->senders, false)) != NULL) {
        *end = &w->node;
        end = &w->node.next;
    }
    return list;
}

bool gonet__chan_retire(gonet_chan_t *ch)
{
    gonet__waiter_t *all;
    bool unpinned;

    gonet__chan_lock(ch);
    ch->closed = true;
    ch->orphan = true;
    all = claim_all(ch);
    unpinned = ch->pins == 0;
    gonet__chan_unlock(ch);
    gonet__waitq_wake_all(all);
    return unpinned;
}

bool gonet__chan_shut(gonet_chan_t *ch)
{
    gonet__waiter_t *all;
    bool was;

    gonet__chan_lock(ch);
    was = ch->closed;
    ch->closed = true;
    all = claim_all(ch);
    gonet__chan_unlock(ch);
    gonet__waitq_wake_all(all);
    return !was;
}

bool gonet_chan_close(gonet_chan_t *ch)
{
    return ch != NULL && !ch->receive_only && gonet__chan_shut(ch);
}

bool gonet__chan_closed_locked(gonet_chan_t *ch)
{
    /* At its deadline a context tells nobody: others who wait here have armed the same one. */
    if (!ch->closed && ch->context != NULL && gonet__context_err(ch->context) != NULL)
        ch->closed = true;
    return ch->closed;
}

bool gonet__chan_due_locked(const gonet_chan_t *ch)
{
    return ch->timer && ch->deadline != 0 && ch->deadline <= gonet__now();
}

/* take_tick receives the element that is due. What else a ticker has missed is skipped. */
static void take_tick(gonet_chan_t *ch, void *elem)
{
    const gonet_time_t at = {ch->deadline};
    int64_t missed;

    copy_elem(elem, &at, sizeof(at));
    ch->deadline = 0;
    if (ch->period == 0)
        return;
    missed = gonet__sub_ns(gonet__now(), at.ns) / ch->period;
    ch->deadline = gonet__add_ns(gonet__add_ns(at.ns, missed * ch->period), ch->period);
}

bool gonet__chan_set_timer(gonet_chan_t *ch, int64_t at, int64_t period)
{
    gonet__waiter_t *list = NULL;
    gonet__chan_waiter_t *w;
    bool was;

    gonet__chan_lock(ch);
    was = ch->deadline != 0;
    ch->deadline = at;
    ch->period = period;
    while (at != 0 && (w = claim(ch, &ch->receivers, false)) != NULL) {
        w->node.wait->value = GONET__CHAN_AGAIN;
        w->node.next = list;
        list = &w->node;
    }
    gonet__chan_unlock(ch);
    gonet__waitq_wake_all(list);
    return was;
}

int gonet__chan_send_locked(gonet_chan_t *ch, const void *elem, gonet__chan_waiter_t **peer)
{
    gonet__chan_waiter_t *w;

    *peer = NULL;
    if (ch->closed || ch->receive_only)
        return GONET_CHAN_CLOSED;
    if ((w = claim(ch, &ch->receivers, true)) != NULL) {
        copy_elem(w->elem, elem, ch->elem_size);
        *peer = w;
        return GONET_CHAN_OK;
    }
    if (ch->count < ch->cap) {
        copy_elem(slot(ch, ch->count), elem, ch->elem_size);
        ch->count++;
        return GONET_CHAN_OK;
    }
    return GONET_CHAN_WOULD_BLOCK;
}

int gonet__chan_recv_locked(gonet_chan_t *ch, void *elem, gonet__chan_waiter_t **peer)
{
    gonet__chan_waiter_t *w;

    *peer = NULL;
    if (ch->count > 0) {
        copy_elem(elem, slot(ch, 0), ch->elem_size);
        ch->head = ch->head + 1 < ch->cap ? ch->head + 1 : 0;
        ch->count--;
        if ((w = claim(ch, &ch->senders, true)) != NULL) {
            copy_elem(slot(ch, ch->count), w->elem, ch->elem_size);
            ch->count++;
            *peer = w;
        }
        return GONET_CHAN_OK;
    }
    if ((w = claim(ch, &ch->senders, true)) != NULL) {
        copy_elem(elem, w->elem, ch->elem_size);
        *peer = w;
        return GONET_CHAN_OK;
    }
    if (gonet__chan_due_locked(ch)) {
        take_tick(ch, elem);
        return GONET_CHAN_OK;
    }
    if (!gonet__chan_closed_locked(ch))
        return GONET_CHAN_WOULD_BLOCK;
    zero_elem(elem, ch->elem_size);
    return GONET_CHAN_CLOSED;
}

void gonet__chan_enqueue(gonet_chan_t *ch, gonet__waiter_t **queue, gonet__chan_waiter_t *w,
                         gonet__wait_t *wait)
{
    w->ok = false;
    w->node.wait = wait;
    gonet__waitq_push_back(queue, &w->node);
    ch->pins++;
}

void gonet__chan_leave(gonet_chan_t *ch, gonet__waiter_t **queue, gonet__chan_waiter_t *w)
{
    bool last;

    gonet__chan_lock(ch);
    gonet__waitq_remove(queue, &w->node);
    ch->pins--;
    last = ch->orphan && ch->pins == 0;
    gonet__chan_unlock(ch);
    if (last)
        give_up(ch);
}

/* wait_in waits in queue; the caller holds the lock, which it gives up. True: an element went
 * through; false, with errno. */
static bool wait_in(gonet_chan_t *ch, gonet__waiter_t **queue, void *elem, const char *why)
{
    gonet__chan_waiter_t w = {.elem = elem};
    gonet__wait_state_t how;
    gonet__wait_t wait;
    int64_t deadline = ch->deadline;

    gonet__wait_init(&wait);
    gonet__chan_enqueue(ch, queue, &w, &wait);
    gonet__chan_unlock(ch);
    /* Once claimed, the channel may be gone. */
    how = gonet__wait_for(&wait, deadline, 0, why);
    if (how != GONET__WAIT_CLAIMED)
        gonet__chan_leave(ch, queue, &w);
    if (!w.ok)
        errno = how == GONET__WAIT_INTERRUPTED ? gonet__under_errno() : EPIPE;
    return w.ok;
}

/* wait_for_ever is what an operation on a nil channel comes to. */
static bool wait_for_ever(const char *why)
{
    gonet__wait_t wait;

    gonet__wait_init(&wait);
    gonet__wait_for(&wait, 0, 0, why);
    errno = gonet__under_errno();
    return false;
}

/* refuse ends an operation before it begins: the caller's context has ended. */
GONET__COLD static bool refuse(void)
{
    errno = gonet__under_errno();
    gonet__task_tick();
    return false;
}

/* wait_for_tick waits for a timer's element. The caller holds the lock, which it gives up. */
static bool wait_for_tick(gonet_chan_t *ch, void *elem)
{
    gonet_select_case_t c = {.ch = ch, .recv = elem};

    gonet__chan_unlock(ch);
    if (gonet_select(&c, 1, gonet_no_deadline) == 0 && !c.ok)
        errno = EPIPE;
    return c.ok;
}

/* passed says whether status is that of an element that went through; false, with errno. */
static inline bool passed(int status)
{
    if (status != GONET_CHAN_OK)
        errno = EPIPE;
    return status == GONET_CHAN_OK;
}

/* finish ends an operation that did not have to wait. */
static inline int finish(gonet_chan_t *ch, int status, gonet__chan_waiter_t *peer)
{
    gonet__chan_unlock(ch);
    if (peer != NULL)
        gonet__wait_wake(peer->node.wait);
    gonet__task_tick();
    return status;
}

GONET__COLD static bool refuse_element(void *elem, size_t size)
{
    zero_elem(elem, size);
    return refuse();
}

bool gonet_chan_send(gonet_chan_t *ch, const void *elem)
{
    gonet__chan_waiter_t *peer;
    int status;

    if (ch == NULL)
        return wait_for_ever("chan send (nil chan)");
    if (gonet__under_over())
        return refuse();
    gonet__chan_lock(ch);
    status = gonet__chan_send_locked(ch, elem, &peer);
    if (status != GONET_CHAN_WOULD_BLOCK)
        return passed(finish(ch, status, peer));
    return wait_in(ch, &ch->senders, (void *)elem, "chan send");
}

bool gonet_chan_recv(gonet_chan_t *ch, void *elem)
{
    gonet__chan_waiter_t *peer;
    size_t size;
    int status;

    if (ch == NULL)
        return wait_for_ever("chan receive (nil chan)");
    size = ch->elem_size;
    if (gonet__under_over())
        return refuse_element(elem, size);
    gonet__chan_lock(ch);
    status = gonet__chan_recv_locked(ch, elem, &peer);
    if (status != GONET_CHAN_WOULD_BLOCK)
        return passed(finish(ch, status, peer));
    if (ch->timer ? wait_for_tick(ch, elem) : wait_in(ch, &ch->receivers, elem, "chan receive"))
        return true;
    zero_elem(elem, size);
    return false;
}

int gonet_chan_try_send(gonet_chan_t *ch, const void *elem)
{
    gonet__chan_waiter_t *peer;
    int status;

    if (ch == NULL)
        return GONET_CHAN_WOULD_BLOCK;
    gonet__chan_lock(ch);
    status = gonet__chan_send_locked(ch, elem, &peer);
    return finish(ch, status, peer);
}

int gonet_chan_try_recv(gonet_chan_t *ch, void *elem)
{
    gonet__chan_waiter_t *peer;
    int status;

    if (ch == NULL)
        return GONET_CHAN_WOULD_BLOCK;
    gonet__chan_lock(ch);
    status = gonet__chan_recv_locked(ch, elem, &peer);
    if (status == GONET_CHAN_WOULD_BLOCK)
        zero_elem(elem, ch->elem_size);
    return finish(ch, status, peer);
}

size_t gonet_chan_len(gonet_chan_t *ch)
{
    size_t count;

    if (ch == NULL)
        return 0;
    gonet__chan_lock(ch);
    count = ch->count;
    gonet__chan_unlock(ch);
    gonet__task_tick();
    return count;
}

size_t gonet_chan_cap(gonet_chan_t *ch)
{
    return ch != NULL ? ch->cap : 0;
}
