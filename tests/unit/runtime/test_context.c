/* Contexts: the tree, deadlines, values, watches, and life without memory. */
#include "crew.h"

#include "gonet/chan.h"
#include "gonet/context.h"
#include "runtime/sync/context.h"

static bool is_done(gonet_context_t *ctx)
{
    return gonet_chan_try_recv(gonet_context_done(ctx), NULL) == GONET_CHAN_CLOSED;
}

static void test_background(void **state)
{
    gonet_time_t t = {5};

    (void)state;
    assert_null(gonet_context_err(NULL));
    assert_null(gonet_context_done(NULL));
    assert_false(gonet_context_deadline(NULL, &t));
    assert_int_equal(t.ns, 0);
    assert_null(gonet_context_value(NULL, ""));
    assert_null(gonet_context_ref(NULL));
    gonet_context_cancel(NULL);
    gonet_context_free(NULL);
}

static void test_cancel_runs_down_the_tree(void **state)
{
    gonet_context_t *root = gonet_context_with_cancel(NULL);
    gonet_context_t *a = gonet_context_with_cancel(root);
    gonet_context_t *b = gonet_context_with_timeout(root, GONET_HOUR);
    gonet_context_t *aa = gonet_context_with_value(a, "k", NULL, NULL);
    gonet_context_t *late;

    (void)state;
    assert_null(gonet_context_err(aa));
    assert_false(is_done(aa));
    gonet_context_cancel(a);
    assert_ptr_equal(gonet_context_err(a), gonet_err_canceled);
    assert_ptr_equal(gonet_context_err(aa), gonet_err_canceled);
    assert_true(is_done(a) && is_done(aa));
    assert_null(gonet_context_err(root));
    assert_null(gonet_context_err(b));
    assert_false(is_done(root) || is_done(b));
    gonet_context_cancel(root);
    gonet_context_cancel(root);
    assert_ptr_equal(gonet_context_err(b), gonet_err_canceled);
    late = gonet_context_with_cancel(b);
    assert_ptr_equal(gonet_context_err(late), gonet_err_canceled);
    assert_true(is_done(late));
    gonet_context_free(root);
    gonet_context_free(a);
    gonet_context_free(late);
    gonet_context_free(b);
    gonet_context_free(aa);
}

static void test_last_free_cancels(void **state)
{
    gonet_context_t *root = gonet_context_with_cancel(NULL);
    gonet_context_t *child = gonet_context_with_cancel(root);

    (void)state;
    assert_ptr_equal(gonet_context_ref(root), root);
    gonet_context_free(root);
    assert_null(gonet_context_err(child));
    gonet_context_free(root);
    assert_ptr_equal(gonet_context_err(child), gonet_err_canceled);
    gonet_context_free(child);
}

static void test_deadlines(void **state)
{
    gonet_time_t soon = gonet_after(GONET_HOUR), later = gonet_after(2 * GONET_HOUR), t;
    gonet_context_t *a = gonet_context_with_deadline(NULL, soon);
    gonet_context_t *b = gonet_context_with_deadline(a, later);
    gonet_context_t *c = gonet_context_with_deadline(NULL, later);
    gonet_context_t *d = gonet_context_with_deadline(c, soon);
    gonet_context_t *e = gonet_context_with_cancel(d);
    gonet_context_t *past = gonet_context_with_timeout(e, -1);
    gonet_context_t *none = gonet_context_with_deadline(NULL, gonet_no_deadline);

    (void)state;
    assert_true(gonet_context_deadline(b, &t) && t.ns == soon.ns);
    assert_true(gonet_context_deadline(c, &t) && t.ns == later.ns);
    assert_true(gonet_context_deadline(e, &t) && t.ns == soon.ns);
    assert_true(gonet_context_deadline(e, NULL));
    assert_false(gonet_context_deadline(none, &t));
    assert_null(gonet_context_err(e));
    assert_ptr_equal(gonet_context_err(past), gonet_err_context_deadline_exceeded);
    assert_true(is_done(past));
    /* The first end counts. */
    gonet_context_cancel(past);
    assert_ptr_equal(gonet_context_err(past), gonet_err_context_deadline_exceeded);
    gonet_context_free(a);
    gonet_context_free(b);
    gonet_context_free(c);
    gonet_context_free(past);
    gonet_context_free(d);
    gonet_context_free(e);
    gonet_context_free(none);
}

