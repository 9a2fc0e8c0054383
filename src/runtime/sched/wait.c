/*
 * gonet__wait_t for tasks (woken through their worker) and threads (a futex on the state).
 *
 * While gonet_shutdown is under way, a task's call that would wait comes back at once, the first
 * time. A task that calls again and again all the same is told so later each time, after 1, 2, 4 …
 * 100 ms: so it costs its worker nothing, and leaves the processor to those who come to their end.
 * Meanwhile it waits as usual, so what it waits for may come after all, and never beyond the call's
 * own deadline; the sweep leaves it alone.
 */
#include "runtime/sched/wait.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "gonet/errno.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/under.h"
#include "runtime/sched/worker.h"
#include "runtime/time/clock.h"
#include "runtime/time/awake.h"

#define DOUBLINGS    7
#define MAX_DELAY_MS 100

_Atomic unsigned gonet__wait_threads;

void gonet__wait_init(gonet__wait_t *w)
{
    uint32_t word = gonet__fork_now() | GONET__WAIT_WAITING;
    gonet__task_t *task = gonet__task_current();

    w->task = task;
    w->value = 0;
    if (task == NULL) {
        atomic_init(&w->state, word);
        return;
    }
    w->number = (uint32_t)(atomic_load_explicit(&task->wait, memory_order_relaxed) >> 32) + 1;
    atomic_store_explicit(&task->until, 0, memory_order_relaxed); /* before: of no earlier wait */
    atomic_store_explicit(&task->wait, (uint64_t)w->number << 32 | word, memory_order_release);
}

gonet__wait_state_t gonet__wait_state(gonet__wait_t *w)
{
    uint64_t word;

    if (w->task == NULL)
        return (gonet__wait_state_t)(atomic_load(&w->state) % GONET__WAIT_SLEEPS);
    word = atomic_load(&w->task->wait);
    if ((uint32_t)(word >> 32) != w->number)
        return GONET__WAIT_WOKEN;
    return (gonet__wait_state_t)(word % GONET__GENERATION);
}

static inline gonet__wait_state_t park(gonet__wait_t *w, int64_t deadline, unsigned flags,
                                       const char *why)
{
    gonet__task_t *task = w->task;

    task->park = GONET__PARK_WAIT;
    task->why = why;
    atomic_store_explicit(&task->flags, (uint8_t)flags, memory_order_relaxed);
    atomic_store_explicit(&task->until, deadline != 0 ? deadline : INT64_MAX, memory_order_release);
    if (deadline != 0)
        gonet__timer_arm(gonet__here()->timers, &task->timer, deadline);
    gonet__task_park(task);
    return gonet__wait_state(w);
}

/* The word of a wait that time or gonet_shutdown may end: *until tells when. 0: there is none. */
static uint64_t look(gonet__task_t *task, int64_t *until)
{
    uint64_t word = atomic_load(&task->wait);

    *until = atomic_load(&task->until);
    if (word % GONET__GENERATION != GONET__WAIT_WAITING || *until == 0)
        return 0;
    return word;
}

static bool claim(gonet__task_t *task, uint64_t word, gonet__wait_state_t state)
{
    return atomic_compare_exchange_strong(&task->wait, &word, word + (uint64_t)state);
}

bool gonet__wait_endless(gonet__task_t *task)
{
    int64_t until;

    return look(task, &until) != 0 && until == INT64_MAX;
}

bool gonet__wait_sweep(gonet__task_t *task)
{
    int64_t until;
    uint64_t word = look(task, &until);

    return word != 0 &&
           (atomic_load_explicit(&task->flags, memory_order_relaxed) &
            GONET__WAIT_UNINTERRUPTIBLE) == 0 &&
           claim(task, word, GONET__WAIT_INTERRUPTED);
}

int64_t gonet__wait_timer(gonet__timer_t *t, int64_t now, gonet__fired_t *fired)
{
    gonet__task_t *task = GONET__CONTAINER(t, gonet__task_t, timer);
    int64_t until;
    uint64_t word = look(task, &until);

    if (word == 0 || until == INT64_MAX)
        return 0;
    if (until > now)
        return until;
    if (claim(task, word, GONET__WAIT_EXPIRED))
        fired->woken[0] = task;
    return 0;
}

