/*
 * What others send to a worker: tasks, into its inbox; and how they get hold of its queue.
 */
#include "runtime/ground/spin.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/steal.h"
#include "runtime/sched/worker.h"

#define SEIZE_TRIES 200 /* some 60 ms */

bool gonet__worker_seize(gonet__worker_t *w)
{
    unsigned turns = 0;

    for (unsigned i = 0; !gonet__queue_seize(&w->queue); i++) {
        if (i >= SEIZE_TRIES && gonet__queue_awaits_owner(&w->queue))
            return false;
        gonet__worker_wake(w);
        gonet__relax(&turns);
    }
    return true;
}

/* Hands task to w unless w is about to end, which it does not as long as a task is pinned there. */
static bool post(gonet__worker_t *w, gonet__task_t *task)
{
    bool stays;

    atomic_fetch_add(&w->users, 1);
    stays = task->pin == w || !atomic_load(&w->stopping);
    if (stays) {
        gonet__worker_leave_at(&w->inbox, task);
        gonet__worker_wake(w);
    }
    atomic_fetch_sub_explicit(&w->users, 1, memory_order_release);
    return stays;
}

/* How good a worker is for a task that a thread wakes: best one that waits awake, then one that
 * sleeps, then one that is not held; of equal ones that where the task ran last. */
static int fitness(const gonet__worker_t *w, const gonet__worker_t *last)
{
    bool awake = atomic_load_explicit(&w->waits_awake, memory_order_relaxed);
    bool sleeps = gonet__poller_sleeps(&w->poller);
    bool held = atomic_load_explicit(&w->held, memory_order_relaxed);

    return (awake ? 6 : sleeps ? 4 : held ? 0 : 2) + (w == last);
}

gonet__worker_t *gonet__worker_choose(const gonet__worker_t *last, const gonet__worker_t *except)
{
    unsigned n = gonet__runtime_worker_count();
    gonet__worker_t *best = NULL;
    int most = -1;

    for (unsigned i = 0; i < n; i++) {
        gonet__worker_t *v = gonet__runtime_worker(i);
        int fit = v == except && n > 1 ? -1 : fitness(v, last);

        if (fit > most) {
            best = v;
            most = fit;
        }
    }
    return best;
}

void gonet__worker_send(gonet__task_t *task)
{
    gonet__worker_t *here = gonet__here();
    gonet__worker_t *w = task->pin;

    if (w != NULL && w == here) {
        gonet__worker_push(here, task);
        return;
    }
    do {
        if (w == NULL || task->pin == NULL)
            w = gonet__worker_choose(task->worker, here);
        if (w == here) {
            gonet__worker_push(here, task);
            return;
        }
    } while (!post(w, task));
}

void gonet__worker_give(gonet__task_t *task)
{
    while (!post(gonet__worker_choose(NULL, gonet__here()), task)) {
    }
}

gonet__task_t *gonet__worker_take_inbox(gonet__worker_t *w)
{
    gonet__task_t *t = atomic_exchange_explicit(&w->inbox, NULL, memory_order_acquire);
    gonet__task_t *order = NULL;

    while (t != NULL) {
        gonet__task_t *next = t->next;
        t->next = order;
        order = t;
        t = next;
    }
    return order;
}

void gonet__worker_accept(gonet__task_t *task)
{
    gonet__worker_t *w = gonet__here();

    if (task->pin != NULL && task->pin != w) {
        gonet__worker_send(task);
        return;
    }
    gonet__queue_enter(&w->queue);
    if (task->home == NULL)
        gonet__worker_settle(w, task);
    gonet__queue_append(&w->queue, task);
    gonet__queue_leave(&w->queue);
}
