/*
 * A worker's tasks that have not begun: a list with a lock of its own, since others may take half
 * of it. How it is made certain that somebody does is told in runtime.c.
 */
#include "runtime/runtime.h"
#include "runtime/spin.h"
#include "runtime/worker.h"

unsigned gonet__worker_add_fresh(gonet__worker_t *w, gonet__task_t *task)
{
    unsigned before;

    task->next = NULL;
    gonet__spin_lock(&w->fresh_lock);
    before = atomic_load_explicit(&w->fresh_count, memory_order_relaxed);
    task->worker = w;
    *w->fresh_tail = task;
    w->fresh_tail = &task->next;
    atomic_store_explicit(&w->fresh_count, before + 1, memory_order_relaxed);
    atomic_store_explicit(&w->fresh_total,
                          atomic_load_explicit(&w->fresh_total, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    gonet__spin_unlock(&w->fresh_lock);
    return before;
}

/* Takes the first n of the tasks that have not begun; returns them linked, *taken says how many. */
static gonet__task_t *take_fresh(gonet__worker_t *w, unsigned n, unsigned *taken)
{
    gonet__task_t *first;
    gonet__task_t **end;
    unsigned count;

    gonet__spin_lock(&w->fresh_lock);
    count = atomic_load_explicit(&w->fresh_count, memory_order_relaxed);
    if (n > count)
        n = count;
    first = w->fresh_head;
    end = &w->fresh_head;
    if (n < count) {
        for (unsigned i = 0; i < n; i++)
            end = &(*end)->next;
        w->fresh_head = *end;
        *end = NULL;
    } else {
        w->fresh_head = NULL;
        w->fresh_tail = &w->fresh_head;
    }
    if (n == 0)
        first = NULL;
    atomic_store_explicit(&w->fresh_count, count - n, memory_order_relaxed);
    gonet__spin_unlock(&w->fresh_lock);
    *taken = n;
    return first;
}

gonet__task_t *gonet__worker_begin_fresh(gonet__worker_t *w)
{
    unsigned taken;
    gonet__task_t *t = take_fresh(w, 1, &taken);

    if (t != NULL)
        gonet__task_begin(w, t);
    return t;
}

bool gonet__worker_steal(gonet__worker_t *w)
{
    bool stays = !atomic_load_explicit(&w->stopping, memory_order_relaxed);
    gonet__worker_t *v;
    unsigned taken = 0;

    while (stays && taken == 0 && (v = gonet__runtime_victim(w)) != NULL) {
        gonet__task_t *t = take_fresh(v, (atomic_load(&v->fresh_count) + 1) / 2, &taken);
        atomic_fetch_add(&gonet__runtime.moves_begun, 1);
        atomic_thread_fence(memory_order_release);
        gonet__worker_count_own(w, (long)taken);
        atomic_fetch_sub_explicit(&v->live_others, (long)taken, memory_order_relaxed);
        atomic_fetch_add(&gonet__runtime.moves_ended, 1);
        while (t != NULL) {
            gonet__task_t *next = t->next;
            gonet__worker_add_fresh(w, t);
            t = next;
        }
    }
    gonet__runtime_search_done(w, taken > 1 || (taken > 0 && w->run_head != NULL) ||
                                      gonet__runtime_victim(w) != NULL);
    return taken > 0;
}
