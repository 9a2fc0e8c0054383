/*
 * The wait group: the count and two flags in one word, so that the last one done gives up the word,
 * the count and the queue in one store; the waiters may release the memory from then on. While
 * QUEUE is set, nobody else writes the word.
 */
#include "gonet/sync.h"

#include <errno.h>
#include <limits.h>

#include "base/alloc.h"
#include "gonet/task.h"
#include "runtime/fatal.h"
#include "runtime/spin.h"
#include "runtime/waitq.h"

#define QUEUE   ((uintptr_t)1) /* somebody works on the queue */
#define WAITERS ((uintptr_t)2) /* the queue is not empty */
#define ONE     ((uintptr_t)4) /* of the count */
/* The count ends at INT_MAX, or below where a word has less room. */
#define COUNT_MAX \
    (UINTPTR_MAX / ONE < INT_MAX ? (long long)(UINTPTR_MAX / ONE) : (long long)INT_MAX)

typedef struct {
    gonet_wait_group_t *wg;
    void (*fn)(void *arg);
    void *arg;
} job_t;

static gonet__waiter_t **queue_of(gonet_wait_group_t *wg)
{
    return (gonet__waiter_t **)(void *)&wg->private_waiters;
}

static uintptr_t look(gonet_wait_group_t *wg)
{
    return __atomic_load_n(&wg->private_state, __ATOMIC_ACQUIRE);
}

static bool change(gonet_wait_group_t *wg, uintptr_t *s, uintptr_t to)
{
    return __atomic_compare_exchange_n(&wg->private_state, s, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/* linger lets the one who has the queue finish. */
static uintptr_t linger(gonet_wait_group_t *wg, unsigned *turns)
{
    if (++*turns % 128 == 0)
        sched_yield();
    gonet__spin_pause();
    return look(wg);
}

/* count_after returns the count of s changed by n, or ends the program. */
static uintptr_t count_after(uintptr_t s, int n)
{
    long long count = (long long)(s / ONE) + n;

    if (count < 0)
        gonet__fatal("panic: sync: negative WaitGroup counter");
    if (count > COUNT_MAX)
        gonet__fatal("panic: sync: WaitGroup counter overflow");
    return (uintptr_t)count;
}

void gonet_wait_group_add(gonet_wait_group_t *wg, int n)
{
    gonet__waiter_t *all;
    unsigned turns = 0;
    uintptr_t s = look(wg);

    for (;;) {
        uintptr_t count = count_after(s, n);

        if ((s & QUEUE) != 0) {
            s = linger(wg, &turns);
        } else if (count != 0 || (s & WAITERS) == 0) {
            if (change(wg, &s, count * ONE | (s & WAITERS)))
                return;
        } else if (change(wg, &s, s | QUEUE)) {
            break;
        }
    }
    all = gonet__waitq_claim_all(queue_of(wg));
    __atomic_store_n(&wg->private_state, 0, __ATOMIC_RELEASE);
    gonet__waitq_wake_all(all);
}

void gonet_wait_group_done(gonet_wait_group_t *wg)
{
    gonet_wait_group_add(wg, -1);
}

void gonet_wait_group_wait(gonet_wait_group_t *wg)
{
    gonet__wait_t wait;
    gonet__waiter_t node = {.wait = &wait};
    unsigned turns = 0;
    uintptr_t s = look(wg);

    while (s / ONE != 0) {
        if ((s & QUEUE) != 0) {
            s = linger(wg, &turns);
        } else if (change(wg, &s, s | QUEUE)) {
            gonet__wait_init(&wait);
            gonet__waitq_push_back(queue_of(wg), &node);
            __atomic_store_n(&wg->private_state, s | WAITERS, __ATOMIC_RELEASE);
            gonet__wait_for(&wait, 0, GONET__WAIT_UNINTERRUPTIBLE, "wait group");
            return;
        }
    }
}

static void run(void *arg)
{
    job_t job = *(job_t *)arg;

    gonet__free(arg);
    job.fn(job.arg);
    gonet_wait_group_done(job.wg);
}

int gonet_wait_group_go(gonet_wait_group_t *wg, void (*fn)(void *arg), void *arg)
{
    job_t *job = gonet__alloc(sizeof(*job));
    int saved;

    if (job == NULL) {
        errno = ENOMEM;
        return -1;
    }
    *job = (job_t){.wg = wg, .fn = fn, .arg = arg};
    gonet_wait_group_add(wg, 1);
    if (gonet_go(run, job) == 0)
        return 0;
    saved = errno;
    gonet_wait_group_add(wg, -1);
    gonet__free(job);
    errno = saved;
    return -1;
}
