/*
 * gonet_shutdown in every state of the runtime: what is parked comes back, what is busy is waited
 * for, nothing is left, and everything can be used again afterwards.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "gonet/chan.h"
#include "gonet/sync.h"
#include "gonet/task.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"
#include "busy.h"

#define MS GONET_MILLISECOND

static void not_started_and_twice(void **state)
{
    (void)state;
    assert_int_equal(gonet_shutdown(0), 0);
    assert_int_equal(gonet_shutdown(-1), 0);
    assert_int_equal(gonet_num_task(), 0);
}

/* ---- parked tasks of each kind ---- */

static struct {
    gonet_chan_t *empty, *full;
    gonet_mutex_t mutex, free_mutex;
    gonet_cond_t cond;
    gonet_conn_t *a, *b;
    gonet_listener_t *listener;
    atomic_int parked;
    atomic_int over;
} all;

static void park_in_sleep(void *arg)
{
    (void)arg;
    gonet_sleep(GONET_HOUR);
}

static void park_in_sleep_loop(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++)
        gonet_sleep(GONET_HOUR);
}

static void park_in_recv(void *arg)
{
    int x;

    (void)arg;
    CHECK(!gonet_chan_recv(all.empty, &x));
}

static void park_in_send(void *arg)
{
    int x = 1;

    (void)arg;
    CHECK(!gonet_chan_send(all.full, &x));
}

static void park_in_select(void *arg)
{
    int x;
    gonet_select_case_t c[2] = {{.ch = all.empty, .recv = &x}, {.ch = all.full, .send = &x}};

    (void)arg;
    CHECK_INT(gonet_select(c, 2, gonet_no_deadline), -2);
}

static void park_in_cond(void *arg)
{
    (void)arg;
    gonet_mutex_lock(&all.free_mutex);
    gonet_cond_wait(&all.cond, &all.free_mutex);
    gonet_mutex_unlock(&all.free_mutex);
}

/* The owner sleeps; those who wait for the mutex get it when he has come back. */
static void park_as_owner(void *arg)
{
    (void)arg;
    gonet_mutex_lock(&all.mutex);
    gonet_sleep(GONET_HOUR);
    gonet_mutex_unlock(&all.mutex);
}

static void park_in_mutex(void *arg)
{
    (void)arg;
    gonet_mutex_lock(&all.mutex);
    gonet_mutex_unlock(&all.mutex);
}

static void park_in_read(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char c;

    (void)arg;
    CHECK_INT(gonet_conn_read(all.a, &c, 1, &err), -1);
    CHECK(gonet_error_is(err, gonet_err_closed));
    CHECK_CONN_ERROR(err, all.a, "read tcp <L>-><R>: use of closed network connection");
}

static const char much[1 << 20]; /* the kernel may find room for a little at any time */

static void park_in_write(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    (void)arg;
    CHECK_INT(gonet_conn_write(all.a, much, sizeof(much), &err), -1);
    CHECK(gonet_error_is(err, gonet_err_closed));
}

static void park_in_accept(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    (void)arg;
    CHECK(gonet_listener_accept(all.listener, &err) == NULL);
    CHECK(gonet_error_is(err, gonet_err_closed));
}

static void *sleep_outside(void *arg)
{
    usleep(20000);
    return arg;
}

static void park_in_blocking(void *arg)
{
    CHECK(gonet_blocking(sleep_outside, arg) == arg);
}

/* Also until no task can be started any more. */
static void yield_until_refused(void *arg)
{
    (void)arg;
    errno = 0;
    while (gonet_go(nothing, NULL) == 0)
        gonet_yield();
    CHECK_INT(errno, EAGAIN);
}

static void (*const park[])(void *arg) = {
    park_in_sleep,  park_in_sleep_loop, park_in_recv,        park_in_send,   park_in_select,
    park_in_cond,   park_as_owner,      park_in_mutex,       park_in_mutex,  park_in_read,
    park_in_read,   park_in_write,      park_in_write,       park_in_accept, park_in_accept,
    park_in_accept, park_in_blocking,   yield_until_refused,
};

