/*
 * The in-memory pipe: how bytes pass, how calls end (behaviour 19). Each body runs with tasks,
 * threads and mixtures on the two ends. Where a call should be blocked before something happens to
 * it, the body pauses for a moment; the expected result is the same if it was not yet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet/op_error.h"
#include "gonet/pipe.h"
#include "support/actor.h"
#include "support/leak.h"

#define MOMENT (20 * GONET_MILLISECOND)

static actor_kind_t helper;
static gonet_conn_t *a, *b;

/* One call made by an actor, and its outcome. */
typedef struct {
    gonet_conn_t *c;
    char *p;
    size_t len;
    ssize_t result;
    size_t n;
    gonet_error_t *err;
    gonet_time_t start;
    actor_t actor;
} op_t;

static void read_op(void *arg)
{
    op_t *op = arg;

    op->result = gonet_conn_read(op->c, op->p, op->len, &op->err);
}

static void write_op(void *arg)
{
    op_t *op = arg;

    op->result = gonet_conn_write_count(op->c, op->p, op->len, &op->n, &op->err);
}

static void start(op_t *op, void (*fn)(void *arg), gonet_conn_t *c, const void *p, size_t len)
{
    *op = (op_t){.c = c, .p = (char *)(uintptr_t)p, .len = len, .start = gonet_now()};
    actor_start(&op->actor, helper, fn, op);
}

/* join waits for the call, and compares what it returned. */
static void join(op_t *op, ssize_t result, size_t n, const char *error)
{
    actor_join(&op->actor);
    CHECK_INT(op->result, result);
    CHECK_INT(op->n, n);
    CHECK_ERROR(op->err, error);
    gonet_error_free(op->err);
}

static void pause_a_bit(void)
{
    for (int i = 0; i < 5; i++)
        check_pause();
}

static void read_is(gonet_conn_t *c, size_t len, const char *want)
{
    gonet_error_t *err = NULL;
    char buf[64] = "";

    CHECK_INT(gonet_conn_read(c, buf, len, &err), strlen(want));
    CHECK_ERROR(err, NULL);
    CHECK_TEXT(buf, want);
    gonet_error_free(err);
}

static void read_fails(gonet_conn_t *c, ssize_t result, const char *error)
{
    gonet_error_t *err = NULL;
    char buf[8] = {0};

    CHECK_INT(gonet_conn_read(c, buf, sizeof(buf), &err), result);
    CHECK_ERROR(err, error);
    gonet_error_free(err);
}

static void write_fails(gonet_conn_t *c, const char *error)
{
    gonet_error_t *err = NULL;

    CHECK_INT(gonet_conn_write(c, "x", 1, &err), -1);
    CHECK_ERROR(err, error);
    gonet_error_free(err);
}

static void addresses(void)
{
    char text[GONET_ADDR_STRLEN];

    CHECK_TEXT(gonet_addr_network(gonet_conn_local_addr(a)), "pipe");
    CHECK_TEXT(gonet_addr_network(gonet_conn_remote_addr(b)), "pipe");
    CHECK_TEXT(gonet_addr_string(gonet_conn_remote_addr(a), text, sizeof(text)), "pipe");
    CHECK_TEXT(gonet_addr_string(gonet_conn_local_addr(b), text, sizeof(text)), "pipe");
    CHECK(gonet_conn_as_packet_conn(a) == NULL);
    CHECK_INT(gonet_conn_close_write(a, NULL), -1);
    CHECK_INT(gonet_conn_file(a, NULL), -1);
}

static void one_write_many_reads(void)
{
    op_t w;

    start(&w, write_op, a, "hello, world", 12);
    read_is(b, 5, "hello");
    read_is(b, 1, ",");
    read_is(b, 64, " world");
    join(&w, 0, 12, NULL);
}

static void no_read_spans_writes(void)
{
    op_t w1, w2;

    start(&w1, write_op, a, "abc", 3);
    AWAIT(gonet_since(w1.start) > GONET_MILLISECOND);
    read_is(b, 64, "abc");
    join(&w1, 0, 3, NULL);
    start(&w2, write_op, b, "de", 2);
    read_is(a, 64, "de");
    join(&w2, 0, 2, NULL);
}

static void reader_first(void)
{
    char buf[3] = "";
    op_t r;

    start(&r, read_op, b, buf, 2);
    pause_a_bit();
    CHECK_INT(gonet_conn_write(a, "xy", 2, NULL), 2);
    join(&r, 2, 0, NULL);
    CHECK_TEXT(buf, "xy");
}

