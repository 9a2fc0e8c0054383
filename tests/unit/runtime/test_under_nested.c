/*
 * gonet_context_run: what an ended context keeps from beginning, and what it does not; contexts
 * inside of contexts; forks; and short waits that come to something, or not, while contexts end all
 * the time.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

#define MS GONET_MILLISECOND

static struct {
    gonet_chan_t *stored; /* with an element, and room */
    gonet_mutex_t mutex;
    gonet_conn_t *tcp[2], *pipe[2];
    gonet_listener_t *listener;
} all;

static void make_all(void *arg)
{
    int x = 0;

    (void)arg;
    memset(&all, 0, sizeof(all));
    all.stored = gonet_chan_new(sizeof(int), 2);
    REQUIRE(all.stored != NULL && gonet_chan_send(all.stored, &x));
    REQUIRE(net_pair("tcp", &all.tcp[0], &all.tcp[1]));
    REQUIRE(gonet_pipe(&all.pipe[0], &all.pipe[1]) == 0);
    all.listener = net_listen("tcp");
}

static void free_all(void)
{
    gonet_chan_free(all.stored);
    for (int i = 0; i < 2; i++) {
        gonet_conn_free(all.tcp[i]);
        gonet_conn_free(all.pipe[i]);
    }
    gonet_listener_free(all.listener);
}

static gonet_error_t *why(void)
{
    return gonet_context_err(gonet_context_current());
}

/* Of a call that tells by errno. */
static bool told(bool failed)
{
    return CHECK(failed) && CHECK_INT(errno, why() == gonet_err_canceled ? ECANCELED : ETIMEDOUT);
}

/* ---- nothing is begun under an ended context, though it would not have to wait ---- */

static void refused(void *arg)
{
    gonet_error_t *err = NULL;
    gonet_select_case_t c = {.ch = all.stored};
    char x;
    int v;

    (void)arg;
    told(!gonet_chan_recv(all.stored, &v));
    told(!gonet_chan_send(all.stored, &v));
    told(gonet_select(&c, 1, gonet_no_deadline) == -2);
    told(gonet_sleep(1) == -1);
    CHECK_INT(gonet_conn_read(all.tcp[0], &x, 1, &err), -1);
    CHECK_CONN_ERROR(err, all.tcp[0], "read tcp <L>-><R>: context canceled");
    CHECK_INT(gonet_conn_write(all.tcp[0], "x", 1, &err), -1);
    CHECK_CONN_ERROR(err, all.tcp[0], "write tcp <L>-><R>: context canceled");
    CHECK(gonet_listener_accept(all.listener, &err) == NULL);
    CHECK_LISTENER_ERROR(err, all.listener, "accept tcp <L>: context canceled");
    CHECK_INT(gonet_conn_read(all.pipe[0], &x, 1, &err), -1);
    CHECK_ERROR(err, "read pipe: context canceled");
    CHECK(gonet_dial("tcp", "127.0.0.1:1", &err) == NULL);
    CHECK_ERROR(err, "dial tcp 127.0.0.1:1: operation was canceled");
    gonet_error_free(err);
    /* what does not park goes on */
    CHECK_INT(gonet_select(&c, 1, (gonet_time_t){1}), 0);
    CHECK_INT(gonet_chan_try_send(all.stored, &v), GONET_CHAN_OK);
    CHECK_INT(gonet_chan_try_recv(all.stored, &v), GONET_CHAN_OK);
    CHECK_INT(gonet_sleep(0), 0);
    gonet_mutex_lock(&all.mutex);
    gonet_mutex_unlock(&all.mutex);
    CHECK_INT(gonet_conn_set_deadline(all.tcp[0], gonet_no_deadline, NULL), 0);
    v = 0;
    CHECK_INT(gonet_chan_try_send(all.stored, &v), GONET_CHAN_OK);
}

static void run_refused(void *arg)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);

    (void)arg;
    CHECK_INT(gonet_conn_write(all.tcp[1], "x", 1, NULL), 1);
    gonet_context_cancel(ctx);
    gonet_context_run(ctx, refused, NULL);
    gonet_context_free(ctx);
    /* and the connection is as it was */
    CHECK_INT(gonet_conn_read(all.tcp[0], &(char){0}, 1, NULL), 1);
}

static void nothing_is_begun(void **state)
{
    (void)state;
    for (actor_mode_t mode = TASKS; mode <= THREADS; mode++) {
        actor_run_test(THREADS, make_all, NULL);
        actor_run_test(mode, run_refused, NULL);
        free_all();
    }
}

/* ---- nested contexts, and other tasks ---- */

typedef struct {
    gonet_context_t *outer, *inner;
    gonet_chan_t *ch;
    atomic_int at;
} nest_t;

static void receive_once(void *arg)
{
    nest_t *n = arg;

    atomic_store(&n->at, 1);
    CHECK(gonet_chan_recv(n->ch, NULL));
}

static void child(void *arg)
{
    CHECK(gonet_context_current() == NULL);
    receive_once(arg);
}

static void sleep_long(void *arg)
{
    (void)arg;
    told(gonet_sleep(GONET_HOUR) == -1);
}

static void in_outer(void *arg)
{
    nest_t *n = arg;
    actor_t a;

    gonet_context_run(NULL, receive_once, n); /* while outer is cancelled */
    told(gonet_sleep(GONET_HOUR) == -1);
    actor_start(&a, gonet_num_task() > 0 ? BY_TASK : BY_THREAD, child, n);
    actor_join(&a);
    gonet_context_run(n->inner, sleep_long, n);
    CHECK(gonet_context_err(n->inner) == gonet_err_context_deadline_exceeded);
    CHECK(gonet_context_current() == n->outer);
    told(gonet_sleep(GONET_HOUR) == -1);
}

