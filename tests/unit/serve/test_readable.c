/*
 * Tasks that are born when a connection is readable: what lets them be born, and what does not;
 * that none is lost when workers come and go; what one that waits takes of memory.
 */
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet.h"
#include "runtime/switch/annotate.h"
#include "runtime/sched/task.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

#define MS GONET_MILLISECOND

/* One end that waits, and how its task found it. */
typedef struct {
    gonet_conn_t *a, *b;
    atomic_int begun, born; /* how often its function has begun, and has read */
    atomic_bool read;
    ssize_t n;
    gonet_error_t *err;
    char buf[16];
} end_t;

static void note(void *arg)
{
    end_t *e = arg;

    atomic_fetch_add(&e->begun, 1);
    gonet_error_set(&e->err, NULL);
    e->n = gonet_conn_read(e->a, e->buf, sizeof(e->buf), &e->err);
    atomic_fetch_add(&e->born, 1);
}

static bool open_end(end_t *e)
{
    memset(e, 0, sizeof(*e));
    return net_pair("tcp", &e->a, &e->b);
}

static void close_end(end_t *e)
{
    gonet_error_free(e->err);
    gonet_conn_free(e->a);
    gonet_conn_free(e->b);
}

/* By whoever calls; from a thread a task leaves it there, a little later. */
static bool leave(end_t *e)
{
    return CHECK(gonet_conn_go_readable(e->a, note, e, NULL) == 0);
}

static void text_comes(void *arg)
{
    end_t e;

    (void)arg;
    REQUIRE(open_end(&e));
    for (int i = 1; i <= 100; i++) {
        REQUIRE(leave(&e));
        if (i % 3 == 0)
            gonet_yield();
        CHECK_INT(atomic_load(&e.begun), i - 1);
        CHECK(gonet_conn_write(e.b, "hello", 5, NULL) == 5);
        AWAIT(atomic_load(&e.born) == i);
        CHECK_INT(e.n, 5);
    }
    CHECK(gonet_conn_write(e.b, "early", 5, NULL) == 5);
    REQUIRE(leave(&e));
    AWAIT(atomic_load(&e.born) == 101);
    close_end(&e);
}

/* A message that is longer than the read is reported again. */
static void rest_is_told(void *arg)
{
    end_t e;

    (void)arg;
    REQUIRE(open_end(&e));
    CHECK(gonet_conn_write(e.b, "0123456789abcdef-and-more", 25, NULL) == 25);
    REQUIRE(leave(&e));
    AWAIT(atomic_load(&e.born) == 1);
    CHECK_INT(e.n, 16);
    REQUIRE(leave(&e));
    AWAIT(atomic_load(&e.born) == 2);
    CHECK_INT(e.n, 9);
    close_end(&e);
}

static void ends_come(void *arg)
{
    end_t e;

    (void)arg;
    REQUIRE(open_end(&e));
    REQUIRE(leave(&e));
    CHECK(gonet_conn_close(e.b, NULL) == 0);
    AWAIT(atomic_load(&e.born) == 1);
    CHECK_INT(e.n, 0);
    CHECK(e.err == gonet_eof);
    close_end(&e);

    REQUIRE(open_end(&e));
    REQUIRE(leave(&e));
    CHECK(gonet_conn_close(e.a, NULL) == 0);
    AWAIT(atomic_load(&e.born) == 1);
    CHECK_INT(e.n, -1);
    CHECK(gonet_error_is(e.err, gonet_err_closed));
    if (gonet__task_current() != NULL) {
        CHECK_INT(gonet_conn_go_readable(e.a, note, &e, &e.err), -1);
    } else { /* a task finds out */
        CHECK_INT(gonet_conn_go_readable(e.a, note, &e, NULL), 0);
        AWAIT(atomic_load(&e.born) == 2);
    }
    CHECK(gonet_error_is(e.err, gonet_err_closed));
    close_end(&e);
}

