/*
 * fork: the child's runtime starts afresh, the parent's is not disturbed, and what was there before
 * can be used in the child.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/chan.h"
#include "gonet/task.h"
#include "runtime/sched/task.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/net.h"

/* In the child: whatever was checked decides. */
static void leave(void)
{
    if (check_failed())
        fprintf(stderr, "the child failed\n");
    child_exit(check_failed() ? 1 : 0);
}

static int end_of(pid_t child)
{
    int status = -1;

    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static void echo(void *arg)
{
    char c;

    while (gonet_conn_read(arg, &c, 1, NULL) == 1)
        CHECK_INT(gonet_conn_write(arg, &c, 1, NULL), 1);
}

static void ask(gonet_conn_t *c)
{
    char x = 0;

    CHECK_INT(gonet_conn_write(c, "q", 1, NULL), 1);
    CHECK_INT(gonet_conn_read(c, &x, 1, NULL), 1);
    CHECK_INT(x, 'q');
}

static void ask_often(void *arg)
{
    for (int i = 0; i < 20; i++)
        ask(arg);
}

/* A pair of its own, with a task at each end. */
static void use_everything(void)
{
    gonet_conn_t *a, *b;
    actor_t echoes, asks;

    if (!net_pair("tcp", &a, &b))
        return;
    actor_start(&echoes, BY_TASK, echo, a);
    actor_start(&asks, BY_TASK, ask_often, b);
    actor_join(&asks);
    ask(b);
    gonet_conn_free(b);
    actor_join(&echoes);
    gonet_conn_free(a);
}

static void *be_thread(void *arg)
{
    (void)arg;
    return NULL;
}

/* ---- a child of a thread ---- */

static void child_without_exec(void)
{
    CHECK(gonet__task_current() == NULL);
    CHECK_INT(gonet_num_task(), 0);
    for (int i = 0; i < 3; i++) {
        use_everything();
        CHECK_INT(gonet_shutdown(-1), 0);
    }
    use_everything();
    leave();
}

static void child_starts_afresh_and_parent_goes_on(void **state)
{
    gonet_conn_t *a, *b, *c, *d;
    actor_t echoes[2];

    (void)state;
    assert_true(net_pair("tcp", &a, &b));
    assert_true(net_pair("tcp", &c, &d));
    actor_start(&echoes[0], BY_TASK, echo, a);
    actor_start(&echoes[1], BY_THREAD, echo, c);
    ask(b);
    ask(d);
    for (int i = 0; i < 5 && !check_failed(); i++) {
        pid_t child;
        child = fork();
        assert_true(child >= 0);
        if (child == 0)
            child_without_exec();
        ask(b); /* parked when it forked */
        ask(d);
        assert_int_equal(end_of(child), 0);
        ask(b);
        ask(d);
    }
    use_everything();
    gonet_conn_free(b);
    gonet_conn_free(d);
    actor_join(&echoes[0]);
    actor_join(&echoes[1]);
    gonet_conn_free(a);
    gonet_conn_free(c);
    check_report();
}

/* ---- what is inherited ---- */

/* Both processes accept on the same listener, as pre-forked servers do. */
static void listener_serves_both(void **state)
{
    gonet_listener_t *l = net_listen("tcp");
    gonet_conn_t *c, *s;
    pid_t child;

    (void)state;
    assert_non_null(l);
    c = net_dial("tcp", l); /* the listener has been watched here */
    s = gonet_listener_accept(l, NULL);
    assert_non_null(s);
    child = fork();
    if (child == 0) {
        actor_t echoes;
        gonet_conn_t *mine = gonet_listener_accept(l, NULL);

        CHECK(mine != NULL);
        actor_start(&echoes, BY_TASK, echo, mine);
        actor_join(&echoes);
        CHECK_INT(gonet_listener_close(l, NULL), 0);
        leave();
    }
    gonet_conn_free(s);
    gonet_conn_free(c);
    c = net_dial("tcp", l);
    assert_non_null(c);
    ask(c); /* the child echoes */
    gonet_conn_free(c);
    assert_int_equal(end_of(child), 0);
    c = net_dial("tcp", l);
    s = gonet_listener_accept(l, NULL);
    assert_non_null(s);
    gonet_conn_free(c);
    gonet_conn_free(s);
    gonet_listener_free(l);
    check_report();
}

/* A connection in use here may only be closed there; that changes nothing here. */
static void used_connection_is_closed_in_child(void **state)
{
    gonet_conn_t *a, *b;
    actor_t echoes;
    pid_t child;

    (void)state;
    assert_true(net_pair("tcp", &a, &b));
    actor_start(&echoes, BY_TASK, echo, a);
    ask(b);
    child = fork();
    if (child == 0) {
        CHECK_INT(gonet_conn_close(a, NULL), 0);
        CHECK_INT(gonet_conn_close(a, NULL), -1);
        gonet_conn_free(a);
        ask(b); /* was not in use: the parent's task answers */
        gonet_conn_free(b);
        use_everything();
        leave();
    }
    assert_int_equal(end_of(child), 0);
    ask(b);
    gonet_conn_free(b);
    actor_join(&echoes);
    gonet_conn_free(a);
    check_report();
}

/* ---- a child of a task ---- */

static void fork_and_exec(void *arg)
{
    sigset_t mask;
    char *argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, (char[]){"exit 7"}, NULL};
    pid_t child = fork();

    (void)arg;
    if (child == 0) {
        CHECK(gonet__task_current() == NULL);
        sigemptyset(&mask);
        pthread_sigmask(SIG_SETMASK, NULL, &mask);
        CHECK(sigismember(&mask, SIGTERM) == 0);
        CHECK(sigismember(&mask, SIGCHLD) == 0);
        CHECK(sigismember(&mask, SIGUSR2) == 1); /* blocked by main before the start */
        if (check_failed())
            leave();
        execv(argv[0], argv);
        _exit(99);
    }
    CHECK(child > 0);
    CHECK_INT(end_of(child), 7);
}

