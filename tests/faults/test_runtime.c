/*
 * The runtime alone: tasks and their stacks, channels, contexts, blocking calls; and a lack of
 * memory that lasts.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "faults/fault.h"
#include "faults/scenario.h"
#include "gonet.h"
#include "runtime/sched/runtime.h"
#include "support/child.h"
#include "support/leak.h"

/* ---- scenarios ---- */

#define TASKS_MADE 20

typedef struct {
    gonet_wait_group_t group;
    gonet_mutex_t mutex;
    int sum;
} adding_t;

static void add(void *arg)
{
    adding_t *a = arg;

    gonet_yield();
    gonet_mutex_lock(&a->mutex);
    a->sum++;
    gonet_mutex_unlock(&a->mutex);
    gonet_wait_group_done(&a->group);
}

static void tasks(run_t *r)
{
    part_t *p = &r->body;
    adding_t a = {.sum = 0};
    int made = 0;

    for (int i = 0; i < TASKS_MADE; i++) {
        size_t stack = i % 3 == 0 ? 20000 : 0;

        gonet_wait_group_add(&a.group, 1);
        if (gonet_go_sized(add, &a, stack) != 0) {
            p->errnum = errno;
            p->step = "gonet_go_sized";
            gonet_wait_group_done(&a.group);
            break;
        }
        made++;
    }
    gonet_wait_group_wait(&a.group);
    CHECK_INT(a.sum, made);
}

/* ---- groups, futures, and what holds others up ---- */

typedef struct {
    gonet_group_t group;
    gonet_future_t future;
    gonet_semaphore_t room;
    gonet_rwmutex_t lock;
    gonet_once_t once;
    int onces, sum;
} crowd_t;

static void count_once(void *arg)
{
    ((crowd_t *)arg)->onces++;
}

static int add_in_group(void *arg, gonet_error_t **err)
{
    crowd_t *c = arg;

    if (gonet_semaphore_acquire(&c->room, NULL, 1, err) != 0)
        return -1;
    gonet_once_do(&c->once, count_once, c);
    gonet_rwmutex_rlock(&c->lock);
    gonet_yield();
    gonet_rwmutex_runlock(&c->lock);
    gonet_rwmutex_lock(&c->lock);
    c->sum++;
    gonet_rwmutex_unlock(&c->lock);
    gonet_semaphore_release(&c->room, 1);
    return 0;
}

static void *sum_of(void *arg)
{
    return &((crowd_t *)arg)->sum;
}

static void groups(run_t *r)
{
    part_t *p = &r->body;
    crowd_t c = {.room.size = 2};
    gonet_context_t *ctx = gonet_group_with_context(&c.group, NULL);
    int made = 0;

    gonet_group_set_limit(&c.group, 3);
    for (; made < TASKS_MADE; made++)
        STEP(p, gonet_group_go(&c.group, add_in_group, &c) == 0);
    CHECK_INT(gonet_group_wait(&c.group, NULL), 0);
    CHECK_INT(c.onces, 1);
    STEP(p, gonet_future_go(&c.future, sum_of, &c) == 0);
    CHECK(gonet_future_wait(&c.future) == &c.sum);
    CHECK(gonet_context_err(ctx) != NULL);
done:
    CHECK(gonet_group_wait(&c.group, NULL) == 0 || made < TASKS_MADE);
    CHECK_INT(c.sum, made);
    gonet_context_free(ctx);
}

static void send_all(run_t *r)
{
    for (int i = 0; i < 10; i++)
        (void)gonet_chan_send(r->shared, &i);
    (void)gonet_chan_close(r->shared);
}

static void channels(run_t *r)
{
    part_t *p = &r->body;
    gonet_chan_t *ch;
    gonet_chan_t *none = NULL;
    int got = -1;

    errno = 0;
    STEP(p, (ch = gonet_chan_new(sizeof(int), 3)) != NULL);
    r->shared = ch;
    STEP(p, (none = gonet_chan_new(0, 0)) != NULL);
    STEP(p, scenario_help(r, send_all));
    for (int i = 0; i < 10; i++) {
        gonet_select_case_t cases[2] = {{.ch = none, .recv = &got}, {.ch = ch, .recv = &got}};

        CHECK_INT(gonet_select(cases, 2, LATER), 1);
        CHECK(cases[1].ok);
        CHECK_INT(got, i);
    }
    CHECK(!gonet_chan_recv(ch, &got));
done:
    scenario_join(r);
    gonet_chan_free(none);
    gonet_chan_free(r->shared);
}

GONET_DEFINE_OWNING_CHAN(word_chan, char *, free);

typedef struct {
    word_chan_t *words;
    gonet_wait_group_t group;
    bool renamed;
} named_t;

