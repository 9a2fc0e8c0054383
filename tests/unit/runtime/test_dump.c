/*
 * gonet_dump_tasks: every task with what it waits for and a backtrace, asked from a thread and from
 * a task; and nothing goes wrong for the tasks that were looked at.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonet/chan.h"
#include "gonet/sync.h"
#include "gonet/task.h"
#include "runtime/sched/task.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

static struct {
    gonet_chan_t *empty, *full, *gate;
    gonet_mutex_t mutex, other;
    gonet_cond_t cond;
    gonet_wait_group_t group;
    gonet_conn_t *a, *b;
    gonet_listener_t *listener;
    atomic_int begun, over;
    atomic_bool release;
} all;

static void in_sleep(void)
{
    while (!atomic_load(&all.release))
        gonet_sleep(5 * GONET_SECOND);
}

static void in_recv(void)
{
    int x;

    (void)gonet_chan_recv(all.empty, &x);
}

static void in_send(void)
{
    int x = 0;

    (void)gonet_chan_send(all.full, &x);
}

static void in_mutex(void)
{
    gonet_mutex_lock(&all.mutex);
    gonet_mutex_unlock(&all.mutex);
}

static void in_cond(void)
{
    gonet_mutex_lock(&all.other);
    while (!atomic_load(&all.release))
        gonet_cond_wait(&all.cond, &all.other);
    gonet_mutex_unlock(&all.other);
}

static void in_group(void)
{
    gonet_wait_group_wait(&all.group);
}

static void in_read(void)
{
    char c;

    (void)gonet_conn_read(all.a, &c, 1, NULL);
}

static void in_write(void)
{
    static const char much[1 << 20]; /* the kernel may find room for a little at any time */

    (void)gonet_conn_write(all.a, much, sizeof(much), NULL);
}

static void in_accept(void)
{
    gonet_conn_free(gonet_listener_accept(all.listener, NULL));
}

static const struct {
    void (*fn)(void);
    const char *text;
} kind[] = {
    {in_sleep, "sleep"},        {in_recv, "chan receive"},   {in_send, "chan send"},
    {in_mutex, "mutex lock"},   {in_cond, "cond wait"},      {in_group, "wait group"},
    {in_read, "read tcp "},     {in_read, "another reader"}, {in_write, "write tcp "},
    {in_accept, "accept tcp "},
};

enum { KINDS = sizeof(kind) / sizeof(kind[0]) };

static void run_kind(void *arg)
{
    atomic_fetch_add(&all.begun, 1);
    kind[(uintptr_t)arg].fn();
    atomic_fetch_add(&all.over, 1);
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

static void make_all(void *arg)
{
    int x = 0;

    (void)arg;
    memset(&all, 0, sizeof(all));
    all.empty = gonet_chan_new(sizeof(int), 0);
    all.full = gonet_chan_new(sizeof(int), 1);
    REQUIRE(all.empty != NULL && all.full != NULL && gonet_chan_send(all.full, &x));
    gonet_mutex_lock(&all.mutex);
    gonet_wait_group_add(&all.group, 1);
    all.listener = net_listen("tcp");
    REQUIRE(net_pair("tcp", &all.a, &all.b));
    (void)net_fill(all.a);
}

static bool complete(const char *text)
{
    bool all_there = true;

    for (int i = 0; i < KINDS; i++)
        all_there = all_there && strstr(text, kind[i].text) != NULL;
    return all_there;
}

/* Each task has a line, an age, and frames; the addresses are told. */
static void check_listing(const char *text, int tasks)
{
    char local[GONET_ADDR_STRLEN], remote[GONET_ADDR_STRLEN], want[512];

    for (int i = 0; i < KINDS; i++) {
        char label[64];
        snprintf(label, sizeof(label), "[%s", kind[i].text);
        if (strstr(text, label) == NULL)
            CHECK_TEXT("the listing", label);
    }
    CHECK_INT(count(text, "\ntask ") + (strncmp(text, "task ", 5) == 0), tasks);
    CHECK(count(text, "\n        ") >= 3 * tasks);
    CHECK(count(text, " s]\n") >= KINDS);
    net_addr_text(gonet_conn_local_addr(all.a), local);
    net_addr_text(gonet_conn_remote_addr(all.a), remote);
    snprintf(want, sizeof(want), "[read tcp %s->%s, ", local, remote);
    CHECK(strstr(text, want) != NULL);
    snprintf(want, sizeof(want), "[accept tcp %s, ",
             net_addr_text(gonet_listener_addr(all.listener), local));
    CHECK(strstr(text, want) != NULL);
}

static void release_all(void)
{
    atomic_store(&all.release, true);
    gonet_chan_close(all.empty);
    gonet_chan_close(all.full);
    gonet_mutex_unlock(&all.mutex);
    gonet_cond_broadcast(&all.cond);
    gonet_wait_group_done(&all.group);
    (void)gonet_conn_close(all.a, NULL);
    (void)gonet_listener_close(all.listener, NULL);
}

static void free_all(void)
{
    gonet_chan_free(all.empty);
    gonet_chan_free(all.full);
    gonet_listener_free(all.listener);
    gonet_conn_free(all.a);
    gonet_conn_free(all.b);
}

static void dump_until_complete(int tasks)
{
    for (;;) {
        char *text = actor_dump();
        bool over = complete(text) || !check_patience();
        if (over)
            check_listing(text, tasks);
        free(text);
        if (over)
            break;
        gonet_yield();
    }
    for (int i = 0; i < 20; i++)
        free(actor_dump());
}

static void dump_from_here(void *arg)
{
    char *text;

    dump_until_complete(KINDS + 1);
    text = actor_dump();
    CHECK(strstr(text, "[running]\n") != NULL);
    free(text);
    (void)arg;
}

static void start_all(void)
{
    actor_run_test(THREADS, make_all, NULL);
    for (uintptr_t i = 0; i < KINDS; i++) {
        assert_int_equal(gonet_go(run_kind, (void *)i), 0);
        AWAIT(atomic_load(&all.begun) > (int)i);
        gonet_sleep(GONET_MILLISECOND); /* the second reader is to come second */
    }
}

/* The sleeper's patience is the test's length at worst: shutdown wakes it. */
static void end_all(void)
{
    release_all();
    AWAIT(atomic_load(&all.over) >= KINDS - 1);
    assert_int_equal(gonet_shutdown(-1), 0);
    assert_int_equal(atomic_load(&all.over), KINDS);
    free_all();
    check_report();
}

static void asked_from_a_thread(void **state)
{
    (void)state;
    start_all();
    dump_until_complete(KINDS);
    end_all();
}

static void asked_from_a_task(void **state)
{
    (void)state;
    start_all();
    actor_run_test(TASKS, dump_from_here, NULL);
    end_all();
}

/* Whoever has locked the file gets the list all the same. */
static void dump_locked(void *arg)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    (void)arg;
    REQUIRE(f != NULL);
    flockfile(f);
    gonet_dump_tasks(f);
    funlockfile(f);
    fclose(f);
    CHECK(strstr(text, "[sleep, ") != NULL);
    free(text);
}

