/*
 * Runs --schedules N (100), or with --seconds N or --minutes N one after the other until the time
 * is up; --seed N (by the clock). The seed is printed, and says what is done; in which order
 * threads do it is theirs.
 *
 * Between schedules the runtime ends now and then, in one of eight schedules while everybody is at
 * it; then nothing may be left: no task, no descriptor, no allocation.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "gonet.h"
#include "stress/stress.h"
#include "support/check.h"
#include "support/leak.h"

#define PATIENCE_S 150

static _Atomic long turn; /* the number of the schedule */
static uint64_t seed;

static void (*const kinds[])(schedule_t *s) = {stress_streams, stress_streams, stress_datagrams,
                                               stress_packets};

/* A schedule that does not end gets its tasks listed. */
static void *watch(void *arg)
{
    long seen = -1;
    int seconds = 0;

    (void)arg;
    for (;;) {
        struct timespec second = {.tv_sec = 1};

        nanosleep(&second, NULL);
        seconds = seen == atomic_load(&turn) ? seconds + 1 : 0;
        seen = atomic_load(&turn);
        if (seconds < PATIENCE_S)
            continue;
        fprintf(stderr, "seed %llu: schedule %ld hangs\n", (unsigned long long)seed, seen);
        gonet_dump_tasks(stderr);
        abort();
    }
    return NULL;
}

static void *shut_down(void *arg)
{
    schedule_t *s = arg;
    dice_t dice = {s->seed + 1}; /* the schedule's own is in use */
    struct timespec moment = {.tv_nsec = (long)dice_below(&dice, 20000000)};

    nanosleep(&moment, NULL);
    atomic_store(&s->over, true);
    CHECK_INT(gonet_shutdown(-1), 0);
    STRESS_COUNT(shutdowns, 1);
    return NULL;
}

static bool run_schedule(long number)
{
    schedule_t s = {.seed = seed + (uint64_t)number * UINT64_C(0x2545f4914f6cdd1d)};
    void (*kind)(schedule_t * s);
    bool interrupted;
    pthread_t thread;

    atomic_store(&turn, number);
    s.dice.state = s.seed;
    s.one_thread_in = 4 + dice_below(&s.dice, 60);
    kind = kinds[dice_below(&s.dice, sizeof(kinds) / sizeof(kinds[0]))];
    interrupted = kind != stress_packets && dice_one_in(&s.dice, 8);
    if (interrupted && pthread_create(&thread, NULL, shut_down, &s) != 0)
        abort();
    kind(&s);
    if (interrupted)
        pthread_join(thread, NULL);
    STRESS_COUNT(schedules, 1);
    return !check_failed();
}

/* What is to be run: so many, or until then. */
typedef struct {
    long schedules;
    gonet_duration_t time;
    gonet_time_t end;
} work_t;

static bool goes_on(const work_t *w, long number)
{
    return w->time > 0 ? gonet_until(w->end) > 0 : number < w->schedules;
}

static bool run_some(const work_t *w, long *number)
{
    bool good = leak_setup(NULL) == 0;

    for (int i = 0; good && i < 8 && goes_on(w, *number); i++)
        good = run_schedule((*number)++);
    return leak_teardown(NULL) == 0 && good;
}

static long total(atomic_long *count)
{
    return atomic_load(count);
}

static void report(void)
{
    stress_counts_t *c = &stress_counts;

    printf("%ld schedules, %ld actors, %ld operations, %ld bytes checked\n", total(&c->schedules),
           total(&c->actors), total(&c->operations), total(&c->bytes));
    printf("%ld streams; %ld dialed, %ld cancelled, %ld accepted; %ld datagrams and records, %ld "
           "lost by UDP or a shutdown; %ld timeouts, %ld closes, %ld shutdowns in between\n",
           total(&c->streams), total(&c->dialed), total(&c->cancelled), total(&c->accepted),
           total(&c->datagrams), total(&c->lost), total(&c->timeouts), total(&c->closes),
           total(&c->shutdowns));
}

static double read_number(const char *name, int argc, char **argv, double otherwise)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return strtod(argv[i + 1], NULL);
    }
    return otherwise;
}

static void all(void **state)
{
    work_t *w = *state;
    long number = 0;
    pthread_t thread;

    if (pthread_create(&thread, NULL, watch, NULL) != 0)
        abort();
    pthread_detach(thread);
    w->end = gonet_after(w->time);
    while (goes_on(w, number)) {
        if (run_some(w, &number))
            continue;
        fprintf(stderr, "--seed %llu: up to schedule %ld\n", (unsigned long long)seed, number);
        check_report();
        fail_msg("a schedule failed");
    }
    report();
}

int main(int argc, char **argv)
{
    double seconds = read_number("--seconds", argc, argv, 0);
    double minutes = read_number("--minutes", argc, argv, 0);
    work_t work = {
        .schedules = (long)read_number("--schedules", argc, argv, 100),
        .time = (gonet_duration_t)((60 * minutes + seconds) * (double)GONET_SECOND),
    };
    struct CMUnitTest tests[] = {{"random schedules", all, NULL, NULL, &work}};
    struct rlimit limit;

    seed = (uint64_t)read_number("--seed", argc, argv, (double)(gonet_now().ns / 1000));
    printf("--seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