static void renames_itself(void *arg)
{
    named_t *n = arg;
    char *word = NULL;

    n->renamed = gonet_set_task_name("another name") == 0;
    CHECK(word_chan_recv(n->words, &word));
    free(word);
    gonet_wait_group_done(&n->group);
}

/* A list of tasks is short of what it can't find out, and nothing else. */
static void list_tasks(void)
{
    FILE *f = fopen("/dev/null", "we");

    if (f == NULL)
        return;
    gonet_dump_tasks(f);
    fclose(f);
}

static void names(run_t *r)
{
    part_t *p = &r->body;
    named_t n = {.words = word_chan_new(3)};

    (void)r;
    STEP(p, n.words != NULL);
    gonet_wait_group_add(&n.group, 1);
    if (gonet_go_named(renames_itself, &n, "a name") != 0) {
        p->errnum = errno;
        p->step = "gonet_go_named";
        goto done;
    }
    for (int i = 0; i < 3; i++) {
        char *word = strdup("word");
        CHECK(word_chan_send(n.words, &word));
    }
    list_tasks();
    gonet_wait_group_wait(&n.group);
    errno = ENOMEM; /* nothing else can keep a task from it */
    STEP(p, n.renamed);
done:
    word_chan_free(n.words); /* with what is left */
}

static void cancel(run_t *r)
{
    gonet_context_cancel(r->shared);
}

static void contexts(run_t *r)
{
    static const char key;
    part_t *p = &r->body;
    gonet_context_t *one = gonet_context_with_cancel(NULL);
    gonet_context_t *two = gonet_context_with_timeout(one, GONET_HOUR);
    gonet_context_t *three = gonet_context_with_value(two, &key, r, NULL);
    gonet_select_case_t wait = {.ch = gonet_context_done(three)};

    r->shared = one;
    /* Without memory a context is born cancelled. */
    if (gonet_context_err(three) != NULL) {
        p->err = gonet_error_ref(gonet_context_err(three));
        STEP(p, !"born cancelled");
    }
    CHECK(gonet_context_value(three, &key) == r);
    STEP(p, scenario_help(r, cancel));
    /* A channel that could not be made is never ready. */
    STEP(p, wait.ch != NULL);
    CHECK_INT(gonet_select(&wait, 1, LATER), 0);
    CHECK(gonet_context_err(three) == gonet_err_canceled);
done:
    scenario_join(r);
    gonet_context_free(one);
    gonet_context_free(two);
    gonet_context_free(three);
}

