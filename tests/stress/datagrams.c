/*
 * Datagrams: UDP and unixgram. Some sockets, all of which send to all; each datagram says from whom
 * it is. UDP may lose some, unixgram none.
 */
#include "stress/stress.h"

#include <stdlib.h>
#include <string.h>

#include "gonet.h"
#include "stress/record.h"
#include "support/check.h"
#include "support/net.h"

#define MAX_SOCKETS 8

typedef struct {
    schedule_t *schedule;
    const char *network;
    uint32_t stream;
    unsigned n;
    gonet_packet_conn_t *socket[MAX_SOCKETS];
    _Atomic int senders; /* not done yet */
    atomic_long sent, got;
    _Atomic bool closing;
} cloud_t;

typedef struct {
    cloud_t *cloud;
    uint32_t self;
    dice_t dice;
} part_t;

static bool may_close(const cloud_t *c)
{
    return atomic_load(&c->closing) || atomic_load(&c->schedule->over);
}

static void set_some_deadline(gonet_packet_conn_t *pc, dice_t *d)
{
    gonet_time_t t = dice_one_in(d, 3) ? (gonet_time_t){1}
                                       : gonet_after(dice_below(d, 1000) * GONET_MICROSECOND);

    if (dice_one_in(d, 2))
        (void)gonet_packet_conn_set_read_deadline(pc, t, NULL);
    else
        (void)gonet_packet_conn_set_write_deadline(pc, t, NULL);
}

static void send_all(void *arg)
{
    part_t *p = arg;
    cloud_t *c = p->cloud;
    gonet_packet_conn_t *own = gonet_packet_conn_ref(c->socket[p->self]);
    unsigned char buf[RECORD_MAX];

    for (unsigned i = dice_below(&p->dice, 200); i > 0;) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_packet_conn_t *to = c->socket[dice_below(&p->dice, c->n)];
        size_t len = record_make(c->stream, i, p->self, buf, dice_below(&p->dice, 1300));
        ssize_t n =
            gonet_packet_conn_write_to(own, buf, len, gonet_packet_conn_local_addr(to), &err);

        STRESS_COUNT(operations, 1);
        if (n >= 0) {
            CHECK_INT(n, len);
            atomic_fetch_add(&c->sent, 1);
            i--;
        } else if (stress_ended(err, may_close(c))) {
            break;
        } else {
            (void)gonet_packet_conn_set_write_deadline(own, gonet_no_deadline, NULL);
        }
        if (dice_one_in(&p->dice, 10))
            set_some_deadline(own, &p->dice);
        stress_pause(&p->dice);
    }
    gonet_packet_conn_free(own);
    atomic_fetch_sub(&c->senders, 1);
    free(p);
}

/* Whose address that is, as the record says. */
static void check_source(const cloud_t *c, uint32_t from, const gonet_addr_t *addr)
{
    char got[GONET_ADDR_STRLEN], want[GONET_ADDR_STRLEN];

    if (CHECK(from < c->n))
        CHECK_TEXT(net_addr_text(addr, got),
                   net_addr_text(gonet_packet_conn_local_addr(c->socket[from]), want));
}

static void receive_all(void *arg)
{
    part_t *p = arg;
    cloud_t *c = p->cloud;
    gonet_packet_conn_t *own = gonet_packet_conn_ref(c->socket[p->self]);
    unsigned char buf[RECORD_MAX];

    for (;;) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_addr_t from;
        ssize_t n = gonet_packet_conn_read_from(own, buf, sizeof(buf), &from, &err);
        uint32_t number, sender;

        STRESS_COUNT(operations, 1);
        if (n < 0) {
            if (stress_ended(err, may_close(c)))
                break;
            (void)gonet_packet_conn_set_read_deadline(own, gonet_no_deadline, NULL);
            continue;
        }
        if (!record_check(c->stream, buf, (size_t)n, &number, &sender))
            break;
        check_source(c, sender, &from);
        STRESS_COUNT(bytes, n);
        STRESS_COUNT(datagrams, 1);
        atomic_fetch_add(&c->got, 1);
        if (dice_one_in(&p->dice, 20))
            set_some_deadline(own, &p->dice);
    }
    gonet_packet_conn_free(own);
    free(p);
}

static bool cloud_open(cloud_t *c)
{
    char name[64];

    for (unsigned i = 0; i < c->n; i++) {
        const char *where = strcmp(c->network, "udp6") == 0 ? "[::1]:0" : "127.0.0.1:0";

        if (c->network[0] == 'u' && c->network[1] == 'n')
            where = net_abstract_new("stress", name);
        c->socket[i] = gonet_listen_packet(c->network, where, NULL);
        if (!CHECK(c->socket[i] != NULL))
            return false;
    }
    return true;
}

static void start(cloud_t *c, void (*fn)(void *arg), uint32_t self)
{
    part_t *p = malloc(sizeof(*p));

    if (p == NULL)
        abort();
    *p = (part_t){.cloud = c, .self = self, .dice = {dice_next(&c->schedule->dice)}};
    stress_start(c->schedule, fn, p);
}

/* What is under way arrives, or is lost if it may be. */
static void wait_for_the_rest(cloud_t *c)
{
    bool lossy = c->network[1] == 'd';
    gonet_time_t begin = gonet_now();

    AWAIT(atomic_load(&c->senders) == 0 || atomic_load(&c->schedule->over));
    while (atomic_load(&c->got) < atomic_load(&c->sent) && !atomic_load(&c->schedule->over)) {
        if (lossy && gonet_since(begin) > 50 * GONET_MILLISECOND)
            break;
        if (!check_patience()) {
            CHECK_INT(atomic_load(&c->got), atomic_load(&c->sent));
            break;
        }
        gonet_sleep(GONET_MILLISECOND);
    }
    STRESS_COUNT(lost, atomic_load(&c->sent) - atomic_load(&c->got));
}

void stress_datagrams(schedule_t *s)
{
    static const char *const networks[] = {"udp4", "udp6", "unixgram", "unixgram"};
    cloud_t c = {.schedule = s, .stream = (uint32_t)dice_next(&s->dice)};

    c.network = networks[dice_below(&s->dice, 4)];
    if (strcmp(c.network, "udp6") == 0 && !net_has("tcp6"))
        c.network = "udp4";
    c.n = 1 + dice_below(&s->dice, MAX_SOCKETS);
    if (cloud_open(&c)) {
        atomic_store(&c.senders, 3 * (int)c.n);
        for (unsigned i = 0; i < 3 * c.n; i++)
            start(&c, send_all, i % c.n);
        for (unsigned i = 0; i < 2 * c.n; i++)
            start(&c, receive_all, i % c.n);
        wait_for_the_rest(&c);
    }
    atomic_store(&c.closing, true);
    for (unsigned i = 0; i < c.n; i++) {
        if (c.socket[i] != NULL)
            (void)gonet_packet_conn_close(c.socket[i], NULL);
    }
    stress_wait(s);
    CHECK(atomic_load(&c.got) <= atomic_load(&c.sent));
    for (unsigned i = 0; i < c.n; i++)
        gonet_packet_conn_free(c.socket[i]);
}
