/*
 * Contexts: causes, functions that are called when one has ended, and those that do not end with
 * their parent.
 */
#include "crew.h"

#include <errno.h>

#include "gonet/context.h"

#define MS GONET_MILLISECOND

static bool says(gonet_context_t *ctx, const char *text)
{
    return strcmp(gonet_error_string(gonet_context_cause(ctx)), text) == 0;
}

/* ---- causes ---- */

static void test_cause(void **state)
{
    gonet_context_t *root = gonet_context_with_cancel_cause(NULL);
    gonet_context_t *a = gonet_context_with_cancel(root), *b = gonet_context_with_cancel(a);
    gonet_context_t *other = gonet_context_with_cancel(root), *late;
    gonet_error_t *cause;

    (void)state;
    assert_null(gonet_context_cause(NULL));
    assert_null(gonet_context_cause(root));
    gonet_context_cancel_cause(other, NULL);
    assert_ptr_equal(gonet_context_cause(other), gonet_err_canceled);
    gonet_context_cancel_cause(a, gonet_error_new("enough"));
    assert_ptr_equal(gonet_context_err(b), gonet_err_canceled);
    assert_true(says(a, "enough") && says(b, "enough"));
    gonet_context_cancel_cause(a, gonet_error_new("more")); /* the first counts */
    gonet_context_cancel_cause(root, gonet_error_new("all"));
    assert_true(says(a, "enough") && says(b, "enough") && says(root, "all"));
    assert_ptr_equal(gonet_context_cause(other), gonet_err_canceled);
    late = gonet_context_with_value(b, "k", NULL, NULL);
    assert_true(says(late, "enough"));
    cause = gonet_error_ref(gonet_context_cause(late));
    gonet_context_free(root);
    gonet_context_free(a);
    gonet_context_free(b);
    gonet_context_free(other);
    gonet_context_free(late);
    assert_string_equal(gonet_error_string(cause), "enough");
    gonet_error_free(cause);
    gonet_context_cancel_cause(NULL, gonet_error_new("nobody"));
}

static void test_cause_of_a_deadline(void **state)
{
    gonet_context_t *slow = gonet_context_with_timeout_cause(NULL, GONET_HOUR, NULL);
    gonet_context_t *quick = gonet_context_with_timeout_cause(slow, -1, gonet_error_new("late"));
    gonet_context_t *child =
        gonet_context_with_timeout_cause(quick, GONET_HOUR, gonet_error_new("never"));
    gonet_context_t *plain = gonet_context_with_cancel(child);
    gonet_context_t *bare = gonet_context_with_timeout(NULL, -1);
    gonet_context_t *open =
        gonet_context_with_deadline_cause(slow, gonet_no_deadline, gonet_error_new("unused"));

    (void)state;
    assert_ptr_equal(gonet_context_err(plain), gonet_err_context_deadline_exceeded);
    assert_true(says(quick, "late") && says(child, "late") && says(plain, "late"));
    gonet_context_cancel_cause(quick, gonet_error_new("too late"));
    assert_true(says(quick, "late") && says(child, "late") && says(plain, "late"));
    assert_ptr_equal(gonet_context_cause(bare), gonet_err_context_deadline_exceeded);
    gonet_context_cancel(bare);
    assert_ptr_equal(gonet_context_cause(bare), gonet_err_context_deadline_exceeded);
    assert_null(gonet_context_cause(open));
    gonet_context_cancel_cause(slow, gonet_error_new("off"));
    assert_true(says(open, "off"));
    gonet_context_free(slow);
    gonet_context_free(quick);
    gonet_context_free(child);
    gonet_context_free(plain);
    gonet_context_free(bare);
    gonet_context_free(open);
}

static void test_without_cancel(void **state)
{
    char value[] = "value";
    gonet_context_t *root = gonet_context_with_value(NULL, "k", value, NULL);
    gonet_context_t *late = gonet_context_with_timeout(root, -1);
    gonet_context_t *loose = gonet_context_without_cancel(late);
    gonet_context_t *child = gonet_context_with_cancel(loose);
    gonet_context_t *none = gonet_context_without_cancel(NULL);

    (void)state;
    gonet_context_cancel(root);
    assert_null(gonet_context_err(loose));
    assert_null(gonet_context_err(child));
    assert_null(gonet_context_cause(child));
    assert_false(gonet_context_deadline(child, NULL));
    assert_ptr_equal(gonet_context_value(child, "k"), value);
    assert_null(gonet_context_err(none));
    gonet_context_free(root);
    gonet_context_free(late);
    assert_ptr_equal(gonet_context_value(child, "k"), value);
    gonet_context_cancel(loose);
    assert_ptr_equal(gonet_context_err(child), gonet_err_canceled);
    gonet_context_free(loose);
    gonet_context_free(child);
    gonet_context_free(none);
}

static void test_causes_without_memory(void **state)
{
    gonet_context_t *ctx, *child;
    gonet_error_t *late = gonet_error_new("late"), *cause = gonet_error_new("enough");

    (void)state;
    gonet__alloc_fail_at(1, 1);
    ctx = gonet_context_with_timeout_cause(NULL, GONET_HOUR, late);
    gonet__alloc_fail_at(0, 0);
    assert_ptr_equal(gonet_context_cause(ctx), gonet_err_no_memory);
    gonet_context_cancel_cause(ctx, cause);
    child = gonet_context_with_cancel(ctx);
    assert_ptr_equal(gonet_context_cause(child), gonet_err_no_memory);
    gonet_context_free(child);
    gonet_context_free(ctx);
}

