/*
 * Waiting until there is something to read: it ends when a read would not wait, takes nothing, and
 * otherwise fails as that read would.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/conform.h"

#define PAST ((gonet_time_t){1})

static void wait_ok(gonet_conn_t *c)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    CHECK_INT(gonet_conn_wait_readable(c, &err), 0);
    CHECK_ERROR(err, NULL);
}

static void wait_times_out(conform_t *t, gonet_conn_t *c)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    CHECK_INT(gonet_conn_wait_readable(c, &err), -1);
    (void)conform_is_timeout(err);
    CHECK_CONN_ERROR(err, c, t->kind->read_timeout);
}

/* What is there stays there, however often somebody looks. */
static void takes_nothing(conform_t *t)
{
    conform_call_t w;
    char buf[8] = "";
    size_t got = 0;

    for (int round = 0; round < 3; round++) {
        conform_start_write(t, round, &w, t->b, "hello", 5);
        for (int i = 0; i < 3; i++)
            wait_ok(t->a);
        for (got = 0; got < 5; got += (size_t)gonet_conn_read(t->a, buf + got, 5 - got, NULL)) {
            if (!t->kind->stream && !CHECK_INT(got, 0))
                break;
            wait_ok(t->a);
        }
        CHECK(memcmp(buf, "hello", 5) == 0);
        conform_join(&w);
        CHECK_INT(w.result, 0);
    }
    CHECK(gonet_conn_set_read_deadline(t->a, gonet_after(GONET_MILLISECOND), NULL) == 0);
    wait_times_out(t, t->a);
}

/* Whoever waits first is there before the byte; and between the waits nothing is there. */
static void wakes_for_data(conform_t *t)
{
    char c;

    for (int i = 0; i < 50; i++) {
        conform_call_t wait, w;

        conform_start_wait(t, i, &wait, t->a);
        if (i % 2 == 0)
            conform_settle(&wait);
        CHECK(i % 4 != 0 || !atomic_load(&wait.ended));
        conform_start_write(t, i / 2, &w, t->b, "d", 1);
        conform_join(&wait);
        CHECK_INT(wait.result, 0);
        CHECK_ERROR(wait.err, NULL);
        CHECK_INT(gonet_conn_read(t->a, &c, 1, NULL), 1);
        conform_join(&w);
    }
}

/* Everybody who waits is told of one message, and readers among them get it. */
static void many_wait(conform_t *t)
{
    enum { N = 6 };
    conform_call_t wait[N], w;
    char c;

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < N; i++)
            conform_start_wait(t, i, &wait[i], t->a);
        if (round % 2 == 0)
            conform_settle(&wait[N - 1]);
        conform_start_write(t, 0, &w, t->b, "d", 1);
        for (int i = 0; i < N; i++) {
            conform_join(&wait[i]);
            CHECK_INT(wait[i].result, 0);
        }
        CHECK_INT(gonet_conn_read(t->a, &c, 1, NULL), 1);
        conform_join(&w);
    }
}

/* Those who look and those who take, one behind the other: each byte is read once. */
static void waits_among_reads(conform_t *t)
{
    enum { N = 4, BYTES = 8 * N };
    conform_call_t wait[N], r[N], w;
    char c[N], seen[256] = {0};

    for (int base = 0; base < BYTES; base += N) {
        for (int i = 0; i < N; i++) {
            if (i == base / N % N)
                conform_start_wait(t, i, &wait[0], t->a);
            conform_start_read(t, i + 1, &r[i], t->a, &c[i], 1);
        }
        for (int i = 0; i < N; i++) {
            char byte = (char)(base + i);

            conform_start_write(t, i, &w, t->b, &byte, 1);
            conform_join(&w);
            CHECK_INT(w.result, 0);
        }
        for (int i = 0; i < N; i++) {
            conform_join(&r[i]);
            CHECK_INT(r[i].result, 1);
            seen[(unsigned char)c[i]]++;
        }
        CHECK(gonet_conn_set_read_deadline(t->a, PAST, NULL) == 0); /* it may have come too late */
        conform_join(&wait[0]);
        CHECK(wait[0].result == 0 || conform_is_timeout(wait[0].err));
        conform_drop(&wait[0]);
        CHECK(gonet_conn_set_read_deadline(t->a, gonet_no_deadline, NULL) == 0);
    }
    for (int i = 0; i < BYTES; i++)
        CHECK_INT(seen[i], 1);
}

