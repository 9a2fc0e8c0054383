/*
 * Entering a task, inline in the turn of its worker: what returns right after a switch returns to
 * where the processor does not expect it.
 */
#ifndef GONET_RUNTIME_SCHED_RESUME_H
#define GONET_RUNTIME_SCHED_RESUME_H

#include "base/compiler.h"
#include "runtime/sched/worker.h"
#include "runtime/switch/switch.h"

/* gonet__task_take_back frees the task that has left its stack for the last time. */
void gonet__task_take_back(gonet__worker_t *w);

/* gonet__task_set_current notes who runs from now on; NULL: the scheduler. */
static inline void gonet__task_set_current(gonet__worker_t *w, gonet__task_t *task)
{
    if (task != NULL && task->worker != w)
        task->worker = w;
    atomic_store_explicit(&w->place.task, task, memory_order_relaxed);
    atomic_store_explicit(&w->runs, atomic_load_explicit(&w->runs, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* gonet__task_entered comes first on the stack that has just been entered, tool's. What was left
 * may go on elsewhere from now on. */
static inline void gonet__task_entered(gonet__worker_t *w, gonet__annotation_t *tool)
{
    gonet__task_t *left = w->left;

    gonet__annotate_enter(tool, left != NULL ? &left->tool : &w->tool);
    if (w->finished != NULL)
        gonet__task_take_back(w);
    else if (left != NULL)
        atomic_store_explicit(&left->on, false, memory_order_release);
}

/* gonet__task_resume runs a task until it parks, yields or ends. On its worker, outside any task.
 */
GONET__INLINE void gonet__task_resume(gonet__worker_t *w, gonet__task_t *task)
{
    gonet__task_set_current(w, task);
    w->left = NULL;
    gonet__annotate_leave(&w->tool, &task->tool, 0);
    gonet__switch(&w->context, &task->context);
    gonet__task_entered(w, &w->tool);
}

#endif
