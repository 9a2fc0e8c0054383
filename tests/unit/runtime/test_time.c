/*
 * Instants and spans: the wall clock's instants, and what saturates instead of wrapping.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "gonet/time.h"

static void test_wall(void **state)
{
    struct timespec wall;
    gonet_duration_t d;

    (void)state;
    clock_gettime(CLOCK_REALTIME, &wall);
    wall.tv_sec += 3600;
    d = gonet_until(gonet_time_from_wall(&wall));
    assert_true(d > GONET_HOUR - 10 * GONET_MINUTE && d <= GONET_HOUR);
    wall.tv_sec -= 7200;
    d = gonet_since(gonet_time_from_wall(&wall));
    assert_true(d >= GONET_HOUR && d < GONET_HOUR + 10 * GONET_MINUTE);
}

static void test_extremes(void **state)
{
    const struct timespec never = {.tv_sec = INT64_MAX}, ever = {.tv_sec = INT64_MIN};
    const struct timespec epoch = {.tv_sec = 0};

    (void)state;
    assert_true(gonet_until(gonet_time_from_wall(&never)) > INT64_C(100) * 365 * 24 * GONET_HOUR);
    assert_true(gonet_time_from_wall(&ever).ns != 0);
    assert_true(gonet_until(gonet_time_from_wall(&ever)) < 0);
    assert_true(gonet_time_from_wall(&epoch).ns != 0);
    assert_true(gonet_until(gonet_after(INT64_MAX)) > 0);
    assert_true(gonet_until(gonet_after(INT64_MIN)) < 0);
    assert_true(gonet_until((gonet_time_t){INT64_MIN}) < 0);
    assert_true(gonet_since((gonet_time_t){INT64_MIN}) > 0);
    assert_true(gonet_now().ns != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wall),
                                       cmocka_unit_test(test_extremes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