static void called(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

/* Without memory for its task a function is called later, or never, if that lasts. */
static void later(run_t *r)
{
    static const int signals[] = {SIGUSR1};
    part_t *p = &r->body;
    atomic_int calls = 0;
    gonet_timer_t *timer = NULL, *func = NULL;
    gonet_ticker_t *ticker = NULL;
    gonet_context_func_t *after = NULL;
    gonet_context_t *ctx = gonet_signal_context(NULL, signals, 1);

    errno = 0;
    if (gonet_context_err(ctx) != NULL) {
        p->err = gonet_error_ref(gonet_context_cause(ctx));
        STEP(p, !"born cancelled");
    }
    STEP(p, (timer = gonet_timer_new(0)) != NULL);
    STEP(p, (ticker = gonet_ticker_new(GONET_MILLISECOND / 10)) != NULL);
    CHECK(gonet_chan_recv(gonet_timer_chan(timer), NULL));
    CHECK(gonet_chan_recv(gonet_ticker_chan(ticker), NULL));
    STEP(p, (func = gonet_after_func(0, called, &calls)) != NULL);
    while (atomic_load(&calls) == 0 && !gonet_timer_stop(func))
        check_pause();
    atomic_store(&calls, 0);
    STEP(p, (after = gonet_context_after_func(ctx, called, &calls)) != NULL);
    gonet_context_cancel(ctx);
    while (atomic_load(&calls) == 0 && !gonet_context_func_stop(after))
        check_pause();
done:
    gonet_timer_free(timer);
    gonet_ticker_free(ticker);
    gonet_timer_free(func);
    gonet_context_func_free(after);
    gonet_context_free(ctx);
}

static void *compute(void *arg)
{
    *(int *)arg += 1;
    return arg;
}

static void blocking(run_t *r)
{
    int n = 0;

    (void)r;
    for (int i = 0; i < 3; i++)
        CHECK(gonet_blocking(compute, &n) == &n);
    CHECK_INT(n, 3);
    gonet_sleep(GONET_MILLISECOND / 10);
}

static void wait_for_the_end(run_t *r)
{
    int none;

    (void)gonet_chan_recv(r->shared, &none);
}

/* A thread ends the runtime while a task waits; a task may not. */
static void ending(run_t *r)
{
    part_t *p = &r->body;

    errno = 0;
    STEP(p, (r->shared = gonet_chan_new(sizeof(int), 0)) != NULL);
    STEP(p, scenario_help(r, wait_for_the_end));
    if (gonet_shutdown(-1) != 0)
        STEP(p, errno == EDEADLK);
done:
    if (r->shared != NULL)
        (void)gonet_chan_close(r->shared);
    scenario_join(r);
    gonet_chan_free(r->shared);
}

/* ---- a lack that lasts ---- */

static void count_in(void *arg)
{
    gonet_wait_group_done(arg);
}

/* Where there is no memory for a stack no task is started, as long as that lasts; one for which
 * gonet_go returned 0 begins in any case. */
static void a_lack_is_told(void **state)
{
    gonet_wait_group_t group = {0};
    int started = 0;

    (void)state;
    fault_arm(FAULT_MMAP, 1, ENOMEM, true);
    for (int i = 0; i < 100; i++) {
        gonet_wait_group_add(&group, 1);
        errno = 0;
        if (gonet_go(count_in, &group) == 0) {
            started++;
        } else {
            assert_int_equal(errno, ENOMEM);
            gonet_wait_group_done(&group);
        }
    }
    gonet_wait_group_wait(&group);
    assert_true(fault_disarm() > 0);
    assert_in_range(started, 0, 99);
    gonet_wait_group_add(&group, 1);
    assert_int_equal(gonet_go(count_in, &group), 0);
    gonet_wait_group_wait(&group);
}

/* ---- the first start of a process, with few descriptors ---- */

static int start_with_few(void)
{
    gonet_wait_group_t group = {0};
    struct rlimit few, before;
    int result;

    CHILD_CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    few = before;
    few.rlim_cur = 3 + strtoul(getenv("GONET_TEST_FREE"), NULL, 10);
    CHILD_CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    gonet_wait_group_add(&group, 1);
    errno = 0;
    result = gonet_go(count_in, &group);
    CHILD_CHECK(result == 0 || errno == EMFILE);
    CHILD_CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHILD_CHECK(result == 0 || gonet_go(count_in, &group) == 0);
    gonet_wait_group_wait(&group);
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    return 0;
}

/* From none to more than a loop needs. */
static void few_descriptors(void **state)
{
    char setting[32];

    (void)state;
    for (int i = 0; i < 9; i++) {
        snprintf(setting, sizeof(setting), "GONET_TEST_FREE=%d", i);
        child_passes("start_with_few", setting);
    }
}

#ifdef FAULTS_INSIDE
/* Or nothing inside it would ever fail. */
static void libuv_is_seen(void **state)
{
    gonet_wait_group_t group = {0};

    (void)state;
    fault_watch();
    gonet_wait_group_add(&group, 1);
    assert_int_equal(gonet_go(count_in, &group), 0);
    gonet_wait_group_wait(&group);
    assert_true(fault_seen(FAULT_UV_ALLOC) > 0);
    if (!fault_sees_libuv())
        skip();
    assert_true(fault_seen(FAULT_UV_EPOLL) > 0);
    assert_true(fault_seen(FAULT_UV_EVENTFD) > 0);
    assert_true(fault_seen(FAULT_UV_PIPE) > 0);
}
#endif

int main(int argc, char **argv)
{
    static const child_part_t parts[] = {{"start_with_few", start_with_few}, {NULL, NULL}};
    static const scenario_t scenarios[] = {
        {.name = "tasks", .run = tasks, .flags = SCENARIO_STICKY},
        {.name = "groups", .run = groups, .flags = SCENARIO_STICKY},
        {.name = "channels", .run = channels, .flags = SCENARIO_STICKY},
        {.name = "names", .run = names, .flags = SCENARIO_STICKY},
        {.name = "contexts", .run = contexts, .flags = SCENARIO_STICKY},
        {.name = "later", .run = later, .flags = SCENARIO_STICKY},
        {.name = "blocking", .run = blocking, .flags = SCENARIO_STICKY},
        {.name = "ending", .run = ending, .flags = SCENARIO_STICKY},
    };
    const struct CMUnitTest lasting[] = {LEAK_TEST(a_lack_is_told),
#ifdef FAULTS_INSIDE
                                         LEAK_TEST(libuv_is_seen),
#endif
                                         cmocka_unit_test(few_descriptors)};
    int failed;

    child_main(argc, argv, parts);
    failed = cmocka_run_group_tests(lasting, NULL, NULL);
    return failed + scenarios_run(scenarios, sizeof(scenarios) / sizeof(scenarios[0]), argc, argv);
}
