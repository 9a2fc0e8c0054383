/* Groups of tasks, and tasks with a result. */
#include "crew.h"

#include <errno.h>

#include "gonet/chan.h"
#include "gonet/group.h"

typedef struct {
    gonet_group_t g;
    gonet_context_t *ctx;
    atomic_int begun, ended, most;
    atomic_bool go;
} shared_t;

static int succeed(void *arg, gonet_error_t **err)
{
    shared_t *s = arg;
    int n = atomic_fetch_add(&s->begun, 1) + 1 - atomic_load(&s->ended);

    CHECK(err != NULL && *err == NULL);
    if (n > atomic_load(&s->most))
        atomic_store(&s->most, n);
    gonet_yield();
    gonet_yield();
    atomic_fetch_add(&s->ended, 1);
    return 0;
}

static void test_zero_waits_for_all(void **state)
{
    shared_t s = {.ctx = NULL};
    gonet_error_t *err = gonet_error_new("from before");

    (void)state;
    assert_int_equal(gonet_group_wait(&s.g, &err), 0); /* nothing to wait for */
    assert_null(err);
    for (int i = 0; i < 500; i++)
        assert_int_equal(gonet_group_go(&s.g, succeed, &s), 0);
    assert_int_equal(gonet_group_wait(&s.g, &err), 0);
    assert_null(err);
    assert_int_equal(atomic_load(&s.ended), 500);
}

static int fail_first(void *arg, gonet_error_t **err)
{
    (void)arg;
    gonet_error_set(err, gonet_error_new("the first"));
    return -1;
}

/* Waits until the group's context ends, which somebody else's failure does. */
static int fail_later(void *arg, gonet_error_t **err)
{
    shared_t *s = arg;
    gonet_select_case_t done = {.ch = gonet_context_done(s->ctx)};

    atomic_fetch_add(&s->begun, 1);
    CHECK(gonet_select(&done, 1, gonet_no_deadline) == 0);
    gonet_error_set(err, gonet_context_err(s->ctx));
    atomic_fetch_add(&s->ended, 1);
    return -1;
}

static void test_first_error_wins_and_cancels(void **state)
{
    shared_t s = {.ctx = NULL};
    gonet_context_t *parent = gonet_context_with_cancel(NULL);
    gonet_error_t *err = NULL;

    (void)state;
    for (int round = 0; round < 2; round++) { /* after a wait the group is as new */
        s.ctx = gonet_group_with_context(&s.g, parent);
        atomic_store(&s.begun, 0);
        atomic_store(&s.ended, 0);
        for (int i = 0; i < 20; i++)
            assert_int_equal(gonet_group_go(&s.g, fail_later, &s), 0);
        AWAIT(atomic_load(&s.begun) == 20);
        assert_null(gonet_context_err(s.ctx));
        assert_int_equal(gonet_group_go(&s.g, fail_first, &s), 0);
        assert_int_equal(gonet_group_wait(&s.g, &err), -1);
        assert_string_equal(gonet_error_string(err), "the first");
        assert_int_equal(atomic_load(&s.ended), 20);
        assert_ptr_equal(gonet_context_err(s.ctx), gonet_err_canceled);
        assert_null(gonet_context_err(parent));
        gonet_context_free(s.ctx);
    }
    gonet_error_free(err);
    gonet_context_free(parent);
}

static void test_wait_cancels(void **state)
{
    shared_t s = {.ctx = NULL};

    (void)state;
    s.ctx = gonet_group_with_context(&s.g, NULL);
    assert_int_equal(gonet_group_go(&s.g, succeed, &s), 0);
    assert_null(gonet_context_err(s.ctx));
    assert_int_equal(gonet_group_wait(&s.g, NULL), 0);
    assert_ptr_equal(gonet_context_err(s.ctx), gonet_err_canceled);
    gonet_context_free(s.ctx);
}

static int fail_silently(void *arg, gonet_error_t **err)
{
    (void)arg;
    (void)err;
    return -1;
}

static void test_failure_without_error(void **state)
{
    gonet_group_t g = {.private_ctx = NULL};
    gonet_error_t *err = NULL;

    (void)state;
    assert_int_equal(gonet_group_go(&g, fail_silently, NULL), 0);
    assert_int_equal(gonet_group_wait(&g, &err), -1);
    assert_string_equal(gonet_error_string(err),
                        "group: the task's function failed without an error");
    gonet_error_free(err);
}

