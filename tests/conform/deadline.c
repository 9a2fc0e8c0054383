/*
 * Deadlines: they end calls that are under way and those that come, for one side or both; they can
 * be moved from anywhere; and they harm nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/conform.h"
#include "support/pattern.h"

#define MS   GONET_MILLISECOND
#define PAST ((gonet_time_t){1})

static void check_read_timeout(conform_t *t, gonet_conn_t *c)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char x;

    CHECK_INT(gonet_conn_read(c, &x, 1, &err), -1);
    (void)conform_is_timeout(err);
    CHECK_CONN_ERROR(err, c, t->kind->read_timeout);
}

static void check_write_timeout(conform_t *t, gonet_conn_t *c)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    size_t n = 77;

    CHECK_INT(gonet_conn_write_count(c, "x", 1, &n, &err), -1);
    CHECK_INT(n, 0);
    (void)conform_is_timeout(err);
    CHECK_CONN_ERROR(err, c, t->kind->write_timeout);
}

/* Behaviour 10.3: sticky, and data is not lost. */
static void past_deadline(conform_t *t)
{
    conform_call_t w;
    char c;

    CHECK(gonet_conn_set_deadline(t->a, PAST, NULL) == 0);
    for (int i = 0; i < 3; i++) {
        check_read_timeout(t, t->a);
        check_write_timeout(t, t->a);
    }
    conform_start_write(t, 0, &w, t->b, "d", 1);
    conform_settle(&w);
    check_read_timeout(t, t->a); /* 9.11: though there is something to read */
    CHECK(gonet_conn_set_deadline(t->a, gonet_after(GONET_HOUR), NULL) == 0);
    CHECK_INT(gonet_conn_read(t->a, &c, 1, NULL), 1);
    CHECK_INT(c, 'd');
    conform_join(&w);
    conform_ping(t, t->a, t->b);
    CHECK(gonet_conn_set_deadline(t->a, PAST, NULL) == 0);
    check_read_timeout(t, t->a);
    CHECK(gonet_conn_set_deadline(t->a, gonet_no_deadline, NULL) == 0);
    conform_ping(t, t->a, t->b);
    conform_ping(t, t->b, t->a);
}

/* Behaviour 10.5. */
static void sides_are_apart(conform_t *t)
{
    CHECK(gonet_conn_set_read_deadline(t->a, PAST, NULL) == 0);
    check_read_timeout(t, t->a);
    conform_ping(t, t->a, t->b);
    CHECK(gonet_conn_set_read_deadline(t->a, gonet_no_deadline, NULL) == 0);
    CHECK(gonet_conn_set_write_deadline(t->a, PAST, NULL) == 0);
    check_write_timeout(t, t->a);
    conform_ping(t, t->b, t->a);
    CHECK(gonet_conn_set_deadline(t->a, gonet_no_deadline, NULL) == 0);
    conform_ping(t, t->a, t->b);
}

static void ends_by_timeout(conform_call_t *call)
{
    conform_join(call);
    CHECK_INT(call->result, -1);
    (void)conform_is_timeout(call->err);
    conform_drop(call);
}

/* A reader and a writer that are blocked; set lets their deadlines come. */
static void blocked_calls_end(conform_t *t, gonet_time_t when)
{
    bool full = conform_fill(t, t->a);
    conform_call_t r, w;
    char c;

    conform_start_read(t, 0, &r, t->a, &c, 1);
    if (full)
        conform_start_write(t, 1, &w, t->a, conform_block, conform_much(t));
    conform_settle(&r);
    CHECK(!atomic_load(&r.ended));
    if (full) {
        conform_settle(&w);
        CHECK(!atomic_load(&w.ended));
    }
    CHECK(gonet_conn_set_deadline(t->a, when, NULL) == 0);
    ends_by_timeout(&r);
    if (full)
        ends_by_timeout(&w);
    CHECK(gonet_until(when) <= 0);
}

static void past_deadline_wakes(conform_t *t)
{
    blocked_calls_end(t, PAST);
}

static void present_deadline_wakes(conform_t *t)
{
    blocked_calls_end(t, gonet_now());
}

static void future_deadline_wakes(conform_t *t)
{
    blocked_calls_end(t, gonet_after(50 * MS));
}

/* Set before the calls, and passing during them. */
static void future_deadline(conform_t *t)
{
    bool full = conform_fill(t, t->a);
    gonet_time_t when = gonet_after(60 * MS);
    conform_call_t r, w;
    char c;

    CHECK(gonet_conn_set_deadline(t->a, when, NULL) == 0);
    conform_start_read(t, 0, &r, t->a, &c, 1);
    if (full)
        conform_start_write(t, 1, &w, t->a, conform_block, conform_much(t));
    ends_by_timeout(&r);
    if (full)
        ends_by_timeout(&w);
    CHECK(gonet_until(when) <= 0);
    check_read_timeout(t, t->a);
    check_write_timeout(t, t->a);
}

