/*
 * The end in two steps, contexts that signals cancel, and a main function that is a task.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "gonet.h"
#include "support/actor.h"

#include "support/leak.h"
#include "support/net.h"

#define MS GONET_MILLISECOND

/* ---- gonet_run ---- */

static int add_one(void *arg)
{
    volatile char big[1 << 20]; /* more than a task usually has */

    big[0] = big[sizeof(big) - 1] = 1;
    CHECK(gonet_num_task() >= 1); /* the last one may still be about to end */
    gonet_yield();
    return *(int *)arg + big[0];
}

static int run_inside(void *arg)
{
    return gonet_run(add_one, arg);
}

static void runs(void **state)
{
    int x = 41;

    (void)state;
    assert_int_equal(gonet_run(add_one, &x), 42);
    assert_int_equal(gonet_run(run_inside, &x), 42);
    errno = 0;
    assert_int_equal(gonet_run(NULL, NULL), -1);
    assert_int_equal(errno, EINVAL);
    check_report();
}

/* ---- gonet_drain ---- */

typedef struct {
    gonet_listener_t *l;
    gonet_context_t *ctx;
    atomic_int taken, done;
    atomic_bool go_on;
    int result, errnum;
} server_t;

static void handle(void *arg)
{
    server_t *s = arg;

    atomic_fetch_add(&s->taken, 1);
    AWAIT(atomic_load(&s->go_on));
    CHECK_INT(gonet_sleep(MS), 0); /* nobody interrupts it */
    atomic_fetch_add(&s->done, 1);
}

static void start_late(void *arg)
{
    CHECK_INT(gonet_go(handle, arg), 0);
}

static void take(void *arg)
{
    server_t *s = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_conn_t *c;

    while ((c = gonet_listener_accept(s->l, &err)) != NULL) {
        CHECK_INT(gonet_go(handle, s), 0);
        gonet_conn_free(c);
    }
    CHECK(gonet_error_is(err, gonet_err_canceled));
    CHECK_INT(gonet_go(start_late, s), 0); /* still possible */
}

static void serve(void *arg)
{
    server_t *s = arg;

    gonet_context_run(s->ctx, take, s);
}

static void *drain(void *arg)
{
    server_t *s = arg;

    s->result = gonet_drain(-1);
    s->errnum = errno;
    return NULL;
}

static void what_is_in_hand_is_finished(void **state)
{
    server_t s = {.l = net_listen("tcp"), .ctx = gonet_shutdown_context()};
    gonet_conn_t *c[3];
    gonet_context_t *late;
    pthread_t thread;

    (void)state;
    assert_int_equal(gonet_go(serve, &s), 0);
    for (int i = 0; i < 3; i++)
        c[i] = net_dial("tcp", s.l);
    AWAIT(atomic_load(&s.taken) == 3);
    assert_null(gonet_context_err(s.ctx));
    assert_int_equal(pthread_create(&thread, NULL, drain, &s), 0);
    AWAIT(gonet_context_err(s.ctx) == gonet_err_canceled);
    AWAIT(atomic_load(&s.taken) == 4);
    assert_int_equal(gonet_drain(0), -1);
    assert_int_equal(errno, EALREADY);
    late = gonet_shutdown_context();
    assert_ptr_equal(gonet_context_err(late), gonet_err_canceled);
    atomic_store(&s.go_on, true);
    pthread_join(thread, NULL);
    assert_int_equal(s.result, 0);
    assert_int_equal(atomic_load(&s.done), 4);
    assert_int_equal(gonet_num_task(), 0);
    assert_int_equal(gonet_shutdown(0), 0);
    gonet_context_free(late);
    late = gonet_shutdown_context(); /* of the next end */
    assert_null(gonet_context_err(late));
    gonet_context_free(late);
    gonet_context_free(s.ctx);
    for (int i = 0; i < 3; i++)
        gonet_conn_free(c[i]);
    gonet_listener_free(s.l);
    check_report();
}