static void test_recv_returns_at_the_deadline(void **state)
{
    gonet_time_t start = gonet_now();
    gonet_context_t *ctx = gonet_context_with_timeout(NULL, 5 * GONET_MILLISECOND);
    gonet_context_t *child = gonet_context_with_cancel(ctx);

    (void)state;
    assert_false(gonet_chan_recv(gonet_context_done(child), NULL));
    assert_true(gonet_since(start) >= 5 * GONET_MILLISECOND);
    assert_ptr_equal(gonet_context_err(ctx), gonet_err_context_deadline_exceeded);
    assert_true(is_done(ctx));
    gonet_context_free(ctx);
    gonet_context_free(child);
}

static void wait_done(void *arg, int i)
{
    gonet_context_t *ctx = arg;

    if (i % 2 == 0) {
        CHECK(!gonet_chan_recv(gonet_context_done(ctx), NULL));
    } else {
        gonet_select_case_t c = {.ch = gonet_context_done(ctx)};
        CHECK(gonet_select(&c, 1, gonet_no_deadline) == 0 && !c.ok);
    }
    CHECK(gonet_context_err(ctx) == gonet_err_canceled);
}

static void test_cancel_wakes(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        gonet_context_t *root = gonet_context_with_timeout(NULL, GONET_HOUR);
        gonet_context_t *ctx = gonet_context_with_cancel(root);
        crew_t crew;

        crew_start(&crew, kind, 16, wait_done, ctx);
        gonet_context_cancel(root);
        crew_wait(&crew);
        gonet_context_free(root);
        gonet_context_free(ctx);
    }
}

static void test_done_channel(void **state)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    gonet_chan_t *done = gonet_chan_ref(gonet_context_done(ctx));

    (void)state;
    assert_false(gonet_chan_close(done));
    assert_false(gonet_chan_send(done, NULL));
    assert_int_equal(gonet_chan_try_send(done, NULL), GONET_CHAN_CLOSED);
    assert_int_equal(gonet_chan_try_recv(done, NULL), GONET_CHAN_WOULD_BLOCK);
    assert_int_equal(gonet_chan_cap(done), 0);
    assert_null(gonet_context_err(ctx));
    gonet_context_free(ctx);
    assert_int_equal(gonet_chan_try_recv(done, NULL), GONET_CHAN_CLOSED);
    gonet_chan_free(done);
}

static int destroyed;

static void destroy(void *value)
{
    assert_string_equal(value, "value");
    destroyed++;
}

static void test_values(void **state)
{
    static const char k1, k2;
    char value[] = "value", other[] = "other", inner[] = "inner";
    gonet_context_t *a = gonet_context_with_value(NULL, &k1, value, destroy);
    gonet_context_t *b = gonet_context_with_value(a, &k2, other, NULL);
    gonet_context_t *c = gonet_context_with_cancel(b);
    gonet_context_t *d = gonet_context_with_value(c, &k2, inner, NULL);

    (void)state;
    destroyed = 0;
    assert_ptr_equal(gonet_context_value(d, &k1), value);
    assert_ptr_equal(gonet_context_value(d, &k2), inner);
    assert_ptr_equal(gonet_context_value(c, &k2), other);
    assert_null(gonet_context_value(a, &k2));
    assert_null(gonet_context_value(a, NULL));
    /* A parent that was freed keeps its value for those derived from it. */
    gonet_context_free(a);
    gonet_context_free(b);
    gonet_context_free(c);
    assert_ptr_equal(gonet_context_value(d, &k1), value);
    assert_int_equal(destroyed, 0);
    gonet_context_free(d);
    assert_int_equal(destroyed, 1);
}

/* A chain far longer than a stack could walk. */
static void test_deep(void **state)
{
    enum { DEPTH = 100000 };
    gonet_context_t **chain = calloc(DEPTH, sizeof(*chain));

    (void)state;
    for (int i = 0; i < DEPTH; i++)
        chain[i] = gonet_context_with_cancel(i == 0 ? NULL : chain[i - 1]);
    gonet_context_cancel(chain[0]);
    assert_ptr_equal(gonet_context_err(chain[DEPTH - 1]), gonet_err_canceled);
    for (int i = 0; i < DEPTH; i++)
        gonet_context_free(chain[i]);
    free(chain);
}