typedef struct {
    gonet_conn_t *c;
    gonet_time_t when;
} setter_t;

static void set_deadline(void *arg)
{
    setter_t *s = arg;

    CHECK(gonet_conn_set_read_deadline(s->c, s->when, NULL) == 0);
}

static void set_from_elsewhere(conform_t *t, gonet_time_t when)
{
    setter_t s = {t->a, when};
    actor_t a;

    actor_start(&a, conform_helper(t, 1), set_deadline, &s);
    actor_join(&a);
}

/*
 * Starts a read with a deadline that another one takes back, or moves to *later, before it comes.
 * On a slow machine it may come first: then again, with more time.
 */
static void read_past_deadline(conform_t *t, conform_call_t *r, char *p, gonet_time_t *later)
{
    for (gonet_duration_t d = 40 * MS; d < GONET_MINUTE; d *= 2) {
        gonet_time_t when = gonet_after(d);

        set_from_elsewhere(t, when);
        conform_start_read(t, 0, r, t->a, p, 1);
        conform_settle(r);
        if (later != NULL)
            *later = gonet_after(2 * d);
        set_from_elsewhere(t, later != NULL ? *later : gonet_no_deadline);
        if (gonet_until(when) > 0) {
            gonet_sleep(gonet_until(when) + 20 * MS);
            return;
        }
        set_from_elsewhere(t, PAST); /* who was first is not known */
        conform_join(r);
        conform_drop(r);
    }
    check_fail(__FILE__, __LINE__, "never in time");
}

/* Behaviour 10.4: a later one counts, and so does none. */
static void deadline_moves(conform_t *t)
{
    gonet_time_t later;
    conform_call_t r, w;
    char c = 0;

    read_past_deadline(t, &r, &c, &later);
    ends_by_timeout(&r);
    CHECK(gonet_until(later) <= 0);

    read_past_deadline(t, &r, &c, NULL);
    CHECK(!atomic_load(&r.ended));
    conform_start_write(t, 1, &w, t->b, "z", 1);
    conform_join(&w);
    conform_join(&r);
    CHECK_INT(r.result, 1);
    CHECK_INT(c, 'z');
    conform_drop(&r);

    set_from_elsewhere(t, gonet_after(GONET_HOUR));
    conform_start_read(t, 0, &r, t->a, &c, 1);
    conform_settle(&r);
    set_from_elsewhere(t, gonet_after(10 * MS));
    ends_by_timeout(&r);
}

/* Behaviour 9.3: whoever queues behind the one that times out times out, too. */
static void many_time_out(conform_t *t)
{
    enum { N = 8 };
    bool full = conform_fill(t, t->a);
    conform_call_t r[N], w[N];
    char c[N];

    for (int i = 0; i < N; i++) {
        conform_start_read(t, i, &r[i], t->a, &c[i], 1);
        if (full)
            conform_start_write(t, i + 1, &w[i], t->a, conform_block, conform_much(t));
    }
    conform_settle(&r[N - 1]);
    CHECK(gonet_conn_set_deadline(t->a, gonet_after(5 * MS), NULL) == 0);
    for (int i = 0; i < N; i++) {
        ends_by_timeout(&r[i]);
        if (full)
            ends_by_timeout(&w[i]);
    }
    CHECK(gonet_conn_set_deadline(t->a, gonet_no_deadline, NULL) == 0);
    conform_ping(t, t->b, t->a);
}

/* Behaviour 10.7: the count of a write that timed out is what the other end reads. */
static void partial_write(conform_t *t)
{
    enum { LEN = 16 << 20, ROOM = 100000 }; /* more than a socket's buffers hold */
    unsigned char *all = malloc(LEN), *got = malloc(ROOM);
    conform_call_t w;
    size_t n = 0;

    REQUIRE(all != NULL && got != NULL);
    pattern_fill(all, 3, 0, LEN);
    w.written = 0;
    for (gonet_duration_t d = 50 * MS; w.written == 0 && d < GONET_MINUTE; d *= 2) {
        CHECK(gonet_conn_set_write_deadline(t->a, gonet_after(d), NULL) == 0);
        CHECK(gonet_conn_set_read_deadline(t->b, gonet_after(d), NULL) == 0);
        conform_start_write(t, 0, &w, t->a, all, LEN);
        if (t->kind->synchronous) {
            ssize_t k = gonet_conn_read(t->b, got, 1000, NULL);
            n = k > 0 && CHECK(pattern_matches(got, 3, 0, (size_t)k)) ? (size_t)k : 0;
        }
        conform_join(&w);
        if (w.written == 0)
            conform_drop(&w); /* it began too late */
    }
    CHECK(gonet_conn_set_read_deadline(t->b, gonet_no_deadline, NULL) == 0);
    CHECK_INT(w.result, -1);
    (void)conform_is_timeout(w.err);
    CHECK(w.written > 0 && w.written < LEN);
    while (n < w.written) {
        ssize_t k = gonet_conn_read(t->b, got, ROOM, NULL);
        if (!CHECK(k > 0) || !CHECK(pattern_matches(got, 3, n, (size_t)k)))
            break;
        n += (size_t)k;
    }
    CHECK_INT(n, w.written);
    CHECK(gonet_conn_set_read_deadline(t->b, gonet_after(5 * MS), NULL) == 0);
    check_read_timeout(t, t->b); /* and nothing more */
    conform_drop(&w);
    free(all);
    free(got);
}