static int wait_to_go(void *arg, gonet_error_t **err)
{
    shared_t *s = arg;

    (void)err;
    atomic_fetch_add(&s->begun, 1);
    AWAIT(atomic_load(&s->go));
    atomic_fetch_add(&s->ended, 1);
    return 0;
}

static void add_many(void *arg, int i)
{
    shared_t *s = arg;

    (void)i;
    for (int k = 0; k < 50; k++)
        CHECK(gonet_group_go(&s->g, succeed, s) == 0);
}

static void test_limit(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        shared_t s = {.ctx = NULL};

        gonet_group_set_limit(&s.g, 3);
        crew_run(kind, 4, add_many, &s);
        assert_int_equal(gonet_group_wait(&s.g, NULL), 0);
        assert_int_equal(atomic_load(&s.ended), 200);
        assert_in_range(atomic_load(&s.most), 1, 3);
        for (int i = 0; i < 3; i++)
            assert_int_equal(gonet_group_try_go(&s.g, wait_to_go, &s), 1);
        assert_int_equal(gonet_group_try_go(&s.g, wait_to_go, &s), 0);
        atomic_store(&s.go, true);
        assert_int_equal(gonet_group_wait(&s.g, NULL), 0);
        assert_int_equal(atomic_load(&s.ended), 203);
        gonet_group_set_limit(&s.g, 0);
        assert_int_equal(gonet_group_try_go(&s.g, wait_to_go, &s), 0);
        gonet_group_set_limit(&s.g, -1);
        assert_int_equal(gonet_group_try_go(&s.g, wait_to_go, &s), 1);
        assert_int_equal(gonet_group_wait(&s.g, NULL), 0);
    }
}

static void *until_go(void *arg)
{
    AWAIT(atomic_load((atomic_bool *)arg));
    return NULL;
}

static int park_till_go(void *arg, gonet_error_t **err)
{
    (void)err;
    (void)gonet_blocking(until_go, arg);
    return 0;
}

static void change_limit(void)
{
    static gonet_group_t g;
    static atomic_bool go;

    gonet_group_set_limit(&g, 2);
    if (gonet_group_go(&g, park_till_go, &go) == 0)
        gonet_group_set_limit(&g, 3);
}

static void test_limit_of_active_group(void **state)
{
    (void)state;
    crew_dies(change_limit, "panic: errgroup: modify limit while");
}