static void nothing_written(void)
{
    op_t w;

    start(&w, write_op, a, NULL, 0);
    pause_a_bit();
    read_is(b, 64, "");
    join(&w, 0, 0, NULL);
}

static void nothing_read(void)
{
    op_t w, r;

    start(&r, read_op, b, NULL, 0);
    pause_a_bit();
    start(&w, write_op, a, "q", 1);
    join(&r, 0, 0, NULL);
    read_is(b, 0, "");
    read_is(b, 64, "q");
    join(&w, 0, 1, NULL);
}

static void closed_own(void)
{
    CHECK_INT(gonet_conn_close(a, NULL), 0);
    CHECK_INT(gonet_conn_close(a, NULL), 0);
    read_fails(a, -1, "io: read/write on closed pipe");
    write_fails(a, "io: read/write on closed pipe");
    read_fails(b, 0, "EOF");
    write_fails(b, "io: read/write on closed pipe");
    CHECK_INT(gonet_conn_close(b, NULL), 0);
    read_fails(b, -1, "io: read/write on closed pipe");
}

static void errors_are_bare(void)
{
    gonet_error_t *err = NULL;
    char c;

    gonet_conn_close(a, NULL);
    CHECK_INT(gonet_conn_read(b, &c, 1, &err), 0);
    CHECK(err == gonet_eof);
    CHECK_INT(gonet_conn_write(b, &c, 1, &err), -1);
    CHECK(err == gonet_err_closed_pipe);
    CHECK_INT(gonet_conn_read(a, &c, 1, &err), -1);
    CHECK(err == gonet_err_closed_pipe);
    CHECK_INT(gonet_conn_set_deadline(a, gonet_after(GONET_SECOND), &err), -1);
    CHECK(err == gonet_err_closed_pipe);
    CHECK_INT(gonet_conn_set_read_deadline(b, gonet_no_deadline, &err), -1);
    CHECK(err == gonet_err_closed_pipe);
    CHECK_INT(gonet_conn_set_write_deadline(b, gonet_no_deadline, &err), -1);
    CHECK(err == gonet_err_closed_pipe);
}

static void close_ends_own_calls(void)
{
    char buf[4] = {0};
    op_t r1, r2, w1, w2;

    start(&r1, read_op, a, buf, 1);
    start(&r2, read_op, a, buf + 1, 1);
    start(&w1, write_op, a, "12", 2);
    start(&w2, write_op, a, "34", 2);
    pause_a_bit();
    gonet_conn_close(a, NULL);
    join(&r1, -1, 0, "io: read/write on closed pipe");
    join(&r2, -1, 0, "io: read/write on closed pipe");
    join(&w1, -1, 0, "io: read/write on closed pipe");
    join(&w2, -1, 0, "io: read/write on closed pipe");
}

static void close_ends_peers_calls(void)
{
    char buf[4] = {0};
    op_t r, w;

    start(&r, read_op, b, buf, 1);
    start(&w, write_op, b, "123", 3);
    read_is(a, 2, "12");
    gonet_conn_close(a, NULL);
    join(&r, 0, 0, "EOF");
    join(&w, -1, 2, "io: read/write on closed pipe");
}

static void free_ends_calls(void)
{
    char buf[4] = {0};
    op_t r, w;

    start(&r, read_op, a, buf, 1);
    start(&w, write_op, b, "123", 3);
    join(&r, 1, 0, NULL);
    gonet_conn_free(a);
    a = NULL;
    join(&w, -1, 1, "io: read/write on closed pipe");
}

/* The last owner goes while a call is under way; b keeps the memory for one that is late. */
static void free_ends_own_calls(void)
{
    char buf[4] = {0};
    op_t r;

    start(&r, read_op, a, buf, 1);
    pause_a_bit();
    gonet_conn_free(a);
    a = NULL;
    join(&r, -1, 0, "io: read/write on closed pipe");
}

