/*
 * What was sent to a worker stands in a list that anybody adds to; what it had no memory for, in
 * one of its own.
 */
#include "runtime/sched/birth.h"

#include "runtime/sched/runtime.h"
#include "runtime/time/clock.h"

#define RETRY_NS (5 * GONET_MILLISECOND)

static void leave_at(gonet__worker_t *w, gonet__pd_t *pd)
{
    pd->next_unborn = atomic_load_explicit(&w->births, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&w->births, &pd->next_unborn, pd,
                                                  memory_order_release, memory_order_relaxed)) {
    }
}

/* False: w is about to end. */
static bool post(gonet__worker_t *w, gonet__pd_t *pd)
{
    bool stays;

    atomic_fetch_add(&w->users, 1);
    stays = !atomic_load(&w->stopping);
    if (stays) {
        leave_at(w, pd);
        gonet__worker_wake(w);
    }
    atomic_fetch_sub_explicit(&w->users, 1, memory_order_release);
    return stays;
}

static void send_away(gonet__pd_t *pd)
{
    while (!post(gonet__worker_choose(NULL, gonet__here()), pd)) {
    }
}

void gonet__birth_send(gonet__pd_t *pd)
{
    gonet__worker_t *w = gonet__here();

    if (w != NULL)
        leave_at(w, pd); /* it looks there before it sleeps, and before it ends */
    else
        send_away(pd);
}

/* All that were sent to w, oldest first. */
static gonet__pd_t *take(gonet__worker_t *w)
{
    gonet__pd_t *pd = atomic_exchange_explicit(&w->births, NULL, memory_order_acquire);
    gonet__pd_t *order = NULL;

    while (pd != NULL) {
        gonet__pd_t *next = pd->next_unborn;
        pd->next_unborn = order;
        order = pd;
        pd = next;
    }
    return order;
}

static void born(void *pd)
{
    ((gonet__pd_t *)pd)->calls->born(pd);
}

/* Makes tasks of a list; what is left when memory is out. */
static gonet__pd_t *bear_all(gonet__worker_t *w, gonet__pd_t *pd)
{
    while (pd != NULL) {
        gonet__pd_t *next = pd->next_unborn; /* once born it may be sent anew */

        if (!gonet__task_bear(w, born, pd))
            return pd;
        pd = next;
    }
    return NULL;
}

void gonet__birth_bear(gonet__worker_t *w)
{
    gonet__pd_t **end = &w->unborn;

    while (*end != NULL)
        end = &(*end)->next_unborn;
    *end = take(w);
    if (gonet__now() < atomic_load_explicit(&w->unborn_at, memory_order_relaxed))
        return;
    w->unborn = bear_all(w, w->unborn);
    atomic_store_explicit(&w->unborn_at, w->unborn != NULL ? gonet__now() + RETRY_NS : 0,
                          memory_order_relaxed);
}

void gonet__birth_hand_over(gonet__worker_t *w)
{
    gonet__pd_t *list = w->unborn, *next;

    w->unborn = NULL;
    atomic_store_explicit(&w->unborn_at, 0, memory_order_relaxed);
    for (; list != NULL; list = next) {
        next = list->next_unborn;
        send_away(list);
    }
    for (list = take(w); list != NULL; list = next) {
        next = list->next_unborn;
        send_away(list);
    }
}
