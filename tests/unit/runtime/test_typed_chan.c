/*
 * Channels with types of their own, and channels that own what is stored in them. What must not
 * compile is in checks/typed_chan.sh.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet/chan.h"
#include "gonet/task.h"
#include "support/actor.h"
#include "support/leak.h"

struct job {
    int64_t number;
    char words[20];
};

GONET_DEFINE_CHAN(job_chan, struct job);
GONET_DEFINE_CHAN(byte_chan, unsigned char);
GONET_DEFINE_CHAN(text_chan, const char *);
GONET_DEFINE_SIGNAL_CHAN(signal_chan);

static atomic_int released; /* all that were */
static char order[64];      /* their letters, the first first */

static void release(char *letter)
{
    size_t n = (size_t)atomic_fetch_add(&released, 1);

    if (n < sizeof(order) - 1)
        order[n] = *letter;
    free(letter);
}

GONET_DEFINE_OWNING_CHAN(letter_chan, char *, release);

static char *letter(char c)
{
    char *p = malloc(1);

    if (p == NULL)
        abort();
    *p = c;
    return p;
}

static void forget_released(void)
{
    atomic_store(&released, 0);
    memset(order, 0, sizeof(order));
}

static bool send_letter(letter_chan_t *ch, char c)
{
    char *p = letter(c);

    if (letter_chan_send(ch, &p))
        return true;
    free(p);
    return false;
}

/* ---- the calls are the untyped ones ---- */

static void elements_arrive(void *arg)
{
    GONET_AUTO(job_chan_t) ch = job_chan_new(2);
    struct job j = {.number = 7, .words = "seven"}, got;

    (void)arg;
    REQUIRE(ch != NULL);
    CHECK_INT(job_chan_cap(ch), 2);
    CHECK(job_chan_send(ch, &j));
    j.number = 8;
    CHECK_INT(job_chan_try_send(ch, &j), GONET_CHAN_OK);
    CHECK_INT(job_chan_try_send(ch, &j), GONET_CHAN_WOULD_BLOCK);
    CHECK_INT(job_chan_len(ch), 2);
    CHECK(job_chan_recv(ch, &got) && got.number == 7 && strcmp(got.words, "seven") == 0);
    CHECK(job_chan_recv(ch, NULL));
    CHECK_INT(job_chan_try_recv(ch, &got), GONET_CHAN_WOULD_BLOCK);
    CHECK(job_chan_close(ch) && !job_chan_close(ch));
    CHECK(!job_chan_send(ch, &j) && errno == EPIPE);
    CHECK(!job_chan_recv(ch, &got) && got.number == 0);
    CHECK(!gonet_chan_recv(job_chan_as_chan(ch), NULL));
}

static void small_and_pointers(void *arg)
{
    GONET_AUTO(byte_chan_t) bytes = byte_chan_new(3);
    GONET_AUTO(text_chan_t) texts = text_chan_new(1);
    unsigned char b[4] = {1, 2, 3, 0xee}, got[2] = {0, 0xee};
    const char *t = "text", *same = NULL;

    (void)arg;
    REQUIRE(bytes != NULL && texts != NULL);
    for (int i = 0; i < 3; i++)
        CHECK(byte_chan_send(bytes, &b[i]));
    for (int i = 0; i < 3; i++)
        CHECK(byte_chan_recv(bytes, &got[0]) && got[0] == b[i] && got[1] == 0xee);
    CHECK(text_chan_send(texts, &t) && text_chan_recv(texts, &same) && same == t);
}

static void send_signals(void *arg)
{
    signal_chan_t *ch = arg;

    for (int i = 0; i < 100; i++)
        CHECK(signal_chan_send(ch));
    CHECK(signal_chan_close(ch));
    signal_chan_free(ch);
}