enum { KINDS = sizeof(park) / sizeof(park[0]) };

static void run_kind(void *arg)
{
    atomic_fetch_add(&all.parked, 1);
    park[(uintptr_t)arg](NULL);
    atomic_fetch_add(&all.over, 1);
}

static void make_all(void *arg)
{
    int x = 0;

    (void)arg;
    memset(&all, 0, sizeof(all));
    all.empty = gonet_chan_new(sizeof(int), 0);
    all.full = gonet_chan_new(sizeof(int), 1);
    REQUIRE(all.empty != NULL && all.full != NULL && gonet_chan_send(all.full, &x));
    all.listener = net_listen("tcp");
    REQUIRE(net_pair("tcp", &all.a, &all.b));
    (void)net_fill(all.a);
}

static void free_all(void)
{
    gonet_chan_free(all.empty);
    gonet_chan_free(all.full);
    gonet_listener_free(all.listener);
    gonet_conn_free(all.a);
    gonet_conn_free(all.b);
}

static void everything_parked_comes_back(void **state)
{
    (void)state;
    for (int round = 0; round < 20 && !check_failed(); round++) {
        actor_run_test(THREADS, make_all, NULL);
        for (uintptr_t i = 0; i < KINDS; i++)
            assert_int_equal(gonet_go(run_kind, (void *)i), 0);
        if (round % 2 == 0)
            AWAIT(atomic_load(&all.parked) == KINDS);
        if (round % 4 == 0)
            gonet_sleep(5 * MS);
        assert_int_equal(gonet_shutdown(round % 3 == 0 ? -1 : GONET_HOUR), 0);
        assert_int_equal(gonet_num_task(), 0);
        assert_int_equal(atomic_load(&all.over), KINDS);
        free_all();
    }
    check_report();
}

/* ---- a task behind a thread ---- */

static void read_x(void *arg)
{
    char c = 0;

    CHECK_INT(gonet_conn_read(arg, &c, 1, NULL), 1);
    CHECK_INT(c, 'x');
}

/* Threads are not ended by gonet_shutdown; tasks that queue behind them are. */
static void task_behind_a_thread_comes_back(void **state)
{
    actor_t thread;

    (void)state;
    actor_run_test(THREADS, make_all, NULL);
    actor_start(&thread, BY_THREAD, read_x, all.a);
    gonet_sleep(10 * MS);
    for (uintptr_t i = 0; i < 3; i++)
        assert_int_equal(gonet_go(run_kind, (void *)9), 0); /* read */
    AWAIT(atomic_load(&all.parked) == 3);
    assert_int_equal(gonet_shutdown(-1), 0);
    assert_int_equal(atomic_load(&all.over), 3);
    assert_int_equal(gonet_conn_write(all.b, "x", 1, NULL), 1);
    actor_join(&thread);
    free_all();
    check_report();
}

/* ---- busy tasks ---- */

static void busy_task_is_listed_and_waited_for(void **state)
{
    busy_t b = {false, false, false};
    char listing[4096];
    gonet_time_t begin;

    (void)state;
    assert_int_equal(gonet_go(compute, &b), 0);
    AWAIT(atomic_load(&b.runs));
    listing_begin();
    begin = gonet_now();
    errno = 0;
    assert_int_equal(gonet_shutdown(30 * MS), -1);
    assert_int_equal(errno, EBUSY);
    assert_true(gonet_since(begin) >= 30 * MS);
    errno = 0;
    assert_int_equal(gonet_shutdown(0), -1);
    assert_int_equal(errno, EBUSY);
    listing_end(listing, sizeof(listing));
    assert_non_null(strstr(listing, "[running]"));
    assert_false(atomic_load(&b.ended));
    assert_int_equal(gonet_num_task(), 1);

    /* the runtime goes on */
    busy_t c = {false, true, false};
    assert_int_equal(gonet_go(compute, &c), 0);
    if (gonet_set_max_procs(0) > 1)
        AWAIT(atomic_load(&c.ended));
    atomic_store(&b.stop, true);
    assert_int_equal(gonet_shutdown(-1), 0);
    assert_true(atomic_load(&b.ended));
    check_report();
}

