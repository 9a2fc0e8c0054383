/*
 * Closing: it ends whatever is under way, exactly one close succeeds, and all methods may be called
 * at any time by anybody.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/conform.h"

static void ends_by_close(conform_t *t, conform_call_t *call, const char *text)
{
    conform_join(call);
    CHECK_INT(call->result, -1);
    (void)conform_is_closed(t, call->err);
    CHECK_CONN_ERROR(call->err, call->c, text);
    conform_drop(call);
}

/* Behaviour 9.4. */
static void close_wakes_all(conform_t *t)
{
    enum { N = 6 };
    bool full = conform_fill(t, t->a);
    conform_call_t r[N], w[N], c;
    char buf[N];

    for (int i = 0; i < N; i++) {
        conform_start_read(t, i, &r[i], t->a, &buf[i], 1);
        if (full)
            conform_start_write(t, i + 1, &w[i], t->a, conform_block, conform_much(t));
    }
    conform_settle(full ? &w[N - 1] : &r[N - 1]);
    conform_start_close(t, 1, &c, t->a);
    for (int i = 0; i < N; i++) {
        ends_by_close(t, &r[i], t->kind->read_closed);
        if (full)
            ends_by_close(t, &w[i], t->kind->write_closed);
    }
    conform_join(&c);
    CHECK_INT(c.result, 0);
    CHECK_ERROR(c.err, NULL);
}

/* A close right behind the start of a call, wherever that is by then. */
static void close_races(conform_t *t)
{
    for (int i = 0; i < 60; i++) {
        conform_call_t r, w, c;
        char x;

        if (!t->kind->make(t->kind, &t->a, &t->b))
            return;
        conform_start_read(t, 0, &r, t->a, &x, 1);
        conform_start_write(t, 1, &w, t->a, conform_block, 1);
        conform_start_close(t, i, &c, i % 2 ? t->a : t->b);
        if (i % 4 >= 2 && !t->kind->endless) /* it would wait for a write that never came */
            (void)gonet_conn_read(t->b, (char[1]){0}, 1, NULL);
        conform_join(&c);
        CHECK_INT(c.result, 0);
        (void)gonet_conn_close(t->a, NULL);
        (void)gonet_conn_close(t->b, NULL);
        conform_join(&r);
        conform_join(&w);
        CHECK(r.result <= 0);
        conform_drop(&r);
        conform_drop(&w);
        conform_drop(&c);
        gonet_conn_free(t->a);
        gonet_conn_free(t->b);
        t->a = t->b = NULL;
    }
}

/* Behaviour 9.6 and 11.1. */
static void closed_conn(conform_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char c;

    CHECK_INT(gonet_conn_close(t->a, &err), 0);
    CHECK_ERROR(err, NULL);
    for (int i = 0; i < 2; i++) {
        if (t->kind->second_close != NULL) {
            CHECK_INT(gonet_conn_close(t->a, &err), -1);
            CHECK_CONN_ERROR(err, t->a, t->kind->second_close);
        } else {
            CHECK_INT(gonet_conn_close(t->a, &err), 0);
        }
        CHECK_INT(gonet_conn_read(t->a, &c, 1, &err), -1);
        (void)conform_is_closed(t, err);
        CHECK_CONN_ERROR(err, t->a, t->kind->read_closed);
        CHECK_INT(gonet_conn_write(t->a, "x", 1, &err), -1);
        (void)conform_is_closed(t, err);
        CHECK_CONN_ERROR(err, t->a, t->kind->write_closed);
        CHECK_INT(gonet_conn_set_deadline(t->a, gonet_now(), &err), -1);
        (void)conform_is_closed(t, err);
    }
}

/* Of many closes at once one succeeds. */
static void one_close_succeeds(conform_t *t)
{
    enum { N = 10 };
    conform_call_t c[N], r;
    int good = 0;
    char x;

    conform_start_read(t, 0, &r, t->a, &x, 1);
    for (int i = 0; i < N; i++)
        conform_start_close(t, i, &c[i], t->a);
    for (int i = 0; i < N; i++) {
        conform_join(&c[i]);
        good += c[i].result == 0;
        conform_drop(&c[i]);
    }
    CHECK_INT(good, t->kind->second_close != NULL ? 1 : N);
    ends_by_close(t, &r, t->kind->read_closed);
}

