/*
 * Waits that end for one reason alone: a task holds its worker until another one, which waits
 * there, has gone on elsewhere; tasks wait for gonet_shutdown.
 */
#include <stdlib.h>

#include "gonet.h"
#include "stress/moves.h"
#include "support/check.h"
#include "support/net.h"

/* ---- a holder: it gives its worker up when another task has gone on elsewhere ---- */

typedef struct {
    schedule_t *schedule;
    member_t member;
    gonet_conn_t *end[2];
    enum { RUNNABLE, ASLEEP, READING, WAYS } way; /* in which the other one waits */
    atomic_bool waits, passed;
    gonet_wait_group_t ended;
} holder_t;

static void pass(void *arg)
{
    holder_t *h = arg;
    char byte;

    gonet_unpin(); /* from now on it may leave */
    atomic_store(&h->waits, true);
    switch (h->way) {
    case RUNNABLE:
        gonet_yield();
        break;
    case ASLEEP:
        (void)gonet_sleep(GONET_MILLISECOND);
        break;
    case READING:
    case WAYS:
        (void)gonet_conn_read(h->end[1], &byte, 1, NULL);
        break;
    }
    atomic_store(&h->passed, true);
    gonet_wait_group_done(&h->ended);
}

static void hold(void *arg)
{
    member_t *p = arg;
    holder_t *h = p->object;
    mover_t m;

    mover_begin(&m, h->schedule, p->seed);
    for (unsigned n = m.task && moves_plan.steady ? 8 : 0; n > 0; n--) {
        h->way = dice_below(&m.dice, WAYS);
        atomic_store(&h->waits, false);
        atomic_store(&h->passed, false);
        mover_pauses(&m, 8);
        gonet_wait_group_add(&h->ended, 1);
        if (gonet_go_pinned(pass, h) != 0) {
            CHECK_INT(errno, EAGAIN);
            gonet_wait_group_done(&h->ended);
            break;
        }
        while (!atomic_load(&h->waits))
            gonet_yield();
        if (h->way == READING && gonet_conn_write(h->end[0], "x", 1, NULL) != 1)
            CHECK(atomic_load(&h->schedule->over));
        while (!atomic_load(&h->passed)) {
        }
        gonet_wait_group_wait(&h->ended);
    }
    mover_end(&m);
}

static void *holder_start(schedule_t *s)
{
    holder_t *h = calloc(1, sizeof(*h));

    if (h == NULL)
        abort();
    h->schedule = s;
    if (!net_pair("tcp4", &h->end[0], &h->end[1]))
        abort();
    start_member(s, &h->member, h, hold);
    return h;
}

static void holder_finish(void *part)
{
    holder_t *h = part;

    gonet_conn_free(h->end[0]);
    gonet_conn_free(h->end[1]);
    free(h);
}

const moves_kind_t moves_holder = {holder_start, holder_finish};

/* ---- abiding: in a schedule that gonet_shutdown ends ---- */

typedef struct {
    schedule_t *schedule;
    gonet_chan_t *ch;
    gonet_conn_t *end[2];
    gonet_mutex_t mutex;
    gonet_cond_t cond;
    member_t member[MEMBERS];
} abode_t;

static void read_nothing(abode_t *a)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char byte;

    CHECK_INT(gonet_conn_read(a->end[0], &byte, 1, &err), -1);
    CHECK(gonet_error_is(err, gonet_err_closed));
}

static void wait_on_cond(abode_t *a)
{
    gonet_mutex_lock(&a->mutex);
    CHECK(!gonet_cond_wait(&a->cond, &a->mutex) && errno == ECANCELED);
    gonet_mutex_unlock(&a->mutex);
}

static void abide(void *arg)
{
    member_t *p = arg;
    abode_t *a = p->object;
    gonet_select_case_t one = {.ch = a->ch};
    mover_t m;

    mover_begin(&m, a->schedule, p->seed);
    if (!m.task) /* a thread would wait for ever */
        return;
    mover_pauses(&m, 8);
    switch (dice_below(&m.dice, 5)) {
    case 0:
        CHECK(gonet_sleep(GONET_HOUR) == -1 && errno == ECANCELED);
        break;
    case 1:
        CHECK(!gonet_chan_recv(a->ch, NULL) && errno == ECANCELED);
        break;
    case 2:
        CHECK_INT(gonet_select(&one, 1, gonet_after(GONET_HOUR)), -2);
        break;
    case 3:
        read_nothing(a);
        break;
    default:
        wait_on_cond(a);
        break;
    }
    mover_cancelled(&m);
    mover_end(&m);
}

static void *abide_start(schedule_t *s)
{
    abode_t *a = calloc(1, sizeof(*a));

    if (a == NULL || (a->ch = gonet_chan_new(0, 0)) == NULL)
        abort();
    a->schedule = s;
    if (dice_one_in(&s->dice, 2) ? !net_pair("tcp4", &a->end[0], &a->end[1])
                                 : gonet_pipe(&a->end[0], &a->end[1]) != 0)
        abort();
    for (int i = 0; i < MEMBERS; i++)
        start_member(s, &a->member[i], a, abide);
    return a;
}

static void abide_finish(void *part)
{
    abode_t *a = part;

    gonet_conn_free(a->end[0]);
    gonet_conn_free(a->end[1]);
    gonet_chan_free(a->ch);
    free(a);
}

const moves_kind_t moves_abide = {abide_start, abide_finish};
