/*
 * Functions of the program's that end a thread of the library's: a task, one of gonet_blocking, one
 * that runs beside a thread's call. The program ends, and says why.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include "runtime/switch/annotate.h"
#include "runtime/sync/beside.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"

static void by_pthread_exit(void)
{
    pthread_exit(NULL);
}

static void by_thrd_exit(void)
{
    thrd_exit(0);
}

/* Takes effect in the next call that may wait. */
static void by_cancelling_itself(void)
{
    pthread_cancel(pthread_self());
    for (;;)
        pause();
}

/* There is none before the function returns. */
static void by_cancelling_itself_last(void)
{
    pthread_cancel(pthread_self());
}

static void *cancel(void *thread)
{
    pthread_cancel(*(pthread_t *)thread);
    return NULL;
}

static void by_another_thread(void)
{
    pthread_t self = pthread_self(), other;

    if (pthread_create(&other, NULL, cancel, &self) != 0)
        _exit(1);
    for (;;)
        pause();
}

typedef struct {
    const char *name;
    void (*end)(void);
} way_t;

static const way_t ways[] = {
    {"pthread_exit", by_pthread_exit},
    {"thrd_exit", by_thrd_exit},
    {"pthread_cancel by itself", by_cancelling_itself},
    {"pthread_cancel by itself, at its end", by_cancelling_itself_last},
    {"pthread_cancel by another", by_another_thread},
};

enum { WAYS = sizeof(ways) / sizeof(*ways), PLACES = 3 };

static const way_t *way; /* of this process */

static void end_here(void *arg)
{
    (void)arg;
    way->end();
}

static void *end_blocking(void *arg)
{
    end_here(arg);
    return arg;
}

static void call_blocking(void *arg)
{
    gonet_blocking(end_blocking, arg);
}

/* ---- the places: none of them returns ---- */

static void in_a_task(void)
{
    gonet_set_max_procs(2);
    if (gonet_go(end_here, NULL) != 0)
        return;
    for (;;)
        pause();
}

static void in_the_pool(void)
{
    actor_t a;

    actor_start(&a, BY_TASK, call_blocking, NULL);
    actor_join(&a);
}

static void beside_a_thread(void)
{
    gonet__beside_t b;

    if (gonet__beside_start(&b, end_here, NULL))
        gonet__beside_join(&b);
}

static const struct {
    const char *name;
    void (*run)(void);
    const char *says;
} places[PLACES] = {
    {"a task", in_a_task, "fatal error: a task has ended its thread"},
    {"a function of gonet_blocking", in_the_pool,
     "fatal error: a function of gonet_blocking has ended its thread"},
    {"a function beside a thread's call", beside_a_thread,
     "fatal error: a function that a dial or a lookup calls has ended its thread"},
};

#define ROW "GONET_TEST_ROW" /* place and way, for the child */

static int end_thread(void)
{
    int row = atoi(getenv(ROW));

    way = &ways[row % WAYS];
    places[row / WAYS].run();
    return 0;
}

static void ends_the_program(void **state)
{
    int row = *(int *)*state;
    child_result_t result;
    char setting[32];

#ifdef GONET__TSAN
    if (places[row / WAYS].run == in_a_task) {
        print_message("skipped: ThreadSanitizer itself lets a thread end on its own stack only\n");
        skip();
    }
#endif
    snprintf(setting, sizeof(setting), ROW "=%d", row);
    child_run("end_thread", setting, &result);
    if (!WIFSIGNALED(result.status) || WTERMSIG(result.status) != SIGABRT)
        fail_msg("it ended with status %#x: %s", (unsigned)result.status, result.output);
    assert_non_null(strstr(result.output, places[row / WAYS].says));
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {{"end_thread", end_thread}, {NULL, NULL}};
    static struct CMUnitTest tests[PLACES * WAYS];
    static char name[PLACES * WAYS][96];
    static int rows[PLACES * WAYS];

    child_main(argc, argv, parts);
    for (int i = 0; i < PLACES * WAYS; i++) {
        rows[i] = i;
        snprintf(name[i], sizeof(name[i]), "%s, %s", places[i / WAYS].name, ways[i % WAYS].name);
        tests[i] =
            (struct CMUnitTest){name[i], ends_the_program, leak_setup, leak_teardown, &rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