static void the_file_may_be_locked(void **state)
{
    (void)state;
    start_all();
    dump_until_complete(KINDS);
    dump_locked(NULL);
    actor_run_test(TASKS, dump_locked, NULL);
    end_all();
    check_report();
}

static void nothing_to_tell(void **state)
{
    char *text = actor_dump();

    (void)state;
    assert_string_equal(text, "");
    free(text);
}

/* ---- tasks that move while they are looked at ---- */

static atomic_int rounds;

static void keep_moving(void *arg)
{
    while (!atomic_load((atomic_bool *)arg)) {
        gonet_yield();
        gonet_sleep(10 * GONET_MICROSECOND);
        atomic_fetch_add(&rounds, 1);
    }
}

static void start_here(void *arg)
{
    while (!atomic_load((atomic_bool *)arg)) {
        CHECK(gonet_go(keep_moving, arg) == 0);
        gonet_sleep(GONET_MILLISECOND);
    }
}

static void dump_often(void *arg)
{
    while (!atomic_load((atomic_bool *)arg)) {
        free(actor_dump());
        gonet_yield();
    }
}

static void looking_disturbs_nobody(void **state)
{
    enum { N = 12 };
    atomic_bool stop = false;
    actor_t actor[N];

    (void)state;
    for (int i = 0; i < N; i++)
        actor_start(&actor[i], i % 4 == 3 ? BY_THREAD : BY_TASK,
                    i < 8    ? keep_moving
                    : i == 8 ? start_here
                             : dump_often,
                    &stop);
    AWAIT(atomic_load(&rounds) > 2000);
    atomic_store(&stop, true);
    for (int i = 0; i < N; i++)
        actor_join(&actor[i]);
    AWAIT(gonet_num_task() == 0); /* those that start_here started look at stop, too */
    check_report();
}

static void count_run(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

/* A task whose first turn is yet to come is listed, and not run by that. */
static void list_before_first_turn(void *arg)
{
    atomic_int ran = 0;
    char *text;

    (void)arg;
    for (int i = 0; i < 3; i++)
        REQUIRE(gonet_go_pinned(count_run, &ran) == 0); /* else others may begin it */
    text = actor_dump();
    CHECK_INT(atomic_load(&ran), 0);
    CHECK_INT(count(text, ": 3 tasks not begun\n"), 1);
    free(text);
    AWAIT(atomic_load(&ran) == 3);
}

static void looking_begins_nobody(void **state)
{
    (void)state;
    actor_run_test(TASKS, list_before_first_turn, NULL);
}

/* ---- a worker that does not answer ---- */

static void hold(void *arg)
{
    atomic_store(&all.begun, 1);
    while (!atomic_load((atomic_bool *)arg))
        continue;
}

static void running_task_is_named(void **state)
{
    atomic_bool stop = false;
    actor_t a;
    char *text;

    (void)state;
    atomic_store(&all.begun, 0);
    actor_start(&a, BY_TASK, hold, &stop);
    AWAIT(atomic_load(&all.begun) == 1);
    text = actor_dump();
    atomic_store(&stop, true);
    actor_join(&a);
    assert_non_null(strstr(text, "[running]\n"));
    free(text);
    check_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(nothing_to_tell),        LEAK_TEST(asked_from_a_thread),
        LEAK_TEST(asked_from_a_task),      LEAK_TEST(looking_disturbs_nobody),
        LEAK_TEST(looking_begins_nobody),  LEAK_TEST(running_task_is_named),
        LEAK_TEST(the_file_may_be_locked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
