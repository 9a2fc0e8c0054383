/*
 * A task's name is memory of its own. Only the task changes it, and who ends it; somebody who lists
 * the tasks may read it at that moment, so both do it under one lock, which is held for a few
 * instructions. In a handler of a signal the task that it interrupts stands still: no lock.
 */
#include "runtime/sched/name.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/ground/spin.h"

static _Atomic uint32_t lock;

/* A copy for one line of a report: what would end the line or move the cursor is replaced. */
static char *copy_of(const char *name)
{
    size_t n = strnlen(name, GONET__NAME_MAX);
    char *copy = gonet__alloc(n + 1);

    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        copy[i] = (unsigned char)name[i] < ' ' || name[i] == 0x7f ? '?' : name[i];
    copy[n] = '\0';
    return copy;
}

bool gonet__name_give(gonet__task_t *task, const char *name)
{
    char *copy = name != NULL ? copy_of(name) : NULL;
    char *old;

    if (name != NULL && copy == NULL)
        return false;
    gonet__spin_lock(&lock);
    old = task->name;
    task->name = copy;
    gonet__spin_unlock(&lock);
    gonet__free(old);
    return true;
}

void gonet__name_copy(const gonet__task_t *task, char buf[GONET__NAME_MAX + 1])
{
    gonet__spin_lock(&lock);
    strcpy(buf, task->name != NULL ? task->name : "");
    gonet__spin_unlock(&lock);
}

void gonet__name_put(gonet__line_t *line, gonet__symbols_t *s, uint64_t id, const char *name,
                     void (*fn)(void *arg))
{
    bool given = name != NULL && *name != '\0';

    gonet__line_puts(line, "task ");
    gonet__line_number(line, id >> 32, 10);
    gonet__line_puts(line, ".");
    gonet__line_number(line, (uint32_t)id, 10);
    gonet__line_puts(line, " ");
    if (given) {
        gonet__line_puts(line, name);
        gonet__line_puts(line, " (");
    }
    gonet__symbol_put_name(line, s, (uintptr_t)fn);
    if (given)
        gonet__line_puts(line, ")");
}

int gonet_set_task_name(const char *name)
{
    gonet__task_t *task = gonet__task_current();

    if (task == NULL || gonet__name_give(task, name))
        return 0;
    errno = ENOMEM;
    return -1;
}

void gonet__name_thread(uint32_t worker)
{
    char name[16];

    snprintf(name, sizeof(name), "gonet-%u", worker);
    pthread_setname_np(pthread_self(), name);
}
