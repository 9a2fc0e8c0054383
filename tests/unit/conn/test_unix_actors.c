/*
 * Unix sockets used by tasks, threads and mixtures of them: blocked calls that end, bulk in both
 * directions, many senders at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonet/dial.h"
#include "gonet/io.h"
#include "gonet/unixsock.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

static actor_kind_t helper;
static const char *network; /* of the pair */
static char name[64], gram_name[64];
static gonet_listener_t *l;
static gonet_conn_t *a, *b;

/* One call made by an actor, and what it said. */
typedef struct {
    gonet_conn_t *c;
    ssize_t result;
    gonet_error_t *err;
    actor_t actor;
} op_t;

static void read_op(void *arg)
{
    op_t *op = arg;
    char byte = 0;

    op->result = gonet_conn_read(op->c, &byte, 1, &op->err);
}

static void accept_op(void *arg)
{
    op_t *op = arg;

    op->c = gonet_listener_accept(l, &op->err);
}

static void start(op_t *op, void (*fn)(void *arg), gonet_conn_t *c)
{
    *op = (op_t){.c = c};
    actor_start(&op->actor, helper, fn, op);
}

static void ends_with(op_t *op, const char *error)
{
    char text[256];

    actor_join(&op->actor);
    snprintf(text, sizeof(text), error, network, name);
    CHECK_ERROR(op->err, text);
    gonet_error_free(op->err);
}

static void pause_a_bit(void)
{
    for (int i = 0; i < 5; i++)
        check_pause();
}

static void close_ends_reads(void)
{
    op_t r1, r2;

    start(&r1, read_op, a);
    start(&r2, read_op, a);
    pause_a_bit();
    CHECK_INT(gonet_conn_close(a, NULL), 0);
    ends_with(&r1, "read %s @->%s: use of closed network connection");
    ends_with(&r2, "read %s @->%s: use of closed network connection");
}

static void deadline_ends_reads(void)
{
    op_t r;

    start(&r, read_op, b);
    pause_a_bit();
    CHECK_INT(gonet_conn_set_read_deadline(b, (gonet_time_t){1}, NULL), 0);
    ends_with(&r, "read %s %s->@: i/o timeout");
}

static void peer_ends_reads(void)
{
    op_t r;

    start(&r, read_op, b);
    pause_a_bit();
    CHECK_INT(gonet_conn_close(a, NULL), 0);
    ends_with(&r, "EOF");
}

static void close_ends_accepts(void)
{
    op_t r1, r2;

    start(&r1, accept_op, NULL);
    start(&r2, accept_op, NULL);
    pause_a_bit();
    CHECK_INT(gonet_listener_close(l, NULL), 0);
    ends_with(&r1, "accept %s %s: use of closed network connection");
    ends_with(&r2, "accept %s %s: use of closed network connection");
}

/* Records that are written whole by several writers at once, in both directions. */
#define RECORDS 300
#define SIZE    ((size_t)20000)

typedef struct {
    gonet_conn_t *c;
    char letter;
    actor_t actor;
} writer_t;

static void write_records(void *arg)
{
    writer_t *w = arg;
    char *record = malloc(SIZE);

    REQUIRE(record != NULL);
    memset(record, w->letter, SIZE);
    for (int i = 0; i < RECORDS; i++)
        CHECK_INT(gonet_conn_write(w->c, record, SIZE, NULL), SIZE);
    free(record);
}

/* Reads what two writers send; each record is of one letter. */
static void read_records(gonet_conn_t *c)
{
    char *record = malloc(SIZE);
    int of_first = 0;

    REQUIRE(record != NULL);
    for (int i = 0; i < 2 * RECORDS; i++) {
        size_t n = 0;

        if (!CHECK_INT(gonet_read_full(gonet_conn_as_reader(c), record, SIZE, &n, NULL), 0))
            break;
        of_first += record[0] == 'x';
        if (!CHECK(memcmp(record, record + 1, SIZE - 1) == 0))
            break;
    }
    CHECK_INT(of_first, RECORDS);
    free(record);
}

