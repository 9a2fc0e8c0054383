/* Select: fairness, deadlines, closing, and many selects over the same channels at once. */
#include "crew.h"

#include "gonet/chan.h"
#include "gonet/context.h"
#include "runtime/sync/chan.h"
#include "runtime/ground/spin.h"

static bool queued(gonet_chan_t *ch, gonet__waiter_t **queue)
{
    gonet__spin_lock(&ch->lock);
    bool some = *queue != NULL;
    gonet__spin_unlock(&ch->lock);
    return some;
}

static void test_past_deadline_only_looks(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(sizeof(int), 1);
    int out = 4, in = 0;
    gonet_select_case_t cases[] = {{.ch = ch, .recv = &in}, {.ch = NULL, .recv = &in}};

    (void)state;
    assert_int_equal(gonet_select(cases, 2, gonet_now()), -1);
    assert_int_equal(gonet_select(cases, 2, (gonet_time_t){INT64_MIN}), -1);
    assert_true(gonet_chan_send(ch, &out));
    assert_int_equal(gonet_select(cases, 2, gonet_now()), 0);
    assert_true(cases[0].ok);
    assert_int_equal(in, 4);
    assert_int_equal(gonet_select(cases, 2, gonet_now()), -1);
    assert_false(cases[0].ok);
    cases[0] = (gonet_select_case_t){.ch = ch, .send = &out};
    assert_int_equal(gonet_select(cases, 2, gonet_now()), 0);
    assert_int_equal(gonet_select(cases, 2, gonet_now()), -1);
    assert_int_equal(gonet_chan_len(ch), 1);
    gonet_chan_free(ch);
}

static void test_deadline(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(0, 0);
    gonet_select_case_t cases[] = {{.ch = ch}, {.ch = ch, .send = ""}, {.ch = NULL}};
    gonet_time_t start = gonet_now();

    (void)state;
    assert_int_equal(gonet_select(cases, 3, gonet_after(3 * GONET_MILLISECOND)), -1);
    assert_true(gonet_since(start) >= 3 * GONET_MILLISECOND);
    start = gonet_now();
    assert_int_equal(gonet_select(NULL, 0, gonet_after(3 * GONET_MILLISECOND)), -1);
    assert_true(gonet_since(start) >= 3 * GONET_MILLISECOND);
    assert_null(ch->receivers);
    assert_null(ch->senders);
    assert_int_equal(ch->pins, 0);
    gonet_chan_free(ch);
}

static void test_closed_is_ready(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(sizeof(int), 0);
    int v = 9;
    gonet_select_case_t c = {.ch = ch, .recv = &v, .ok = true};

    (void)state;
    gonet_chan_close(ch);
    assert_int_equal(gonet_select(&c, 1, gonet_no_deadline), 0);
    assert_false(c.ok);
    assert_int_equal(v, 0);
    c = (gonet_select_case_t){.ch = ch, .send = &v, .ok = true};
    assert_int_equal(gonet_select(&c, 1, gonet_no_deadline), 0);
    assert_false(c.ok);
    gonet_chan_free(ch);
}

/* 4000 times four ready cases: each is picked 1000 times, give or take eight standard deviations.
 */
static void test_fair(void **state)
{
    enum { CASES = 4, PICKS = 4000 };
    gonet_select_case_t cases[CASES + 2] = {{.ch = NULL}};
    int picked[CASES + 2] = {0};

    (void)state;
    for (int i = 1; i <= CASES; i++) {
        cases[i].ch = gonet_chan_new(0, i % 2 == 0 ? PICKS : 0);
        if (i % 2 == 0)
            cases[i].send = "";
        else
            gonet_chan_close(cases[i].ch);
    }
    cases[CASES + 1].ch = gonet_chan_new(0, 0);
    for (int k = 0; k < PICKS; k++)
        picked[gonet_select(cases, CASES + 2, gonet_no_deadline)]++;
    for (int i = 1; i <= CASES; i++)
        assert_in_range(picked[i], 1000 - 8 * 28, 1000 + 8 * 28);
    for (int i = 1; i <= CASES + 1; i++)
        gonet_chan_free(cases[i].ch);
}