static void sleep_on(void *arg)
{
    atomic_int *ended = arg;

    CHECK_INT(gonet_sleep(GONET_HOUR), -1);
    atomic_fetch_add(ended, 1);
}

static void drain_in_task(void *arg)
{
    (void)arg;
    CHECK_INT(gonet_drain(0), -1);
    CHECK_INT(errno, EDEADLK);
}

static void the_rest_is_interrupted(void **state)
{
    gonet_context_t *ctx = gonet_shutdown_context();
    atomic_int ended = 0;

    (void)state;
    actor_run_test(TASKS, drain_in_task, NULL);
    assert_null(gonet_context_err(ctx));
    assert_int_equal(gonet_go(sleep_on, &ended), 0);
    assert_int_equal(gonet_drain(2 * MS), -1);
    assert_int_equal(errno, EBUSY);
    assert_int_equal(atomic_load(&ended), 0);
    assert_ptr_equal(gonet_context_err(ctx), gonet_err_canceled);
    assert_int_equal(gonet_shutdown(-1), 0);
    assert_int_equal(atomic_load(&ended), 1);
    assert_int_equal(gonet_drain(0), 0); /* nothing runs */
    assert_int_equal(gonet_shutdown(0), 0);
    gonet_context_free(ctx);
    check_report();
}