static void test_without_memory(void **state)
{
    shared_t s = {.ctx = NULL};
    gonet_error_t *err = NULL;
    int status = -1, failures = 0;

    (void)state;
    s.ctx = gonet_group_with_context(&s.g, NULL);
    gonet_group_set_limit(&s.g, 5);
    for (int n = 1; status != 0 && n < 100; n++) {
        gonet__alloc_fail_at(n, 0);
        errno = 0;
        status = gonet_group_go(&s.g, succeed, &s);
        bool failed = gonet__alloc_failed() > 0;
        gonet__alloc_fail_at(0, 0);
        if (status != 0) {
            failures++;
            assert_true(failed);
            assert_int_equal(errno, ENOMEM);
        }
    }
    assert_int_equal(status, 0);
    assert_true(failures > 0);
    assert_ptr_equal(gonet_context_err(s.ctx), gonet_err_canceled); /* it has failed, in part */
    assert_int_equal(gonet_group_wait(&s.g, &err), -1);
    assert_ptr_equal(err, gonet_err_no_memory);
    assert_int_equal(atomic_load(&s.ended), 1);
    assert_int_equal(s.g.private_limit.private_taken, 0);
    assert_int_equal(gonet_group_go(&s.g, NULL, NULL), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(gonet_group_wait(&s.g, &err), -1);
    gonet_error_free(err);
    gonet_context_free(s.ctx);
}

static void wait_for_room(void *arg, int i)
{
    shared_t *s = arg;

    (void)i;
    atomic_fetch_add(&s->begun, 1);
    CHECK(gonet_group_go(&s->g, wait_to_go, s) == -1 && errno == ECANCELED);
    CHECK(gonet_group_try_go(&s->g, wait_to_go, s) == 0);
    atomic_store(&s->go, true);
}

static void test_shutdown_ends_the_wait_for_room(void **state)
{
    shared_t s = {.ctx = NULL};
    crew_t *crew = calloc(1, sizeof(*crew));
    gonet_error_t *err = NULL;

    (void)state;
    gonet_group_set_limit(&s.g, 1);
    assert_int_equal(gonet_group_go(&s.g, wait_to_go, &s), 0);
    crew_start(crew, TASKS, 1, wait_for_room, &s);
    AWAIT(atomic_load(&s.begun) == 2);
    assert_int_equal(gonet_shutdown(-1), 0);
    crew_wait(crew);
    free(crew);
    assert_int_equal(gonet_group_wait(&s.g, &err), -1);
    assert_ptr_equal(err, gonet_err_closed);
    gonet_error_free(err);
}

/* ---- tasks with a result ---- */

static void *next(void *arg)
{
    gonet_yield();
    return (char *)arg + 1;
}

static void ask(void *arg, int i)
{
    char *base = arg;

    for (int k = 0; k < 100; k++) {
        gonet_future_t *f = calloc(1, sizeof(*f));

        CHECK(gonet_future_go(f, next, base + i + k) == 0);
        CHECK(gonet_future_wait(f) == base + i + k + 1);
        CHECK(gonet_future_wait(f) == base + i + k + 1);
        CHECK(gonet_future_go(f, next, base) == 0);
        CHECK(gonet_future_wait(f) == base + 1);
        free(memset(f, 0xff, sizeof(*f)));
    }
}

static void test_future(void **state)
{
    gonet_future_t none = {.private_value = NULL};
    char base[200];

    (void)state;
    assert_null(gonet_future_wait(&none));
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++)
        crew_run(kind, 8, ask, base);
}

typedef struct {
    gonet_future_t f;
    atomic_bool go;
} late_t;

static void *when_told(void *arg)
{
    late_t *l = arg;

    AWAIT(atomic_load(&l->go));
    return l;
}

static void test_future_until(void **state)
{
    late_t l = {.go = false};
    void *value = &l;

    (void)state;
    assert_int_equal(gonet_future_go(&l.f, when_told, &l), 0);
    assert_int_equal(gonet_future_go(&l.f, when_told, &l), -1);
    assert_int_equal(errno, EBUSY);
    assert_false(gonet_future_wait_until(&l.f, gonet_now(), &value));
    assert_int_equal(errno, ETIMEDOUT);
    assert_null(value);
    assert_false(gonet_future_wait_until(&l.f, gonet_after(GONET_MILLISECOND), NULL));
    atomic_store(&l.go, true);
    assert_true(gonet_future_wait_until(&l.f, gonet_no_deadline, &value));
    assert_ptr_equal(value, &l);
    assert_true(gonet_future_wait_until(&l.f, gonet_now(), NULL));
    assert_int_equal(gonet_future_go(&l.f, NULL, NULL), -1);
    assert_int_equal(errno, EINVAL);
}

static void test_future_without_memory(void **state)
{
    gonet_future_t f = {.private_value = NULL};
    char base[2];
    int status = -1;

    (void)state;
    for (int n = 1; status != 0 && n < 100; n++) {
        gonet__alloc_fail_at(n, 0);
        status = gonet_future_go(&f, next, base);
        if (status != 0)
            assert_int_equal(errno, ENOMEM);
        gonet__alloc_fail_at(0, 0);
        if (status != 0)
            assert_null(gonet_future_wait(&f));
    }
    assert_int_equal(status, 0);
    assert_ptr_equal(gonet_future_wait(&f), base + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(test_zero_waits_for_all),
        CREW_TEST(test_limit_of_active_group),
        CREW_TEST(test_first_error_wins_and_cancels),
        CREW_TEST(test_wait_cancels),
        CREW_TEST(test_failure_without_error),
        CREW_TEST(test_limit),
        CREW_TEST(test_without_memory),
        CREW_TEST(test_shutdown_ends_the_wait_for_room),
        CREW_TEST(test_future),
        CREW_TEST(test_future_until),
        CREW_TEST(test_future_without_memory),
    };

    return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
