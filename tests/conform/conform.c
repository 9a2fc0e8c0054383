/*
 * Running the suite: a table of tests times kinds times modes, each a cmocka test of its own.
 */
#include "conform/conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/leak.h"

typedef struct {
    const conform_test_t *test;
    conform_t t;
    char name[128];
} run_t;

static void body(void *arg)
{
    run_t *r = arg;

    if ((r->test->needs & CONFORM_OWN_PAIRS) == 0 && !r->t.kind->make(r->t.kind, &r->t.a, &r->t.b))
        return;
    r->test->body(&r->t);
    gonet_conn_free(r->t.a);
    gonet_conn_free(r->t.b);
    r->t.a = r->t.b = NULL;
}

static void run(void **state)
{
    run_t *r = *state;

    if (r->t.kind->available != NULL && !r->t.kind->available(r->t.kind)) {
        fprintf(stderr, "%s: not on this machine\n", r->name);
        skip();
    }
    actor_run_test(r->t.mode, body, r);
}

static const conform_test_t *const lists[] = {conform_io_tests, conform_deadline_tests,
                                              conform_close_tests, conform_wait_tests,
                                              conform_message_tests};

#define LISTS (sizeof(lists) / sizeof(lists[0]))

static bool suits(const conform_test_t *test, const conform_kind_t *kind)
{
    return !((test->needs & CONFORM_BUFFERED) != 0 && kind->synchronous) &&
           !((test->needs & CONFORM_STREAM) != 0 && !kind->stream) &&
           !((test->needs & CONFORM_END) != 0 && kind->endless) &&
           !((test->needs & CONFORM_MESSAGES) != 0 && kind->stream);
}

static size_t add(const conform_kind_t *kind, struct CMUnitTest *tests, run_t *runs, size_t n)
{
    for (size_t l = 0; l < LISTS; l++) {
        for (const conform_test_t *test = lists[l]; test->name != NULL; test++) {
            for (int mode = 0; mode < ACTOR_MODES; mode++) {
                if (!suits(test, kind))
                    continue;
                if (tests != NULL) {
                    run_t *r = &runs[n];
                    r->test = test;
                    r->t = (conform_t){.kind = kind, .mode = (actor_mode_t)mode};
                    snprintf(r->name, sizeof(r->name), "%s: %s [%s]", kind->name, test->name,
                             actor_mode_name[mode]);
                    tests[n] = (struct CMUnitTest){r->name, run, leak_setup, leak_teardown, r};
                }
                n++;
            }
        }
    }
    return n;
}

int conform_run(const conform_kind_t *kinds, size_t count)
{
    struct CMUnitTest *tests;
    run_t *runs;
    size_t n = 0;
    int result;

    for (size_t k = 0; k < count; k++)
        n = add(&kinds[k], NULL, NULL, n);
    tests = calloc(n, sizeof(*tests));
    runs = calloc(n, sizeof(*runs));
    if (tests == NULL || runs == NULL)
        abort();
    n = 0;
    for (size_t k = 0; k < count; k++)
        n = add(&kinds[k], tests, runs, n);
    if (getenv("CONFORM_FILTER") != NULL) /* "*ping*threads*": for a person who looks for a fault */
        cmocka_set_test_filter(getenv("CONFORM_FILTER"));
    result = _cmocka_run_group_tests("conform", tests, n, NULL, NULL);
    free(tests);
    free(runs);
    return result;
}

/* ---- for the tests ---- */

actor_kind_t conform_helper(const conform_t *t, int i)
{
    actor_kind_t kind = actor_helper(t->mode);

    if (t->mode == TASKS || t->mode == THREADS || i % 2 == 0)
        return kind;
    return kind == BY_TASK ? BY_THREAD : BY_TASK;
}

static void call_read(void *arg)
{
    conform_call_t *call = arg;

    atomic_store(&call->begun, true);
    call->result = gonet_conn_read(call->c, call->p, call->len, &call->err);
    atomic_store(&call->ended, true);
}