static void test_without_memory(void **state)
{
    char value[] = "value";
    gonet_context_t *ctx, *child;
    gonet__context_watch_t watch;

    (void)state;
    destroyed = 0;
    gonet__alloc_fail_at(1, 1);
    ctx = gonet_context_with_cancel(NULL);
    assert_ptr_equal(gonet_context_with_timeout(ctx, GONET_HOUR), ctx);
    assert_ptr_equal(gonet_context_with_value(NULL, "k", value, destroy), ctx);
    gonet__alloc_fail_at(0, 0);
    assert_non_null(ctx);
    assert_int_equal(destroyed, 1);
    assert_ptr_equal(gonet_context_err(ctx), gonet_err_no_memory);
    assert_true(is_done(ctx));
    assert_null(gonet_context_value(ctx, "k"));
    assert_false(gonet_context_deadline(ctx, NULL));
    gonet_context_cancel(ctx);
    gonet_chan_free(gonet_chan_ref(gonet_context_done(ctx)));
    gonet_context_free(gonet_context_ref(ctx));
    assert_false(gonet__context_watch(&watch, ctx, destroy, value));
    gonet__context_unwatch(&watch);
    child = gonet_context_with_cancel(ctx);
    assert_ptr_equal(gonet_context_err(child), gonet_err_no_memory);
    assert_true(is_done(child));
    gonet_context_free(ctx);
    gonet_context_free(child);
    assert_int_equal(destroyed, 1);
}

static void count(void *arg)
{
    ++*(int *)arg;
}

static void test_watch(void **state)
{
    gonet_context_t *root = gonet_context_with_cancel(NULL);
    gonet_context_t *ctx = gonet_context_with_cancel(root);
    gonet__context_watch_t w[3], background;
    int told = 0;

    (void)state;
    assert_true(gonet__context_watch(&background, NULL, count, &told));
    for (int i = 0; i < 3; i++)
        assert_true(gonet__context_watch(&w[i], ctx, count, &told));
    gonet__context_unwatch(&w[1]);
    gonet__context_unwatch(&w[1]);
    gonet_context_cancel(root);
    assert_int_equal(told, 2);
    gonet__context_unwatch(&w[0]);
    gonet__context_unwatch(&w[2]);
    assert_false(gonet__context_watch(&w[0], ctx, count, &told));
    gonet__context_unwatch(&w[0]);
    gonet__context_unwatch(&background);
    assert_int_equal(told, 2);
    gonet_context_free(ctx);
    gonet_context_free(root);
}

/* A watch that comes too late ends the wait that it was for, also one that is being claimed. */
static void watch_too_late(void *arg, int i)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    gonet__context_watch_t watch;
    gonet__wait_t wait;

    (void)arg;
    gonet_context_cancel(ctx);
    gonet__wait_init(&wait);
    if (i % 2 == 0) {
        CHECK(!gonet__context_watch(&watch, ctx, gonet__context_claim, &wait));
        CHECK(!gonet__wait_claim(&wait));
    } else {
        CHECK(gonet__wait_claim(&wait));
        gonet__wait_wake(&wait);
        CHECK(!gonet__context_watch(&watch, ctx, gonet__context_claim, &wait));
    }
    gonet__context_unwatch(&watch);
    gonet_context_free(ctx);
    for (int k = 0; k < 10; k++)
        gonet_yield();
}

static void test_watch_too_late(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++)
        crew_run(kind, 8, watch_too_late, NULL);
}

/* Watches that come and go while others derive, cancel and free. */
typedef struct {
    _Atomic(gonet_context_t *) slot;
    atomic_bool over;
} storm_t;

typedef struct {
    gonet__wait_t wait;
    bool waits;
    atomic_int *told;
} told_t;

static void tell(void *arg)
{
    told_t *t = arg;

    atomic_fetch_add(t->told, 1);
    if (t->waits)
        gonet__context_claim(&t->wait);
}