static void signals_need_no_element(void *arg)
{
    GONET_AUTO(signal_chan_t) ch = signal_chan_new(0);
    GONET_AUTO(signal_chan_t) full = signal_chan_new(1);
    gonet_select_case_t one[1];
    actor_t actor;
    int n = 0;

    (void)arg;
    REQUIRE(ch != NULL && full != NULL);
    actor_start(&actor, BY_TASK, send_signals, signal_chan_ref(ch));
    while (signal_chan_recv(ch))
        n++;
    CHECK_INT(n, 100);
    actor_join(&actor);
    CHECK_INT(signal_chan_try_send(full), GONET_CHAN_OK);
    CHECK_INT(signal_chan_try_send(full), GONET_CHAN_WOULD_BLOCK);
    one[0] = signal_chan_send_case(full); /* a send, though it has nothing to send */
    CHECK_INT(gonet_select(one, 1, (gonet_time_t){1}), -1);
    CHECK_INT(signal_chan_try_recv(full), GONET_CHAN_OK);
    CHECK_INT(gonet_select(one, 1, gonet_no_deadline), 0);
    CHECK(one[0].ok);
    one[0] = signal_chan_recv_case(full);
    CHECK_INT(gonet_select(one, 1, gonet_no_deadline), 0);
    one[0] = signal_chan_send_case(NULL); /* a nil channel is never ready */
    CHECK_INT(gonet_select(one, 1, (gonet_time_t){1}), -1);
}

static void cases_are_typed(void *arg)
{
    GONET_AUTO(job_chan_t) jobs = job_chan_new(1);
    GONET_AUTO(text_chan_t) texts = text_chan_new(1);
    struct job in = {.number = 5}, out = {.number = 0};
    const char *t = NULL;
    gonet_select_case_t cases[] = {job_chan_send_case(jobs, &in), text_chan_recv_case(texts, &t)};

    (void)arg;
    REQUIRE(jobs != NULL && texts != NULL);
    CHECK_INT(gonet_select(cases, 2, gonet_no_deadline), 0);
    cases[0] = job_chan_recv_case(jobs, &out);
    CHECK_INT(gonet_select(cases, 2, gonet_no_deadline), 0);
    CHECK_INT(out.number, 5);
}

/* ---- what is left ---- */

static void what_is_left_is_released(void *arg)
{
    letter_chan_t *ch = letter_chan_new(4), *same;
    char *got = NULL;

    (void)arg;
    forget_released();
    REQUIRE(ch != NULL);
    for (char c = 'a'; c <= 'd'; c++)
        CHECK(send_letter(ch, c));
    CHECK(letter_chan_recv(ch, &got) && *got == 'a'); /* is ours now */
    CHECK(send_letter(ch, 'e'));                      /* around the end of the ring */
    CHECK(letter_chan_recv(ch, NULL));                /* drops b */
    CHECK_TEXT(order, "b");
    CHECK(letter_chan_close(ch));
    CHECK(!send_letter(ch, 'x'));
    same = letter_chan_ref(ch);
    letter_chan_free(ch);
    CHECK_TEXT(order, "b"); /* an owner is left */
    letter_chan_free(same);
    CHECK_TEXT(order, "bcde");
    free(got);
    letter_chan_free(NULL);
}

static void nothing_is_released_twice(void *arg)
{
    GONET_AUTO(letter_chan_t) ch = letter_chan_new(2);
    char *got = NULL;

    (void)arg;
    forget_released();
    REQUIRE(ch != NULL);
    CHECK(send_letter(ch, 'a') && send_letter(ch, 'b'));
    CHECK_INT(letter_chan_try_recv(ch, &got), GONET_CHAN_OK);
    free(got);
    CHECK_INT(letter_chan_try_recv(ch, NULL), GONET_CHAN_OK);
    CHECK_TEXT(order, "b");
    CHECK_INT(letter_chan_try_recv(ch, NULL), GONET_CHAN_WOULD_BLOCK);
    CHECK(letter_chan_close(ch));
    CHECK(!letter_chan_recv(ch, NULL));
    CHECK_INT(letter_chan_try_recv(ch, NULL), GONET_CHAN_CLOSED);
    CHECK_INT(atomic_load(&released), 1);
}

typedef struct {
    long double wide; /* wants the strictest alignment */
    int n;
} wide_t;

static int misplaced;
static int wide_sum;

static void see_wide(void *elem)
{
    wide_t *w = elem;

    misplaced += (uintptr_t)elem % _Alignof(wide_t) != 0;
    wide_sum += w->n;
}

