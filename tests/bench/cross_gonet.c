/*
 * What tasks cost each other that began on different workers: bench_cross_gonet NAME OPERATIONS
 * [MILLISECONDS] prints the CPU time (all threads) and the time passed per operation, how many
 * tasks began where, how many ended elsewhere, and in which part of the operations, while it warmed
 * up, something went from one worker to another: a message, the lock, a task that was started.
 * After so many milliseconds it stops, and counts what was done: a row that is a thousand times
 * slower than another takes no longer. peers/cross.go has the same names for Go; a change here
 * belongs there too.
 */
#include "common.h"
#include "meet.h"

#include <gonet.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCERS = 16, BURST = 100, BATCH = 1000, LOOK_EACH = 128 };

typedef struct {
    const char *name;
    void (*task)(long index);
    long tasks;        /* 0: one for each worker */
    int capacity;      /* of the channel */
    void (*own)(void); /* what the plain thread does meanwhile, or NULL */
} cross_t;

/* What the tasks of one run share; written before they go. */
static long share; /* operations of each task */
static int64_t deadline;
static gonet_chan_t *there, *back;
static gonet_conn_t *near_end, *far_end;
static gonet_mutex_t mutex;
static long counter;    /* under mutex */
static int last_holder; /* under mutex */
static atomic_long operations, producers;
static bool looking; /* whether to see what crosses, which takes time */
static atomic_long crossed;

/* Whether to do operation i. The clock is read only now and then. */
static bool goes_on(long i)
{
    return i < share && (i % LOOK_EACH != 0 || bench_now() < deadline);
}

/* What goes along with a message, and what who has got it does with that. */
static int leaves(void)
{
    return looking ? meet_here() : 0;
}

static void arrives(int from)
{
    if (looking && from != meet_here())
        crossed++;
}

static void ping(void)
{
    long i;
    int v;

    for (i = 0; goes_on(i); i++) {
        v = leaves();
        gonet_chan_send(there, &v);
        if (!gonet_chan_recv(back, &v))
            bench_die("the channel was closed");
    }
    gonet_chan_close(there);
    operations += i;
}

static void pong(long index)
{
    int v;

    (void)index;
    while (gonet_chan_recv(there, &v)) {
        arrives(v);
        gonet_chan_send(back, &v);
    }
}

static void run_chan(long index)
{
    if (index == 0)
        ping();
    else
        pong(index);
}

/* The first task takes what the others send. */
static void run_fan(long index)
{
    long i;
    int v;

    if (index == 0) {
        for (i = 0; gonet_chan_recv(there, &v); i++)
            arrives(v);
        operations += i;
        return;
    }
    for (i = 0; goes_on(i); i++) {
        v = leaves();
        gonet_chan_send(there, &v);
    }
    if (atomic_fetch_sub(&producers, 1) == 1)
        gonet_chan_close(there);
}

static void run_pipe(long index)
{
    signed char byte;
    long i;

    if (index != 0) {
        while (gonet_conn_read(far_end, &byte, 1, NULL) == 1) {
            arrives(byte);
            gonet_conn_write(far_end, &byte, 1, NULL);
        }
        gonet_conn_free(far_end);
        return;
    }
    for (i = 0; goes_on(i); i++) {
        byte = (signed char)leaves();
        if (gonet_conn_write(near_end, &byte, 1, NULL) != 1 ||
            gonet_conn_read(near_end, &byte, 1, NULL) != 1)
            bench_die("the pipe was closed");
    }
    gonet_conn_free(near_end);
    operations += i;
}

/* Who starts tasks, on its own stack: no cache line is shared with the other spawners. */
typedef struct {
    atomic_long ended;
    gonet_wait_group_t group;
    atomic_int from;
} spawner_t;

static void counting(void *arg)
{
    spawner_t *s = arg;

    arrives(s->from);
    atomic_fetch_add_explicit(&s->ended, 1, memory_order_relaxed);
}

static void spawn(void (*fn)(void *arg), void *arg)
{
    if (gonet_go(fn, arg) != 0)
        bench_die("gonet_go: out of memory");
}

/* Starts so many tasks between two yields. */
static void spawn_and_yield(long burst)
{
    spawner_t s = {0};
    long i;

    for (i = 0; goes_on(i); i++) {
        if (i % burst == 0)
            s.from = leaves();
        spawn(counting, &s);
        if (i % burst == burst - 1)
            gonet_yield();
    }
    while (atomic_load_explicit(&s.ended, memory_order_relaxed) < i)
        gonet_yield();
    operations += i;
}