/* A thousand cases on channels in any order, some of them twice, none ready but one. */
typedef struct {
    gonet_select_case_t cases[1000];
    gonet_chan_t *channels[1000];
    int values[1000];
    atomic_int ended;
} wide_t;

static void select_wide(void *arg, int i)
{
    wide_t *w = arg;

    (void)i;
    CHECK(gonet_select(w->cases, 1000, gonet_no_deadline) == 700);
    CHECK(w->cases[700].ok && w->values[700] == 42);
}

static void test_wide(void **state)
{
    wide_t *w = calloc(1, sizeof(*w));
    int v = 42;

    (void)state;
    for (int i = 0; i < 1000; i++)
        w->channels[i] = gonet_chan_new(sizeof(int), 0);
    for (int i = 0; i < 1000; i++) {
        w->cases[i].ch = w->channels[(i * 7 + 3) % 1000];
        if (i % 10 == 5)
            w->cases[i].ch = w->cases[i - 1].ch;
        w->cases[i].recv = &w->values[i];
    }
    for (crew_kind_t kind = THREADS; kind <= TASKS; kind++) {
        crew_t crew;

        memset(w->values, 0, sizeof(w->values));
        crew_start(&crew, kind, 1, select_wide, w);
        assert_true(gonet_chan_send(w->cases[700].ch, &v));
        crew_wait(&crew);
        for (int i = 0; i < 1000; i++) {
            assert_null(w->channels[i]->receivers);
            assert_int_equal(w->channels[i]->pins, 0);
        }
    }
    for (int i = 0; i < 1000; i++)
        gonet_chan_free(w->channels[i]);
    free(w);
}

/*
 * Everybody sends and receives on all channels by select, in both directions at once. What was sent
 * and what was received must agree in number and sum, and nobody may meet itself.
 */
enum { CHANNELS = 4, ROUNDS = 1500 };

typedef struct {
    gonet_chan_t *ch[CHANNELS];
    gonet_chan_t *over;
    atomic_long sent, received, sum_sent, sum_received;
    atomic_int running;
    bool impatient;
} market_t;

static void trade(void *arg, int me)
{
    market_t *m = arg;
    gonet_select_case_t cases[2 * CHANNELS + 1] = {{.ch = NULL}};
    int in[CHANNELS], out[CHANNELS];

    for (int i = 0; i < CHANNELS; i++) {
        cases[2 * i].ch = m->ch[i];
        cases[2 * i].recv = &in[i];
        cases[2 * i + 1].ch = m->ch[i];
        cases[2 * i + 1].send = &out[i];
    }
    cases[2 * CHANNELS].ch = m->over;
    for (int k = 0; k < ROUNDS; k++) {
        gonet_time_t deadline = gonet_no_deadline;

        if (m->impatient && k % 3 == 0)
            deadline = gonet_after(k % 50 * GONET_MICROSECOND);
        for (int i = 0; i < CHANNELS; i++) {
            in[i] = -1;
            out[i] = (me * ROUNDS + k) * CHANNELS + i;
        }
        int chosen = gonet_select(cases, 2 * CHANNELS + 1, deadline);
        if (chosen == 2 * CHANNELS)
            break;
        if (chosen < 0)
            continue;
        CHECK(cases[chosen].ok);
        if (chosen % 2 == 1) {
            atomic_fetch_add(&m->sent, 1);
            atomic_fetch_add(&m->sum_sent, out[chosen / 2]);
        } else {
            CHECK(in[chosen / 2] >= 0 && in[chosen / 2] / CHANNELS / ROUNDS != me);
            atomic_fetch_add(&m->received, 1);
            atomic_fetch_add(&m->sum_received, in[chosen / 2]);
        }
        for (int i = 0; i < CHANNELS; i++)
            CHECK(2 * i == chosen || in[i] == -1);
    }
    /* Two can go on trading, the last one alone would wait for ever. */
    if (atomic_fetch_sub(&m->running, 1) == 2)
        gonet_chan_close(m->over);
}