static void count(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

/* gonet_shutdown alone tells, too, while functions can still be started. */
static void shutdown_tells(void **state)
{
    gonet_context_t *ctx = gonet_shutdown_context();
    atomic_int calls = 0;
    gonet_context_func_t *f = gonet_context_after_func(ctx, count, &calls);

    (void)state;
    assert_non_null(f);
    assert_int_equal(gonet_shutdown(-1), 0);
    assert_ptr_equal(gonet_context_err(ctx), gonet_err_canceled);
    assert_int_equal(atomic_load(&calls), 1);
    gonet_context_func_free(f);
    gonet_context_free(ctx);
}

/* ---- gonet_signal_context ---- */

static bool handled(int sig, void (*handler)(int))
{
    struct sigaction now;

    return sigaction(sig, NULL, &now) == 0 && now.sa_handler == handler;
}

static void by_signal(int sig)
{
    (void)sig;
}

static void wait_for_end(void *arg)
{
    CHECK_INT(gonet_sleep(GONET_HOUR), -1);
    CHECK(gonet_context_err(arg) == gonet_err_canceled);
}

static void run_under(void *arg)
{
    gonet_context_run(arg, wait_for_end, arg);
}

static void a_signal_cancels(void **state)
{
    static const int both[] = {SIGTERM, SIGUSR1, SIGTERM}, one[] = {SIGUSR1};
    gonet_context_t *a, *b, *child;
    actor_t actor[2];

    (void)state;
    signal(SIGUSR1, by_signal);
    a = gonet_signal_context(NULL, both, 3);
    b = gonet_signal_context(NULL, one, 1);
    child = gonet_context_with_cancel(a);
    assert_null(gonet_context_err(a));
    actor_start(&actor[0], BY_TASK, run_under, child);
    actor_start(&actor[1], BY_THREAD, run_under, child);
    assert_int_equal(raise(SIGTERM), 0);
    actor_join(&actor[0]);
    actor_join(&actor[1]);
    assert_string_equal(gonet_error_string(gonet_context_cause(child)),
                        "terminated signal received");
    assert_null(gonet_context_err(b));
    assert_int_equal(raise(SIGTERM), 0); /* still caught */
    assert_int_equal(raise(SIGUSR1), 0);
    AWAIT(gonet_context_err(b) != NULL);
    assert_string_equal(gonet_error_string(gonet_context_cause(b)),
                        "user defined signal 1 signal received");
    gonet_context_cancel(a); /* Go's stop */
    assert_true(handled(SIGTERM, SIG_DFL));
    assert_false(handled(SIGUSR1, by_signal));
    gonet_context_free(a);
    gonet_context_free(b);
    assert_true(handled(SIGUSR1, by_signal));
    gonet_context_free(child);
    signal(SIGUSR1, SIG_DFL);
    check_report();
}

static void signals_that_cannot_be_had(void **state)
{
    static const int bad[][2] = {{SIGTERM, SIGKILL}, {SIGTERM, 0}, {SIGTERM, 1000}};
    gonet_context_t *ctx;

    (void)state;
    for (int i = 0; i < 3; i++) {
        ctx = gonet_signal_context(NULL, bad[i], 2);
        assert_ptr_equal(gonet_context_err(ctx), gonet_err_canceled);
        assert_true(gonet_error_is_errno(gonet_context_cause(ctx), EINVAL));
        assert_true(handled(SIGTERM, SIG_DFL));
        gonet_context_free(ctx);
    }
    ctx = gonet_signal_context(NULL, NULL, 0);
    assert_true(gonet_error_is_errno(gonet_context_cause(ctx), EINVAL));
    gonet_context_free(ctx);
    for (int n = 1; n <= 2; n++) {
        gonet__alloc_fail_at(n, 0);
        ctx = gonet_signal_context(NULL, bad[0], 1);
        gonet__alloc_fail_at(0, 0);
        assert_ptr_equal(gonet_context_cause(ctx), gonet_err_no_memory);
        gonet_context_free(ctx);
    }
}

/* Contexts come and go while the signal arrives again and again. */
static void storm_of_signals(void **state)
{
    static const int sig[] = {SIGUSR2};
    gonet_context_t *keep;

    (void)state;
    signal(SIGUSR2, by_signal);
    for (int i = 0; i < 200; i++) {
        gonet_context_t *ctx = gonet_signal_context(NULL, sig, 1);

        keep = i % 3 == 0 ? gonet_signal_context(ctx, sig, 1) : NULL;
        for (int k = 0; k < i % 3; k++)
            (void)kill(getpid(), SIGUSR2);
        if (i % 6 == 2 || i % 6 == 4)
            AWAIT(gonet_context_err(ctx) != NULL);
        gonet_context_free(ctx);
        gonet_context_free(keep);
    }
    assert_true(handled(SIGUSR2, by_signal));
    signal(SIGUSR2, SIG_DFL);
    check_report();
}

static void in_child(void *arg)
{
    gonet_context_t **ctx = arg;

    CHECK(handled(SIGTERM, SIG_DFL));
    CHECK(gonet_context_err(ctx[0]) == NULL);
    gonet_context_cancel(ctx[0]);
    CHECK(gonet_context_err(ctx[0]) == gonet_err_canceled);
    gonet_context_free(ctx[0]);
    CHECK(gonet_context_err(ctx[1]) == NULL);
    CHECK_INT(gonet_drain(0), 0);
    CHECK(gonet_context_err(ctx[1]) == gonet_err_canceled);
    CHECK_INT(gonet_shutdown(0), 0);
}

static void a_child_has_its_own(void **state)
{
    static const int sig[] = {SIGTERM};
    gonet_context_t *ctx[2] = {gonet_signal_context(NULL, sig, 1), gonet_shutdown_context()};
    pid_t pid = fork();
    int status = -1;

    (void)state;
    if (pid == 0) {
        in_child(ctx);
        if (check_failed())
            fprintf(stderr, "%s\n", check_failure());
        _exit(check_failed());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_null(gonet_context_err(ctx[0]));
    assert_null(gonet_context_err(ctx[1]));
    raise(SIGTERM);
    AWAIT(gonet_context_err(ctx[0]) != NULL);
    gonet_context_free(ctx[0]);
    gonet_context_free(ctx[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(runs),
                                       LEAK_TEST(what_is_in_hand_is_finished),
                                       LEAK_TEST(the_rest_is_interrupted),
                                       LEAK_TEST(shutdown_tells),
                                       LEAK_TEST(a_signal_cancels),
                                       LEAK_TEST(signals_that_cannot_be_had),
                                       LEAK_TEST(storm_of_signals),
                                       LEAK_TEST(a_child_has_its_own)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
