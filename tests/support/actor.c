/*
 * Starting and joining actors. A wait group tells the end, so a task that joins a thread parks.
 */
#include "support/actor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const actor_mode_name[ACTOR_MODES] = {"tasks", "threads", "task and threads",
                                                  "thread and tasks"};

static void run(void *arg)
{
    actor_t *a = arg;

    a->fn(a->arg);
    gonet_wait_group_done(&a->ended);
}

static void *run_thread(void *arg)
{
    run(arg);
    return NULL;
}

void actor_start(actor_t *a, actor_kind_t kind, void (*fn)(void *arg), void *arg)
{
    bool started;

    memset(a, 0, sizeof(*a));
    a->fn = fn;
    a->arg = arg;
    a->kind = kind;
    gonet_wait_group_add(&a->ended, 1);
    if (kind == BY_THREAD)
        started = pthread_create(&a->thread, NULL, run_thread, a) == 0;
    else
        started = gonet_go(run, a) == 0;
    if (!started) {
        CHECK(started);
        a->kind = BY_TASK;
        gonet_wait_group_done(&a->ended);
    }
}

void actor_join(actor_t *a)
{
    gonet_wait_group_wait(&a->ended);
    if (a->kind == BY_THREAD)
        pthread_join(a->thread, NULL);
}

actor_kind_t actor_body(actor_mode_t mode)
{
    return mode == TASKS || mode == TASK_AND_THREADS ? BY_TASK : BY_THREAD;
}

actor_kind_t actor_helper(actor_mode_t mode)
{
    return mode == TASKS || mode == THREAD_AND_TASKS ? BY_TASK : BY_THREAD;
}

static void say_what_hangs(void)
{
    fprintf(stderr, "the test hangs%s%s\n", check_failed() ? ", after " : "", check_failure());
    gonet_dump_tasks(stderr);
}

char *actor_dump(void)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (f == NULL)
        abort();
    gonet_dump_tasks(f);
    fclose(f);
    return text;
}

void actor_run_test(actor_mode_t mode, void (*body)(void *arg), void *arg)
{
    static bool watched;
    actor_t a;

    if (!watched)
        patience_watch(say_what_hangs);
    watched = true;
    actor_start(&a, actor_body(mode), body, arg);
    actor_join(&a);
    check_report();
}
