/*
 * Tasks that compute and do nothing else, all started by one task: bench_spread_gonet TASKS
 * MICROSECONDS prints the time that passed until all had ended, and how many of them ran on another
 * thread than the one that started them. Each computes so long by the clock of its thread's CPU
 * time, so that other work on the machine does not count as theirs.
 */
#include "common.h"

#include <errno.h>
#include <gonet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    long tasks;
    int64_t length; /* of each, ns */
    pid_t home;     /* the thread of who starts them */
    int64_t wall;
    atomic_long elsewhere;
    gonet_wait_group_t group, done;
} job_t;

static int64_t thread_cpu(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
        bench_die("clock_gettime: %s", strerror(errno));
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void compute(void *arg)
{
    job_t *job = arg;
    int64_t end = thread_cpu() + job->length;

    if (gettid() != job->home)
        atomic_fetch_add_explicit(&job->elsewhere, 1, memory_order_relaxed);
    while (thread_cpu() < end)
        ;
    gonet_wait_group_done(&job->group);
}

static void run(job_t *job, long tasks)
{
    long i;

    job->home = gettid();
    job->elsewhere = 0;
    job->wall = bench_now();
    gonet_wait_group_add(&job->group, (int)tasks);
    for (i = 0; i < tasks; i++)
        if (gonet_go(compute, job) != 0)
            bench_die("gonet_go: %s", strerror(errno));
    gonet_wait_group_wait(&job->group);
    job->wall = bench_now() - job->wall;
}

static void body(void *arg)
{
    job_t *job = arg;

    run(job, job->tasks / 10 + 1); /* to warm up */
    run(job, job->tasks);
    gonet_wait_group_done(&job->done);
}

int main(int argc, char **argv)
{
    job_t job = {0};

    if (argc != 3)
        bench_die("usage: bench_spread_gonet TASKS MICROSECONDS");
    bench_end_after(120);
    job.tasks = bench_number("tasks", argv[1], 1, 10000000);
    job.length = 1000 * bench_number("microseconds", argv[2], 1, 1000000);
    gonet_wait_group_add(&job.done, 1);
    if (gonet_go(body, &job) != 0)
        bench_die("gonet_go: %s", strerror(errno));
    gonet_wait_group_wait(&job.done);
    printf("wall_ms=%.3f elsewhere=%ld\n", (double)job.wall / 1e6, job.elsewhere);
    return 0;
}
