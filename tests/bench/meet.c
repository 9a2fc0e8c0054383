/*
 * First a holder on every worker: a task that keeps its worker, waiting outside gonet, so that the
 * next one must begin on another. Then, worker by worker, the holder leaves, and the tasks that are
 * to begin there are started: no other worker is free. All but the last of them park at a gate, the
 * last one holds the worker until meet_go, and opens the gate, so that who wakes them is there,
 * too. What the scheduler does from then on is what is measured.
 */
#include "meet.h"
#include "common.h"

#include <errno.h>
#include <gonet.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_WORKERS = 256 };

typedef struct {
    atomic_int thread; /* of the worker; 0: the holder has not begun */
    atomic_bool leave; /* told to the holder, */
    atomic_bool left;  /* and its answer */
    long size;         /* how many tasks are to begin here */
    atomic_long begun;
    gonet_wait_group_t gate;
} worker_t;

typedef struct {
    worker_t *worker;
    pid_t begun, ended; /* the threads on which it did */
} member_t;

static worker_t workers[MAX_WORKERS];
static member_t *members;
static long member_count;
static void (*member_fn)(long index);
static atomic_bool go;
static atomic_long running;
static sem_t over;

long meet_workers(void)
{
    return gonet_set_max_procs(0);
}

int meet_here(void)
{
    long n = meet_workers(), i;
    pid_t thread = gettid();

    for (i = 0; i < n; i++)
        if (atomic_load(&workers[i].thread) == thread)
            return (int)i;
    return -1;
}

/* Keeps the worker, but lets others have the processor. */
static void hold(atomic_bool *until)
{
    while (!atomic_load(until))
        sched_yield();
}

static void holder(void *arg)
{
    worker_t *w = arg;

    atomic_store(&w->thread, gettid());
    hold(&w->leave);
    atomic_store(&w->left, true);
}

static void await_the_others(worker_t *w)
{
    if (atomic_fetch_add(&w->begun, 1) + 1 < w->size) {
        gonet_wait_group_wait(&w->gate);
        return;
    }
    hold(&go);
    gonet_wait_group_done(&w->gate);
}

static void member(void *arg)
{
    member_t *m = arg;

    m->begun = gettid();
    await_the_others(m->worker);
    member_fn(m - members);
    m->ended = gettid();
    if (atomic_fetch_sub(&running, 1) == 1)
        sem_post(&over);
}

static void start(void (*fn)(void *arg), void *arg)
{
    if (gonet_go(fn, arg) != 0)
        bench_die("gonet_go: %s", strerror(errno));
}

static void hold_all_workers(void)
{
    long n = meet_workers(), i, k;

    memset(workers, 0, sizeof workers);
    for (i = 0; i < n; i++) {
        start(holder, &workers[i]);
        while (atomic_load(&workers[i].thread) == 0)
            sched_yield();
        for (k = 0; k < i; k++)
            if (atomic_load(&workers[k].thread) == atomic_load(&workers[i].thread))
                bench_die("a task began on a worker that another one holds");
    }
}

static void let_begin(worker_t *w)
{
    long i;

    gonet_wait_group_add(&w->gate, 1);
    atomic_store(&w->leave, true);
    while (!atomic_load(&w->left))
        sched_yield();
    for (i = 0; i < member_count; i++)
        if (members[i].worker == w)
            start(member, &members[i]);
    while (atomic_load(&w->begun) < w->size)
        sched_yield();
    for (i = 0; i < member_count; i++)
        if (members[i].worker == w && members[i].begun != atomic_load(&w->thread))
            bench_die("a task began on a worker that was held");
}

void meet_gather(long count, void (*fn)(long index))
{
    long n = meet_workers(), i;

    free(members);
    members = calloc((size_t)count, sizeof *members);
    if (members == NULL || sem_init(&over, 0, 0) != 0)
        bench_die("meet: %s", strerror(errno));
    member_count = count;
    member_fn = fn;
    atomic_store(&running, count);
    atomic_store(&go, false);
    hold_all_workers();
    for (i = 0; i < count; i++) {
        members[i].worker = &workers[i % n];
        workers[i % n].size++;
    }
    for (i = 0; i < n; i++)
        let_begin(&workers[i]);
}

void meet_go(void)
{
    atomic_store(&go, true);
}

void meet_end(void)
{
    while (sem_wait(&over) != 0)
        if (errno != EINTR)
            bench_die("sem_wait: %s", strerror(errno));
}

void meet_print(void)
{
    long n = meet_workers(), moved = 0, i;

    for (i = 0; i < member_count; i++)
        moved += members[i].begun != members[i].ended;
    for (i = 0; i < n; i++)
        printf("%s%ld", i == 0 ? "began=" : "+", atomic_load(&workers[i].begun));
    printf(" moved=%ld", moved);
}
