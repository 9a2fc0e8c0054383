/*
 * The monitor: GONETDEBUG=slowtask=… reports a task that holds its worker, dumponsigquit=1 binds
 * the list of tasks to SIGQUIT.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gonet/task.h"
#include "runtime/switch/annotate.h"
#include "support/check.h"
#include "support/child.h"

#define MS GONET_MILLISECOND

static int64_t own_time(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * GONET_SECOND + t.tv_nsec;
}

/* Holds its worker for some samples of the monitor: in its own time, lest others slow the monitor
 * down. */
static void compute(void *arg)
{
    int64_t end = own_time() + 300 * MS;

    (void)arg;
    while (own_time() < end)
        continue;
}

static void sleep_long(void *arg)
{
    (void)arg;
    gonet_sleep(2200 * MS);
}

static void be_quick(void *arg)
{
    gonet_time_t start = gonet_now();

    (void)arg;
    while (gonet_since(start) < 2200 * MS)
        gonet_yield();
}

static int slow(void)
{
    CHILD_CHECK(gonet_go(compute, NULL) == 0);
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    /* a monitor for the next runtime, too */
    CHILD_CHECK(gonet_go_named(compute, NULL, "the slow one") == 0);
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    return 0;
}

static int not_slow(void)
{
    CHILD_CHECK(gonet_go(sleep_long, NULL) == 0);
    CHILD_CHECK(gonet_go(be_quick, NULL) == 0);
    gonet_sleep(2300 * MS);
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    return 0;
}

static void sleep_for_ever(void *arg)
{
    (void)arg;
    gonet_sleep(GONET_HOUR);
}

static int quit(void)
{
    CHILD_CHECK(gonet_go(sleep_for_ever, NULL) == 0);
    gonet_sleep(50 * MS);
    CHILD_CHECK(kill(getpid(), SIGQUIT) == 0);
    gonet_sleep(1500 * MS);
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    return 0;
}

static int count(const char *text, const char *what)
{
    int n = 0;

    while ((text = strstr(text, what)) != NULL) {
        text++;
        n++;
    }
    return n;
}

static void passes(const char *part, const char *environment, child_result_t *r)
{
    child_run(part, environment, r);
    if (!WIFEXITED(r->status) || WEXITSTATUS(r->status) != 0)
        fail_msg("%s ended with status %#x: %s", part, (unsigned)r->status, r->output);
}

static void slow_task_is_reported(void **state)
{
    child_result_t r;

    (void)state;
    passes("slow", "GONETDEBUG=netdns=go,slowtask=50ms", &r);
    assert_int_equal(count(r.output, "a task has held its worker for more than 50 ms\n"), 2);
    assert_int_equal(count(r.output, " [held by task "), 2);
    assert_int_equal(count(r.output, ".1 compute]\n"), 1);
    assert_int_equal(count(r.output, " the slow one (compute)]\n"), 1);
    assert_true(count(r.output, "\n        ") >= 4); /* frames */
}

static void waiting_is_not_slow(void **state)
{
    child_result_t r;

    (void)state;
    passes("not_slow", "GONETDEBUG=slowtask=1s", &r);
    assert_string_equal(r.output, "");
}

static void nothing_without_settings(void **state)
{
    child_result_t r;

    (void)state;
    passes("slow", "GONETDEBUG=", &r);
    assert_string_equal(r.output, "");
    passes("slow", "GONETDEBUG=slowtask=nonsense", &r);
    assert_string_equal(r.output, "gonet: GONETDEBUG=slowtask=nonsense is ignored: it can be a "
                                  "time: 100ms, 1500us, 2s\n");
}

static void sigquit_lists_tasks(void **state)
{
    child_result_t r;

    (void)state;
    passes("quit", "GONETDEBUG=dumponsigquit=1", &r);
    assert_non_null(strstr(r.output, "[sleep, "));
    assert_int_equal(count(r.output, "task "), 1);
}

static void sigquit_quits_otherwise(void **state)
{
    child_result_t r;

    (void)state;
    child_run("quit", "GONETDEBUG=", &r);
    assert_true(WIFSIGNALED(r.status) && WTERMSIG(r.status) == SIGQUIT);
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {
        {"slow", slow}, {"not_slow", not_slow}, {"quit", quit}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_task_is_reported),    cmocka_unit_test(waiting_is_not_slow),
        cmocka_unit_test(nothing_without_settings), cmocka_unit_test(sigquit_lists_tasks),
        cmocka_unit_test(sigquit_quits_otherwise),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
