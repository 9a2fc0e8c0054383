/*
 * Whether a task stays in its thread.
 */
#ifndef TESTS_UNIT_RUNTIME_PIN_H
#define TESTS_UNIT_RUNTIME_PIN_H

#include <sys/syscall.h>
#include <unistd.h>

#include "gonet/task.h"

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

#endif
