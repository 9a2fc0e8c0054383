/*
 * Tasks: started from threads and tasks, in which order they run, what stays theirs while they are
 * parked, sleeping and counting.
 */
#include "gonet/task.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gonet/chan.h"
#include "runtime/sched/task.h"
#include "runtime/switch/annotate.h"
#include "support/actor.h"
#include "support/leak.h"

#define MS GONET_MILLISECOND

/* ---- starting ---- */

static void add_one(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void starts_from_threads_and_tasks(void *arg)
{
    atomic_int ran = 0;

    (void)arg;
    for (int i = 0; i < 1000; i++)
        REQUIRE(gonet_go(add_one, &ran) == 0);
    AWAIT(atomic_load(&ran) == 1000);
}

/* What two workers write all the time is in different cache lines. */
static void lies_apart(void *arg)
{
    CHECK_INT((uintptr_t)gonet__task_current() % 128, 0);
    add_one(arg);
}

static void tasks_lie_apart(void *arg)
{
    atomic_int ran = 0;

    (void)arg;
    for (int i = 0; i < 100; i++)
        REQUIRE(gonet_go(lies_apart, &ran) == 0);
    AWAIT(atomic_load(&ran) == 100);
}

typedef struct {
    int depth;
    gonet_wait_group_t *all;
    atomic_int *ran;
} tree_t;

static void grow_tree(void *arg)
{
    tree_t *t = arg;

    atomic_fetch_add(t->ran, 1);
    for (int i = 0; i < 2 && t->depth > 0; i++) {
        tree_t *child = malloc(sizeof(*child));

        if (!CHECK(child != NULL))
            break;
        *child = (tree_t){t->depth - 1, t->all, t->ran};
        CHECK(gonet_wait_group_go(t->all, grow_tree, child) == 0);
    }
    free(t);
}

/* A task costs ThreadSanitizer a thousand times as much; that each worker starts some shows it. */
#ifdef GONET__TSAN
#define DEPTH 9
#else
#define DEPTH 12
#endif

static void tasks_start_tasks(void *arg)
{
    gonet_wait_group_t all = {0};
    atomic_int ran = 0;
    tree_t *root = malloc(sizeof(*root));

    (void)arg;
    REQUIRE(root != NULL);
    *root = (tree_t){DEPTH, &all, &ran};
    REQUIRE(gonet_wait_group_go(&all, grow_tree, root) == 0);
    gonet_wait_group_wait(&all);
    CHECK_INT(atomic_load(&ran), (2 << DEPTH) - 1);
}

static void sized_limits(void *arg)
{
    atomic_int ran = 0;
    size_t limit = (size_t)1 << 30;

    (void)arg;
    errno = 0;
    CHECK_INT(gonet_go_sized(add_one, &ran, limit + 1), -1);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK_INT(gonet_go(NULL, NULL), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(gonet_go_sized(add_one, &ran, SIZE_MAX), -1);
    REQUIRE(gonet_go_sized(add_one, &ran, 1) == 0); /* 16 KiB at least */
    REQUIRE(gonet_go_sized(add_one, &ran, 0) == 0);
    REQUIRE(gonet_go_sized(add_one, &ran, 100001) == 0);
    REQUIRE(gonet_go_sized(add_one, &ran, limit) == 0);
    AWAIT(atomic_load(&ran) == 4);
}

static void use_big_stack(void *arg)
{
    volatile char big[3 << 20];

    for (size_t i = 0; i < sizeof(big); i += 4096)
        big[i] = (char)i;
    CHECK_INT(big[4096 * 3], (char)(4096 * 3));
    add_one(arg);
}

static void big_stack_can_be_used(void *arg)
{
    atomic_int ran = 0;

    (void)arg;
    REQUIRE(gonet_go_sized(use_big_stack, &ran, 4 << 20) == 0);
    AWAIT(atomic_load(&ran) == 1);
}

/* ---- order, and what stays a task's own ---- */

typedef struct {
    char *log;
    atomic_int *turn;
    char name;
    gonet_wait_group_t *ended;
} yielder_t;

static void log_thrice(void *arg)
{
    yielder_t *y = arg;

    for (int i = 0; i < 3; i++) {
        y->log[atomic_fetch_add(y->turn, 1)] = y->name;
        gonet_yield();
    }
    gonet_wait_group_done(y->ended);
}

static void start_three(void *arg)
{
    yielder_t *y = arg;

    for (int i = 0; i < 3; i++)
        CHECK(gonet_go(log_thrice, &y[i]) == 0);
}

/* On one worker tasks run first come, first served. */
static void yield_takes_turns(void **state)
{
    char log[10] = "";
    atomic_int turn = 0;
    gonet_wait_group_t ended = {0};
    yielder_t y[3];
    int before = gonet_set_max_procs(1);

    (void)state;
    for (int i = 0; i < 3; i++)
        y[i] = (yielder_t){log, &turn, (char)('a' + i), &ended};
    gonet_wait_group_add(&ended, 3);
    assert_int_equal(gonet_go(start_three, y), 0);
    gonet_wait_group_wait(&ended);
    gonet_set_max_procs(before);
    check_report();
    assert_string_equal(log, "abcabcabc");
}

typedef struct {
    int value;
    gonet_mutex_t *mutex;
} keeper_t;

static void keep_errno(void *arg)
{
    keeper_t *k = arg;

    for (int i = 0; i < 100; i++) {
        errno = k->value;
        if (i % 3 == 0)
            gonet_yield();
        else if (i % 3 == 1)
            gonet_sleep(10 * GONET_MICROSECOND);
        else
            gonet_mutex_lock(k->mutex);
        CHECK_INT(errno, k->value);
        if (i % 3 == 2)
            gonet_mutex_unlock(k->mutex);
    }
}

static void errno_survives_parking(void *arg)
{
    enum { N = 20 };
    static actor_t actor[N];
    gonet_mutex_t mutex = {0};
    keeper_t keeper[N];

    (void)arg;
    for (int i = 0; i < N; i++) {
        keeper[i] = (keeper_t){1000 + i, &mutex};
        actor_start(&actor[i], BY_TASK, keep_errno, &keeper[i]);
    }
    for (int i = 0; i < N; i++)
        actor_join(&actor[i]);
}

/* The floating-point registers and local variables, too. */
static void compute(void *arg)
{
    double sum = 0, factor = *(int *)arg;

    for (int i = 1; i <= 1000; i++) {
        sum += factor / i;
        if (i % 10 == 0)
            gonet_yield();
        sum -= factor / i;
        sum += i;
    }
    CHECK(sum > 500499.9 && sum < 500500.1);
}

static void variables_survive_parking(void *arg)
{
    enum { N = 50 };
    static actor_t actor[N];
    int factor[N];

    (void)arg;
    for (int i = 0; i < N; i++) {
        factor[i] = i;
        actor_start(&actor[i], BY_TASK, compute, &factor[i]);
    }
    for (int i = 0; i < N; i++)
        actor_join(&actor[i]);
}

/* ---- sleeping ---- */

static void sleep_lasts(void *arg)
{
    gonet_time_t start;

    (void)arg;
    gonet_sleep(0);
    gonet_sleep(-GONET_HOUR);
    gonet_sleep(INT64_MIN);
    start = gonet_now();
    gonet_sleep(30 * MS);
    CHECK(gonet_since(start) >= 30 * MS);
    start = gonet_now();
    gonet_sleep(1);
    CHECK(gonet_since(start) >= 1);
}

typedef struct {
    gonet_duration_t d;
    atomic_int *order;
    int place;
} sleeper_t;

static void sleep_once(void *arg)
{
    sleeper_t *s = arg;
    gonet_time_t start = gonet_now();

    gonet_sleep(s->d);
    CHECK(gonet_since(start) >= s->d);
    s->place = atomic_fetch_add(s->order, 1);
}

static void many_sleepers(void *arg)
{
    enum { N = 500 };
    static actor_t actor[N];
    static sleeper_t sleeper[N];
    atomic_int order = 0;

    (void)arg;
    for (int i = 0; i < N; i++) {
        sleeper[i] = (sleeper_t){(1 + (i * 37) % 100) * MS, &order, 0};
        actor_start(&actor[i], BY_TASK, sleep_once, &sleeper[i]);
    }
    for (int i = 0; i < N; i++)
        actor_join(&actor[i]);
    CHECK_INT(atomic_load(&order), N);
}

/* ---- counting ---- */

static void wait_for_close(void *arg)
{
    int unused;

    (void)gonet_chan_recv(arg, &unused);
}

static void num_task_counts(void **state)
{
    gonet_chan_t *gate = gonet_chan_new(sizeof(int), 0);

    (void)state;
    assert_non_null(gate);
    assert_int_equal(gonet_num_task(), 0);
    for (int i = 1; i <= 200; i++) {
        assert_int_equal(gonet_go(wait_for_close, gate), 0);
        assert_int_equal(gonet_num_task(), i);
    }
    gonet_chan_close(gate);
    AWAIT(gonet_num_task() == 0);
    gonet_chan_free(gate);
    check_report();
}

#define RUN(name, mode, body)             \
    static void name(void **state)        \
    {                                     \
        (void)state;                      \
        actor_run_test(mode, body, NULL); \
    }
#define BOTH(body)                       \
    RUN(body##_by_thread, THREADS, body) \
    RUN(body##_by_task, TASKS, body)

BOTH(starts_from_threads_and_tasks)
BOTH(tasks_lie_apart)
BOTH(tasks_start_tasks)
BOTH(sized_limits)
BOTH(sleep_lasts)
RUN(big_stack_can_be_used_by_task, THREADS, big_stack_can_be_used)
RUN(errno_survives_parking_in_task, TASKS, errno_survives_parking)
RUN(variables_survive_parking_in_task, TASKS, variables_survive_parking)
RUN(many_tasks_sleep, TASKS, many_sleepers)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(starts_from_threads_and_tasks_by_thread),
        LEAK_TEST(starts_from_threads_and_tasks_by_task),
        LEAK_TEST(tasks_lie_apart_by_thread),
        LEAK_TEST(tasks_lie_apart_by_task),
        LEAK_TEST(tasks_start_tasks_by_thread),
        LEAK_TEST(tasks_start_tasks_by_task),
        LEAK_TEST(sized_limits_by_thread),
        LEAK_TEST(sized_limits_by_task),
        LEAK_TEST(big_stack_can_be_used_by_task),
        LEAK_TEST(yield_takes_turns),
        LEAK_TEST(errno_survives_parking_in_task),
        LEAK_TEST(variables_survive_parking_in_task),
        LEAK_TEST(sleep_lasts_by_thread),
        LEAK_TEST(sleep_lasts_by_task),
        LEAK_TEST(many_tasks_sleep),
        LEAK_TEST(num_task_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
