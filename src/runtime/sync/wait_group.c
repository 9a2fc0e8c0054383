/*
 * The wait group: the count and two flags in one word, so that the last one done gives up the word,
 * the count and the queue in one store; the waiters may release the memory from then on. While
 * QUEUE is set, nobody else writes the word.
 *
 * With these two flags comes, on top of the word, the generation of the process that set them
 * (fork.h). Whoever finds an old one, in a forked child, forgets the queue, and keeps the count.
 */
#include "gonet/sync.h"

#include <limits.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/ground/fatal.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/task.h"
#include "runtime/sched/under.h"
#include "runtime/sync/waitq.h"

#define QUEUE   ((uintptr_t)1) /* somebody works on the queue */
#define WAITERS ((uintptr_t)2) /* the queue is not empty */
#define FLAGS   (QUEUE | WAITERS)
#define ONE     ((uintptr_t)4) /* of the count */
/* The generation's part of the word: 27 bits, or 8 where a word has less room; and what is left. */
#define SHIFT     (UINTPTR_MAX > UINT32_MAX ? 37 : 24)
#define REST      (((uintptr_t)1 << SHIFT) - 1)
#define COUNT_MAX (REST / ONE < INT_MAX ? (long long)(REST / ONE) : (long long)INT_MAX)

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
    gonet__relax(turns);
    return look(wg);
}

static uintptr_t generation(void)
{
    return (uintptr_t)(gonet__fork_seen() / GONET__GENERATION) << SHIFT;
}

/* settle ends the work on the queue: the word becomes to. */
static void settle(gonet_wait_group_t *wg, uintptr_t to)
{
    __atomic_store_n(&wg->private_state, to, __ATOMIC_RELEASE);
}

static inline bool is_old(uintptr_t s)
{
    return (s & FLAGS) != 0 && (s & ~REST) != generation();
}

GONET__COLD static uintptr_t forget(gonet_wait_group_t *wg, uintptr_t s)
{
    while (is_old(s)) {
        uintptr_t count = s & REST & ~FLAGS;

        if (change(wg, &s, generation() | count | QUEUE)) {
            *queue_of(wg) = NULL;
            settle(wg, count);
            return count;
        }
    }
    return s;
}

/* current is look; but what a process that forked this one left in the queue is forgotten. */
static inline uintptr_t current(gonet_wait_group_t *wg)
{
    uintptr_t s = look(wg);

    (void)gonet__fork_now();
    return is_old(s) ? forget(wg, s) : s;
}

static uintptr_t count_of(uintptr_t s)
{
    return (s & REST) / ONE;
}

/* count_after returns the count of s changed by n, or ends the program. */
static uintptr_t count_after(uintptr_t s, int n)
{
    long long count = (long long)count_of(s) + n;

    if (count < 0)
        gonet__fatal("panic: sync: negative WaitGroup counter");
    if (count > COUNT_MAX)
        gonet__fatal("panic: sync: WaitGroup counter overflow");
    return (uintptr_t)count;
}

/* Whether there is nothing to do but to count: s becomes after. */
static inline bool counts(uintptr_t s, uintptr_t count, uintptr_t *after)
{
    *after = (s & (~REST | WAITERS)) | count * ONE;
    return (s & QUEUE) == 0 && (count != 0 || (s & WAITERS) == 0);
}

GONET__NOINLINE static void add_slow(gonet_wait_group_t *wg, int n)
{
    gonet__waiter_t *all;
    unsigned turns = 0;
    uintptr_t s;

    if (gonet__local()->ticks >= GONET__MAX_TICKS) /* before: in the end wg may be gone */
        gonet__task_tick_over();
    s = current(wg);
    for (;;) {
        uintptr_t count = count_after(s, n), after;

        if (counts(s, count, &after)) {
            if (change(wg, &s, after))
                return;
        } else if ((s & QUEUE) != 0) {
            s = linger(wg, &turns);
        } else if (change(wg, &s, s | QUEUE)) {
            break;
        }
    }
    all = gonet__waitq_claim_all(queue_of(wg));
    settle(wg, 0);
    gonet__waitq_wake_all(all);
}

void gonet_wait_group_add(gonet_wait_group_t *wg, int n)
{
    uintptr_t s = look(wg), after;

    if (gonet__task_tick_due() || is_old(s) || !counts(s, count_after(s, n), &after) ||
        !change(wg, &s, after))
        add_slow(wg, n);
}

void gonet_wait_group_done(gonet_wait_group_t *wg)
{
    gonet_wait_group_add(wg, -1);
}

/* leave takes out node, whose wait has ended before the count was 0. When it returns, nobody has a
 * use for node or, for its sake, for wg. */
GONET__NOINLINE static void leave(gonet_wait_group_t *wg, gonet__waiter_t *node)
{
    unsigned turns = 0;
    uintptr_t s = current(wg);

    while ((s & QUEUE) != 0 || ((s & WAITERS) != 0 && !change(wg, &s, s | QUEUE)))
        s = linger(wg, &turns);
    if ((s & WAITERS) == 0)
        return; /* by now it was 0: all have been taken out */
    gonet__waitq_remove(queue_of(wg), node);
    settle(wg, *queue_of(wg) != NULL ? s : s & REST & ~FLAGS);
}

/* await waits until the count is 0 (CLAIMED), or for one of the other reasons. */
static gonet__wait_state_t await(gonet_wait_group_t *wg, int64_t deadline, unsigned flags)
{
    gonet__wait_state_t how = GONET__WAIT_CLAIMED;
    gonet__wait_t wait;
    gonet__waiter_t node = {.wait = &wait};
    unsigned turns = 0;
    uintptr_t s;

    gonet__task_tick();
    s = current(wg);
    while (count_of(s) != 0) {
        if ((s & QUEUE) != 0) {
            s = linger(wg, &turns);
        } else if (change(wg, &s, generation() | (s & REST) | QUEUE)) {
            gonet__wait_init(&wait);
            gonet__waitq_push_back(queue_of(wg), &node);
            settle(wg, generation() | (s & REST) | WAITERS);
            how = gonet__wait_for(&wait, deadline, flags, "wait group");
            if (how != GONET__WAIT_CLAIMED)
                leave(wg, &node);
            break;
        }
    }
    return how;
}

void gonet_wait_group_wait(gonet_wait_group_t *wg)
{
    (void)await(wg, 0, GONET__WAIT_UNINTERRUPTIBLE);
}

bool gonet_wait_group_wait_until(gonet_wait_group_t *wg, gonet_time_t deadline)
{
    gonet__wait_state_t how = await(wg, deadline.ns, 0);

    if (how == GONET__WAIT_CLAIMED || count_of(look(wg)) == 0)
        return true;
    errno = how == GONET__WAIT_EXPIRED ? ETIMEDOUT : gonet__under_errno();
    return false;
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
