/*
 * Kinds that carry messages: each write is one, and each read takes one, whole or cut to the
 * buffer; an empty one is a message, too; none is lost while it fits into the socket's buffer.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/conform.h"
#include "support/pattern.h"

/* One message of each size up to the longest, in both directions. */
static void every_size(conform_t *t)
{
    static const size_t sizes[] = {1, 2, 511, 512, 1500, 4096, 9000, 20000};
    enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };
    unsigned char *out = malloc(t->kind->longest), *in = malloc(t->kind->longest + 1);

    REQUIRE(out != NULL && in != NULL);
    for (unsigned i = 0; i < 2 * (SIZES + 1); i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        size_t len = i / 2 < SIZES ? sizes[i / 2] : t->kind->longest;
        pattern_fill(out, i, 0, len);
        CHECK_INT(gonet_conn_write(i % 2 ? t->a : t->b, out, len, &err), len);
        CHECK_ERROR(err, NULL);
        if (!CHECK_INT(gonet_conn_read(i % 2 ? t->b : t->a, in, t->kind->longest + 1, NULL), len))
            break;
        CHECK(pattern_matches(in, i, 0, len));
    }
    free(out);
    free(in);
}

/* Nobody reads until all are there: none is lost, none joined with another. */
static void kept_until_read(conform_t *t)
{
    enum { MESSAGES = 10, LEN = 200 }; /* a unixgram socket's queue is that long by default */
    unsigned char buf[2 * LEN];

    for (unsigned i = 0; i < MESSAGES; i++) {
        pattern_fill(buf, i, 0, LEN - i);
        CHECK_INT(gonet_conn_write(t->a, buf, LEN - i, NULL), LEN - i);
    }
    for (unsigned i = 0; i < MESSAGES; i++) {
        if (!CHECK_INT(gonet_conn_read(t->b, buf, sizeof(buf), NULL), LEN - i))
            return;
        CHECK(pattern_matches(buf, i, 0, LEN - i));
    }
}

/* Behaviour 9.20 and 15.17: the rest of a message that is too long for the buffer is gone. */
static void cut_to_the_buffer(conform_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    unsigned char buf[1000];

    for (unsigned i = 0; i < 4; i++) {
        pattern_fill(buf, i, 0, sizeof(buf));
        CHECK_INT(gonet_conn_write(t->a, buf, sizeof(buf), NULL), sizeof(buf));
    }
    for (unsigned i = 0; i < 4; i++) {
        size_t room = i % 2 ? sizeof(buf) : 1 + i;
        memset(buf, 0, sizeof(buf));
        CHECK_INT(gonet_conn_read(t->b, buf, room, &err), room);
        CHECK_ERROR(err, NULL);
        CHECK(pattern_matches(buf, i, 0, room));
        if (room < sizeof(buf))
            CHECK_INT(buf[room], 0); /* nothing behind the room */
    }
}

/* Behaviour 9.13: an empty datagram reads as 0, an empty record as an end that is none. */
static void empty_message(conform_t *t)
{
    for (int i = 0; i < 3; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        char buf[8];
        CHECK_INT(gonet_conn_write(t->a, "", 0, &err), 0);
        CHECK_ERROR(err, NULL);
        CHECK_INT(gonet_conn_write(t->a, "next", 4, NULL), 4);
        CHECK_INT(gonet_conn_read(t->b, buf, sizeof(buf), &err), 0);
        CHECK(t->kind->endless ? err == NULL : err == gonet_eof);
        CHECK_INT(gonet_conn_read(t->b, buf, sizeof(buf), &err), 4);
        CHECK_ERROR(err, NULL);
    }
}

static void empty_message_wakes(conform_t *t)
{
    conform_call_t r;
    char c;

    conform_start_read(t, 0, &r, t->b, &c, 1);
    conform_settle(&r);
    CHECK_INT(gonet_conn_write(t->a, "", 0, NULL), 0);
    conform_join(&r);
    CHECK_INT(r.result, 0);
    CHECK(t->kind->endless ? r.err == NULL : r.err == gonet_eof);
    conform_ping(t, t->a, t->b);
}

/* Behaviour 9.10 and 9.16: an empty read takes nothing, not even an empty message; a deadline in
 * the past stops an empty write. */
static void empty_calls(conform_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char c = 0;

    CHECK_INT(gonet_conn_write(t->a, "m", 1, NULL), 1);
    CHECK_INT(gonet_conn_read(t->b, &c, 0, &err), 0);
    CHECK_ERROR(err, NULL);
    CHECK_INT(gonet_conn_read(t->b, &c, 1, NULL), 1);
    CHECK_INT(c, 'm');
    CHECK(gonet_conn_set_deadline(t->a, (gonet_time_t){1}, NULL) == 0);
    CHECK_INT(gonet_conn_read(t->a, &c, 0, &err), 0);
    CHECK_ERROR(err, NULL);
    CHECK_INT(gonet_conn_write(t->a, "", 0, &err), -1);
    (void)conform_is_timeout(err);
    CHECK_CONN_ERROR(err, t->a, t->kind->write_timeout);
    CHECK(gonet_conn_set_read_deadline(t->b, gonet_after(5 * GONET_MILLISECOND), NULL) == 0);
    CHECK_INT(gonet_conn_read(t->b, &c, 1, &err), -1); /* it has not been sent */
    (void)conform_is_timeout(err);
}

