/*
 * The timer heap against a plain array: whatever is armed, moved and removed, the entries come out
 * in the order of their times, and none is lost.
 */
#include "runtime/time/timer.h"

#include <stdlib.h>

#include "support/check.h"

enum { ENTRIES = 200, STEPS = 200000 };

static gonet__timer_t entry[ENTRIES];
static int64_t model[ENTRIES]; /* 0: not armed */

static uint32_t next_random(void)
{
    static uint64_t x = 88172645463325252u;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (uint32_t)(x >> 16);
}

static int64_t earliest(void)
{
    int64_t min = 0;

    for (int i = 0; i < ENTRIES; i++) {
        if (model[i] != 0 && (min == 0 || model[i] < min))
            min = model[i];
    }
    return min;
}

static gonet__timer_t *fired;
static int64_t again; /* when it is to fire again; 0: not */

static int64_t fire(gonet__timer_t *t, int64_t now, gonet__fired_t *f)
{
    (void)now;
    (void)f;
    assert_int_equal(t->time, 0);
    fired = t;
    return again;
}

static void arm(gonet__timer_heap_t *heap, int i, int64_t time)
{
    entry[i].fire = fire;
    gonet__timer_arm(heap, &entry[i], time);
    if (model[i] == 0 || time < model[i])
        model[i] = time;
    assert_int_equal(entry[i].time, model[i]);
}

static gonet__timer_t *fire_first(gonet__timer_heap_t *heap, int64_t now)
{
    fired = NULL;
    bool any = gonet__timer_fire(heap, now, NULL);

    assert_int_equal(any, fired != NULL);
    return fired;
}

static void pop(gonet__timer_heap_t *heap, int64_t now)
{
    int64_t min = earliest();
    gonet__timer_t *t = fire_first(heap, now);

    if (min == 0 || min > now) {
        assert_null(t);
        return;
    }
    assert_non_null(t);
    assert_int_equal(t->time, 0);
    assert_int_equal(model[t - entry], min);
    model[t - entry] = 0;
}

static void random_operations_match_model(void **state)
{
    gonet__timer_heap_t heap = {.root = NULL};

    (void)state;
    for (int step = 0; step < STEPS; step++) {
        int i = (int)(next_random() % ENTRIES);
        int64_t time = 1 + next_random() % 1000;

        switch (next_random() % 4) {
        case 0:
        case 1:
            arm(&heap, i, time);
            break;
        case 2:
            gonet__timer_remove(&entry[i]);
            model[i] = 0;
            break;
        case 3:
            pop(&heap, time);
            break;
        }
        assert_int_equal(gonet__timer_next(&heap), earliest());
    }
    while (earliest() != 0)
        pop(&heap, INT64_MAX);
    assert_null(fire_first(&heap, INT64_MAX));
}

static void later_time_does_not_move_an_entry(void **state)
{
    gonet__timer_heap_t heap = {.root = NULL};
    gonet__timer_t t = {.fire = fire};

    (void)state;
    gonet__timer_arm(&heap, &t, 100);
    gonet__timer_arm(&heap, &t, 200);
    assert_int_equal(gonet__timer_next(&heap), 100);
    assert_null(fire_first(&heap, 99));
    assert_ptr_equal(fire_first(&heap, 100), &t);
    gonet__timer_remove(&t); /* harmless */
    assert_int_equal(gonet__timer_next(&heap), 0);
}

static void entry_may_fire_again(void **state)
{
    gonet__timer_heap_t heap = {.root = NULL};
    gonet__timer_t t = {.fire = fire};

    (void)state;
    gonet__timer_arm(&heap, &t, 100);
    again = 150;
    assert_ptr_equal(fire_first(&heap, 120), &t);
    again = 0;
    assert_null(fire_first(&heap, 149));
    assert_ptr_equal(fire_first(&heap, 150), &t);
    assert_int_equal(gonet__timer_next(&heap), 0);
}

/* An entry of another heap stays there, unless it would come too late. */
static void entry_changes_its_heap(void **state)
{
    gonet__timer_heap_t one = {.root = NULL}, other = {.root = NULL}, none = {.root = NULL};
    gonet__timer_t t = {.fire = fire};

    (void)state;
    gonet__timer_arm(&one, &t, 100);
    gonet__timer_arm(&other, &t, 100);
    assert_int_equal(gonet__timer_next(&other), 0);
    gonet__timer_arm(&other, &t, 99);
    assert_int_equal(gonet__timer_next(&one), 0);
    assert_int_equal(gonet__timer_next(&other), 99);
    gonet__timer_hand_over(&other, &none);
    assert_int_equal(gonet__timer_next(&other), 0);
    assert_int_equal(gonet__timer_next(&none), 99);
    gonet__timer_hand_over(&none, NULL);
    assert_int_equal(gonet__timer_next(&none), 0);
    assert_int_equal(t.time, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entry_may_fire_again),
        cmocka_unit_test(entry_changes_its_heap),
        cmocka_unit_test(random_operations_match_model),
        cmocka_unit_test(later_time_does_not_move_an_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
