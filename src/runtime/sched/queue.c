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

bool gonet__queue_fenced;
_Atomic bool gonet__queue_watched;

/* Old kernels have none, and sandboxes may refuse it. A forked child registers anew. */
static bool register_barrier(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
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
}

void gonet__queue_choose(void)
{
    gonet__queue_fenced = !register_barrier();
}

void gonet__queue_wait(gonet__queue_t *q)
{
    unsigned turns = 0;

    gonet__queue_leave(q);
    while (atomic_load_explicit(&q->seized, memory_order_acquire))
        gonet__relax(&turns);
}

bool gonet__queue_seize(gonet__queue_t *q)
{
    bool free = false;

    if (!atomic_compare_exchange_strong(&q->seized, &free, true))
        return false;
    if (!gonet__queue_fenced)
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    for (unsigned i = 0; atomic_load(&q->busy); i++) {
        if (i == PATIENCE) {
            gonet__queue_release(q);
            return false;
        }
        gonet__spin_pause();
    }
    return true;
}

void gonet__queue_insist(gonet__queue_t *q)
{
    unsigned turns = 0;

    while (!gonet__queue_seize(q))
        gonet__relax(&turns);
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
