/*
 * Connections: in memory, and TCP. Each direction has one writer and one reader; others move the
 * deadlines, and close a rough one. What a deadline was is kept, so that one that ends a call can
 * be asked whether it had come. A gentle connection delivers all, and no deadline is left in the
 * end that could help somebody who was forgotten.
 */
#include <stdlib.h>

#include "gonet.h"
#include "stress/moves.h"
#include "support/check.h"
#include "support/net.h"

enum { MOVES = 48, BUFFER = 3000, COURTS = 3 };

/* The deadlines of one side of one end, in their order. */
typedef struct {
    _Atomic unsigned count;
    _Atomic int64_t at[MOVES + 4]; /* ns; written before it is set */
} history_t;

typedef struct {
    schedule_t *schedule;
    gonet_conn_t *end[2];
    history_t reads[2], writes[2]; /* by end */
    bool rough, half;
    uint64_t quota[2], written[2], read[2]; /* of what goes to end i; by its writer, its reader */
    struct link_part {
        void *link;
        int end;
        uint64_t seed;
    } part[6];
} link_t;

static bool may_close(const link_t *l)
{
    return l->rough || atomic_load(&l->schedule->over);
}

/* A deadline has ended a call that began when there were `before`: one that was in force since has
 * come. The last one before may not have been set yet, so the one before that counts. */
static void check_expired(history_t *h, unsigned before)
{
    int64_t now = gonet_now().ns;
    bool came = false;

    for (unsigned i = before > 2 ? before - 2 : 0; i < atomic_load(&h->count); i++) {
        int64_t at = atomic_load(&h->at[i]);
        came = came || (at != 0 && at <= now);
    }
    CHECK(came);
}

/* Whether the actor goes on after an error. */
static bool goes_on_after(const link_t *l, history_t *h, unsigned before, const gonet_error_t *err)
{
    if (gonet_error_is(err, gonet_err_deadline_exceeded))
        check_expired(h, before);
    return !stress_ended(err, may_close(l));
}

/* Threads may wait for a task that has left. */
static void leave(link_t *l, mover_t *m)
{
    if (atomic_load(&l->schedule->over)) {
        (void)gonet_conn_close(l->end[0], NULL);
        (void)gonet_conn_close(l->end[1], NULL);
    }
    mover_end(m);
}

static bool write_some(link_t *l, int to, mover_t *m)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    history_t *h = &l->writes[!to];
    unsigned before = atomic_load(&h->count);
    unsigned char buf[BUFFER];
    uint64_t left = l->quota[to] - l->written[to];
    size_t len = 1 + dice_below(&m->dice, BUFFER), n = 0;
    int result;

    len = len < left ? len : (size_t)left;
    stress_fill((uint32_t)l->quota[to], l->written[to], buf, len);
    mover_mark(m);
    result = gonet_conn_write_count(l->end[!to], buf, len, &n, &err);
    mover_here(m);
    l->written[to] += n;
    return result == 0 ? CHECK_INT(n, len) : goes_on_after(l, h, before, err);
}

static void write_all(void *arg)
{
    struct link_part *p = arg;
    link_t *l = p->link;
    mover_t m;

    mover_begin(&m, l->schedule, p->seed);
    while (l->written[p->end] < l->quota[p->end] && write_some(l, p->end, &m))
        mover_pause(&m);
    if (l->half && l->written[p->end] == l->quota[p->end])
        (void)gonet_conn_close_write(l->end[!p->end], NULL);
    leave(l, &m);
}

static bool read_some(link_t *l, int to, mover_t *m)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    history_t *h = &l->reads[to];
    unsigned before = atomic_load(&h->count);
    unsigned char buf[BUFFER];
    ssize_t n;

    if (dice_one_in(&m->dice, 4) && gonet_conn_wait_readable(l->end[to], &err) != 0)
        return goes_on_after(l, h, before, err);
    before = atomic_load(&h->count);
    n = gonet_conn_read(l->end[to], buf, 1 + dice_below(&m->dice, BUFFER), &err);
    mover_here(m);
    if (n == 0) {
        CHECK(gonet_error_is(err, gonet_eof));
        CHECK(may_close(l) || (l->half && l->read[to] == l->quota[to]));
        return false;
    }
    if (n < 0)
        return goes_on_after(l, h, before, err);
    if (!stress_check((uint32_t)l->quota[to], l->read[to], buf, (size_t)n))
        return false;
    l->read[to] += (uint64_t)n;
    STRESS_COUNT(bytes, n);
    return true;
}