static void *shut_down_at_once(void *arg)
{
    *(int *)arg = gonet_shutdown(-1) == 0 ? 0 : errno;
    return NULL;
}

static void second_one_at_a_time_is_refused(void **state)
{
    busy_t b = {false, false, false};
    pthread_t thread;
    int result = -1;

    (void)state;
    assert_int_equal(gonet_go(compute, &b), 0);
    AWAIT(atomic_load(&b.runs));
    assert_int_equal(pthread_create(&thread, NULL, shut_down_at_once, &result), 0);
    AWAIT(gonet_go(nothing, NULL) != 0 && errno == EAGAIN);
    errno = 0;
    assert_int_equal(gonet_shutdown(-1), -1);
    assert_int_equal(errno, EALREADY);
    atomic_store(&b.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(result, 0);
    check_report();
}

/* ---- again ---- */

static void echo_once(void *arg)
{
    char c;

    CHECK_INT(gonet_conn_read(arg, &c, 1, NULL), 1);
    CHECK_INT(gonet_conn_write(arg, &c, 1, NULL), 1);
}

static void ask_once(void *arg)
{
    char c = 0;

    CHECK_INT(gonet_conn_write(arg, "q", 1, NULL), 1);
    CHECK_INT(gonet_conn_read(arg, &c, 1, NULL), 1);
    CHECK_INT(c, 'q');
}

/* Connections live on without workers, and are watched by the next ones. */
static void connections_outlive_it(void **state)
{
    actor_t a, b;

    (void)state;
    actor_run_test(THREADS, make_all, NULL);
    gonet_conn_free(all.a);
    gonet_conn_free(all.b);
    assert_true(net_pair("tcp", &all.a, &all.b));
    for (int round = 0; round < 50 && !check_failed(); round++) {
        actor_start(&a, BY_TASK, echo_once, all.a);
        gonet_sleep(round % 3 * 500 * GONET_MICROSECOND);
        actor_start(&b, round % 2 ? BY_TASK : BY_THREAD, ask_once, all.b);
        actor_join(&a);
        actor_join(&b);
        assert_int_equal(gonet_shutdown(-1), 0);
    }
    free_all();
    check_report();
}

static void wait_for_shutdown(void *arg)
{
    (void)arg;
    gonet_sleep(GONET_HOUR);
}

static void start_some(void *arg)
{
    atomic_bool *stop = arg;

    while (!atomic_load(stop)) {
        if (gonet_go(wait_for_shutdown, NULL) != 0)
            CHECK_INT(errno, EAGAIN);
        gonet_yield();
    }
}

/* Threads that start tasks meanwhile get them, or EAGAIN; none is lost, none left. */
static void races_with_starts(void **state)
{
    atomic_bool stop = false;
    actor_t actor[2];

    (void)state;
    for (int i = 0; i < 2; i++)
        actor_start(&actor[i], BY_THREAD, start_some, &stop);
    for (int i = 0; i < 200; i++)
        assert_int_equal(gonet_shutdown(-1), 0);
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++)
        actor_join(&actor[i]);
    check_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(not_started_and_twice),
        LEAK_TEST(everything_parked_comes_back),
        LEAK_TEST(task_behind_a_thread_comes_back),
        LEAK_TEST(busy_task_is_listed_and_waited_for),
        LEAK_TEST(second_one_at_a_time_is_refused),
        LEAK_TEST(connections_outlive_it),
        LEAK_TEST(races_with_starts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
