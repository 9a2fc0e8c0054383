/*
 * Channels and contexts. A value says who sent it, and its number; each sender and each receiver
 * takes down what went through, and in the end the two must be the same. Of one sender a receiver
 * sees rising numbers.
 */
#include <stdlib.h>

#include "gonet.h"
#include "stress/moves.h"
#include "support/check.h"

enum { SENDERS = 8, VALUES = 60, CHANNELS = 3 };

typedef struct {
    uint32_t sender, number; /* from 1 on: zeros are no value */
} value_t;

typedef struct {
    gonet_chan_t *ch;
    atomic_bool closing; /* before the close */
    _Atomic uint8_t sent[SENDERS + 1][VALUES + 1], seen[SENDERS + 1][VALUES + 1];
} record_t;

/* What an actor knows of a channel. */
typedef struct {
    value_t next; /* to be sent */
    uint32_t last[SENDERS + 1];
} view_t;

static void record_begin(record_t *r, schedule_t *s)
{
    unsigned room = dice_below(&s->dice, 5);

    r->ch = gonet_chan_new(sizeof(value_t), room == 4 ? 40 : room);
    if (r->ch == NULL)
        abort();
}

static void note_sent(record_t *r, view_t *v)
{
    atomic_store(&r->sent[v->next.sender][v->next.number++], 1);
}

static void note_received(record_t *r, view_t *v, const value_t *got)
{
    REQUIRE(got->sender >= 1 && got->sender <= SENDERS);
    REQUIRE(got->number >= 1 && got->number <= VALUES);
    CHECK(got->number > v->last[got->sender]);
    v->last[got->sender] = got->number;
    CHECK_INT(atomic_exchange(&r->seen[got->sender][got->number], 1), 0);
}

static void note_closed(mover_t *m, record_t *r, const value_t *got)
{
    CHECK(atomic_load(&r->closing));
    CHECK(got == NULL || (got->sender == 0 && got->number == 0));
    mover_here(m);
}

static void record_close(record_t *r)
{
    atomic_store(&r->closing, true);
    gonet_chan_close(r->ch);
}

/* All that was sent was received, by somebody or here, and nothing else. */
static void record_finish(record_t *r)
{
    view_t v = {.last = {0}};
    value_t got;

    while (gonet_chan_try_recv(r->ch, &got) == GONET_CHAN_OK)
        note_received(r, &v, &got);
    for (int i = 1; i <= SENDERS; i++) {
        for (int k = 1; k <= VALUES; k++)
            CHECK_INT(atomic_load(&r->seen[i][k]), atomic_load(&r->sent[i][k]));
    }
    gonet_chan_free(r->ch);
}

/* False when there will be no more. */
static bool send_one(mover_t *m, record_t *r, view_t *v)
{
    mover_mark(m);
    if (gonet_chan_send(r->ch, &v->next)) {
        mover_same(m);
        note_sent(r, v);
        return true;
    }
    if (errno == EPIPE)
        note_closed(m, r, NULL);
    else if (CHECK_INT(errno, ECANCELED))
        mover_cancelled(m);
    return false;
}

static bool receive_one(mover_t *m, record_t *r, view_t *v)
{
    value_t got = {9, 9};

    mover_mark(m);
    if (gonet_chan_recv(r->ch, &got)) {
        mover_same(m);
        note_received(r, v, &got);
        return true;
    }
    if (errno == EPIPE)
        note_closed(m, r, &got);
    else if (CHECK_INT(errno, ECANCELED))
        mover_cancelled(m);
    return false;
}

/* ---- a flow: nobody closes before all is sent, no deadline helps ---- */

typedef struct {
    schedule_t *schedule;
    record_t record;
    unsigned producers, quota;
    _Atomic unsigned left; /* producers that are not done */
    struct flow_part {
        void *flow;
        uint64_t seed;
        uint32_t number;
    } part[2 * SENDERS];
} flow_t;

static void produce(void *arg)
{
    struct flow_part *p = arg;
    flow_t *f = p->flow;
    view_t v = {.next = {p->number, 1}};
    mover_t m;
    bool goes_on = true;

    mover_begin(&m, f->schedule, p->seed);
    while (goes_on && v.next.number <= f->quota) {
        goes_on = send_one(&m, &f->record, &v);
        mover_pause(&m);
    }
    if (atomic_fetch_sub(&f->left, 1) == 1 || !goes_on)
        record_close(&f->record);
    mover_end(&m);
}

static void consume(void *arg)
{
    struct flow_part *p = arg;
    flow_t *f = p->flow;
    view_t v = {.last = {0}};
    mover_t m;

    mover_begin(&m, f->schedule, p->seed);
    while (receive_one(&m, &f->record, &v))
        mover_pause(&m);
    if (atomic_load(&f->schedule->over))
        record_close(&f->record); /* threads may wait for a task that has gone */
    mover_end(&m);
}

static void *flow_start(schedule_t *s)
{
    flow_t *f = calloc(1, sizeof(*f));
    unsigned consumers = 1 + dice_below(&s->dice, 3);

    if (f == NULL)
        abort();
    f->schedule = s;
    f->producers = 1 + dice_below(&s->dice, SENDERS);
    f->quota = 1 + dice_below(&s->dice, VALUES);
    f->left = f->producers;
    record_begin(&f->record, s);
    for (unsigned i = 0; i < f->producers + consumers; i++) {
        f->part[i] = (struct flow_part){f, dice_next(&s->dice), i + 1};
        stress_start(s, i < f->producers ? produce : consume, &f->part[i]);
    }
    return f;
}