int64_t gonet__wait_note_told(gonet__task_t *task)
{
    uint32_t end = atomic_load_explicit(&gonet__runtime.ends, memory_order_relaxed);
    int64_t ms;

    if (task->told_of != end) {
        task->told_of = end;
        task->told = 0;
        return 0;
    }
    ms = task->told < DOUBLINGS ? INT64_C(1) << task->told++ : MAX_DELAY_MS;
    return gonet__now() + ms * GONET_MILLISECOND;
}

/* A wait of a task that begins while gonet_shutdown is under way. */
GONET__COLD static gonet__wait_state_t wait_in_the_end(gonet__wait_t *w, int64_t deadline,
                                                       const char *why)
{
    int64_t until = gonet__wait_note_told(w->task);
    gonet__wait_state_t state;

    if (until == 0 && gonet__wait_end(w, GONET__WAIT_INTERRUPTED))
        return GONET__WAIT_INTERRUPTED;
    if (until != 0)
        until = gonet__earlier(until, deadline);
    state = park(w, until, GONET__WAIT_UNINTERRUPTIBLE, why);
    return state == GONET__WAIT_EXPIRED ? GONET__WAIT_INTERRUPTED : state;
}

bool gonet__wait_ending(void)
{
    return gonet__runtime_ending() && gonet__task_current() != NULL;
}

void gonet__wait_told(int64_t deadline)
{
    gonet__wait_t w;

    gonet__wait_init(&w);
    if (w.task != NULL)
        wait_in_the_end(&w, deadline, "the end");
}

static long futex(_Atomic uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, timeout, NULL,
                   FUTEX_BITSET_MATCH_ANY);
}

static bool is_woken(void *arg)
{
    return gonet__wait_state(arg) == GONET__WAIT_WOKEN;
}

static gonet__wait_state_t sleep_thread(gonet__wait_t *w, int64_t deadline)
{
    static const struct timespec a_while = {.tv_nsec = 1000000};
    struct timespec until = {.tv_sec = deadline / GONET_SECOND, .tv_nsec = deadline % GONET_SECOND};

    if (gonet__wait_awake(&gonet__local()->awake, is_woken, w))
        return GONET__WAIT_CLAIMED;
    for (;;) {
        uint32_t word = atomic_fetch_or(&w->state, GONET__WAIT_SLEEPS) | GONET__WAIT_SLEEPS;
        uint32_t state = word % GONET__WAIT_SLEEPS;

        if (state == GONET__WAIT_WOKEN)
            return GONET__WAIT_CLAIMED;
        if (state == GONET__WAIT_INTERRUPTED)
            return GONET__WAIT_INTERRUPTED;
        if (state == GONET__WAIT_WAITING && deadline != 0 && deadline <= gonet__now() &&
            gonet__wait_end(w, GONET__WAIT_EXPIRED))
            return GONET__WAIT_EXPIRED;
        /* the time of FUTEX_WAIT_BITSET is absolute; once claimed, the wake is near */
        if (futex(&w->state, FUTEX_WAIT_BITSET, word,
                  deadline != 0 && state == GONET__WAIT_WAITING ? &until : NULL) < 0 &&
            (errno == ENOSYS || errno == EPERM))
            clock_nanosleep(CLOCK_MONOTONIC, 0, &a_while, NULL); /* it may not wait: it looks */
    }
}

GONET__NOINLINE static gonet__wait_state_t wait_thread(gonet__wait_t *w, int64_t deadline)
{
    gonet__wait_state_t state;

    if (deadline != 0)
        return sleep_thread(w, deadline);
    atomic_fetch_add_explicit(&gonet__wait_threads, 1, memory_order_relaxed);
    state = sleep_thread(w, 0);
    atomic_fetch_sub_explicit(&gonet__wait_threads, 1, memory_order_relaxed);
    return state;
}

