/* Channels: order, hand-over, closing, ownership, between tasks and threads. */
#include "crew.h"

#include <errno.h>

#include "gonet/chan.h"
#include "runtime/sync/chan.h"
#include "runtime/ground/spin.h"

/* waiters says how many wait in a queue of ch. */
static int waiters(gonet_chan_t *ch, gonet__waiter_t **queue)
{
    int n = 0;

    gonet__spin_lock(&ch->lock);
    if (*queue != NULL) {
        gonet__waiter_t *w = *queue;
        do {
            n++;
            w = w->next;
        } while (w != *queue);
    }
    gonet__spin_unlock(&ch->lock);
    return n;
}

static void test_stored(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(sizeof(int), 3);
    int v;

    (void)state;
    assert_int_equal(gonet_chan_cap(ch), 3);
    for (int round = 0; round < 5; round++) {
        for (int k = 0; k < 3; k++) {
            v = round * 10 + k;
            assert_int_equal(gonet_chan_len(ch), k);
            assert_true(gonet_chan_send(ch, &v));
        }
        assert_int_equal(gonet_chan_try_send(ch, &v), GONET_CHAN_WOULD_BLOCK);
        for (int k = 0; k < 3; k++) {
            assert_true(gonet_chan_recv(ch, &v));
            assert_int_equal(v, round * 10 + k);
            /* so that the ring's start moves */
            if (k == 0) {
                v = 99;
                assert_int_equal(gonet_chan_try_send(ch, &v), GONET_CHAN_OK);
            }
        }
        assert_int_equal(gonet_chan_try_recv(ch, NULL), GONET_CHAN_OK);
        v = 7;
        assert_int_equal(gonet_chan_try_recv(ch, &v), GONET_CHAN_WOULD_BLOCK);
        assert_int_equal(v, 0);
    }
    gonet_chan_free(ch);
}

static void test_closed(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(sizeof(int), 2);
    int v = 5;

    (void)state;
    assert_true(gonet_chan_send(ch, &v));
    assert_true(gonet_chan_close(ch));
    assert_false(gonet_chan_close(ch));
    assert_false(gonet_chan_send(ch, &v));
    assert_int_equal(gonet_chan_try_send(ch, &v), GONET_CHAN_CLOSED);
    v = 0;
    assert_true(gonet_chan_recv(ch, &v));
    assert_int_equal(v, 5);
    assert_false(gonet_chan_recv(ch, &v));
    assert_int_equal(v, 0);
    v = 6;
    assert_int_equal(gonet_chan_try_recv(ch, &v), GONET_CHAN_CLOSED);
    assert_int_equal(v, 0);
    assert_false(gonet_chan_recv(ch, NULL));
    gonet_chan_free(ch);
}

static void test_nil(void **state)
{
    int v = 1;

    (void)state;
    assert_int_equal(gonet_chan_try_send(NULL, &v), GONET_CHAN_WOULD_BLOCK);
    assert_int_equal(gonet_chan_try_recv(NULL, &v), GONET_CHAN_WOULD_BLOCK);
    assert_int_equal(gonet_chan_len(NULL), 0);
    assert_int_equal(gonet_chan_cap(NULL), 0);
    assert_false(gonet_chan_close(NULL));
    assert_null(gonet_chan_ref(NULL));
    gonet_chan_free(NULL);
}

static void test_new_without_memory(void **state)
{
    gonet_chan_t *ch;

    (void)state;
    gonet__alloc_fail_at(1, 1);
    errno = 0;
    ch = gonet_chan_new(8, 8);
    gonet__alloc_fail_at(0, 0);
    assert_null(ch);
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(gonet_chan_new(SIZE_MAX / 2, 3));
    assert_int_equal(errno, ENOMEM);
    assert_null(gonet_chan_new(1, SIZE_MAX));
}

typedef struct {
    gonet_chan_t *ch;
    size_t elem_size;
    int count;
    bool expect; /* what send or recv is to return */
    atomic_int done;
} one_sided_t;

static void send_count(void *arg, int i)
{
    one_sided_t *s = arg;

    for (int k = 0; k < s->count; k++) {
        unsigned char elem[64];

        memset(elem, k, sizeof(elem));
        CHECK(gonet_chan_send(s->ch, elem) == s->expect);
    }
    (void)i;
    atomic_fetch_add(&s->done, 1);
}

