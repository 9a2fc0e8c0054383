/*
 * Waiting awake: who waits in vain stops trying, and begins anew when words come soon again.
 */
#include "runtime/time/awake.h"

#include "runtime/time/clock.h"
#include "support/check.h"

enum { NEVER = 1 << 30 };

/* Comes at the look with that number. */
typedef struct {
    int at;
    int looks;
} word_t;

static bool come(void *arg)
{
    word_t *w = arg;

    return ++w->looks >= w->at;
}

/* How often it looks for a word that comes at that look; whether it came. */
static int looks(gonet__awake_t *a, int at, bool *came)
{
    word_t w = {.at = at};

    *came = gonet__wait_awake(a, come, &w);
    return w.looks;
}

/* Two words that never come. */
static void miss_twice(gonet__awake_t *a)
{
    bool came;

    for (int i = 0; i < 2; i++) {
        assert_true(looks(a, NEVER, &came) > 1);
        assert_false(came);
    }
}

static void in_vain(void **state)
{
    gonet__awake_t a = {.misses = 0};
    int64_t longest = 0;
    bool came;

    (void)state;
    gonet__awake_choose(2);
    for (int i = 0; i < 12; i++) { /* each time it is quiet for longer, but not for ever */
        int64_t begin = gonet__now();

        miss_twice(&a);
        assert_true(a.patience >= longest && a.patience < GONET_SECOND);
        assert_true(a.quiet > begin + a.patience);
        longest = a.patience;
        a.quiet = INT64_MAX;
        assert_int_equal(looks(&a, NEVER, &came), 1);
        assert_false(came);
        assert_int_equal(looks(&a, 1, &came), 1);
        assert_true(came);
        a.quiet = 0;
    }
}

static void soon(void **state)
{
    gonet__awake_t a = {.misses = 0};
    bool came = false;

    (void)state;
    gonet__awake_choose(2);
    assert_int_equal(looks(&a, 3, &came), 3);
    assert_true(came);
    a.patience = 126 * GONET_MILLISECOND;
    while (a.patience != 0) { /* the thread may lose its processor in the midst of it */
        a.quiet = 0;
        assert_int_equal(looks(&a, 2, &came), 2);
        assert_true(came);
    }
    miss_twice(&a);
    assert_true(a.patience < 10 * GONET_MILLISECOND);
}

/* Nobody could say a word meanwhile. */
static void one_processor(void **state)
{
    gonet__awake_t a = {.misses = 0};
    bool came;

    (void)state;
    gonet__awake_choose(1);
    assert_int_equal(looks(&a, NEVER, &came), 1);
    assert_false(came);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_vain),
        cmocka_unit_test(soon),
        cmocka_unit_test(one_processor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