/* A look at a done channel lets nobody run while it has the channel's lock. */
static void look(void *arg, int i)
{
    gonet_context_t *ctx = arg;

    (void)i;
    for (int k = 0; k < 1000; k++) {
        CHECK(gonet_chan_try_recv(gonet_context_done(ctx), NULL) == GONET_CHAN_WOULD_BLOCK);
        if (k % 3 == 0)
            CHECK(gonet_context_err(ctx) == NULL);
    }
}

static void test_looks(void **state)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    int before = gonet_set_max_procs(1);

    (void)state;
    crew_run(TASKS, 4, look, ctx);
    gonet_set_max_procs(before);
    gonet_context_free(ctx);
}

/* ---- functions ---- */

typedef struct {
    gonet_context_t *ctx;
    _Atomic(gonet_context_func_t *) f;
    atomic_int calls;
    bool frees;
} called_t;

static void called(void *arg)
{
    called_t *c = arg;

    CHECK(gonet_context_err(c->ctx) != NULL);
    CHECK(gonet_context_current() == NULL);
    if (c->frees) {
        AWAIT(c->f != NULL);
        gonet_context_func_free(c->f);
    }
    atomic_fetch_add(&c->calls, 1);
}

static void call_after(void *arg, int i)
{
    called_t c = {.ctx = gonet_context_with_cancel(NULL)}, never = {.ctx = c.ctx};
    called_t late = {.ctx = gonet_context_with_timeout(c.ctx, MS)};
    gonet_context_t *child = gonet_context_with_timeout(c.ctx, i % 2 == 0 ? GONET_HOUR : 0);

    (void)arg;
    c.f = gonet_context_after_func(i % 2 == 0 ? child : c.ctx, called, &c);
    never.f = gonet_context_after_func(c.ctx, called, &never);
    late.f = gonet_context_after_func(late.ctx, called, &late);
    AWAIT(atomic_load(&late.calls) == 1);
    CHECK(gonet_context_err(late.ctx) == gonet_err_context_deadline_exceeded);
    CHECK(gonet_context_func_stop(never.f));
    CHECK(!gonet_context_func_stop(never.f));
    CHECK(atomic_load(&c.calls) == 0);
    gonet_context_cancel(c.ctx);
    AWAIT(atomic_load(&c.calls) == 1);
    CHECK(!gonet_context_func_stop(c.f));
    gonet_context_func_free(c.f);
    gonet_context_func_free(late.f);
    gonet_context_func_free(never.f);
    /* at once when it has ended; and it may free itself */
    c.frees = true;
    c.f = NULL;
    c.f = gonet_context_after_func(c.ctx, called, &c);
    AWAIT(atomic_load(&c.calls) == 2);
    CHECK(atomic_load(&never.calls) == 0);
    AWAIT(atomic_load(&late.calls) == 1);
    gonet_context_free(child);
    gonet_context_free(late.ctx);
    gonet_context_free(c.ctx);
}

static void test_after_func(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++)
        crew_run(kind, 8, call_after, NULL);
}

static void test_after_func_nothing(void **state)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    called_t c = {.ctx = ctx};
    gonet_context_func_t *f;

    (void)state;
    assert_false(gonet_context_func_stop(NULL));
    gonet_context_func_free(NULL);
    errno = 0;
    assert_null(gonet_context_after_func(ctx, NULL, NULL));
    assert_int_equal(errno, EINVAL);
    gonet__alloc_fail_at(1, 0);
    errno = 0;
    assert_null(gonet_context_after_func(ctx, called, &c));
    assert_int_equal(errno, ENOMEM);
    gonet__alloc_fail_at(0, 0);
    f = gonet_context_after_func(NULL, called, &c); /* never */
    assert_true(gonet_context_func_stop(f));
    gonet_context_func_free(f);
    /* freed without having been called */
    f = gonet_context_after_func(ctx, called, &c);
    gonet_context_func_free(f);
    gonet_context_cancel(ctx);
    assert_int_equal(gonet_shutdown(-1), 0);
    assert_int_equal(atomic_load(&c.calls), 0);
    gonet_context_free(ctx);
}

/* One of many cancels, many stop: for each context one of the two counts. */
typedef struct {
    gonet_context_t *ctx;
    gonet_context_func_t *f[16];
    atomic_int calls, stopped;
} raced_t;

static void count(void *arg)
{
    raced_t *r = arg;

    atomic_fetch_add(&r->calls, 1);
}

static void race(void *arg, int i)
{
    raced_t *r = arg;

    if (i == 0)
        gonet_context_cancel(r->ctx);
    for (int k = 0; i > 0 && k < 16; k++)
        atomic_fetch_add(&r->stopped, gonet_context_func_stop(r->f[(k + i) % 16]));
}

static void test_after_func_race(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        raced_t r = {.ctx = gonet_context_with_timeout(NULL, round % 3 == 0 ? 0 : GONET_HOUR)};

        for (int k = 0; k < 16; k++)
            r.f[k] = gonet_context_after_func(r.ctx, count, &r);
        crew_run((crew_kind_t)(round % 3), 4, race, &r);
        AWAIT(atomic_load(&r.calls) + atomic_load(&r.stopped) == 16);
        for (int k = 0; k < 16; k++)
            gonet_context_func_free(r.f[k]);
        AWAIT(gonet_num_task() == 0);
        gonet_context_free(r.ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {CREW_TEST(test_cause),
                                       CREW_TEST(test_cause_of_a_deadline),
                                       CREW_TEST(test_without_cancel),
                                       CREW_TEST(test_causes_without_memory),
                                       CREW_TEST(test_looks),
                                       CREW_TEST(test_after_func),
                                       CREW_TEST(test_after_func_nothing),
                                       CREW_TEST(test_after_func_race)};

    return cmocka_run_group_tests_name("context ends", tests, NULL, NULL);
}
