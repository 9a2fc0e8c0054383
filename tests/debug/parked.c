/*
 * Tasks that are parked in known places, for gdb.sh: one that accepts, one that receives, a few
 * calls deep, one that sleeps, one that has not begun, and one that stops the program.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonet.h"

static gonet_listener_t *listener;
static gonet_chan_t *never;

static void accepts(void *arg)
{
    (void)arg;
    gonet_conn_free(gonet_listener_accept(listener, NULL));
}

/* Not a tail call: each level keeps a frame. */
static __attribute__((noinline)) void receives_deep(int depth)
{
    if (depth == 0)
        (void)gonet_chan_recv(never, NULL);
    else
        receives_deep(depth - 1);
    __asm__ volatile("" ::: "memory");
}

static void receives(void *arg)
{
    (void)arg;
    receives_deep(3);
    __asm__ volatile("" ::: "memory");
}

static void sleeps(void *arg)
{
    (void)arg;
    gonet_sleep(GONET_HOUR);
    __asm__ volatile("" ::: "memory");
}

static void not_begun(void *arg)
{
    (void)arg;
}

/* One worker begins tasks in the order in which they were made, so the others are parked by now. */
static void stops(void *arg)
{
    const int *signal = arg;

    if (gonet_go(not_begun, NULL) == 0)
        raise(*signal);
    exit(0);
}

int main(int argc, char **argv)
{
    static int signal = SIGTRAP;
    GONET_AUTO(gonet_error_t) err = NULL;

    if (argc > 1 && strcmp(argv[1], "abort") == 0)
        signal = SIGABRT;
    gonet_set_max_procs(1);
    never = gonet_chan_new(0, 0);
    listener = gonet_listen("tcp", "127.0.0.1:0", &err);
    if (never == NULL || listener == NULL) {
        fprintf(stderr, "%s\n", gonet_error_string(err));
        return 1;
    }
    if (gonet_go(accepts, NULL) != 0 || gonet_go(receives, NULL) != 0 ||
        gonet_go_named(sleeps, NULL, "the sleeper") != 0 || gonet_go(stops, &signal) != 0)
        return 1;
    for (;;)
        gonet_sleep(GONET_HOUR);
}