static void test_market(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        for (int impatient = 0; impatient < 2; impatient++) {
            int n = 8;
            market_t m = {.over = gonet_chan_new(0, 0), .running = n, .impatient = impatient != 0};

            for (int i = 0; i < CHANNELS; i++)
                m.ch[i] = gonet_chan_new(sizeof(int), 0);
            crew_run(kind, n, trade, &m);
            assert_true(m.sent > 0);
            assert_int_equal(m.sent, m.received);
            assert_int_equal(m.sum_sent, m.sum_received);
            for (int i = 0; i < CHANNELS; i++) {
                assert_int_equal(m.ch[i]->pins, 0);
                gonet_chan_free(m.ch[i]);
            }
            gonet_chan_free(m.over);
        }
    }
}

/* The channels lose their last owner while a select waits in them. */
typedef struct {
    gonet_chan_t *ch[3];
    int n;
} doomed_t;

static void select_doomed(void *arg, int me)
{
    doomed_t *d = arg;
    int v[3] = {5, 5, 5};
    gonet_select_case_t cases[] = {{.ch = d->ch[0], .recv = &v[0]},
                                   {.ch = d->ch[1], .send = &v[1]},
                                   {.ch = d->ch[2], .recv = &v[2]}};
    int chosen = gonet_select(cases, 3, gonet_no_deadline);

    (void)me;
    CHECK(chosen >= 0 && !cases[chosen].ok);
    for (int i = 0; i < 3; i++)
        CHECK(v[i] == (i == chosen && i != 1 ? 0 : 5));
}

static void test_free_ends_select(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        for (int first = 0; first < 3; first++) {
            doomed_t d = {.ch = {gonet_chan_new(sizeof(int), 0), gonet_chan_new(sizeof(int), 0),
                                 gonet_chan_new(sizeof(int), 0)}};
            crew_t crew;
            uint32_t pins = 0;

            crew_start(&crew, kind, 8, select_doomed, &d);
            AWAIT((gonet__spin_lock(&d.ch[2]->lock), pins = d.ch[2]->pins,
                   gonet__spin_unlock(&d.ch[2]->lock), pins == 8));
            for (int i = 0; i < 3; i++)
                gonet_chan_free(d.ch[(i + first) % 3]);
            crew_wait(&crew);
        }
    }
}

static void test_context_ends_select(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(0, 0);
    gonet_context_t *ctx = gonet_context_with_timeout(NULL, 5 * GONET_MILLISECOND);
    gonet_context_t *later = gonet_context_with_timeout(NULL, GONET_HOUR);
    gonet_select_case_t cases[] = {{.ch = ch},
                                   {.ch = gonet_context_done(later)},
                                   {.ch = gonet_context_done(ctx)},
                                   {.ch = gonet_context_done(NULL)}};

    (void)state;
    assert_int_equal(gonet_select(cases, 4, gonet_now()), -1);
    assert_int_equal(gonet_select(cases, 4, gonet_no_deadline), 2);
    assert_false(cases[2].ok);
    assert_ptr_equal(gonet_context_err(ctx), gonet_err_context_deadline_exceeded);
    assert_int_equal(gonet_select(cases, 4, gonet_now()), 2);
    gonet_context_cancel(later);
    cases[2].ch = NULL;
    assert_int_equal(gonet_select(cases, 4, gonet_no_deadline), 1);
    gonet_context_free(ctx);
    gonet_context_free(later);
    gonet_chan_free(ch);
}

static void select_until_shutdown(void *arg, int i)
{
    gonet_select_case_t c = {.ch = arg};

    (void)i;
    CHECK(gonet_select(&c, 1, gonet_no_deadline) == -2);
}

static void test_shutdown_ends_select(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(0, 0);
    crew_t crew;

    (void)state;
    crew_start(&crew, TASKS, 1, select_until_shutdown, ch);
    AWAIT(queued(ch, &ch->receivers));
    assert_int_equal(gonet_shutdown(-1), 0);
    crew_wait(&crew);
    assert_null(ch->receivers);
    gonet_chan_free(ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(test_past_deadline_only_looks),
        CREW_TEST(test_deadline),
        CREW_TEST(test_closed_is_ready),
        CREW_TEST(test_fair),
        CREW_TEST(test_wide),
        CREW_TEST(test_market),
        CREW_TEST(test_free_ends_select),
        CREW_TEST(test_context_ends_select),
        CREW_TEST(test_shutdown_ends_select),
    };

    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