static void run_nested(void *arg)
{
    nest_t *n = arg;

    gonet_context_run(n->outer, in_outer, n);
}

static void inner_counts_alone(void **state)
{
    (void)state;
    for (int who = BY_TASK; who <= BY_THREAD; who++) {
        nest_t n = {.outer = gonet_context_with_cancel(NULL),
                    .inner = gonet_context_with_timeout(NULL, 3 * MS),
                    .ch = gonet_chan_new(0, 0)};
        actor_t a;

        actor_start(&a, (actor_kind_t)who, run_nested, &n);
        for (int i = 0; i < 2; i++) {
            AWAIT(atomic_load(&n.at) == 1);
            gonet_context_cancel(n.outer);
            check_pause();
            atomic_store(&n.at, 0);
            CHECK(gonet_chan_send(n.ch, NULL));
        }
        actor_join(&a);
        gonet_chan_free(n.ch);
        gonet_context_free(n.outer);
        gonet_context_free(n.inner);
    }
    check_report();
}

/* ---- a storm: short waits that come to something or not, and contexts that end at any time ----
 */

enum { PAIRS = 8, ROUNDS = 400 };

typedef struct {
    _Atomic(gonet_context_t *) ctx;
    gonet_chan_t *there, *back;
    gonet_conn_t *a, *b;
    atomic_bool over;
    atomic_int ended, passed;
} storm_t;

static void talk(void *arg)
{
    storm_t *s = arg;
    char x = 'x';

    for (int i = 0; i < 5; i++) {
        if (gonet_chan_recv(s->there, NULL) && gonet_conn_write(s->a, &x, 1, NULL) == 1 &&
            gonet_conn_read(s->a, &x, 1, NULL) == 1)
            atomic_fetch_add(&s->passed, 1);
        if (why() == NULL)
            continue;
        CHECK(!gonet_chan_recv(s->there, NULL));
        atomic_fetch_add(&s->ended, 1);
        return;
    }
}

/* One of the pair, whose contexts the canceller ends. */
static void talk_on(void *arg)
{
    storm_t *s = arg;

    for (int i = 0; i < ROUNDS; i++) {
        gonet_context_t *ctx = gonet_context_with_timeout(NULL, i % 7 == 0 ? MS : GONET_HOUR);

        gonet_context_free(atomic_exchange(&s->ctx, gonet_context_ref(ctx)));
        gonet_context_run(ctx, talk, s);
        gonet_context_free(ctx);
    }
    atomic_store(&s->over, true);
}

static void answer(void *arg)
{
    storm_t *s = arg;
    char x;

    while (!atomic_load(&s->over)) {
        gonet_select_case_t c = {.ch = s->there, .send = &x};

        (void)gonet_select(&c, 1, gonet_after(MS));
        (void)gonet_conn_set_deadline(s->b, gonet_after(MS), NULL);
        if (gonet_conn_read(s->b, &x, 1, NULL) == 1)
            (void)gonet_conn_write(s->b, &x, 1, NULL);
    }
}

static void cancel_on(void *arg)
{
    storm_t *s = arg;

    for (int i = 0; !atomic_load(&s->over); i++) {
        gonet_context_t *ctx = atomic_exchange(&s->ctx, NULL);

        for (int k = 0; k < i % 5; k++)
            gonet_yield();
        gonet_context_cancel(ctx);
        gonet_context_free(ctx);
        gonet_yield();
    }
}

static void storm(void **state)
{
    static void (*const part[])(void *arg) = {talk_on, answer, cancel_on};
    static storm_t s[PAIRS];
    actor_t a[PAIRS][3];

    (void)state;
    memset(s, 0, sizeof(s));
    for (int i = 0; i < PAIRS; i++) {
        s[i].there = gonet_chan_new(0, 0);
        CHECK(net_pair("tcp", &s[i].a, &s[i].b));
        for (int k = 0; k < 3; k++)
            actor_start(&a[i][k], (i >> k & 1) != 0 ? BY_THREAD : BY_TASK, part[k], &s[i]);
    }
    for (int i = 0; i < PAIRS; i++) {
        for (int k = 0; k < 3; k++)
            actor_join(&a[i][k]);
        CHECK(atomic_load(&s[i].ended) > 0);
        gonet_context_free(atomic_load(&s[i].ctx));
        gonet_chan_free(s[i].there);
        gonet_conn_free(s[i].a);
        gonet_conn_free(s[i].b);
    }
    check_report();
}

/* ---- a forked child goes on under the context ---- */

static void in_child(void *arg)
{
    gonet_context_t *ctx = arg;

    CHECK(gonet_context_current() == ctx);
    gonet_context_cancel(ctx);
    told(gonet_sleep(GONET_HOUR) == -1);
    told(!gonet_chan_recv(NULL, NULL));
}

static void fork_under(void *arg)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        in_child(arg);
        if (check_failed())
            fprintf(stderr, "%s\n", check_failure());
        _exit(check_failed());
    }
    CHECK(waitpid(pid, &status, 0) == pid && CHECK_INT(status, 0));
    CHECK(gonet_context_err(arg) == NULL);
}

static void run_fork(void *arg)
{
    gonet_context_t *ctx = gonet_context_with_timeout(NULL, GONET_HOUR);

    (void)arg;
    gonet_context_run(ctx, fork_under, ctx);
    gonet_context_free(ctx);
}

static void forks(void **state)
{
    (void)state;
    actor_run_test(TASKS, run_fork, NULL);
    actor_run_test(THREADS, run_fork, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(nothing_is_begun), LEAK_TEST(inner_counts_alone),
                                       LEAK_TEST(storm), LEAK_TEST(forks)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
