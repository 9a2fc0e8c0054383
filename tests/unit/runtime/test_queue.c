/*
 * The run queue, from its owner's side and from that of a thief: order, counts, and that what is
 * pinned stays; and both at once.
 */
#include "runtime/sched/queue.h"

#include <pthread.h>
#include <string.h>

#include "support/check.h"

enum { TASKS = 12 };

static gonet__queue_t queue;
static gonet__task_t task[TASKS];
static struct gonet__worker *const somewhere = (struct gonet__worker *)(void *)&queue;

/* A letter a task: capitals are pinned. */
static void fill(const char *letters)
{
    memset(&queue, 0, sizeof(queue));
    gonet__queue_init(&queue);
    gonet__queue_enter(&queue);
    for (size_t i = 0; letters[i] != '\0'; i++) {
        task[i] = (gonet__task_t){.pin = letters[i] < 'a' ? somewhere : NULL, .id = letters[i]};
        gonet__queue_append(&queue, &task[i]);
    }
    gonet__queue_leave(&queue);
}

static const char *letters_of(const gonet__task_t *t)
{
    static char text[TASKS + 1];
    size_t n = 0;

    for (; t != NULL; t = t->next)
        text[n++] = (char)t->id;
    text[n] = '\0';
    return text;
}

/* What is left, and that the end of the list is where it should be. */
static void left(const char *letters, uint32_t movable)
{
    gonet__task_t more = {.id = 'x'};
    const char *all;

    assert_string_equal(letters_of(queue.head), letters);
    assert_int_equal(gonet__queue_count(&queue), strlen(letters));
    assert_int_equal(gonet__queue_movable(&queue), movable);
    gonet__queue_append(&queue, &more);
    all = letters_of(queue.head);
    assert_int_equal(strlen(all), strlen(letters) + 1);
    assert_int_equal(all[strlen(letters)], 'x');
}

static void first_in_first_out(void **state)
{
    (void)state;
    fill("abC");
    assert_ptr_equal(gonet__queue_first(&queue), &task[0]);
    gonet__queue_prepend(&queue, &task[0]);
    assert_string_equal(letters_of(queue.head), "abC");
    assert_int_equal(gonet__queue_movable(&queue), 2);
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(gonet__queue_first(&queue), &task[i]);
    assert_null(gonet__queue_first(&queue));
    assert_int_equal(gonet__queue_count(&queue), 0);
    assert_int_equal(gonet__queue_movable(&queue), 0);
    gonet__queue_prepend(&queue, &task[1]);
    gonet__queue_append(&queue, &task[0]);
    assert_string_equal(letters_of(queue.head), "ba");
}

static void oldest_are_cut_off(void **state)
{
    (void)state;
    fill("abcde");
    assert_string_equal(letters_of(gonet__queue_cut(&queue, 3)), "abc");
    left("de", 2);
    fill("ab");
    assert_string_equal(letters_of(gonet__queue_cut(&queue, 5)), "ab");
    left("", 0);
}

static void pinned_tasks_stay(void **state)
{
    (void)state;
    fill("AbCdEf");
    assert_int_equal(gonet__queue_movable(&queue), 3);
    assert_string_equal(letters_of(gonet__queue_cut(&queue, 2)), "bd");
    left("ACEf", 1);
    fill("aB");
    assert_string_equal(letters_of(gonet__queue_cut(&queue, 1)), "a");
    left("B", 0);
    fill("AB");
    assert_null(gonet__queue_cut(&queue, 2));
    left("AB", 0);
}

/* ---- owner and thief at once ---- */

enum { ROUNDS = 30000, THEFTS = 5000, CARDS = 8 };

static gonet__task_t card[CARDS];
static _Atomic uint32_t thefts;
static _Atomic bool over;

/* Takes one, and sends it back through its own end: nobody may lose or double a card. */
static void *steal(void *arg)
{
    gonet__task_t *t;

    while (!atomic_load(&over)) {
        if (!gonet__queue_seize(&queue))
            continue;
        t = gonet__queue_cut(&queue, 1);
        if (t != NULL) {
            t->id++;
            gonet__queue_append(&queue, t);
            atomic_fetch_add(&thefts, 1);
        }
        gonet__queue_release(&queue);
    }
    return arg;
}

static void none_is_lost_or_doubled(void **state)
{
    pthread_t thief;
    uint64_t sum = 0;
    unsigned n = 0;

    (void)state;
    fill("");
    gonet__queue_choose();
    gonet__queue_own(&queue, true);
    memset(card, 0, sizeof(card));
    for (int i = 0; i < CARDS; i++)
        gonet__queue_append(&queue, &card[i]);
    assert_int_equal(pthread_create(&thief, NULL, steal, NULL), 0);
    for (uint64_t i = 0; (i < ROUNDS || atomic_load(&thefts) < THEFTS) && check_patience(); i++) {
        gonet__task_t *t;

        gonet__queue_enter(&queue);
        t = gonet__queue_first(&queue);
        if (t != NULL)
            gonet__queue_append(&queue, t);
        gonet__queue_leave(&queue);
        assert_non_null(t);
    }
    atomic_store(&over, true);
    pthread_join(thief, NULL);
    assert_int_equal(gonet__queue_count(&queue), CARDS);
    for (gonet__task_t *t = queue.head; t != NULL; t = t->next, n++)
        sum += t->id;
    assert_int_equal(n, CARDS);
    assert_int_equal(sum, atomic_load(&thefts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),
        cmocka_unit_test(oldest_are_cut_off),
        cmocka_unit_test(pinned_tasks_stay),
        cmocka_unit_test(none_is_lost_or_doubled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