static void call_write(void *arg)
{
    conform_call_t *call = arg;

    atomic_store(&call->begun, true);
    call->result = gonet_conn_write_count(call->c, call->p, call->len, &call->written, &call->err);
    atomic_store(&call->ended, true);
}

static void call_wait(void *arg)
{
    conform_call_t *call = arg;

    atomic_store(&call->begun, true);
    call->result = gonet_conn_wait_readable(call->c, &call->err);
    atomic_store(&call->ended, true);
}

static void call_close(void *arg)
{
    conform_call_t *call = arg;

    atomic_store(&call->begun, true);
    call->result = gonet_conn_close(call->c, &call->err);
    atomic_store(&call->ended, true);
}

static void start(const conform_t *t, int i, conform_call_t *call, void (*fn)(void *arg),
                  gonet_conn_t *c, void *p, size_t len)
{
    memset(call, 0, sizeof(*call));
    call->c = c;
    call->p = p;
    call->len = len;
    actor_start(&call->actor, conform_helper(t, i), fn, call);
}

void conform_start_read(const conform_t *t, int i, conform_call_t *call, gonet_conn_t *c, void *p,
                        size_t len)
{
    start(t, i, call, call_read, c, p, len);
}

void conform_start_write(const conform_t *t, int i, conform_call_t *call, gonet_conn_t *c,
                         const void *p, size_t len)
{
    start(t, i, call, call_write, c, (void *)(uintptr_t)p, len);
}

void conform_start_wait(const conform_t *t, int i, conform_call_t *call, gonet_conn_t *c)
{
    start(t, i, call, call_wait, c, NULL, 0);
}

void conform_start_close(const conform_t *t, int i, conform_call_t *call, gonet_conn_t *c)
{
    start(t, i, call, call_close, c, NULL, 0);
}

void conform_join(conform_call_t *call)
{
    actor_join(&call->actor);
}

void conform_drop(conform_call_t *call)
{
    gonet_error_free(call->err);
    call->err = NULL;
}

void conform_settle(conform_call_t *call)
{
    AWAIT(atomic_load(&call->begun));
    gonet_sleep(3 * GONET_MILLISECOND);
}

bool conform_is_timeout(const gonet_error_t *err)
{
    return CHECK(gonet_error_timeout(err)) && CHECK(gonet_error_temporary(err)) &&
           CHECK(gonet_error_is(err, gonet_err_deadline_exceeded)) &&
           CHECK(!gonet_error_is(err, gonet_err_context_deadline_exceeded)) &&
           CHECK(!gonet_error_is(err, gonet_err_closed));
}

bool conform_is_closed(const conform_t *t, const gonet_error_t *err)
{
    return CHECK(gonet_error_is(err, *t->kind->closed)) && CHECK(!gonet_error_timeout(err)) &&
           CHECK(!gonet_error_temporary(err));
}

void conform_ping(const conform_t *t, gonet_conn_t *from, gonet_conn_t *to)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    conform_call_t call;
    char c = 0;

    conform_start_write(t, 0, &call, from, "p", 1);
    CHECK_INT(gonet_conn_read(to, &c, 1, &err), 1);
    CHECK_ERROR(err, NULL);
    CHECK_INT(c, 'p');
    conform_join(&call);
    CHECK_INT(call.result, 0);
    CHECK_ERROR(call.err, NULL);
    conform_drop(&call);
}

bool conform_fill(const conform_t *t, gonet_conn_t *c)
{
    if (t->kind->lossy)
        return false;
    if (!t->kind->synchronous)
        (void)net_fill(c);
    return true;
}

const char conform_block[1 << 20];

size_t conform_much(const conform_t *t)
{
    return t->kind->stream ? sizeof(conform_block) : t->kind->endless ? 1 << 15 : 1 << 16;
}