static void flow_finish(void *part)
{
    flow_t *f = part;

    for (unsigned i = 1; i <= f->producers && !atomic_load(&f->schedule->over); i++)
        CHECK_INT(atomic_load(&f->record.seen[i][f->quota]), 1);
    record_finish(&f->record);
    free(f);
}

const moves_kind_t moves_flow = {flow_start, flow_finish};

/* ---- a market: everybody does everything, until it is closed ---- */

typedef struct {
    schedule_t *schedule;
    record_t record[CHANNELS];
    struct trader {
        void *market;
        uint64_t seed;
        uint32_t number;
    } trader[SENDERS + 1]; /* the last one closes */
} market_t;

static void try_one(mover_t *m, record_t *r, view_t *v, bool sends)
{
    value_t got = {9, 9};
    int result = sends ? gonet_chan_try_send(r->ch, &v->next) : gonet_chan_try_recv(r->ch, &got);

    if (result == GONET_CHAN_CLOSED)
        note_closed(m, r, sends ? NULL : &got);
    else if (result == GONET_CHAN_OK && sends)
        note_sent(r, v);
    else if (result == GONET_CHAN_OK)
        note_received(r, v, &got);
    mover_here(m);
}

static void note_chosen(mover_t *m, record_t *r, view_t *v, gonet_select_case_t *c)
{
    if (!c->ok)
        note_closed(m, r, c->send != NULL ? NULL : c->recv);
    else if (c->send != NULL)
        note_sent(r, v);
    else
        note_received(r, v, c->recv);
}

/* False when it is not to go on. */
static bool select_one(mover_t *m, record_t *r, view_t *v)
{
    gonet_select_case_t cases[CHANNELS] = {0};
    value_t got[CHANNELS] = {{9, 9}, {9, 9}, {9, 9}};
    int at[CHANNELS], n = (int)dice_below(&m->dice, CHANNELS + 1), chosen;
    gonet_time_t deadline = mover_deadline(m);

    if (n == 0 && gonet_until(deadline) > GONET_SECOND)
        return true; /* nothing would end it */
    for (int i = 0; i < n; i++) {
        at[i] = (int)dice_below(&m->dice, CHANNELS);
        cases[i].ch = r[at[i]].ch;
        cases[i].recv = &got[i];
        if (dice_one_in(&m->dice, 2) && v[at[i]].next.number <= VALUES)
            cases[i].send = &v[at[i]].next;
    }
    if (n == 0 && deadline.ns == 0)
        return true;
    mover_mark(m);
    chosen = gonet_select(cases, (size_t)n, deadline);
    if (chosen >= 0 && CHECK(chosen < n)) {
        mover_same(m);
        note_chosen(m, &r[at[chosen]], &v[at[chosen]], &cases[chosen]);
    } else if (chosen == -1) {
        CHECK(deadline.ns != 0 && gonet_until(deadline) <= 0);
    } else if (CHECK_INT(chosen, -2)) {
        mover_cancelled(m);
        return false;
    }
    mover_here(m);
    return true;
}

static bool trade_once(mover_t *m, record_t *r, view_t *v)
{
    unsigned i = dice_below(&m->dice, CHANNELS);
    bool sends = dice_one_in(&m->dice, 2) && v[i].next.number <= VALUES;

    switch (dice_below(&m->dice, 8)) {
    case 0:
    case 1:
        return sends ? send_one(m, &r[i], &v[i]) : receive_one(m, &r[i], &v[i]);
    case 2:
    case 3:
        try_one(m, &r[i], &v[i], sends);
        return true;
    default:
        return select_one(m, r, v);
    }
}

static void trade(void *arg)
{
    struct trader *t = arg;
    market_t *k = t->market;
    view_t v[CHANNELS] = {{.last = {0}}};
    mover_t m;

    mover_begin(&m, k->schedule, t->seed);
    for (int i = 0; i < CHANNELS; i++)
        v[i].next = (value_t){t->number, 1};
    for (unsigned n = dice_below(&m.dice, 100); n > 0 && trade_once(&m, k->record, v); n--)
        mover_pause(&m);
    mover_end(&m);
}

static void close_market(void *arg)
{
    struct trader *t = arg;
    market_t *k = t->market;
    mover_t m;

    mover_begin(&m, k->schedule, t->seed);
    for (int i = 0; i < CHANNELS; i++) {
        mover_pauses(&m, 100);
        record_close(&k->record[i]);
    }
    mover_end(&m);
}

static void *market_start(schedule_t *s)
{
    market_t *k = calloc(1, sizeof(*k));
    unsigned n = 2 + dice_below(&s->dice, SENDERS - 1);

    if (k == NULL)
        abort();
    k->schedule = s;
    for (int i = 0; i < CHANNELS; i++)
        record_begin(&k->record[i], s);
    for (unsigned i = 0; i <= n; i++) {
        k->trader[i] = (struct trader){k, dice_next(&s->dice), i + 1};
        stress_start(s, i < n ? trade : close_market, &k->trader[i]);
    }
    return k;
}

static void market_finish(void *part)
{
    market_t *k = part;

    for (int i = 0; i < CHANNELS; i++)
        record_finish(&k->record[i]);
    free(k);
}

const moves_kind_t moves_market = {market_start, market_finish};
