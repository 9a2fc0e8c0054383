/*
 * Random schedules over the scheduler: tasks and threads send, wait, sleep, lock, pin themselves,
 * compute, are cancelled and shut down, while the number of workers goes up and down and tasks
 * move; and whatever the order, what moves_*.c say must hold.
 *
 * --schedules N (100), or --minutes N; --seed N (by the clock) is the first schedule's, and that of
 * a schedule that fails or hangs is printed: alone it is --seed N --schedules 1. GONET_MAXPROCS
 * says with how many workers each begins, else chance does; GONET_STEAL=always holds for all, else
 * for every other one. The seed fixes what everybody wants, not in which order the machine does it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gonet.h"
#include "runtime/sched/runtime.h"
#include "stress/moves.h"
#include "support/check.h"
#include "support/leak.h"

enum { PARTS = 8, WORKERS = 6 };

static const moves_kind_t *const kinds[] = {
    &moves_flow, &moves_flow, &moves_market, &moves_scope, &moves_link,
    &moves_link, &moves_ball, &moves_doze,   &moves_store, &moves_family,
};

static _Atomic uint64_t seed_now;
static long patience = 150;

static void say_what_hangs(void)
{
    fprintf(stderr, "--seed %llu: hangs\n", (unsigned long long)atomic_load(&seed_now));
    fprintf(stderr, "%s\n", check_failed() ? check_failure() : "no check has failed");
    gonet_dump_tasks(stderr);
}

/* Without support/watch.c: gives up a schedule that lasts for so many seconds in which this thread
 * ran. */
static void *watch(void *arg)
{
    uint64_t seen = 0;
    long seconds = 0;

    for (;;) {
        struct timespec second = {.tv_sec = 1};

        nanosleep(&second, NULL);
        seconds = seen == atomic_load(&seed_now) ? seconds + 1 : 0;
        seen = atomic_load(&seed_now);
        if (seconds < patience)
            continue;
        say_what_hangs();
        abort();
    }
    return arg;
}

/* ---- the end in the middle ---- */

typedef struct {
    schedule_t *schedule;
    long operations; /* when so many have been done in all, or no more are */
} ender_t;

static void *shut_down(void *arg)
{
    ender_t *e = arg;
    long seen = -1, now;
    int idle = 0;

    while ((now = atomic_load(&stress_counts.operations)) < e->operations && idle < 50) {
        struct timespec moment = {.tv_nsec = 200000};

        nanosleep(&moment, NULL);
        idle = now == seen ? idle + 1 : 0;
        seen = now;
    }
    atomic_store(&e->schedule->over, true);
    CHECK_INT(gonet_shutdown(-1), 0);
    STRESS_COUNT(shutdowns, 1);
    return NULL;
}

/* ---- one schedule ---- */

static void nothing(void *arg)
{
    (void)arg;
}

/* With the runtime running, since its start asks the environment whether tasks are to move. */
static void plan(schedule_t *s)
{
    gonet_wait_group_t ended = {0};
    int workers = 1 + (int)dice_below(&s->dice, WORKERS);

    if (getenv("GONET_MAXPROCS") == NULL)
        gonet_set_max_procs(workers);
    moves_plan.workers = WORKERS;
    moves_plan.steady = dice_one_in(&s->dice, 2) && gonet_set_max_procs(0) > 1;
    CHECK_INT(gonet_wait_group_go(&ended, nothing, NULL), 0);
    gonet_wait_group_wait(&ended);
    if (getenv("GONET_STEAL") == NULL)
        atomic_store(&gonet__steal_always, dice_one_in(&s->dice, 2));
}

static void run_parts(schedule_t *s, ender_t *ender)
{
    const moves_kind_t *kind[PARTS];
    void *part[PARTS];
    unsigned n = 1 + dice_below(&s->dice, PARTS);
    bool interrupted = dice_one_in(&s->dice, 6);
    pthread_t thread;

    for (unsigned i = 0; i < n; i++) {
        kind[i] = kinds[dice_below(&s->dice, sizeof(kinds) / sizeof(kinds[0]))];
        if (i == n - 1 && moves_plan.steady)
            kind[i] = &moves_holder; /* one, lest all workers be held */
        if (i == 0 && interrupted)
            kind[i] = &moves_abide;
        part[i] = kind[i]->start(s);
    }
    ender->operations =
        atomic_load(&stress_counts.operations) + (long)dice_below(&s->dice, 100 * n);
    if (interrupted && pthread_create(&thread, NULL, shut_down, ender) != 0)
        abort();
    stress_wait(s);
    if (interrupted)
        pthread_join(thread, NULL);
    AWAIT(gonet_num_task() == 0);
    for (unsigned i = 0; i < n; i++)
        kind[i]->finish(part[i]);
}

static bool run_schedule(uint64_t seed)
{
    int before = gonet_set_max_procs(0);
    schedule_t s = {.seed = seed, .dice = {seed}};
    ender_t ender = {.schedule = &s};

    atomic_store(&seed_now, seed);
    s.one_thread_in = 3 + dice_below(&s.dice, 20);
    plan(&s);
    run_parts(&s, &ender);
    gonet_set_max_procs(before);
    STRESS_COUNT(schedules, 1);
    return !check_failed();
}

/* ---- all ---- */

typedef struct {
    uint64_t seed;
    long schedules, minutes;
} work_t;

static bool goes_on(const work_t *w, long number, gonet_time_t end)
{
    return w->minutes > 0 ? gonet_until(end) > 0 : number < w->schedules;
}

static void all(void **state)
{
    work_t *w = *state;
    gonet_time_t end = gonet_after(w->minutes * GONET_MINUTE);
    pthread_t thread;

    patience_watch(say_what_hangs);
    if (pthread_create(&thread, NULL, watch, NULL) != 0)
        abort();
    pthread_detach(thread);
    for (long number = 0; goes_on(w, number, end); number++) {
        bool good = leak_setup(NULL) == 0 && run_schedule(w->seed);

        w->seed += UINT64_C(0x2545f4914f6cdd1d);
        if (leak_teardown(NULL) == 0 && good)
            continue;
        fprintf(stderr, "--seed %llu: schedule %ld failed\n",
                (unsigned long long)atomic_load(&seed_now), number);
        check_report();
        fail_msg("something is left");
    }
    printf("%ld schedules, %ld actors, %ld operations, %ld bytes checked, %ld timeouts, %ld "
           "shutdowns in between\n",
           atomic_load(&stress_counts.schedules), atomic_load(&stress_counts.actors),
           atomic_load(&stress_counts.operations), atomic_load(&stress_counts.bytes),
           atomic_load(&stress_counts.timeouts), atomic_load(&stress_counts.shutdowns));
}

static uint64_t read_number(const char *name, int argc, char **argv, uint64_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return strtoull(argv[i + 1], NULL, 10);
    }
    return otherwise;
}

int main(int argc, char **argv)
{
    work_t work = {
        .seed = read_number("--seed", argc, argv, (uint64_t)gonet_now().ns),
        .schedules = (long)read_number("--schedules", argc, argv, 100),
        .minutes = (long)read_number("--minutes", argc, argv, 0),
    };
    struct CMUnitTest tests[] = {{"random moves", all, NULL, NULL, &work}};

    patience = (long)read_number("--patience", argc, argv, 150);
    printf("--seed %llu\n", (unsigned long long)work.seed);
    fflush(stdout);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