static void past_deadline(void)
{
    gonet_error_t *err = NULL;
    const gonet_op_error_t *view;
    char buf[4] = {0};
    op_t w;

    start(&w, write_op, b, "1", 1);
    CHECK_INT(gonet_conn_set_deadline(a, (gonet_time_t){1}, NULL), 0);
    CHECK_INT(gonet_conn_read(a, buf, 1, &err), -1);
    CHECK_ERROR(err, "read pipe: i/o timeout");
    view = gonet_error_as_op(err);
    CHECK(view != NULL && view->source == NULL && view->addr == NULL &&
          view->err == gonet_err_deadline_exceeded);
    CHECK(gonet_error_timeout(err) && gonet_error_temporary(err));
    CHECK_INT(gonet_conn_read(a, buf, 0, &err), -1);
    CHECK_ERROR(err, "read pipe: i/o timeout");
    CHECK_INT(gonet_conn_write(a, buf, 0, &err), -1);
    CHECK_ERROR(err, "write pipe: i/o timeout");
    gonet_error_free(err);
    CHECK_INT(gonet_conn_set_deadline(a, gonet_no_deadline, NULL), 0);
    read_is(a, 1, "1");
    join(&w, 0, 1, NULL);
}

static void deadline_comes(void)
{
    char buf[4] = {0};
    op_t r, w;

    gonet_conn_set_read_deadline(a, gonet_after(MOMENT), NULL);
    start(&r, read_op, a, buf, 1);
    start(&w, write_op, a, "123", 3);
    read_is(b, 2, "12");
    gonet_conn_set_write_deadline(a, gonet_after(MOMENT), NULL); /* the writer has begun */
    join(&r, -1, 0, "read pipe: i/o timeout");
    join(&w, -1, 2, "write pipe: i/o timeout");
    read_fails(a, -1, "read pipe: i/o timeout"); /* it stays so */
}

static void deadline_moves_closer(void)
{
    char buf[4] = {0};
    op_t r, w;

    gonet_conn_set_read_deadline(a, gonet_after(GONET_HOUR), NULL);
    start(&r, read_op, a, buf, 1);
    start(&w, write_op, a, "1", 1);
    pause_a_bit();
    gonet_conn_set_read_deadline(a, gonet_after(MOMENT), NULL);
    join(&r, -1, 0, "read pipe: i/o timeout");
    gonet_conn_set_deadline(a, (gonet_time_t){1}, NULL);
    join(&w, -1, 0, "write pipe: i/o timeout");
}

/*
 * Starts a read with a deadline, and moves that to another one before it passes; on a busy machine
 * that takes another attempt, with more time.
 */
static bool read_with_moved_deadline(op_t *r, char *p, gonet_time_t to)
{
    for (gonet_duration_t d = MOMENT; check_patience(); d *= 2) {
        gonet_time_t first = gonet_after(d);

        gonet_conn_set_read_deadline(a, first, NULL);
        start(r, read_op, a, p, 1);
        check_pause();
        gonet_conn_set_read_deadline(a, to, NULL);
        if (gonet_until(first) > 0) {
            if (to.ns == gonet_no_deadline.ns)
                gonet_sleep(2 * d); /* over the first */
            return true;
        }
        gonet_conn_set_read_deadline(a, (gonet_time_t){1}, NULL);
        join(r, -1, 0, "read pipe: i/o timeout");
    }
    return CHECK(!"moved in time");
}

static void deadline_moves_away(void)
{
    gonet_time_t later = gonet_after(10 * MOMENT);
    char buf[2] = "";
    op_t r;

    REQUIRE(read_with_moved_deadline(&r, buf, later));
    join(&r, -1, 0, "read pipe: i/o timeout");
    CHECK(gonet_until(later) <= 0);
    REQUIRE(read_with_moved_deadline(&r, buf, gonet_no_deadline));
    CHECK_INT(gonet_conn_write(b, "k", 1, NULL), 1);
    join(&r, 1, 0, NULL);
    CHECK_TEXT(buf, "k");
}

static void deadlines_are_apart(void)
{
    op_t w;

    gonet_conn_set_read_deadline(a, (gonet_time_t){1}, NULL);
    start(&w, write_op, a, "z", 1);
    read_is(b, 1, "z");
    join(&w, 0, 1, NULL);
    gonet_conn_set_read_deadline(a, gonet_no_deadline, NULL);
    gonet_conn_set_write_deadline(a, (gonet_time_t){1}, NULL);
    start(&w, write_op, b, "y", 1);
    read_is(a, 1, "y");
    join(&w, 0, 1, NULL);
}

/* Writers of long runs of one letter each: whoever begins goes on to its end. */
#define WRITERS 4
#define RUN     ((size_t)200000)