static void read_all(void *arg)
{
    struct link_part *p = arg;
    link_t *l = p->link;
    mover_t m;

    mover_begin(&m, l->schedule, p->seed);
    while ((l->half || l->read[p->end] < l->quota[p->end]) && read_some(l, p->end, &m))
        mover_pause(&m);
    leave(l, &m);
}

static bool move_one(link_t *l, int end, bool reads, gonet_time_t t)
{
    history_t *h = reads ? &l->reads[end] : &l->writes[end];
    int result;

    atomic_store(&h->at[atomic_load(&h->count)], t.ns);
    atomic_fetch_add(&h->count, 1);
    result = reads ? gonet_conn_set_read_deadline(l->end[end], t, NULL)
                   : gonet_conn_set_write_deadline(l->end[end], t, NULL);
    return result == 0 || !CHECK(may_close(l));
}

static void move_deadlines(void *arg)
{
    struct link_part *p = arg;
    link_t *l = p->link;
    mover_t m;
    unsigned n;

    mover_begin(&m, l->schedule, p->seed);
    for (n = dice_below(&m.dice, MOVES); n > 0; n--) {
        mover_pause(&m);
        if (!move_one(l, (int)dice_below(&m.dice, 2), dice_one_in(&m.dice, 2), mover_deadline(&m)))
            break;
    }
    for (int i = 0; i < 4; i++)
        (void)move_one(l, i & 1, (i & 2) != 0, gonet_no_deadline);
    mover_end(&m);
}

static void close_one(void *arg)
{
    struct link_part *p = arg;
    link_t *l = p->link;
    mover_t m;

    mover_begin(&m, l->schedule, p->seed);
    mover_pauses(&m, 100);
    STRESS_COUNT(closes, 1);
    (void)gonet_conn_close(l->end[p->end], NULL);
    mover_end(&m);
}

static void make_pair(link_t *l, dice_t *d)
{
    gonet_tcp_conn_t *tcp;

    l->half = dice_one_in(d, 2);
    if (l->half ? !net_pair("tcp4", &l->end[0], &l->end[1])
                : gonet_pipe(&l->end[0], &l->end[1]) != 0)
        abort();
    for (int i = 0; i < 2 && l->half && dice_one_in(d, 2); i++) {
        tcp = gonet_conn_as_tcp(l->end[i]); /* so that writes have to wait */
        CHECK_INT(gonet_tcp_conn_set_write_buffer(tcp, 4096, NULL), 0);
    }
}

static void *link_start(schedule_t *s)
{
    void (*const actors[])(void *arg) = {write_all, write_all,      read_all,
                                         read_all,  move_deadlines, close_one};
    link_t *l = calloc(1, sizeof(*l));

    if (l == NULL)
        abort();
    l->schedule = s;
    make_pair(l, &s->dice);
    l->rough = dice_one_in(&s->dice, 3);
    for (int i = 0; i < 2; i++)
        l->quota[i] = 1 + dice_below(&s->dice, dice_one_in(&s->dice, 4) ? 200000 : 20000);
    for (int i = 0; i < (l->rough ? 6 : 5); i++) {
        l->part[i] = (struct link_part){l, i & 1, dice_next(&s->dice)};
        stress_start(s, actors[i], &l->part[i]);
    }
    return l;
}

static void link_finish(void *part)
{
    link_t *l = part;

    for (int i = 0; i < 2; i++) {
        if (may_close(l))
            CHECK(l->read[i] <= l->written[i]);
        else
            CHECK_INT(l->read[i], l->quota[i]);
        gonet_conn_free(l->end[i]);
    }
    free(l);
}

const moves_kind_t moves_link = {link_start, link_finish};

/* ---- balls: to and fro, with nothing in between, so that what comes meets who begins to wait ----
 */

typedef struct {
    schedule_t *schedule;
    gonet_conn_t *end[COURTS][2];
    struct player {
        void *courts;
        gonet_conn_t *own;
        uint64_t seed;
        unsigned rounds;
        bool serves;
    } player[2 * COURTS];
} courts_t;

/* Sends or takes number n. */
static bool hit(mover_t *m, gonet_conn_t *c, unsigned n, bool sends)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    unsigned char ball = sends ? (unsigned char)n : 0;
    ssize_t done = sends ? gonet_conn_write(c, &ball, 1, &err) : gonet_conn_read(c, &ball, 1, &err);

    mover_here(m);
    if (done == 1)
        return CHECK_INT(ball, (unsigned char)n);
    if (!atomic_load(&m->schedule->over)) /* nobody closes, and nobody sets a deadline */
        check_fail(__FILE__, __LINE__, "%s", gonet_error_string(err));
    return false;
}