static void storm(void *arg, int i)
{
    storm_t *s = arg;

    for (int k = 0; i == 0 && k < 2000; k++) {
        gonet_context_t *ctx = gonet_context_with_timeout(NULL, GONET_HOUR);

        /* One owner for the others, one here: whoever finds the slot full takes the first away. */
        gonet_context_free(atomic_exchange(&s->slot, gonet_context_ref(ctx)));
        if (k % 16 == 0)
            gonet_yield();
        if (k % 2 == 0)
            gonet_context_cancel(ctx);
        gonet_context_free(ctx);
    }
    if (i == 0)
        atomic_store(&s->over, true);
    while (i > 0 && !atomic_load(&s->over)) {
        gonet_context_t *parent = atomic_exchange(&s->slot, NULL), *child, *watched;
        gonet__context_watch_t watch;
        atomic_int told = 0;
        told_t t = {.waits = i % 3 == 0, .told = &told};

        if (parent == NULL) {
            gonet_yield();
            continue;
        }
        child = gonet_context_with_cancel(parent);
        watched = i % 2 == 0 ? child : parent;
        gonet__wait_init(&t.wait);
        if (gonet__context_watch(&watch, watched, tell, &t)) {
            if (t.waits) {
                gonet_context_cancel(parent);
                gonet_context_free(parent);
                parent = NULL;
                gonet__wait_state_t how =
                    gonet__wait_for(&t.wait, gonet_after(GONET_HOUR).ns, 0, "context");
                CHECK(how == GONET__WAIT_CLAIMED && t.wait.value == GONET__CONTEXT_CANCELED);
            }
            gonet__context_unwatch(&watch);
            int final = atomic_load(&told);
            memset(&watch, 0xff, sizeof(watch));
            gonet_context_free(parent);
            CHECK(final <= 1 && atomic_load(&told) == final);
        } else {
            CHECK(gonet_context_err(watched) == gonet_err_canceled);
            gonet_context_free(parent);
        }
        gonet_context_free(child);
    }
}

static void test_storm(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        storm_t s = {.over = false};

        crew_run(kind, 8, storm, &s);
        gonet_context_free(atomic_load(&s.slot));
    }
}

/* unwatch waits for the callback that is running. */
typedef struct {
    gonet_context_t *ctx;
    gonet__context_watch_t watch;
    atomic_bool entered, unwatching, leave, left, unwatched;
} slow_t;

static void slow(void *arg)
{
    slow_t *s = arg;

    atomic_store(&s->entered, true);
    AWAIT(atomic_load(&s->leave));
    CHECK(!atomic_load(&s->unwatched));
    atomic_store(&s->left, true);
}

static void cancel_and_unwatch(void *arg, int i)
{
    slow_t *s = arg;

    if (i == 0) {
        gonet_context_cancel(s->ctx);
        return;
    }
    AWAIT(atomic_load(&s->entered));
    if (i == 1) {
        atomic_store(&s->unwatching, true);
        gonet__context_unwatch(&s->watch);
        CHECK(atomic_load(&s->left));
        atomic_store(&s->unwatched, true);
        return;
    }
    AWAIT(atomic_load(&s->unwatching));
    for (int k = 0; k < 1000; k++) /* a chance for it to be too early */
        gonet_yield();
    atomic_store(&s->leave, true);
}

static void test_unwatch_waits(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= TASKS; kind++) {
        slow_t s = {.ctx = gonet_context_with_cancel(NULL)};

        assert_true(gonet__context_watch(&s.watch, s.ctx, slow, &s));
        crew_run(kind, 3, cancel_and_unwatch, &s);
        gonet_context_free(s.ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(test_background),
        CREW_TEST(test_cancel_runs_down_the_tree),
        CREW_TEST(test_last_free_cancels),
        CREW_TEST(test_deadlines),
        CREW_TEST(test_recv_returns_at_the_deadline),
        CREW_TEST(test_cancel_wakes),
        CREW_TEST(test_done_channel),
        CREW_TEST(test_values),
        CREW_TEST(test_deep),
        CREW_TEST(test_without_memory),
        CREW_TEST(test_watch),
        CREW_TEST(test_watch_too_late),
        CREW_TEST(test_storm),
        CREW_TEST(test_unwatch_waits),
    };

    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
