/*
 * Watches: which loop looks at which descriptor for what. A pd has at most one watch per side, one
 * for both sides if they are waited for on the same worker; so no two loops ever watch the same
 * side.
 */
#ifndef GONET_RUNTIME_WATCH_H
#define GONET_RUNTIME_WATCH_H

#include <stdbool.h>

#include "runtime/netpoll/netpoll.h"
#include "runtime/sched/worker.h"

/* gonet__watch_arm makes w's loop watch side, from its next turn on, unless pd is being closed: the
 * descriptor may be another's by then. From a task of w that holds the side, or did. False: no
 * memory. */
bool gonet__watch_arm(gonet__worker_t *w, gonet__pd_t *pd, gonet__side_t side);

/* What the two below do when there is something to do. */
void gonet__watch_apply_wanted(gonet__worker_t *w);
void gonet__watch_free_list(gonet__worker_t *w);

/* gonet__watch_apply brings libuv up to date. With the loop locked, outside uv_run. */
static inline void gonet__watch_apply(gonet__worker_t *w)
{
    if (atomic_load_explicit(&w->apply_wanted, memory_order_relaxed))
        gonet__watch_apply_wanted(w);
}

/* gonet__watch_free_closed frees what the loop has let go. Likewise. */
static inline void gonet__watch_free_closed(gonet__worker_t *w)
{
    if (w->closed != NULL)
        gonet__watch_free_list(w);
}

/* gonet__watch_detach_all takes all watches off a loop that ends, and lets who waits look again. On
 * the worker, with the loop locked. */
void gonet__watch_detach_all(gonet__worker_t *w);

/* gonet__watch_sweep lets all who wait for descriptors of this loop look again. Any thread. */
void gonet__watch_sweep(gonet__worker_t *w);

#endif