/* Behaviour 9.17: nothing of it is sent, and the connection works as before. */
static void too_long(conform_t *t)
{
    size_t len = 2 * t->kind->longest;
    char *block = calloc(1, len);

    REQUIRE(block != NULL);
    for (int i = 0; i < 2; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        size_t n = 99;
        CHECK_INT(gonet_conn_write_count(t->a, block, len, &n, &err), -1);
        CHECK_INT(n, 0);
        CHECK_CONN_ERROR(err, t->a, t->kind->too_long);
        CHECK(!gonet_error_timeout(err) && !gonet_error_temporary(err));
        conform_ping(t, t->a, t->b);
    }
    free(block);
}

typedef struct {
    gonet_conn_t *c;
    atomic_int *seen; /* how often each message was read */
    atomic_int *left;
    actor_t actor;
} taker_t;

static void take_messages(void *arg)
{
    taker_t *taker = arg;

    while (atomic_fetch_sub(taker->left, 1) > 0) {
        unsigned char buf[600];
        ssize_t n = gonet_conn_read(taker->c, buf, sizeof(buf), NULL);
        if (!CHECK(n >= 4))
            return;
        CHECK_INT(n, 4 + buf[0]);
        CHECK(pattern_matches(buf + 4, buf[0], 0, (size_t)n - 4));
        atomic_fetch_add(&taker->seen[buf[0]], 1);
    }
}

/* Several readers: a message goes to one of them, whole. */
static void goes_to_one_reader(conform_t *t)
{
    enum { MESSAGES = 60, READERS = 5 };
    taker_t takers[READERS];
    atomic_int seen[MESSAGES], left;

    atomic_init(&left, MESSAGES);
    for (int i = 0; i < MESSAGES; i++)
        atomic_init(&seen[i], 0);
    for (int i = 0; i < READERS; i++) {
        takers[i] = (taker_t){.c = t->b, .seen = seen, .left = &left};
        actor_start(&takers[i].actor, conform_helper(t, i), take_messages, &takers[i]);
    }
    for (unsigned i = 0; i < MESSAGES; i++) {
        unsigned char buf[4 + MESSAGES] = {(unsigned char)i};
        pattern_fill(buf + 4, i, 0, i);
        CHECK_INT(gonet_conn_write(t->a, buf, 4 + i, NULL), 4 + i);
    }
    for (int i = 0; i < READERS; i++)
        actor_join(&takers[i].actor);
    for (int i = 0; i < MESSAGES; i++)
        CHECK_INT(atomic_load(&seen[i]), 1);
}

/* What was sent before the close is still read; then nobody is there to write to. */
static void other_end_closed(conform_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char buf[16];

    CHECK_INT(gonet_conn_write(t->b, "one", 3, NULL), 3);
    CHECK_INT(gonet_conn_write(t->b, "two!", 4, NULL), 4);
    CHECK_INT(gonet_conn_close(t->b, NULL), 0);
    CHECK_INT(gonet_conn_read(t->a, buf, sizeof(buf), NULL), 3);
    CHECK_INT(gonet_conn_read(t->a, buf, sizeof(buf), NULL), 4);
    if (t->kind->endless) { /* it is as if nobody had anything to say */
        CHECK(gonet_conn_set_read_deadline(t->a, gonet_after(5 * GONET_MILLISECOND), NULL) == 0);
        CHECK_INT(gonet_conn_read(t->a, buf, sizeof(buf), &err), -1);
        CHECK_CONN_ERROR(err, t->a, t->kind->read_timeout);
    }
    if (t->kind->lossy) /* the answer to this one ends the next */
        CHECK_INT(gonet_conn_write(t->a, "x", 1, NULL), 1);
    CHECK_INT(gonet_conn_write(t->a, "x", 1, &err), -1);
    CHECK_CONN_ERROR(err, t->a, t->kind->write_to_nobody);
    CHECK(!gonet_error_timeout(err));
}

const conform_test_t conform_message_tests[] = {
    {"messages: every size", every_size, CONFORM_MESSAGES},
    {"messages: kept until read", kept_until_read, CONFORM_MESSAGES},
    {"messages: cut to the buffer", cut_to_the_buffer, CONFORM_MESSAGES},
    {"messages: empty", empty_message, CONFORM_MESSAGES},
    {"messages: empty one wakes", empty_message_wakes, CONFORM_MESSAGES},
    {"messages: empty calls", empty_calls, CONFORM_MESSAGES},
    {"messages: too long", too_long, CONFORM_MESSAGES},
    {"messages: one reader each", goes_to_one_reader, CONFORM_MESSAGES},
    {"messages: other end closed", other_end_closed, CONFORM_MESSAGES},
    {NULL, NULL, 0},
};
