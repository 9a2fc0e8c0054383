/*
 * The context switch by itself: a new context gets its argument and a stack that is aligned, values
 * survive in both directions, and contexts can switch among each other in any order.
 *
 * Built with -DGONET_SWITCH=ucontext the same tests check the portable switch.
 */
#include "runtime/switch/switch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/switch/annotate.h"
#include "support/check.h"

enum { SIZE = 64 << 10, N = 8 };

typedef struct {
    gonet__context_t context;
    gonet__annotation_t tool;
    char *low, *high;
    int number, rounds;
    bool aligned;
    double sum;
} side_t;

static gonet__context_t back;
static gonet__annotation_t back_tool;
static gonet__annotation_t *left;
static side_t side[N];

/* Leaves the calling context for another one, as the scheduler does. */
static void go(gonet__context_t *from, gonet__annotation_t *from_tool, gonet__context_t *to,
               gonet__annotation_t *to_tool)
{
    left = from_tool;
    gonet__annotate_leave(from_tool, to_tool, 0);
    gonet__switch(from, to);
    gonet__annotate_enter(from_tool, left);
}

static void entry(void *arg)
{
    side_t *s = arg;
    volatile long double aligned = 0; /* the compiler puts it on a multiple of 16 */

    gonet__annotate_enter(&s->tool, left);
    s->aligned = (uintptr_t)&aligned % 16 == 0;
    for (int i = 0;; i++) {
        double before = s->sum, x = i * 1.5;
        s->sum += x;
        s->rounds++;
        if (i % 3 == 2)
            go(&s->context, &s->tool, &back, &back_tool);
        else
            go(&s->context, &s->tool, &side[(s->number + 1) % N].context,
               &side[(s->number + 1) % N].tool);
        if (s->sum != before + x)
            s->aligned = false;
    }
}

static void contexts_take_turns(void **state)
{
    int sum = 0;

    (void)state;
    gonet__annotate_worker(&back_tool);
    for (int i = 0; i < N; i++) {
        side_t *s = &side[i];
        memset(s, 0, sizeof(*s));
        s->low = aligned_alloc(4096, SIZE);
        assert_non_null(s->low);
        s->high = s->low + SIZE - 64;
        s->number = i;
        gonet__annotate_task(&s->tool, s->low, s->high);
        gonet__switch_make(&s->context, s->low, s->high, entry, s);
    }
    for (int i = 0; i < 30000; i++)
        go(&back, &back_tool, &side[i * 5 % N].context, &side[i * 5 % N].tool);
    for (int i = 0; i < N; i++) {
        assert_true(side[i].aligned);
        assert_true(side[i].rounds > 0);
        sum += side[i].rounds;
        gonet__annotate_gone(&side[i].tool);
        free(side[i].low);
    }
    assert_true(sum >= 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(contexts_take_turns)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