/* The last reference closes: the other end sees the end. */
static void free_closes(conform_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char c;

    (void)gonet_conn_ref(t->a);
    gonet_conn_free(t->a);
    conform_ping(t, t->a, t->b);
    gonet_conn_free(t->a);
    t->a = NULL;
    CHECK_INT(gonet_conn_read(t->b, &c, 1, &err), 0);
    CHECK(err == gonet_eof);
}

/* ---- everything at once ---- */

typedef struct {
    gonet_conn_t *c;
    int number;
    size_t len; /* of a write */
    actor_t actor;
} user_t;

static void use_methods(void *arg)
{
    user_t *u = arg;
    char buf[256], text[GONET_ADDR_STRLEN];

    for (int i = 0; i < 20; i++) {
        switch ((u->number + i) % 7) {
        case 0:
            (void)gonet_conn_read(u->c, buf, sizeof(buf), NULL);
            break;
        case 1:
            (void)gonet_conn_write(u->c, conform_block, 1000, NULL);
            break;
        case 2:
            CHECK_INT(gonet_conn_set_deadline(u->c, gonet_after(GONET_MILLISECOND), NULL), 0);
            break;
        case 3:
            CHECK_INT(gonet_conn_set_read_deadline(u->c, gonet_after(GONET_MILLISECOND), NULL), 0);
            break;
        case 4:
            CHECK_INT(gonet_conn_set_write_deadline(u->c, gonet_after(GONET_MILLISECOND), NULL), 0);
            break;
        case 5:
            (void)net_addr_text(gonet_conn_local_addr(u->c), text);
            break;
        case 6:
            (void)net_addr_text(gonet_conn_remote_addr(u->c), text);
            gonet_conn_free(gonet_conn_ref(u->c));
            break;
        }
    }
}

/* Methods of both ends by many at a time, then the close of both under way. */
static void concurrent_methods(conform_t *t)
{
    enum { N = 40 };
    user_t u[N];

    CHECK(gonet_conn_set_deadline(t->a, gonet_after(GONET_MILLISECOND), NULL) == 0);
    CHECK(gonet_conn_set_deadline(t->b, gonet_after(GONET_MILLISECOND), NULL) == 0);
    for (int i = 0; i < N; i++) {
        u[i].c = i % 2 ? t->a : t->b;
        u[i].number = i;
        actor_start(&u[i].actor, conform_helper(t, i / 2), use_methods, &u[i]);
    }
    for (int i = 0; i < N; i++)
        actor_join(&u[i].actor);
}

static void use_until_closed(void *arg)
{
    user_t *u = arg;
    char buf[256];

    while (check_patience()) {
        GONET_AUTO(gonet_error_t) err = NULL;
        if (u->number % 3 == 0) {
            if (gonet_conn_set_deadline(u->c, gonet_after(GONET_MILLISECOND), &err) != 0)
                return;
        } else if (u->number % 3 == 1) {
            if (gonet_conn_read(u->c, buf, sizeof(buf), &err) <= 0 && !gonet_error_timeout(err))
                return;
        } else if (gonet_conn_write(u->c, conform_block, u->len, &err) < 0 &&
                   !gonet_error_timeout(err)) {
            return;
        }
        gonet_yield();
    }
    (void)CHECK(!"closed");
}

static void close_under_load(conform_t *t)
{
    enum { N = 24 };
    user_t u[N];

    for (int i = 0; i < N; i++) {
        u[i].c = i % 2 ? t->a : t->b;
        u[i].number = i / 2;
        u[i].len = t->kind->endless ? conform_much(t) : 1 << 16;
        actor_start(&u[i].actor, conform_helper(t, i / 2), use_until_closed, &u[i]);
    }
    gonet_sleep(10 * GONET_MILLISECOND);
    CHECK_INT(gonet_conn_close(t->a, NULL), 0);
    CHECK_INT(gonet_conn_close(t->b, NULL), 0);
    for (int i = 0; i < N; i++)
        actor_join(&u[i].actor);
}

const conform_test_t conform_close_tests[] = {
    {"close wakes all", close_wakes_all, 0},   {"close races", close_races, CONFORM_OWN_PAIRS},
    {"closed conn", closed_conn, 0},           {"one close succeeds", one_close_succeeds, 0},
    {"free closes", free_closes, CONFORM_END}, {"concurrent methods", concurrent_methods, 0},
    {"close under load", close_under_load, 0}, {NULL, NULL, 0},
};