/* A deadline lets it be born, one that is moved before it has come does not. */
static void deadlines(void *arg)
{
    end_t e;

    (void)arg;
    REQUIRE(open_end(&e));
    CHECK(gonet_conn_set_read_deadline(e.a, gonet_after(20 * MS), NULL) == 0);
    if (gonet_conn_go_readable(e.a, note, &e, NULL) == 0) { /* else it has come already */
        AWAIT(atomic_load(&e.born) == 1);
        CHECK(gonet_error_timeout(e.err));
    }
    close_end(&e);

    REQUIRE(open_end(&e));
    REQUIRE(leave(&e));
    CHECK(gonet_conn_set_read_deadline(e.a, gonet_after(GONET_HOUR), NULL) == 0);
    CHECK(gonet_conn_set_read_deadline(e.a, gonet_after(GONET_HOUR / 2), NULL) == 0);
    gonet_sleep(5 * MS); /* to look at the deadline it is called, and left again */
    CHECK_INT(atomic_load(&e.begun), 0);
    CHECK(gonet_conn_set_read_deadline(e.a, gonet_now(), NULL) == 0);
    AWAIT(atomic_load(&e.born) == 1);
    CHECK(gonet_error_timeout(e.err));
    close_end(&e);
}

/* Who reads, too, is served after it. */
static void read_once(void *arg)
{
    end_t *e = arg;
    char c;

    CHECK_INT(gonet_conn_read(e->a, &c, 1, NULL), 1);
    atomic_store(&e->read, true);
}

static void with_readers(void *arg)
{
    actor_t reader;
    end_t e;

    (void)arg;
    REQUIRE(open_end(&e));
    REQUIRE(leave(&e));
    actor_start(&reader, BY_TASK, read_once, &e);
    /* who comes first may take it all */
    while (check_patience() && (atomic_load(&e.born) == 0 || !atomic_load(&e.read))) {
        CHECK(gonet_conn_write(e.b, "x", 1, NULL) == 1);
        gonet_sleep(MS);
    }
    actor_join(&reader);
    close_end(&e);
}

/* One that has no descriptor has a task that waits. */
static void in_memory(void *arg)
{
    end_t e = {.born = 0};

    (void)arg;
    REQUIRE(gonet_pipe(&e.a, &e.b) == 0);
    REQUIRE(leave(&e));
    CHECK(gonet_conn_write(e.b, "pipe", 4, NULL) == 4);
    AWAIT(atomic_load(&e.born) == 1);
    CHECK_INT(e.n, 4);
    close_end(&e);
}

#define BOTH(name)                             \
    static void name##_by_task(void **state)   \
    {                                          \
        (void)state;                           \
        actor_run_test(TASKS, name, NULL);     \
    }                                          \
    static void name##_by_thread(void **state) \
    {                                          \
        (void)state;                           \
        actor_run_test(THREADS, name, NULL);   \
    }

BOTH(text_comes)
BOTH(rest_is_told)
BOTH(ends_come)
BOTH(deadlines)
BOTH(with_readers)
BOTH(in_memory)

/* ---- shutdown ---- */

#define MANY 200

static void leave_many(void *arg)
{
    end_t *e = arg;

    for (int i = 0; i < MANY; i++)
        CHECK(open_end(&e[i]) && leave(&e[i]));
    CHECK(gonet_num_task() >= MANY);
}

static void test_shutdown(void **state)
{
    static end_t e[MANY];
    actor_t actor;

    (void)state;
    actor_start(&actor, BY_TASK, leave_many, e);
    actor_join(&actor);
    assert_int_equal(gonet_shutdown(-1), 0);
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(atomic_load(&e[i].born), 1);
        CHECK(gonet_error_is(e[i].err, gonet_err_closed));
        close_end(&e[i]);
    }
    check_report();
}

/* ---- no memory ---- */

/* Each allocation fails for a while: what has been left there is born all the same. */
static void without_memory(void *arg)
{
    end_t e;

    (void)arg;
    for (int i = 0; i < 10; i++) {
        REQUIRE(open_end(&e));
        REQUIRE(leave(&e));
        gonet__alloc_fail_at(1, 1);
        CHECK(gonet_conn_write(e.b, "x", 1, NULL) == 1);
        gonet_sleep((i + 1) * MS);
        gonet__alloc_fail_at(0, 0);
        AWAIT(atomic_load(&e.born) == 1);
        CHECK_INT(e.n, 1);
        close_end(&e);
    }
}

static void test_without_memory(void **state)
{
    (void)state;
    actor_run_test(TASKS, without_memory, NULL);
    actor_run_test(THREADS, without_memory, NULL);
}

