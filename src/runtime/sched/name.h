/*
 * What tasks are called in reports: by the name that was given, and by their functions'.
 */
#ifndef GONET_RUNTIME_SCHED_NAME_H
#define GONET_RUNTIME_SCHED_NAME_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/line.h"
#include "base/symbol.h"
#include "runtime/sched/task.h"

/* Of a name, that many bytes are kept. */
#define GONET__NAME_MAX 63

/* gonet__name_give gives a task another name, a copy; NULL: none. False without memory: it keeps
 * the old one. By the task, or before it was started. */
bool gonet__name_give(gonet__task_t *task, const char *name);

/* gonet__name_drop is for a task that has a name, at its end. */
static inline void gonet__name_drop(gonet__task_t *task)
{
    if (__builtin_expect(task->name != NULL, 0))
        (void)gonet__name_give(task, NULL);
}

/* gonet__name_copy copies the name that was given, empty if none was, to buf, with a NUL. Any
 * thread, as long as the task can't be freed. */
void gonet__name_copy(const gonet__task_t *task, char buf[GONET__NAME_MAX + 1]);

/*
 * gonet__name_put appends "task 1.5 NAME (FUNCTION)", or without a name that was given, "task 1.5
 * FUNCTION". Async-signal-safe; name is gonet__name_copy's, or what the task has, in a handler that
 * interrupts it.
 */
void gonet__name_put(gonet__line_t *line, gonet__symbols_t *s, uint64_t id, const char *name,
                     void (*fn)(void *arg));

/* gonet__name_thread names the calling thread, a worker's, by the number that its tasks have. */
void gonet__name_thread(uint32_t worker);

#endif