/* Elements of all sizes come through whole and in order, whoever waits for whom. */
static void test_sizes(void **state)
{
    static const size_t sizes[] = {0, 1, 3, 4, 8, 16, 64};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t cap = 0; cap < 4; cap++) {
            one_sided_t s = {.elem_size = sizes[i], .count = 100, .expect = true};
            unsigned char elem[64], expect[64];
            crew_t crew;

            s.ch = gonet_chan_new(sizes[i], cap);
            crew_start(&crew, i % 2 == 0 ? TASKS : THREADS, 1, send_count, &s);
            for (int k = 0; k < s.count; k++) {
                memset(elem, 0xee, sizeof(elem));
                memset(expect, 0xee, sizeof(expect));
                memset(expect, k, sizes[i]);
                assert_true(gonet_chan_recv(s.ch, elem));
                assert_memory_equal(elem, expect, sizeof(elem));
            }
            crew_wait(&crew);
            gonet_chan_free(s.ch);
        }
    }
}

/* Many send, many receive: everything arrives once, and in order from each sender. */
enum { SENDERS = 8, PER_SENDER = 1500 };

typedef struct {
    gonet_chan_t *ch;
    atomic_int sending;
    atomic_long sum;
    atomic_int received;
} flood_t;

static void flood(void *arg, int i)
{
    flood_t *f = arg;
    int last[SENDERS];
    int v;

    if (i / 2 % 2 == 0) {
        int me = i / 4 * 2 + i % 2;

        for (int k = 0; k < PER_SENDER; k++) {
            v = me * PER_SENDER + k;
            CHECK(gonet_chan_send(f->ch, &v));
        }
        if (atomic_fetch_sub(&f->sending, 1) == 1)
            CHECK(gonet_chan_close(f->ch));
        return;
    }
    memset(last, -1, sizeof(last));
    while (gonet_chan_recv(f->ch, &v)) {
        CHECK(v % PER_SENDER > last[v / PER_SENDER]);
        last[v / PER_SENDER] = v % PER_SENDER;
        atomic_fetch_add(&f->sum, v);
        atomic_fetch_add(&f->received, 1);
    }
}

static void test_flood(void **state)
{
    static const size_t caps[] = {0, 1, 7, 1000};
    long total = (long)SENDERS * PER_SENDER;

    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        for (size_t c = 0; c < sizeof(caps) / sizeof(caps[0]); c++) {
            flood_t f = {.ch = gonet_chan_new(sizeof(int), caps[c]), .sending = SENDERS};

            crew_run(kind, 2 * SENDERS, flood, &f);
            assert_int_equal(atomic_load(&f.received), total);
            assert_int_equal(atomic_load(&f.sum), total * (total - 1) / 2);
            assert_int_equal(f.ch->pins, 0);
            gonet_chan_free(f.ch);
        }
    }
}

static void recv_one(void *arg, int i)
{
    one_sided_t *s = arg;
    int v = 77 + i;

    CHECK(gonet_chan_recv(s->ch, &v) == s->expect);
    CHECK(v == 0);
    atomic_fetch_add(&s->done, 1);
}

static void test_close_wakes_all(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        one_sided_t s = {.ch = gonet_chan_new(sizeof(int), 0), .count = 1};
        crew_t crew;

        crew_start(&crew, kind, 16, recv_one, &s);
        AWAIT(waiters(s.ch, &s.ch->receivers) == 16);
        assert_true(gonet_chan_close(s.ch));
        crew_wait(&crew);
        gonet_chan_free(s.ch);

        s.ch = gonet_chan_new(64, 0);
        crew_start(&crew, kind, 16, send_count, &s);
        AWAIT(waiters(s.ch, &s.ch->senders) == 16);
        assert_true(gonet_chan_close(s.ch));
        crew_wait(&crew);
        gonet_chan_free(s.ch);
    }
}

/* The last owner's free closes; the calls in progress keep the memory for as long as they need it.
 */
static void test_free_wakes_all(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        one_sided_t s = {.ch = gonet_chan_new(sizeof(int), 0)};
        crew_t crew;

        assert_ptr_equal(gonet_chan_ref(s.ch), s.ch);
        crew_start(&crew, kind, 16, recv_one, &s);
        AWAIT(waiters(s.ch, &s.ch->receivers) == 16);
        gonet_chan_free(s.ch);
        assert_int_equal(atomic_load(&s.done), 0);
        gonet_chan_free(s.ch);
        crew_wait(&crew);
        assert_int_equal(atomic_load(&s.done), 16);
    }
}

/* A full channel's first sender is served first. */
static void send_number(void *arg, int i)
{
    one_sided_t *s = arg;

    AWAIT(waiters(s->ch, &s->ch->senders) == i);
    CHECK(gonet_chan_send(s->ch, &i));
}