static void obeys_deadlines(conform_t *t)
{
    conform_call_t wait, w;

    CHECK(gonet_conn_set_read_deadline(t->a, PAST, NULL) == 0);
    wait_times_out(t, t->a);
    conform_start_write(t, 0, &w, t->b, "d", 1);
    conform_settle(&w);
    wait_times_out(t, t->a); /* though there is something to read */
    CHECK(gonet_conn_set_read_deadline(t->a, gonet_no_deadline, NULL) == 0);
    CHECK(gonet_conn_set_write_deadline(t->a, PAST, NULL) == 0);
    wait_ok(t->a);
    CHECK_INT(gonet_conn_read(t->a, (char[1]){0}, 1, NULL), 1);
    conform_join(&w);
    CHECK(gonet_conn_set_read_deadline(t->a, gonet_after(10 * GONET_MILLISECOND), NULL) == 0);
    wait_times_out(t, t->a);
    CHECK(gonet_conn_set_deadline(t->a, gonet_no_deadline, NULL) == 0);
    conform_start_wait(t, 0, &wait, t->a);
    conform_settle(&wait);
    CHECK(gonet_conn_set_read_deadline(t->a, gonet_after(GONET_HOUR), NULL) == 0);
    CHECK(gonet_conn_set_read_deadline(t->a, PAST, NULL) == 0);
    conform_join(&wait);
    CHECK_INT(wait.result, -1);
    (void)conform_is_timeout(wait.err);
    conform_drop(&wait);
}

static void ended_by_close(conform_t *t)
{
    enum { N = 4 };
    conform_call_t wait[N];

    for (int i = 0; i < N; i++)
        conform_start_wait(t, i, &wait[i], t->a);
    conform_settle(&wait[N - 1]);
    CHECK_INT(gonet_conn_close(t->a, NULL), 0);
    for (int i = 0; i < N; i++) {
        conform_join(&wait[i]);
        CHECK_INT(wait[i].result, -1);
        (void)conform_is_closed(t, wait[i].err);
        CHECK_CONN_ERROR(wait[i].err, t->a, t->kind->read_closed);
        conform_drop(&wait[i]);
    }
    conform_start_wait(t, 0, &wait[0], t->a);
    conform_join(&wait[0]);
    CHECK_CONN_ERROR(wait[0].err, t->a, t->kind->read_closed);
    conform_drop(&wait[0]);
}

static void close_races(conform_t *t)
{
    for (int i = 0; i < 40; i++) {
        conform_call_t wait, w, c;

        if (!t->kind->make(t->kind, &t->a, &t->b))
            return;
        conform_start_wait(t, i, &wait, t->a);
        conform_start_write(t, i + 1, &w, t->b, "d", 1);
        conform_start_close(t, i, &c, i % 2 ? t->a : t->b);
        conform_join(&c);
        (void)gonet_conn_close(t->a, NULL);
        (void)gonet_conn_close(t->b, NULL);
        conform_join(&w);
        conform_join(&wait);
        conform_drop(&wait);
        conform_drop(&w);
        conform_drop(&c);
        gonet_conn_free(t->a);
        gonet_conn_free(t->b);
        t->a = t->b = NULL;
    }
}

/* The end is something to read, again and again. */
static void end_of_stream(conform_t *t)
{
    conform_call_t wait;

    conform_start_wait(t, 0, &wait, t->a);
    conform_settle(&wait);
    CHECK_INT(gonet_conn_close(t->b, NULL), 0);
    conform_join(&wait);
    CHECK_INT(wait.result, 0);
    CHECK_ERROR(wait.err, NULL);
    for (int i = 0; i < 3; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;

        wait_ok(t->a);
        CHECK_INT(gonet_conn_read(t->a, (char[1]){0}, 1, &err), 0);
        CHECK(err == gonet_eof);
    }
}

const conform_test_t conform_wait_tests[] = {
    {"wait: takes nothing", takes_nothing, 0},
    {"wait: wakes for data", wakes_for_data, 0},
    {"wait: many wait", many_wait, 0},
    {"wait: among reads", waits_among_reads, 0},
    {"wait: deadlines", obeys_deadlines, 0},
    {"wait: ended by close", ended_by_close, 0},
    {"wait: close races", close_races, CONFORM_OWN_PAIRS},
    {"wait: end of stream", end_of_stream, CONFORM_END},
    {NULL, NULL, 0},
};
