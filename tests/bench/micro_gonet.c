/*
 * One micro-benchmark of the runtime per run: bench_micro_gonet NAME OPERATIONS prints the CPU time
 * (all threads) and the time passed per operation. peers/micro.go has the same names for Go; a
 * change here belongs there too. The benchmarks run in a task, since tasks are what is measured.
 */
#include "common.h"
#include "micro.h"

#include <gonet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name;
    void (*run)(long ops, long tasks);
    long tasks;
} micro_t;

/* What the tasks of a benchmark share. */
typedef struct {
    long rounds;
    gonet_wait_group_t group;
    gonet_mutex_t mutex;
    gonet_rwmutex_t rwmutex;
    gonet_once_t once;
    gonet_chan_t *ping;
    gonet_chan_t *pong;
    gonet_listener_t *listener;
    long counter;
} shared_t;

typedef struct {
    const micro_t *micro;
    long ops;
    int64_t cpu, wall;
    gonet_wait_group_t done;
} job_t;

void micro_start(void (*fn)(void *arg), void *arg)
{
    if (gonet_go(fn, arg) != 0)
        bench_die("gonet_go: out of memory");
}

static void yielder(void *arg)
{
    shared_t *s = arg;
    long i;

    for (i = 0; i < s->rounds; i++)
        gonet_yield();
    gonet_wait_group_done(&s->group);
}

static void run_yield(long ops, long tasks)
{
    shared_t s = {.rounds = ops / tasks};
    long i;

    gonet_wait_group_add(&s.group, (int)tasks);
    for (i = 0; i < tasks; i++)
        micro_start(yielder, &s);
    gonet_wait_group_wait(&s.group);
}

static void finisher(void *arg)
{
    shared_t *s = arg;

    gonet_wait_group_done(&s->group);
}

static void run_spawn(long ops, long tasks)
{
    shared_t s = {0};
    long done, i;

    for (done = 0; done < ops; done += tasks) {
        gonet_wait_group_add(&s.group, (int)tasks);
        for (i = 0; i < tasks; i++)
            micro_start(finisher, &s);
        gonet_wait_group_wait(&s.group);
    }
}

static void counting(void *arg)
{
    shared_t *s = arg;

    __atomic_fetch_add(&s->counter, 1, __ATOMIC_RELAXED);
}

/* The bare price of a task: the spawner only lets it run (or so many of them), nobody waits for it
 * by name. */
static void run_spawn_yield(long ops, long tasks)
{
    shared_t s = {0};
    long i;

    for (i = 0; i < ops; i++) {
        micro_start(counting, &s);
        if (i % tasks == tasks - 1)
            gonet_yield();
    }
    while (__atomic_load_n(&s.counter, __ATOMIC_RELAXED) < ops)
        gonet_yield();
}

static void answerer(void *arg)
{
    shared_t *s = arg;
    int v;

    while (gonet_chan_recv(s->ping, &v))
        gonet_chan_send(s->pong, &v);
    gonet_wait_group_done(&s->group);
}

static void run_chan(long ops, long tasks)
{
    shared_t s = {.ping = gonet_chan_new(sizeof(int), 0), .pong = gonet_chan_new(sizeof(int), 0)};
    int v = 1;
    long i;

    (void)tasks;
    if (s.ping == NULL || s.pong == NULL)
        bench_die("gonet_chan_new: out of memory");
    gonet_wait_group_add(&s.group, 1);
    micro_start(answerer, &s);
    for (i = 0; i < ops; i++) {
        gonet_chan_send(s.ping, &v);
        if (!gonet_chan_recv(s.pong, &v))
            bench_die("the channel was closed");
    }
    gonet_chan_close(s.ping);
    gonet_wait_group_wait(&s.group);
    gonet_chan_free(s.ping);
    gonet_chan_free(s.pong);
}

static void echoer(void *arg)
{
    gonet_conn_t *c = arg;
    char byte;

    while (gonet_conn_read(c, &byte, 1, NULL) == 1)
        gonet_conn_write(c, &byte, 1, NULL);
    gonet_conn_free(c);
}

static void run_pipe(long ops, long tasks)
{
    gonet_conn_t *a, *b;
    char byte = 1;
    long i;

    (void)tasks;
    if (gonet_pipe(&a, &b) != 0)
        bench_die("gonet_pipe: out of memory");
    micro_start(echoer, b);
    for (i = 0; i < ops; i++)
        if (gonet_conn_write(a, &byte, 1, NULL) != 1 || gonet_conn_read(a, &byte, 1, NULL) != 1)
            bench_die("the pipe was closed");
    gonet_conn_free(a);
}

static void run_mutex(long ops, long tasks)
{
    shared_t s = {0};
    long i;

    (void)tasks;
    for (i = 0; i < ops; i++) {
        gonet_mutex_lock(&s.mutex);
        s.counter++;
        gonet_mutex_unlock(&s.mutex);
    }
}

static void run_rlock(long ops, long tasks)
{
    shared_t s = {0};
    long i;

    (void)tasks;
    for (i = 0; i < ops; i++) {
        gonet_rwmutex_rlock(&s.rwmutex);
        gonet_rwmutex_runlock(&s.rwmutex);
    }
}