static void writes_do_not_mix(void)
{
    char *runs[WRITERS], *got = malloc(WRITERS * RUN);
    op_t w[WRITERS];
    size_t n = 0, changes = 0;

    REQUIRE(got != NULL);
    for (int i = 0; i < WRITERS; i++) {
        runs[i] = malloc(RUN);
        REQUIRE(runs[i] != NULL);
        memset(runs[i], 'a' + i, RUN);
        start(&w[i], write_op, a, runs[i], RUN);
    }
    for (size_t step = 1; n < WRITERS * RUN; step = step % 50000 + 4999) {
        size_t room = WRITERS * RUN - n < step ? WRITERS * RUN - n : step;
        ssize_t more = gonet_conn_read(b, got + n, room, NULL);

        if (!CHECK(more > 0))
            break;
        n += (size_t)more;
    }
    for (size_t i = 1; i < n; i++)
        changes += got[i] != got[i - 1];
    CHECK_INT(changes, WRITERS - 1);
    for (int i = 0; i < WRITERS; i++) {
        join(&w[i], 0, RUN, NULL);
        free(runs[i]);
    }
    free(got);
}

/* Both ways at once, with several on each side, and deadlines that come and go: no byte is lost. */
typedef struct {
    gonet_conn_t *c;
    unsigned seed;
    uint64_t bytes, sum;
    bool writes;
    actor_t actor;
} party_t;

#define ROUNDS 2000

static void storm_write(party_t *p, unsigned char *buf, size_t size)
{
    for (int i = 0; i < ROUNDS; i++) {
        size_t len = (size_t)rand_r(&p->seed) % size, n;

        for (size_t k = 0; k < len; k++)
            buf[k] = (unsigned char)rand_r(&p->seed);
        if (i % 3 == 0)
            gonet_conn_set_write_deadline(p->c, gonet_after(rand_r(&p->seed) % 50000 + 1), NULL);
        gonet_conn_write_count(p->c, buf, len, &n, NULL);
        p->bytes += n;
        for (size_t k = 0; k < n; k++)
            p->sum += buf[k];
    }
}

static void storm_read(party_t *p, unsigned char *buf, size_t size)
{
    for (;;) {
        gonet_error_t *err = NULL;
        ssize_t n = gonet_conn_read(p->c, buf, (size_t)rand_r(&p->seed) % size + 1, &err);
        bool end = err == gonet_eof || err == gonet_err_closed_pipe;

        gonet_error_free(err);
        if (end)
            return;
        if (n < 0)
            gonet_conn_set_read_deadline(p->c, gonet_after(rand_r(&p->seed) % 200000 + 1), NULL);
        p->bytes += n > 0 ? (uint64_t)n : 0;
        for (ssize_t k = 0; k < n; k++)
            p->sum += buf[k];
    }
}

static void storm_party(void *arg)
{
    enum { SIZE = 4000 }; /* many readers' rooms; the meetings count, not the bytes */
    party_t *p = arg;
    unsigned char *buf = malloc(SIZE);

    REQUIRE(buf != NULL);
    if (p->writes)
        storm_write(p, buf, p->seed % 2 == 0 ? SIZE : 200);
    else
        storm_read(p, buf, p->seed % 2 == 0 ? SIZE : 300);
    free(buf);
}

static void storm(void)
{
    party_t p[8];
    uint64_t bytes[2] = {0}, sum[2] = {0};

    gonet_conn_set_read_deadline(a, gonet_after(GONET_MILLISECOND), NULL);
    for (unsigned i = 0; i < 8; i++) {
        p[i] = (party_t){.c = i % 2 == 0 ? a : b, .seed = i / 2 + 1, .writes = i < 4};
        actor_start(&p[i].actor, helper, storm_party, &p[i]);
    }
    for (int i = 0; i < 4; i++)
        actor_join(&p[i].actor);
    gonet_conn_close(a, NULL);
    gonet_conn_close(b, NULL);
    for (int i = 4; i < 8; i++)
        actor_join(&p[i].actor);
    for (int i = 0; i < 8; i++) {
        bytes[p[i].writes] += p[i].bytes;
        sum[p[i].writes] += p[i].sum;
    }
    CHECK(bytes[1] > 0);
    CHECK_INT(bytes[0], bytes[1]);
    CHECK_INT(sum[0], sum[1]);
}

/*
 * Each call is the only one of its actor, so a wake that is missing stops everything: the second
 * writer may come while the first one serves a reader, and a third reader is there already.
 */
