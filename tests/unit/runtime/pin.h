/*
 * Whether a task stays in its thread, and tasks that do not.
 */
#ifndef TESTS_UNIT_RUNTIME_PIN_H
#define TESTS_UNIT_RUNTIME_PIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gonet/sync.h"
#include "gonet/task.h"
#include "runtime/sched/worker.h"
#include "support/check.h"

__attribute__((unused)) static int thread_id(void)
{
    return (int)syscall(SYS_gettid);
}

/* One of the ways to park. */
__attribute__((unused)) static void park(int i)
{
    if (i % 8 == 0)
        gonet_sleep(GONET_MICROSECOND);
    else
        gonet_yield();
}

/* How many of the parks brought the caller to another thread. */
__attribute__((unused)) static int moves(int parks)
{
    int n = 0;

    for (int i = 0, at = thread_id(); i < parks; i++) {
        park(i);
        n += thread_id() != at;
        at = thread_id();
    }
    return n;
}

__attribute__((unused)) static void start_runtime(void *arg)
{
    (void)arg;
}

/* Runs fn(arg) in a task of a runtime with four workers; moving: where tasks move at every chance.
 */
__attribute__((unused)) static void run_in_task(bool moving, void (*fn)(void *arg), void *arg)
{
    int before = gonet_set_max_procs(4);
    gonet_wait_group_t ended = {0};

    CHECK(gonet_wait_group_go(&ended, start_runtime, NULL) == 0); /* asks the environment */
    gonet_wait_group_wait(&ended);
    atomic_store(&gonet__steal_always, moving);
    CHECK(gonet_wait_group_go(&ended, fn, arg) == 0);
    gonet_wait_group_wait(&ended);
    atomic_store(&gonet__steal_always, false);
    gonet_set_max_procs(before);
}

#endif
