/*
 * The side of those who do not own the queue; see queue.h.
 */
#include "runtime/sched/queue.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/ground/fork.h"
#include "runtime/ground/spin.h"

#define PATIENCE \
    2000 /* pauses: the owner's work takes some ten instructions, unless it is preempted */

_Atomic bool gonet__queue_fenced;
_Atomic bool gonet__queue_watched;

static bool barrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0) == 0;
}

static void forget_lookers(void)
{
    atomic_store(&gonet__queue_watched, false);
}

GONET__FORK_HOOK(forget_lookers)

void gonet__queue_init(gonet__queue_t *q)
{
    q->head = NULL;
    q->tail = &q->head;
    gonet__list_init(&q->home);
    gonet__queue_own(q, false);
    atomic_init(&q->seized, atomic_load(&gonet__queue_fenced) ? GONET__QUEUE_FENCED : 0);
}

/* Old kernels have none, and sandboxes may refuse it. A forked child registers anew. */
void gonet__queue_choose(void)
{
    atomic_store(&gonet__queue_fenced, !barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) ||
                                           !barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
}

/* Once it has seen FENCED it comes here each time. */
void gonet__queue_enter_slowly(gonet__queue_t *q)
{
    unsigned turns = 0;

    for (;;) {
        if ((atomic_load(&q->seized) & GONET__QUEUE_FENCED) != 0)
            atomic_store_explicit(&q->fenced, true, memory_order_release);
        atomic_exchange(&q->busy, true);
        if ((atomic_load(&q->seized) & GONET__QUEUE_TAKEN) == 0)
            return;
        gonet__queue_leave(q);
        while ((atomic_load_explicit(&q->seized, memory_order_acquire) & GONET__QUEUE_TAKEN) != 0)
            gonet__relax(&turns);
    }
}

/* After it the owner has seen that the queue is seized, or the caller sees that it is busy. False:
 * there is no way to know. */
static bool pass_barrier(gonet__queue_t *q)
{
    if (atomic_load(&q->fenced))
        return true;
    if (!atomic_load(&gonet__queue_fenced) && barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
        return true;
    atomic_store(&gonet__queue_fenced, true);
    atomic_fetch_or(&q->seized, GONET__QUEUE_FENCED);
    return false;
}

bool gonet__queue_seize(gonet__queue_t *q)
{
    if ((atomic_fetch_or(&q->seized, GONET__QUEUE_TAKEN) & GONET__QUEUE_TAKEN) != 0)
        return false;
    if (!pass_barrier(q)) {
        gonet__queue_release(q);
        return false;
    }
    for (unsigned i = 0; atomic_load(&q->busy); i++) {
        if (i == PATIENCE) {
            gonet__queue_release(q);
            return false;
        }
        gonet__spin_pause();
    }
    return true;
}

bool gonet__queue_catch(gonet__task_t *task)
{
    bool off = false;

    return atomic_compare_exchange_strong(&task->on, &off, true);
}

gonet__task_t *gonet__queue_cut(gonet__queue_t *q, uint32_t n)
{
    gonet__task_t *first = NULL, **end = &first, **p = &q->head;
    uint32_t taken = 0;

    while (taken < n && *p != NULL) {
        gonet__task_t *t = *p;

        if (t->pin != NULL) {
            p = &t->next;
            continue;
        }
        *p = t->next;
        *end = t;
        end = &t->next;
        taken++;
    }
    *end = NULL;
    if (*p == NULL)
        q->tail = p;
    gonet__queue_add(&q->count, (uint32_t)-taken);
    return first;
}
