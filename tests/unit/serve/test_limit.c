/*
 * A listener with a limit: how many of its connections are open, and what ends the wait for a
 * place.
 */
#include <errno.h>
#include <stdatomic.h>

#include "gonet.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

#define MS GONET_MILLISECOND

typedef struct {
    gonet_listener_t *l;
    gonet_conn_t *c;
    gonet_error_t *err;
    atomic_bool over;
    actor_t actor;
} acceptor_t;

static void accept_one(void *arg)
{
    acceptor_t *a = arg;

    a->c = gonet_listener_accept(a->l, &a->err);
    atomic_store(&a->over, true);
}

static void start(acceptor_t *a, actor_kind_t kind, gonet_listener_t *l)
{
    *a = (acceptor_t){.l = l};
    actor_start(&a->actor, kind, accept_one, a);
}

static void counts(actor_kind_t kind)
{
    gonet_listener_t *l = gonet_limit_listener(net_listen("tcp"), 2);
    gonet_conn_t *peer[4], *c[2];
    acceptor_t a;
    char byte;

    REQUIRE(l != NULL);
    for (int i = 0; i < 4; i++)
        peer[i] = net_dial("tcp", l);
    for (int i = 0; i < 2; i++)
        c[i] = gonet_listener_accept(l, NULL);
    start(&a, kind, l);
    gonet_sleep(5 * MS);
    CHECK(!atomic_load(&a.over));
    CHECK(gonet_conn_close(c[0], NULL) == 0);
    actor_join(&a.actor);
    CHECK(a.c != NULL);
    CHECK(gonet_conn_close(c[0], NULL) == -1); /* gives no place back a second time */
    gonet_conn_free(c[0]);
    c[0] = a.c;
    start(&a, kind, l);
    gonet_sleep(5 * MS);
    CHECK(!atomic_load(&a.over));
    gonet_conn_free(c[1]); /* so does the last reference */
    actor_join(&a.actor);
    CHECK(a.c != NULL);
    CHECK(gonet_conn_write(a.c, "x", 1, NULL) == 1);
    CHECK(gonet_conn_read(peer[3], &byte, 1, NULL) == 1);
    CHECK(gonet_conn_as_tcp(gonet_conn_net_conn(a.c)) != NULL);
    gonet_listener_free(l);
    gonet_conn_free(c[0]); /* after the listener */
    gonet_conn_free(a.c);
    for (int i = 0; i < 4; i++)
        gonet_conn_free(peer[i]);
}

static void waits_end(actor_kind_t kind)
{
    gonet_listener_t *l = gonet_limit_listener(net_listen("tcp"), 1);
    gonet_conn_t *peer, *c;
    acceptor_t a;

    REQUIRE(l != NULL);
    peer = net_dial("tcp", l);
    c = gonet_listener_accept(l, NULL);
    CHECK(gonet_listener_set_deadline(l, gonet_after(5 * MS), NULL) == 0);
    start(&a, kind, l);
    actor_join(&a.actor);
    CHECK(gonet_error_timeout(a.err));
    gonet_error_free(a.err);
    CHECK(gonet_listener_set_deadline(l, gonet_no_deadline, NULL) == 0);
    start(&a, kind, l);
    CHECK(gonet_listener_close(l, NULL) == 0);
    actor_join(&a.actor);
    CHECK(gonet_error_is(a.err, gonet_err_closed));
    CHECK_LISTENER_ERROR(a.err, l, "accept tcp <L>: use of closed network connection");
    gonet_error_free(a.err);
    gonet_conn_free(c);
    gonet_conn_free(peer);
    gonet_listener_free(l);
}

static void set(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
}

/* What is inside waits without a task. */
static void rests(void *arg)
{
    gonet_listener_t *l = gonet_limit_listener(net_listen("tcp"), 1);
    gonet_conn_t *peer = net_dial("tcp", l), *c = gonet_listener_accept(l, NULL);
    atomic_bool born = false;

    (void)arg;
    CHECK(gonet_conn_go_readable(c, set, &born, NULL) == 0);
    gonet_sleep(MS);
    CHECK_INT(gonet_num_task(), 2);
    CHECK(!atomic_load(&born));
    CHECK(gonet_conn_write(peer, "x", 1, NULL) == 1);
    AWAIT(atomic_load(&born));
    gonet_conn_free(c);
    gonet_conn_free(peer);
    gonet_listener_free(l);
}

static void test_rests(void **state)
{
    (void)state;
    actor_run_test(TASKS, rests, NULL);
}

static void test_by_tasks(void **state)
{
    (void)state;
    counts(BY_TASK);
    waits_end(BY_TASK);
    check_report();
}

static void test_by_threads(void **state)
{
    (void)state;
    counts(BY_THREAD);
    waits_end(BY_THREAD);
    check_report();
}

static void test_shutdown(void **state)
{
    gonet_listener_t *l = gonet_limit_listener(net_listen("tcp"), 1);
    gonet_conn_t *peer = net_dial("tcp", l), *c = gonet_listener_accept(l, NULL);
    acceptor_t a;

    (void)state;
    start(&a, BY_TASK, l);
    assert_int_equal(gonet_shutdown(-1), 0);
    actor_join(&a.actor);
    assert_true(gonet_error_is(a.err, gonet_err_closed));
    gonet_error_free(a.err);
    gonet_conn_free(c);
    gonet_conn_free(peer);
    gonet_listener_free(l);
    check_report();
}

static void test_none(void **state)
{
    (void)state;
    assert_null(gonet_limit_listener(net_listen("tcp"), 0));
    assert_null(gonet_limit_listener(NULL, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(test_by_tasks), LEAK_TEST(test_by_threads),
                                       LEAK_TEST(test_shutdown), LEAK_TEST(test_rests),
                                       LEAK_TEST(test_none)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
