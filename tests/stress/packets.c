/*
 * Records over unixpacket: many write and read on one connection at the same time, without turns.
 * Each record says what it must be; none is lost, doubled or mixed with another.
 */
#include "stress/stress.h"

#include <stdlib.h>
#include <string.h>

#include "gonet.h"
#include "stress/record.h"
#include "support/check.h"
#include "support/net.h"

#define WRITERS 4
#define READERS 3

typedef struct {
    schedule_t *schedule;
    gonet_conn_t *end[2];
    uint32_t stream;
    unsigned each; /* records a writer */
    bool rough;
    _Atomic int writers; /* not done yet */
    atomic_long sent, got;
    _Atomic uint64_t sent_sum, got_sum; /* of the records' numbers */
    dice_t dice;
} link_t;

typedef struct {
    link_t *link;
    uint32_t writer;
    dice_t dice;
} part_t;

static bool may_close(const link_t *l)
{
    return l->rough || atomic_load(&l->schedule->over);
}

static void write_records(void *arg)
{
    part_t *p = arg;
    link_t *l = p->link;
    unsigned char buf[RECORD_MAX];

    for (uint32_t i = 0; i < l->each;) {
        GONET_AUTO(gonet_error_t) err = NULL;
        uint32_t number = p->writer << 20 | i;
        size_t len = record_make(l->stream, number, 0, buf, dice_below(&p->dice, 3000));
        ssize_t n = gonet_conn_write(l->end[0], buf, len, &err);

        STRESS_COUNT(operations, 1);
        if (n >= 0) {
            CHECK_INT(n, len);
            atomic_fetch_add(&l->sent, 1);
            atomic_fetch_add(&l->sent_sum, number);
            i++;
        } else if (stress_ended(err, may_close(l))) {
            break;
        }
        if (dice_one_in(&p->dice, 8))
            (void)gonet_conn_set_write_deadline(
                l->end[0], dice_one_in(&p->dice, 2) ? (gonet_time_t){1} : gonet_no_deadline, NULL);
        if (l->rough && dice_one_in(&p->dice, 500))
            (void)gonet_conn_close(l->end[dice_below(&p->dice, 2)], NULL);
        stress_pause(&p->dice);
    }
    (void)gonet_conn_set_write_deadline(l->end[0], gonet_no_deadline, NULL);
    if (atomic_fetch_sub(&l->writers, 1) == 1)
        (void)gonet_conn_close_write(l->end[0], NULL);
    free(p);
}

static void read_records(void *arg)
{
    part_t *p = arg;
    link_t *l = p->link;
    unsigned char buf[RECORD_MAX];

    for (;;) {
        GONET_AUTO(gonet_error_t) err = NULL;
        ssize_t n = gonet_conn_read(l->end[1], buf, sizeof(buf), &err);
        uint32_t number, from;

        STRESS_COUNT(operations, 1);
        if (n == 0)
            break;
        if (n < 0) {
            if (stress_ended(err, may_close(l)))
                break;
            (void)gonet_conn_set_read_deadline(l->end[1], gonet_no_deadline, NULL);
            continue;
        }
        if (!record_check(l->stream, buf, (size_t)n, &number, &from))
            break;
        STRESS_COUNT(bytes, n);
        STRESS_COUNT(datagrams, 1);
        atomic_fetch_add(&l->got, 1);
        atomic_fetch_add(&l->got_sum, number);
        if (dice_one_in(&p->dice, 8))
            (void)gonet_conn_set_read_deadline(
                l->end[1], gonet_after(dice_below(&p->dice, 300) * GONET_MICROSECOND), NULL);
    }
    free(p);
}

static bool link_open(link_t *l)
{
    char name[64];
    gonet_listener_t *listener;

    net_abstract_new("stress", name);
    listener = gonet_listen("unixpacket", name, NULL);
    if (listener != NULL) {
        l->end[0] = gonet_dial("unixpacket", name, NULL);
        l->end[1] = gonet_listener_accept(listener, NULL);
        gonet_listener_free(listener);
    }
    return CHECK(l->end[0] != NULL && l->end[1] != NULL);
}

static void start(link_t *l, void (*fn)(void *arg), uint32_t writer)
{
    part_t *p = malloc(sizeof(*p));

    if (p == NULL)
        abort();
    *p = (part_t){.link = l, .writer = writer, .dice = {dice_next(&l->dice)}};
    stress_start(l->schedule, fn, p);
}

/* The links are made before a shutdown may come: that is not what is tried here. */
void stress_packets(schedule_t *s)
{
    unsigned n = 1 + dice_below(&s->dice, 8);
    link_t *links = calloc(n, sizeof(*links));

    if (links == NULL)
        abort();
    for (unsigned i = 0; i < n; i++) {
        link_t *l = &links[i];

        l->schedule = s;
        l->dice.state = dice_next(&s->dice);
        l->stream = (uint32_t)dice_next(&s->dice);
        l->each = dice_below(&s->dice, 300);
        l->rough = dice_one_in(&s->dice, 3);
        atomic_store(&l->writers, WRITERS);
        if (!link_open(l))
            continue;
        for (uint32_t w = 0; w < WRITERS; w++)
            start(l, write_records, w);
        for (uint32_t r = 0; r < READERS; r++)
            start(l, read_records, 0);
    }
    stress_wait(s);
    for (unsigned i = 0; i < n; i++) {
        link_t *l = &links[i];

        CHECK(atomic_load(&l->got) <= atomic_load(&l->sent));
        if (!may_close(l)) {
            CHECK_INT(atomic_load(&l->sent), WRITERS * l->each);
            CHECK_INT(atomic_load(&l->got), atomic_load(&l->sent));
            CHECK(atomic_load(&l->got_sum) == atomic_load(&l->sent_sum));
        }
        gonet_conn_free(l->end[0]);
        gonet_conn_free(l->end[1]);
    }
    free(links);
}