static void untyped_elements_are_aligned(void *arg)
{
    gonet_chan_t *ch = gonet_chan_new_owning(sizeof(wide_t), 3, see_wide);
    gonet_chan_t *none = gonet_chan_new_owning(sizeof(wide_t), 1, NULL);
    wide_t w = {.wide = 1, .n = 1};

    (void)arg;
    misplaced = wide_sum = 0;
    REQUIRE(ch != NULL && none != NULL);
    for (; w.n < 4; w.n++)
        CHECK(gonet_chan_send(ch, &w));
    CHECK(gonet_chan_send(none, &w));
    gonet_chan_free(none);
    gonet_chan_free(ch);
    CHECK_INT(misplaced, 0);
    CHECK_INT(wide_sum, 6);
}

/* The last owner goes while others wait in a select that comes back to the channel: who leaves last
 * releases. */
typedef struct {
    letter_chan_t *ch, *full;
    gonet_chan_t *never;
    atomic_int waiting, over;
} last_t;

static void wait_in_select(void *arg)
{
    last_t *l = arg;
    char *x = letter('x');
    gonet_select_case_t cases[] = {letter_chan_send_case(l->full, &x),
                                   {.ch = l->never, .recv = NULL}};
    int i;

    atomic_fetch_add(&l->waiting, 1);
    i = gonet_select(cases, 2, gonet_no_deadline);
    CHECK(i == 0 && !cases[0].ok); /* closed */
    free(x);
    atomic_fetch_add(&l->over, 1);
}

static void the_last_to_leave_releases(void *arg)
{
    last_t l = {.full = letter_chan_new(1), .never = gonet_chan_new(0, 0)};
    actor_t actor[3];

    (void)arg;
    forget_released();
    REQUIRE(l.full != NULL && l.never != NULL && send_letter(l.full, 'f'));
    for (int i = 0; i < 3; i++)
        actor_start(&actor[i], i < 2 ? BY_TASK : BY_THREAD, wait_in_select, &l);
    AWAIT(atomic_load(&l.waiting) == 3);
    letter_chan_free(l.full);
    for (int i = 0; i < 3; i++)
        actor_join(&actor[i]);
    CHECK_TEXT(order, "f");
    gonet_chan_free(l.never);
}

/* A function that parks: the channel is gone for everybody else by then. */
static void park_and_release(char *p)
{
    gonet_yield();
    gonet_sleep(GONET_MILLISECOND);
    release(p);
}

GONET_DEFINE_OWNING_CHAN(slow_chan, char *, park_and_release);

static void releasing_may_park(void *arg)
{
    slow_chan_t *ch = slow_chan_new(3);

    (void)arg;
    forget_released();
    REQUIRE(ch != NULL);
    for (char c = 'a'; c <= 'c'; c++) {
        char *p = letter(c);
        CHECK(slow_chan_send(ch, &p));
    }
    slow_chan_free(ch);
    CHECK_TEXT(order, "abc");
}

static void without_memory(void **state)
{
    (void)state;
    gonet__alloc_fail_at(1, 0);
    assert_null(letter_chan_new(1));
    assert_int_equal(errno, ENOMEM);
    gonet__alloc_fail_at(0, 0);
    assert_null(gonet_chan_new_owning(SIZE_MAX / 2, 3, see_wide));
    assert_null(gonet_chan_new_owning(SIZE_MAX - 8, 1, see_wide));
}

#define BOTH(body)                           \
    static void body##_tested(void **state)  \
    {                                        \
        (void)state;                         \
        actor_run_test(TASKS, body, NULL);   \
        actor_run_test(THREADS, body, NULL); \
    }
BOTH(elements_arrive)
BOTH(small_and_pointers)
BOTH(signals_need_no_element)
BOTH(cases_are_typed)
BOTH(what_is_left_is_released)
BOTH(nothing_is_released_twice)
BOTH(untyped_elements_are_aligned)
BOTH(the_last_to_leave_releases)
BOTH(releasing_may_park)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(elements_arrive_tested),
        LEAK_TEST(small_and_pointers_tested),
        LEAK_TEST(signals_need_no_element_tested),
        LEAK_TEST(cases_are_typed_tested),
        LEAK_TEST(what_is_left_is_released_tested),
        LEAK_TEST(nothing_is_released_twice_tested),
        LEAK_TEST(untyped_elements_are_aligned_tested),
        LEAK_TEST(the_last_to_leave_releases_tested),
        LEAK_TEST(releasing_may_park_tested),
        LEAK_TEST(without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