static void fork_and_use(void *arg)
{
    pid_t child = fork();

    (void)arg;
    if (child == 0) {
        CHECK(gonet__task_current() == NULL);
        gonet_sleep(GONET_MILLISECOND);
        gonet_yield();
        use_everything();
        leave();
    }
    CHECK(child > 0);
    CHECK_INT(end_of(child), 0);
}

static void task_forks_and_execs(void **state)
{
    actor_t a;

    (void)state;
    actor_start(&a, BY_TASK, fork_and_exec, NULL);
    actor_join(&a);
    check_report();
}

static void task_forks_and_goes_on_as_thread(void **state)
{
    actor_t a;

    (void)state;
    for (int i = 0; i < 5; i++) {
        actor_start(&a, BY_TASK, fork_and_use, NULL);
        actor_join(&a);
    }
    check_report();
}

static void grandchildren(void **state)
{
    pid_t child;

    (void)state;
    use_everything();
    child = fork();
    if (child == 0) {
        use_everything();
        fork_and_use(NULL);
        use_everything();
        leave();
    }
    assert_int_equal(end_of(child), 0);
    check_report();
}

/* ---- while everything moves ---- */

static void churn(void *arg)
{
    while (!atomic_load((atomic_bool *)arg)) {
        gonet_conn_t *a, *b;
        if (net_pair("tcp", &a, &b)) {
            gonet_conn_free(a);
            gonet_conn_free(b);
        }
        gonet_blocking((void *(*)(void *))be_thread, NULL);
        gonet_yield();
    }
}

static void forks_under_load(void **state)
{
    atomic_bool stop = false;
    actor_t actor[6];

    (void)state;
    for (int i = 0; i < 6; i++)
        actor_start(&actor[i], i % 3 ? BY_TASK : BY_THREAD, churn, &stop);
    for (int i = 0; i < 15 && !check_failed(); i++) {
        pid_t child = fork();
        if (child == 0)
            child_without_exec();
        assert_int_equal(end_of(child), 0);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 6; i++)
        actor_join(&actor[i]);
    check_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(child_starts_afresh_and_parent_goes_on),
        LEAK_TEST(listener_serves_both),
        LEAK_TEST(used_connection_is_closed_in_child),
        LEAK_TEST(task_forks_and_execs),
        LEAK_TEST(task_forks_and_goes_on_as_thread),
        LEAK_TEST(grandchildren),
        LEAK_TEST(forks_under_load),
    };
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
