/*
 * What parked tasks cost: starts so many, half of them wait for a channel, half for a condition,
 * and prints what resident memory and page tables grew by. bench_parked_gonet TASKS.
 */
#include "common.h"

#include <errno.h>
#include <gonet.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static gonet_chan_t *channel;
static gonet_mutex_t mutex;
static gonet_cond_t cond;
static atomic_long parked;

static void at_channel(void *arg)
{
    (void)arg;
    atomic_fetch_add(&parked, 1);
    gonet_chan_recv(channel, NULL);
}

static void at_condition(void *arg)
{
    (void)arg;
    gonet_mutex_lock(&mutex);
    atomic_fetch_add(&parked, 1);
    gonet_cond_wait(&cond, &mutex);
    gonet_mutex_unlock(&mutex);
}

/* Resident memory and page tables of this process, in bytes. */
static double memory(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    long kb, sum = 0;

    if (f == NULL)
        bench_die("/proc/self/status: %s", strerror(errno));
    while (fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "VmRSS: %ld", &kb) == 1 || sscanf(line, "VmPTE: %ld", &kb) == 1)
            sum += kb;
    fclose(f);
    return (double)sum * 1024;
}

int main(int argc, char **argv)
{
    double before;
    long tasks, i;

    if (argc != 2)
        bench_die("usage: bench_parked_gonet TASKS");
    bench_end_after(300);
    tasks = bench_number("tasks", argv[1], 1, 10000000);
    channel = gonet_chan_new(0, 0);
    if (channel == NULL)
        bench_die("out of memory");
    before = memory();
    for (i = 0; i < tasks; i++)
        if (gonet_go(i % 2 == 0 ? at_channel : at_condition, NULL) != 0)
            bench_die("task %ld: %s", i, strerror(errno));
    while (atomic_load(&parked) < tasks)
        sched_yield();
    printf("gib=%.3f bytes_each=%.0f\n", (memory() - before) / (1L << 30),
           (memory() - before) / (double)tasks);
    fflush(stdout);
    _exit(0);
}