static void read_a(void *arg)
{
    (void)arg;
    read_records(a);
}

static void bulk(void)
{
    writer_t w[4] = {{.c = a, .letter = 'x'},
                     {.c = a, .letter = 'y'},
                     {.c = b, .letter = 'x'},
                     {.c = b, .letter = 'y'}};
    actor_t reader;

    actor_start(&reader, helper, read_a, NULL);
    for (int i = 0; i < 4; i++)
        actor_start(&w[i].actor, helper, write_records, &w[i]);
    read_records(b);
    for (int i = 0; i < 4; i++)
        actor_join(&w[i].actor);
    actor_join(&reader);
}

/* Datagrams of many senders to one socket, whose queue is short. */
static void send_datagrams(void *arg)
{
    gonet_conn_t *c = gonet_dial("unixgram", gram_name, NULL);

    REQUIRE(c != NULL);
    for (int i = 0; i < RECORDS; i++)
        CHECK_INT(gonet_conn_write(c, arg, 1, NULL), 1);
    gonet_conn_free(c);
}

static void datagrams(void)
{
    gonet_packet_conn_t *pc = gonet_listen_packet("unixgram", gram_name, NULL);
    char letters[3] = "pqr", byte;
    actor_t senders[3];
    int count[3] = {0};

    REQUIRE(pc != NULL);
    for (int i = 0; i < 3; i++)
        actor_start(&senders[i], helper, send_datagrams, &letters[i]);
    for (int i = 0; i < 3 * RECORDS; i++) {
        if (!CHECK_INT(gonet_packet_conn_read_from(pc, &byte, 1, NULL, NULL), 1))
            break;
        count[byte - 'p']++;
    }
    for (int i = 0; i < 3; i++) {
        actor_join(&senders[i]);
        CHECK_INT(count[i], RECORDS);
    }
    gonet_packet_conn_free(pc);
}

typedef struct {
    const char *name;
    void (*body)(void);
} body_t;

static const body_t bodies[] = {{"close ends reads", close_ends_reads},
                                {"deadline ends reads", deadline_ends_reads},
                                {"peer ends reads", peer_ends_reads},
                                {"close ends accepts", close_ends_accepts},
                                {"bulk", bulk},
                                {"datagrams", datagrams}};
#define BODIES (sizeof(bodies) / sizeof(bodies[0]))
#define CASES  (BODIES * ACTOR_MODES * 2)

typedef struct {
    const body_t *body;
    actor_mode_t mode;
    const char *network;
    char name[96];
} case_t;

static void run_body(void *arg)
{
    const case_t *c = arg;

    l = gonet_listen(network, name, NULL);
    REQUIRE(l != NULL);
    a = gonet_dial(network, name, NULL);
    b = gonet_listener_accept(l, NULL);
    if (CHECK(a != NULL && b != NULL))
        c->body->body();
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_listener_free(l);
}

static void run_case(void **state)
{
    case_t *c = *state;

    helper = actor_helper(c->mode);
    network = c->network;
    actor_run_test(c->mode, run_body, c);
}

int main(void)
{
    static case_t cases[CASES];
    static struct CMUnitTest tests[CASES];

    net_abstract("actors", name);
    net_abstract("actors-gram", gram_name);
    for (size_t i = 0; i < CASES; i++) {
        case_t *c = &cases[i];

        c->body = &bodies[i / 2 / ACTOR_MODES];
        c->mode = (actor_mode_t)(i / 2 % ACTOR_MODES);
        c->network = i % 2 == 0 ? "unix" : "unixpacket";
        snprintf(c->name, sizeof(c->name), "%s, %s, %s", c->body->name, c->network,
                 actor_mode_name[c->mode]);
        tests[i] = (struct CMUnitTest){.name = c->name,
                                       .test_func = run_case,
                                       .setup_func = leak_setup,
                                       .teardown_func = leak_teardown,
                                       .initial_state = c};
    }
    return cmocka_run_group_tests_name("unix by actors", tests, NULL, NULL);
}
