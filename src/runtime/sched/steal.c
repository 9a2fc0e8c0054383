/*
 * How work gets to idle workers.
 *
 * A task becomes runnable where its waker runs, and mostly that is the best place. To wake a
 * sleeper costs some 15 us of CPU, and a task that moves leaves its cache behind, so a worker
 * learns whether help pays. While it is `eager`, whoever becomes runnable there calls a sleeper.
 * That one says, when it is about to sleep again, whether it got tasks and ran for 50 us or more:
 * then the caller is eager again at once, else after 2, 6, 14 … 126 ms, by the monitor.
 *
 * A caller for whom nobody slept, or who just missed somebody that went to sleep, is not lost: it
 * runs its tasks itself, those who are about to sleep look at others first, and if it is held the
 * monitor (monitor.c) calls for it.
 *
 * A worker is worth stealing from if the last in its queue would wait for longer than the move
 * costs, 20 us: it is watched for 3 us, in which tasks that hand a word to and fro run many times,
 * and tasks that compute do not. Measured, two workers, ns for each operation with this, with help
 * called at each push, and stolen without a look: channel there and back 84, 288, 436; 16 producers
 * and a consumer 48, 161, 406; bursts of 100 spawned 59, 128, 149.
 */
#include "runtime/sched/steal.h"

#include "base/setting.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/runtime.h"
#include "runtime/time/clock.h"

#define OBSERVE_NS 3000
#define MOVE_NS    20000
#define GAIN_NS    50000
#define QUIET_NS   ((int64_t)2000000)
#define MAX_QUIET  ((int64_t)126000000)

#ifdef GONET_TEST_HOOKS
_Atomic bool gonet__steal_always;
#endif

void gonet__steal_choose(void)
{
#ifdef GONET_TEST_HOOKS
    static const char *const words[] = {"always", NULL};

    atomic_store(&gonet__steal_always, gonet__setting_word(GONET__SETTING_STEAL, words) == 0);
#endif
}

static gonet__worker_t *a_sleeper(const gonet__worker_t *except)
{
    unsigned n = gonet__runtime_worker_count();

    for (unsigned i = 0; i < n; i++) {
        gonet__worker_t *v = gonet__runtime_worker(i);

        if (v != except && gonet__poller_sleeps(&v->poller))
            return v;
    }
    return NULL;
}

bool gonet__steal_call_for(gonet__worker_t *w)
{
    gonet__worker_t *v = a_sleeper(w);

    if (v == NULL)
        return false;
    atomic_store(&v->caller, w);
    return gonet__worker_wake(v);
}

void gonet__steal_call(gonet__worker_t *w)
{
    atomic_store_explicit(&w->eager, false, memory_order_relaxed);
    gonet__steal_call_for(w);
}

void gonet__steal_called(gonet__worker_t *w)
{
    gonet__worker_t *caller = atomic_load_explicit(&w->caller, memory_order_relaxed);

    if (caller == NULL)
        return;
    atomic_store_explicit(&w->caller, NULL, memory_order_relaxed);
    w->helps = caller;
    w->helps_since = gonet__now();
    w->helps_got = 0;
    gonet__steal(w);
}

void gonet__steal_report(gonet__worker_t *w)
{
    gonet__worker_t *caller = w->helps;
    int64_t now, quiet;

    if (caller == NULL)
        return;
    w->helps = NULL;
    now = gonet__now();
    if (w->helps_got > 0 && now - w->helps_since >= GAIN_NS) {
        atomic_store_explicit(&caller->patience, 0, memory_order_relaxed);
        atomic_store_explicit(&caller->quiet, 0, memory_order_relaxed);
        atomic_store_explicit(&caller->eager, true, memory_order_relaxed);
        return;
    }
    quiet = atomic_load_explicit(&caller->patience, memory_order_relaxed) * 2 + QUIET_NS;
    if (quiet > MAX_QUIET)
        quiet = MAX_QUIET;
    atomic_store_explicit(&caller->patience, quiet, memory_order_relaxed);
    atomic_store_explicit(&caller->quiet, now + quiet, memory_order_relaxed);
}

static bool is_worth(gonet__worker_t *v)
{
    uint64_t runs = atomic_load_explicit(&v->runs, memory_order_relaxed), ran;
    int64_t begin, took;

    if (gonet__queue_movable(&v->queue) == 0)
        return false;
    if (GONET__STEAL_ALWAYS || atomic_load_explicit(&v->held, memory_order_relaxed))
        return true;
    begin = gonet__now();
    do {
        for (int i = 0; i < 20; i++)
            gonet__spin_pause();
        took = gonet__now() - begin;
    } while (took < OBSERVE_NS);
    ran = atomic_load_explicit(&v->runs, memory_order_relaxed) - runs;
    return (int64_t)gonet__queue_movable(&v->queue) * took > (int64_t)ran * MOVE_NS;
}

/* Takes over the older half of what v could run; returns how many tasks. */
static unsigned rob(gonet__worker_t *w, gonet__worker_t *v)
{
    gonet__task_t *t;
    unsigned n = 0;

    if (!gonet__queue_seize(&v->queue))
        return 0;
    t = gonet__queue_cut(&v->queue, (gonet__queue_movable(&v->queue) + 1) / 2);
    gonet__queue_release(&v->queue);
    gonet__queue_enter(&w->queue);
    while (t != NULL) {
        gonet__task_t *next = t->next;

        gonet__queue_append(&w->queue, t);
        t = next;
        n++;
    }
    gonet__queue_leave(&w->queue);
    return n;
}

/* Takes over what others have sent to v, who does not look. */
static unsigned empty_inbox(gonet__worker_t *v)
{
    unsigned n = 0;

    if (atomic_load(&v->inbox) == NULL ||
        (!atomic_load_explicit(&v->held, memory_order_relaxed) &&
         !atomic_load_explicit(&v->stopping, memory_order_relaxed) && !GONET__STEAL_ALWAYS))
        return 0;
    for (gonet__task_t *t = gonet__worker_take_inbox(v), *next; t != NULL; t = next) {
        next = t->next;
        n += t->pin == NULL;
        gonet__worker_accept(t);
    }
    return n;
}

void gonet__steal_from_held(gonet__worker_t *w, gonet__worker_t *v)
{
    if (gonet__queue_movable(&v->queue) > 0)
        rob(w, v);
    empty_inbox(v);
}

bool gonet__steal(gonet__worker_t *w)
{
    unsigned n = gonet__runtime_worker_made(), first = (unsigned)w->runs, got = 0;

    for (unsigned i = 0; i < n && got == 0; i++) {
        gonet__worker_t *v = gonet__runtime_worker((first + i) % n);

        if (v == w)
            continue;
        if (is_worth(v))
            got = rob(w, v);
        if (got > 0 && gonet__queue_movable(&v->queue) > 1)
            gonet__steal_call_for(v);
        got += empty_inbox(v);
    }
    w->helps_got += got;
    return got > 0;
}