static void run_wlock(long ops, long tasks)
{
    shared_t s = {0};
    long i;

    (void)tasks;
    for (i = 0; i < ops; i++) {
        gonet_rwmutex_lock(&s.rwmutex);
        s.counter++;
        gonet_rwmutex_unlock(&s.rwmutex);
    }
}

static void run_once(long ops, long tasks)
{
    shared_t s = {0};
    long i;

    (void)tasks;
    for (i = 0; i < ops; i++)
        gonet_once_do(&s.once, counting, &s);
}

static void contender(void *arg)
{
    shared_t *s = arg;
    long i;

    for (i = 0; i < s->rounds; i++) {
        gonet_mutex_lock(&s->mutex);
        s->counter++;
        gonet_yield(); /* so that the others find it locked */
        gonet_mutex_unlock(&s->mutex);
    }
    gonet_wait_group_done(&s->group);
}

static void run_mutex_contended(long ops, long tasks)
{
    shared_t s = {.rounds = ops / tasks};
    long i;

    gonet_wait_group_add(&s.group, (int)tasks);
    for (i = 0; i < tasks; i++)
        micro_start(contender, &s);
    gonet_wait_group_wait(&s.group);
    if (s.counter != s.rounds * tasks)
        bench_die("the mutex let two in at once");
}

static void acceptor(void *arg)
{
    shared_t *s = arg;
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    long i;

    for (i = 0; i < s->rounds; i++) {
        c = gonet_listener_accept(s->listener, &err);
        if (c == NULL)
            bench_die("accept: %s", gonet_error_string(err));
        gonet_conn_free(c);
    }
    gonet_wait_group_done(&s->group);
}

static void dial_all(shared_t *s, void (*end)(gonet_conn_t *c))
{
    gonet_error_t *err = NULL;
    char address[GONET_ADDR_STRLEN];
    gonet_conn_t *c;
    long i;

    s->listener = gonet_listen("tcp", "127.0.0.1:0", &err);
    if (s->listener == NULL)
        bench_die("listen: %s", gonet_error_string(err));
    gonet_addr_string(gonet_listener_addr(s->listener), address, sizeof address);
    gonet_wait_group_add(&s->group, 1);
    micro_start(acceptor, s);
    for (i = 0; i < s->rounds; i++) {
        c = gonet_dial("tcp", address, &err);
        if (c == NULL)
            bench_die("dial: %s", gonet_error_string(err));
        end(c);
    }
    gonet_wait_group_wait(&s->group);
    gonet_listener_free(s->listener);
}

/* The acceptor's turn: a dial on the loopback device need not wait, and its queue would overflow.
 */
static void close_and_yield(gonet_conn_t *c)
{
    gonet_conn_free(c);
    gonet_yield();
}

static void run_dial(long ops, long tasks)
{
    shared_t s = {.rounds = ops};

    (void)tasks;
    dial_all(&s, close_and_yield);
}

static void await_end(gonet_conn_t *c)
{
    char byte;

    if (gonet_conn_read(c, &byte, 1, NULL) > 0)
        bench_die("read a byte that nobody sent");
    gonet_conn_free(c);
}

static void run_dial_wait(long ops, long tasks)
{
    shared_t s = {.rounds = ops};

    (void)tasks;
    dial_all(&s, await_end);
}

static const micro_t micros[] = {
    {"yield2", run_yield, 2},
    {"yield1000", run_yield, 1000},
    {"spawn1", run_spawn, 1},
    {"spawn1000", run_spawn, 1000},
    {"spawn-yield", run_spawn_yield, 1},
    {"spawn-burst", run_spawn_yield, 100},
    {"chan", run_chan, 2},
    {"pipe", run_pipe, 2},
    {"mutex", run_mutex, 1},
    {"mutex-contended", run_mutex_contended, 4},
    {"rlock", run_rlock, 1},
    {"wlock", run_wlock, 1},
    {"once", run_once, 1},
    {"dial", run_dial, 2},
    {"dial-wait", run_dial_wait, 2},
    {"udp", run_udp, 2},
    {"udp-single", run_udp_single, 1},
    {"udp-batch", run_udp_batch, 1},
};

static void body(void *arg)
{
    job_t *job = arg;

    job->micro->run(job->ops / 10 + job->micro->tasks, job->micro->tasks);
    job->cpu = bench_own_cpu();
    job->wall = bench_now();
    job->micro->run(job->ops, job->micro->tasks);
    job->wall = bench_now() - job->wall;
    job->cpu = bench_own_cpu() - job->cpu;
    gonet_wait_group_done(&job->done);
}

int main(int argc, char **argv)
{
    job_t job = {0};
    size_t i;

    if (argc != 3)
        bench_die("usage: bench_micro_gonet NAME OPERATIONS");
    bench_end_after(120);
    job.ops = bench_number("operations", argv[2], 1000, 2000000000);
    for (i = 0; i < sizeof micros / sizeof micros[0]; i++)
        if (strcmp(micros[i].name, argv[1]) == 0)
            job.micro = &micros[i];
    if (job.micro == NULL)
        bench_die("no benchmark is named %s", argv[1]);
    gonet_wait_group_add(&job.done, 1);
    micro_start(body, &job);
    gonet_wait_group_wait(&job.done);
    printf("cpu_ns=%.1f wall_ns=%.1f\n", (double)job.cpu / (double)job.ops,
           (double)job.wall / (double)job.ops);
    return 0;
}