typedef struct {
    gonet_conn_t *c;
    size_t len; /* of a write */
    bool paced; /* who writes without end lets others run */
    actor_t actor;
} racer_t;

static void race_read(void *arg)
{
    racer_t *r = arg;
    char buf[64];

    for (int i = 0; i < 40; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        CHECK(gonet_conn_set_read_deadline(r->c, gonet_after(MS), NULL) == 0);
        if (gonet_conn_read(r->c, buf, sizeof(buf), &err) < 0)
            (void)conform_is_timeout(err);
    }
}

static void race_write(void *arg)
{
    racer_t *r = arg;

    for (int i = 0; i < 40; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        CHECK(gonet_conn_set_write_deadline(r->c, gonet_after(MS), NULL) == 0);
        if (gonet_conn_write(r->c, conform_block, r->len, &err) < 0)
            (void)conform_is_timeout(err);
    }
}

static void take_all(void *arg)
{
    racer_t *r = arg;
    char buf[4096];

    while (gonet_conn_read(r->c, buf, sizeof(buf), NULL) > 0)
        continue;
}

static void give_all(void *arg)
{
    racer_t *r = arg;

    while (gonet_conn_write(r->c, conform_block, 4096, NULL) > 0) {
        if (r->paced)
            check_pause();
    }
}

static void race(conform_t *t, void (*body)(void *arg))
{
    enum { N = 8 };
    racer_t r[N], taker = {.c = t->b}, giver = {.c = t->b, .paced = t->kind->lossy};

    actor_start(&taker.actor, conform_helper(t, 0), take_all, &taker);
    actor_start(&giver.actor, conform_helper(t, 1), give_all, &giver);
    for (int i = 0; i < N; i++) {
        r[i].c = t->a;
        r[i].len = t->kind->endless ? conform_much(t) : 1 << 16;
        actor_start(&r[i].actor, conform_helper(t, i), body, &r[i]);
    }
    for (int i = 0; i < N; i++)
        actor_join(&r[i].actor);
    (void)gonet_conn_close(t->b, NULL);
    actor_join(&taker.actor);
    actor_join(&giver.actor);
}

static void racing_reads(conform_t *t)
{
    race(t, race_read);
}

static void racing_writes(conform_t *t)
{
    race(t, race_write);
}

/* Behaviour 10.6. */
static void far_deadlines(conform_t *t)
{
    static const int64_t far[] = {INT64_MAX, INT64_MAX - 1, INT64_MAX / 2};

    for (int i = 0; i < 3; i++) {
        CHECK(gonet_conn_set_deadline(t->a, (gonet_time_t){far[i]}, NULL) == 0);
        conform_ping(t, t->a, t->b);
        conform_ping(t, t->b, t->a);
    }
    CHECK(gonet_conn_set_deadline(t->a, gonet_after(INT64_MAX), NULL) == 0);
    conform_ping(t, t->b, t->a);
    CHECK(gonet_conn_set_deadline(t->a, gonet_after(INT64_MIN), NULL) == 0);
    check_read_timeout(t, t->a);
    CHECK(gonet_conn_set_deadline(t->a, (gonet_time_t){-1}, NULL) == 0);
    check_read_timeout(t, t->a);
}

const conform_test_t conform_deadline_tests[] = {
    {"past deadline", past_deadline, 0},
    {"sides are apart", sides_are_apart, 0},
    {"past deadline wakes", past_deadline_wakes, 0},
    {"present deadline wakes", present_deadline_wakes, 0},
    {"future deadline wakes", future_deadline_wakes, 0},
    {"future deadline", future_deadline, 0},
    {"deadline moves", deadline_moves, 0},
    {"many time out", many_time_out, 0},
    {"partial write", partial_write, CONFORM_STREAM},
    {"racing reads", racing_reads, 0},
    {"racing writes", racing_writes, 0},
    {"far deadlines", far_deadlines, 0},
    {NULL, NULL, 0},
};