static void handing_over(void)
{
    char buf[3];
    op_t r[3], w[2];

    for (int round = 0; round < 100 && !check_failed(); round++) {
        for (int i = 0; i < 3; i++)
            start(&r[i], read_op, b, &buf[i], 1);
        for (int i = 0; i < 2; i++)
            start(&w[i], write_op, a, "12", i == 0 ? 2 : 1);
        for (int i = 0; i < 3; i++)
            join(&r[i], 1, 0, NULL);
        join(&w[0], 0, 2, NULL);
        join(&w[1], 0, 1, NULL);
    }
}

static void wait_for_ever(void *arg)
{
    char c;
    ssize_t *result = arg;

    *result = gonet_conn_read(a, &c, 1, NULL);
}

/* gonet_shutdown lets what is parked return. */
static void test_shutdown(void **state)
{
    ssize_t result = 0;

    (void)state;
    assert_int_equal(gonet_pipe(&a, &b), 0);
    assert_int_equal(gonet_go(wait_for_ever, &result), 0);
    assert_int_equal(gonet_shutdown(-1), 0);
    assert_int_equal(result, -1);
    gonet_conn_free(a);
    gonet_conn_free(b);
}

static void test_no_memory(void **state)
{
    gonet_conn_t *c, *d;
    gonet_error_t *err = NULL;
    char byte;

    (void)state;
    gonet__alloc_fail_at(1, 1);
    errno = 0;
    assert_int_equal(gonet_pipe(&c, &d), -1);
    assert_int_equal(errno, ENOMEM);
    assert_null(c);
    assert_null(d);
    gonet__alloc_fail_at(0, 0);
    assert_int_equal(gonet_pipe(&c, &d), 0);
    gonet_conn_set_deadline(c, (gonet_time_t){1}, NULL);
    gonet__alloc_fail_at(1, 1);
    assert_int_equal(gonet_conn_read(c, &byte, 1, &err), -1);
    gonet__alloc_fail_at(0, 0);
    assert_ptr_equal(err, gonet_err_no_memory);
    gonet_conn_free(c);
    gonet_conn_free(d);
}

typedef struct {
    const char *name;
    void (*body)(void);
} body_t;

#define BODY(name)  \
    {               \
#name, name \
    }
static const body_t bodies[] = {
    BODY(addresses),
    BODY(one_write_many_reads),
    BODY(no_read_spans_writes),
    BODY(reader_first),
    BODY(nothing_written),
    BODY(nothing_read),
    BODY(closed_own),
    BODY(errors_are_bare),
    BODY(close_ends_own_calls),
    BODY(close_ends_peers_calls),
    BODY(free_ends_calls),
    BODY(free_ends_own_calls),
    BODY(past_deadline),
    BODY(deadline_comes),
    BODY(deadline_moves_closer),
    BODY(deadline_moves_away),
    BODY(deadlines_are_apart),
    BODY(writes_do_not_mix),
    BODY(storm),
    BODY(handing_over),
};
#define BODIES (sizeof(bodies) / sizeof(bodies[0]))

typedef struct {
    const body_t *body;
    actor_mode_t mode;
    char name[64];
} case_t;

static void run_body(void *arg)
{
    const case_t *c = arg;

    c->body->body();
}

static void run_case(void **state)
{
    case_t *c = *state;

    helper = actor_helper(c->mode);
    assert_int_equal(gonet_pipe(&a, &b), 0);
    actor_run_test(c->mode, run_body, c);
    gonet_conn_free(a);
    gonet_conn_free(b);
}

int main(void)
{
    static case_t cases[BODIES * ACTOR_MODES];
    static struct CMUnitTest tests[BODIES * ACTOR_MODES];
    const struct CMUnitTest others[] = {LEAK_TEST(test_shutdown), LEAK_TEST(test_no_memory)};

    for (size_t i = 0; i < BODIES * ACTOR_MODES; i++) {
        case_t *c = &cases[i];

        c->body = &bodies[i / ACTOR_MODES];
        c->mode = (actor_mode_t)(i % ACTOR_MODES);
        snprintf(c->name, sizeof(c->name), "%s, %s", c->body->name, actor_mode_name[c->mode]);
        tests[i] = (struct CMUnitTest){.name = c->name,
                                       .test_func = run_case,
                                       .setup_func = leak_setup,
                                       .teardown_func = leak_teardown,
                                       .initial_state = c};
    }
    return cmocka_run_group_tests_name("pipe", tests, NULL, NULL) +
           cmocka_run_group_tests_name("pipe's ends", others, NULL, NULL);
}