/* ---- many, while workers come and go ---- */

#define CONNS  100
#define ROUNDS 30

typedef struct {
    gonet_conn_t *a, *b;
    atomic_int answered;
    atomic_bool over;
} pong_t;

static void answer(void *arg)
{
    pong_t *p = arg;
    char c;

    if (gonet_conn_read(p->a, &c, 1, NULL) != 1) {
        atomic_store(&p->over, true);
        return;
    }
    atomic_fetch_add(&p->answered, 1);
    (void)gonet_conn_write(p->a, &c, 1, NULL);
    if (gonet_conn_go_readable(p->a, answer, p, NULL) != 0)
        atomic_store(&p->over, true);
}

static void play(void *arg)
{
    pong_t *p = arg;
    char c = 'x';

    for (int i = 0; i < CONNS; i++) {
        REQUIRE(net_pair("tcp", &p[i].a, &p[i].b));
        REQUIRE(gonet_conn_go_readable(p[i].a, answer, &p[i], NULL) == 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        gonet_set_max_procs(1 + round % 4);
        for (int i = 0; i < CONNS; i++)
            CHECK(gonet_conn_write(p[i].b, &c, 1, NULL) == 1);
        for (int i = 0; i < CONNS; i++)
            CHECK(gonet_conn_read(p[i].b, &c, 1, NULL) == 1);
    }
    for (int i = 0; i < CONNS; i++) {
        if (i % 2 == 0)
            gonet_conn_close(p[i].b, NULL);
        else
            gonet_conn_close(p[i].a, NULL);
        AWAIT(atomic_load(&p[i].over));
        CHECK_INT(atomic_load(&p[i].answered), ROUNDS);
        gonet_conn_free(p[i].a);
        gonet_conn_free(p[i].b);
    }
}

static void test_moves(void **state)
{
    static pong_t p[CONNS];
    int before = gonet_set_max_procs(0);

    (void)state;
    actor_run_test(TASKS, play, p);
    memset(p, 0, sizeof(p));
    actor_run_test(THREADS, play, p);
    gonet_set_max_procs(before);
}

/* ---- memory ---- */

#define MEASURED 400

static void measure(void *arg)
{
    static end_t e[MEASURED];
    size_t before, after;

    (void)arg;
    for (int i = 0; i < MEASURED; i++)
        REQUIRE(open_end(&e[i]));
    gonet_yield();
    before = mallinfo2().uordblks; /* the connections are in it; what follows is their waiting */
    for (int i = 0; i < MEASURED; i++)
        REQUIRE(leave(&e[i]));
    gonet_sleep(MS);
    after = mallinfo2().uordblks;
    for (int i = 0; i < MEASURED; i++)
        before -= malloc_usable_size(e[i].a) + sizeof(size_t);
    printf("%zu bytes of memory for a connection that waits\n", (after - before) / MEASURED);
    CHECK((after - before) / MEASURED <= 700);
    for (int i = 0; i < MEASURED; i++)
        CHECK(gonet_conn_close(e[i].a, NULL) == 0);
    for (int i = 0; i < MEASURED; i++) {
        AWAIT(atomic_load(&e[i].born) == 1);
        close_end(&e[i]);
    }
}

static void test_memory(void **state)
{
    (void)state;
#if defined(GONET__ASAN) || defined(GONET__TSAN)
    print_message("a sanitizer's memory is its own\n");
    skip();
#endif
    gonet_set_max_procs(1);
    actor_run_test(TASKS, measure, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(text_comes_by_task),   LEAK_TEST(text_comes_by_thread),
        LEAK_TEST(rest_is_told_by_task), LEAK_TEST(rest_is_told_by_thread),
        LEAK_TEST(ends_come_by_task),    LEAK_TEST(ends_come_by_thread),
        LEAK_TEST(deadlines_by_task),    LEAK_TEST(deadlines_by_thread),
        LEAK_TEST(with_readers_by_task), LEAK_TEST(with_readers_by_thread),
        LEAK_TEST(in_memory_by_task),    LEAK_TEST(in_memory_by_thread),
        LEAK_TEST(test_shutdown),        LEAK_TEST(test_without_memory),
        LEAK_TEST(test_moves),           LEAK_TEST(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