static void run_spawn(long index)
{
    (void)index;
    spawn_and_yield(1);
}

static void run_burst(long index)
{
    (void)index;
    spawn_and_yield(BURST);
}

static void finisher(void *arg)
{
    spawner_t *s = arg;

    arrives(s->from);
    gonet_wait_group_done(&s->group);
}

static void run_spawn1000(long index)
{
    spawner_t s = {0};
    long i, k;

    (void)index;
    for (i = 0; goes_on(i); i += BATCH) {
        s.from = leaves();
        gonet_wait_group_add(&s.group, BATCH);
        for (k = 0; k < BATCH; k++)
            spawn(finisher, &s);
        gonet_wait_group_wait(&s.group);
    }
    operations += i;
}

static void run_yield(long index)
{
    long i;

    (void)index;
    for (i = 0; goes_on(i); i++)
        gonet_yield();
    operations += i;
}

static void run_mutex(long index)
{
    long i;

    (void)index;
    for (i = 0; goes_on(i); i++) {
        gonet_mutex_lock(&mutex);
        counter++;
        arrives(last_holder);
        last_holder = leaves();
        gonet_mutex_unlock(&mutex);
    }
    operations += i;
}

static const cross_t crosses[] = {
    {"chan", run_chan, 2, 0, NULL},
    {"fan", run_fan, 1 + PRODUCERS, 0, NULL},
    {"fan64", run_fan, 1 + PRODUCERS, 64, NULL},
    {"pipe", run_pipe, 2, 0, NULL},
    {"spawn", run_spawn, 0, 0, NULL},
    {"spawn1000", run_spawn1000, 0, 0, NULL},
    {"burst", run_burst, 0, 0, NULL},
    {"yield2", run_yield, 2, 0, NULL},
    {"yield1000", run_yield, 1000, 0, NULL},
    {"mutex16", run_mutex, 16, 0, NULL},
    {"thread", pong, 1, 0, ping},
};

/* How many tasks do the operations together: of the others each answers one, or takes all. */
static long active(const cross_t *c, long tasks)
{
    if (c->task == run_fan)
        return PRODUCERS;
    return c->task == run_chan || c->task == run_pipe ? 1 : tasks;
}

static void measure(const cross_t *c, long ops, int64_t limit, int64_t *cpu, int64_t *wall)
{
    long tasks = c->tasks != 0 ? c->tasks : meet_workers();

    share = ops / active(c, tasks);
    operations = 0;
    counter = 0;
    crossed = 0;
    producers = PRODUCERS;
    there = gonet_chan_new(sizeof(int), (size_t)c->capacity);
    back = gonet_chan_new(sizeof(int), 0);
    if (there == NULL || back == NULL ||
        (c->task == run_pipe && gonet_pipe(&near_end, &far_end) != 0))
        bench_die("out of memory");
    meet_gather(tasks, c->task);
    *cpu = bench_own_cpu();
    *wall = bench_now();
    deadline = *wall + limit;
    meet_go();
    if (c->own != NULL)
        c->own();
    meet_end();
    *wall = bench_now() - *wall;
    *cpu = bench_own_cpu() - *cpu;
    gonet_chan_free(there);
    gonet_chan_free(back);
    if (c->task == run_mutex && counter != operations)
        bench_die("the mutex let two in at once");
}

int main(int argc, char **argv)
{
    const cross_t *c = NULL;
    int64_t cpu, wall, limit;
    double part;
    long ops;
    size_t i;

    if (argc != 3 && argc != 4)
        bench_die("usage: bench_cross_gonet NAME OPERATIONS [MILLISECONDS]");
    bench_end_after(120);
    ops = bench_number("operations", argv[2], 1000, 2000000000);
    limit = 1000000 * bench_number("milliseconds", argc == 4 ? argv[3] : "60000", 1, 60000);
    for (i = 0; i < sizeof crosses / sizeof crosses[0]; i++)
        if (strcmp(crosses[i].name, argv[1]) == 0)
            c = &crosses[i];
    if (c == NULL)
        bench_die("no benchmark is named %s", argv[1]);
    looking = true;
    measure(c, ops / 10, limit / 4, &cpu, &wall); /* to warm up */
    looking = false;
    part = (double)crossed / (double)operations;
    measure(c, ops, limit, &cpu, &wall);
    printf("cpu_ns=%.1f wall_ns=%.1f operations=%ld ", (double)cpu / (double)operations,
           (double)wall / (double)operations, operations);
    meet_print();
    printf(" crossed=%.4f\n", part);
    return 0;
}