static void play(void *arg)
{
    struct player *p = arg;
    courts_t *c = p->courts;
    mover_t m;
    unsigned n = 0;

    mover_begin(&m, c->schedule, p->seed);
    while (n < p->rounds && hit(&m, p->own, n, p->serves == (n % 2 == 0))) {
        if (++n % 16 == 0)
            mover_pause(&m);
    }
    if (atomic_load(&c->schedule->over))
        (void)gonet_conn_close(p->own, NULL);
    mover_end(&m);
}

static void *ball_start(schedule_t *s)
{
    courts_t *c = calloc(1, sizeof(*c));

    if (c == NULL)
        abort();
    c->schedule = s;
    for (int i = 0; i < COURTS; i++) {
        unsigned rounds = dice_below(&s->dice, 800);

        if (!net_pair("tcp4", &c->end[i][0], &c->end[i][1]))
            abort();
        for (int k = 0; k < 2; k++) {
            struct player *p = &c->player[2 * i + k];

            *p = (struct player){c, c->end[i][k], dice_next(&s->dice), rounds, k == 0};
            stress_start(s, play, p);
        }
    }
    return c;
}

static void ball_finish(void *part)
{
    courts_t *c = part;

    for (int i = 0; i < COURTS; i++) {
        gonet_conn_free(c->end[i][0]);
        gonet_conn_free(c->end[i][1]);
    }
    free(c);
}

const moves_kind_t moves_ball = {ball_start, ball_finish};

/* ---- dozing: nothing is ever sent; a deadline that another sets is all that ends the read ---- */

typedef struct {
    link_t link; /* its actors are others */
    gonet_chan_t *turn;
    struct link_part dozer, waker;
} doze_t;

/* The other one's turn, or mine again. False: gonet_shutdown. */
static bool pass_turn(doze_t *z, bool give)
{
    return give ? gonet_chan_send(z->turn, NULL) : gonet_chan_recv(z->turn, NULL);
}

static void give_up(doze_t *z, mover_t *m)
{
    CHECK(atomic_load(&z->link.schedule->over));
    gonet_chan_close(z->turn);
    leave(&z->link, m);
}

static bool doze_once(doze_t *z, mover_t *m)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    history_t *h = &z->link.reads[0];
    unsigned before = atomic_load(&h->count);
    unsigned char byte;
    ssize_t n = gonet_conn_read(z->link.end[0], &byte, 1, &err);

    mover_here(m);
    CHECK(n < 0 || atomic_load(&z->link.schedule->over));
    return n < 0 && goes_on_after(&z->link, h, before, err);
}

static void doze(void *arg)
{
    struct link_part *p = arg;
    doze_t *z = p->link;
    mover_t m;
    unsigned n = 0;

    mover_begin(&m, z->link.schedule, p->seed);
    while (n < MOVES / 4 && doze_once(z, &m) && pass_turn(z, true) && pass_turn(z, false)) {
        mover_pause(&m);
        n++;
    }
    if (n < MOVES / 4)
        give_up(z, &m);
    else
        mover_end(&m);
}

static void wake(void *arg)
{
    struct link_part *p = arg;
    doze_t *z = p->link;
    mover_t m;
    bool goes_on = true;

    mover_begin(&m, z->link.schedule, p->seed);
    for (unsigned n = 0; n < MOVES / 4 && goes_on; n++) {
        mover_pauses(&m, 4);
        if (dice_one_in(&m.dice, 2)) /* first one that does not come */
            goes_on = move_one(&z->link, 0, true, gonet_after(GONET_HOUR));
        mover_pauses(&m, 4);
        goes_on = goes_on &&
                  move_one(&z->link, 0, true,
                           gonet_after((int)dice_below(&m.dice, 600) * GONET_MICROSECOND)) &&
                  pass_turn(z, false) && move_one(&z->link, 0, true, gonet_no_deadline) &&
                  pass_turn(z, true);
    }
    if (!goes_on)
        give_up(z, &m);
    else
        mover_end(&m);
}

static void *doze_start(schedule_t *s)
{
    doze_t *z = calloc(1, sizeof(*z));

    if (z == NULL || (z->turn = gonet_chan_new(0, 0)) == NULL)
        abort();
    z->link.schedule = s;
    make_pair(&z->link, &s->dice);
    z->dozer = (struct link_part){z, 0, dice_next(&s->dice)};
    z->waker = (struct link_part){z, 1, dice_next(&s->dice)};
    stress_start(s, doze, &z->dozer);
    stress_start(s, wake, &z->waker);
    return z;
}

static void doze_finish(void *part)
{
    doze_t *z = part;

    for (int i = 0; i < 2; i++)
        gonet_conn_free(z->link.end[i]);
    gonet_chan_free(z->turn);
    free(z);
}

const moves_kind_t moves_doze = {doze_start, doze_finish};