/* The wait is not to begin, for the context has ended. If it was claimed, the wake is still to
 * come. */
static gonet__wait_state_t refuse(gonet__wait_t *w)
{
    if (gonet__wait_end(w, GONET__WAIT_INTERRUPTED))
        return GONET__WAIT_INTERRUPTED;
    return w->task != NULL ? park(w, 0, GONET__WAIT_UNINTERRUPTIBLE, "a wake") : wait_thread(w, 0);
}

static void stir(void *state)
{
    futex(state, FUTEX_WAKE, INT_MAX, NULL); /* the word may be gone */
}

static void stop(void *what, unsigned side, gonet__told_t *told)
{
    gonet__wait_t *w = what;

    (void)side;
    if (!gonet__wait_end(w, GONET__WAIT_INTERRUPTED))
        return;
    told->task = w->task;
    told->wake = stir;
    told->arg = &w->state;
}

/* A wait of a task that runs under a context. */
static gonet__wait_state_t wait_under(gonet__under_t *u, gonet__wait_t *w, int64_t deadline,
                                      const char *why)
{
    gonet__wait_state_t state =
        gonet__under_enter(u, stop, w, 0) ? park(w, deadline, 0, why) : refuse(w);

    gonet__under_leave(u);
    return state;
}

/* A task's wait that is not simply to park. */
GONET__NOINLINE static gonet__wait_state_t wait_task(gonet__wait_t *w, int64_t deadline,
                                                     unsigned flags, const char *why)
{
    bool interruptible = (flags & GONET__WAIT_UNINTERRUPTIBLE) == 0;
    bool ending = interruptible && gonet__runtime_ending();
    gonet__under_t *u = interruptible && !ending ? gonet__under_now() : NULL;

    if (u != NULL && u->why(u) != 0)
        return refuse(w);
    if (deadline != 0 && deadline <= gonet__now() && gonet__wait_end(w, GONET__WAIT_EXPIRED))
        return GONET__WAIT_EXPIRED;
    if (ending)
        return wait_in_the_end(w, deadline, why);
    return u != NULL ? wait_under(u, w, deadline, why) : park(w, deadline, flags, why);
}

/* Of a thread that may run under a context, whose deadline it looks out for itself. */
GONET__NOINLINE static gonet__wait_state_t wait_as_thread(gonet__wait_t *w, int64_t deadline,
                                                          unsigned flags)
{
    gonet__under_t *u = (flags & GONET__WAIT_UNINTERRUPTIBLE) == 0 ? gonet__under_now() : NULL;
    gonet__wait_state_t state;

    if (u == NULL)
        return wait_thread(w, deadline);
    state = gonet__under_enter(u, stop, w, 0)
                ? wait_thread(w, gonet__earlier(deadline, u->deadline))
                : refuse(w);
    gonet__under_leave(u);
    if (state == GONET__WAIT_EXPIRED && (deadline == 0 || gonet__now() < deadline))
        return GONET__WAIT_INTERRUPTED;
    return state;
}

gonet__wait_state_t gonet__wait_for(gonet__wait_t *w, int64_t deadline, unsigned flags,
                                    const char *why)
{
    if (deadline < 0)
        deadline = 1;
    if (w->task == NULL)
        return wait_as_thread(w, deadline, flags);
    if (deadline != 0 || atomic_load_explicit(&gonet__alert, memory_order_relaxed) != 0)
        return wait_task(w, deadline, flags, why);
    return park(w, 0, flags, why);
}

/* The exchange may end the waiter's frame: the address alone is used after it. */
GONET__NOINLINE static void wake_thread(gonet__wait_t *w)
{
    uint32_t was = atomic_exchange(&w->state, gonet__fork_seen() | GONET__WAIT_WOKEN);

    if ((was & GONET__WAIT_SLEEPS) != 0)
        futex(&w->state, FUTEX_WAKE, INT_MAX, NULL);
}

void gonet__wait_wake(gonet__wait_t *w)
{
    if (w->task != NULL)
        gonet__task_ready(w->task);
    else
        wake_thread(w);
}