static void test_first_come_first_served(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 3; cap++) {
        one_sided_t s = {.ch = gonet_chan_new(sizeof(int), cap)};
        crew_t crew;
        int v = -1;

        for (size_t k = 0; k < cap; k++)
            assert_true(gonet_chan_send(s.ch, &v));
        crew_start(&crew, BOTH, 8, send_number, &s);
        AWAIT(waiters(s.ch, &s.ch->senders) == 8);
        for (size_t k = 0; k < cap; k++) {
            assert_true(gonet_chan_recv(s.ch, &v));
            assert_int_equal(v, -1);
        }
        for (int k = 0; k < 8; k++) {
            assert_true(gonet_chan_recv(s.ch, &v));
            assert_int_equal(v, k);
        }
        crew_wait(&crew);
        gonet_chan_free(s.ch);
    }
}

/* A send without capacity ends only when its element was received. */
typedef struct {
    gonet_chan_t *ch;
    atomic_bool receiving, sent;
} meeting_t;

static void meet(void *arg, int i)
{
    meeting_t *m = arg;
    int v = 3;

    if (i == 0) {
        CHECK(gonet_chan_send(m->ch, &v));
        CHECK(atomic_load(&m->receiving));
        atomic_store(&m->sent, true);
        return;
    }
    AWAIT(waiters(m->ch, &m->ch->senders) == 1);
    CHECK(!atomic_load(&m->sent));
    atomic_store(&m->receiving, true);
    CHECK(gonet_chan_try_recv(m->ch, &v) == GONET_CHAN_OK);
    AWAIT(atomic_load(&m->sent));
}

static void test_send_meets_recv(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        meeting_t m = {.ch = gonet_chan_new(sizeof(int), 0)};

        crew_run(kind, 2, meet, &m);
        gonet_chan_free(m.ch);
    }
}

/* A receiver whose wait has ended, but who has not yet taken itself out, gets nothing. */
static void test_expired_gets_nothing(void **state)
{
    one_sided_t s = {.ch = gonet_chan_new(sizeof(int), 0)};
    gonet__chan_waiter_t w = {.elem = NULL};
    gonet__wait_t wait;
    crew_t crew;
    int v = 0;

    (void)state;
    for (int live = 0; live < 2; live++) {
        gonet__wait_init(&wait);
        atomic_store(&wait.state, GONET__WAIT_EXPIRED);
        gonet__chan_enqueue(s.ch, &s.ch->receivers, &w, &wait);
        if (live == 1) {
            crew_start(&crew, BOTH, 1, recv_one, (s.expect = true, &s));
            AWAIT(waiters(s.ch, &s.ch->receivers) == 2);
        }
        assert_int_equal(gonet_chan_try_send(s.ch, &v), live);
        if (live == 1)
            crew_wait(&crew);
        assert_int_equal(s.ch->pins, 1);
        gonet__chan_leave(s.ch, &s.ch->receivers, &w);
    }
    gonet_chan_free(s.ch);
}

static void test_shutdown_ends_waits(void **state)
{
    one_sided_t s = {.ch = gonet_chan_new(sizeof(int), 0)};
    one_sided_t t = {.ch = gonet_chan_new(64, 0), .count = 2};
    crew_t crew, senders;

    (void)state;
    crew_start(&crew, TASKS, 10, recv_one, &s);
    crew_start(&senders, TASKS, 10, send_count, &t);
    AWAIT(waiters(s.ch, &s.ch->receivers) == 10 && waiters(t.ch, &t.ch->senders) == 10);
    assert_int_equal(gonet_shutdown(-1), 0);
    crew_wait(&crew);
    crew_wait(&senders);
    assert_null(s.ch->receivers);
    assert_null(t.ch->senders);
    assert_int_equal(s.ch->pins, 0);
    gonet_chan_free(s.ch);
    gonet_chan_free(t.ch);
}

static void nil_forever(void *arg, int i)
{
    int v = 0;

    CHECK(!(i == 0 ? gonet_chan_send(NULL, &v) : gonet_chan_recv(NULL, &v)));
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void test_nil_waits_for_ever(void **state)
{
    atomic_int done = 0;
    crew_t crew;

    (void)state;
    crew_start(&crew, TASKS, 2, nil_forever, &done);
    AWAIT(gonet_num_task() == 2);
    assert_int_equal(atomic_load(&done), 0);
    assert_int_equal(gonet_shutdown(-1), 0);
    crew_wait(&crew);
    assert_int_equal(atomic_load(&done), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(test_stored),
        CREW_TEST(test_closed),
        CREW_TEST(test_nil),
        CREW_TEST(test_new_without_memory),
        CREW_TEST(test_sizes),
        CREW_TEST(test_flood),
        CREW_TEST(test_close_wakes_all),
        CREW_TEST(test_free_wakes_all),
        CREW_TEST(test_first_come_first_served),
        CREW_TEST(test_send_meets_recv),
        CREW_TEST(test_expired_gets_nothing),
        CREW_TEST(test_shutdown_ends_waits),
        CREW_TEST(test_nil_waits_for_ever),
    };

    return cmocka_run_group_tests_name("chan", tests, NULL, NULL);
}
