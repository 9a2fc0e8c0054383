/*
 * The tests of packet.h, and running them.
 */
#include "conform/packet.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/leak.h"
#include "support/net.h"

typedef struct {
    const packet_kind_t *kind;
    actor_mode_t mode;
    gonet_packet_conn_t *a, *b;
} packet_t;

static const gonet_addr_t *addr(gonet_packet_conn_t *c)
{
    return gonet_packet_conn_local_addr(c);
}

/* Compares an error of from's with a text, in which to stands for "<R>". */
static void check_text_of(gonet_packet_conn_t *from, const gonet_addr_t *to,
                          const gonet_error_t *err, const char *want, int line)
{
    char local[GONET_ADDR_STRLEN], remote[GONET_ADDR_STRLEN];

    (void)net_error_text(__FILE__, line, err, net_addr_text(addr(from), local),
                         net_addr_text(to, remote), want);
}

#define CHECK_PACKET_ERROR(err, from, to, want) check_text_of(from, to, err, want, __LINE__)

static void check_sender(const gonet_addr_t *got, gonet_packet_conn_t *sender)
{
    char one[GONET_ADDR_STRLEN], two[GONET_ADDR_STRLEN];

    CHECK_TEXT(net_addr_text(got, one), net_addr_text(addr(sender), two));
    CHECK_TEXT(gonet_addr_network(got), gonet_addr_network(addr(sender)));
}

static void send_text(gonet_packet_conn_t *from, const char *text, gonet_packet_conn_t *to)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    CHECK_INT(gonet_packet_conn_write_to(from, text, strlen(text), addr(to), &err), strlen(text));
    CHECK_ERROR(err, NULL);
}

static void receive_text(gonet_packet_conn_t *to, const char *text, gonet_packet_conn_t *from)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_addr_t sender;
    char buf[64];
    ssize_t n = gonet_packet_conn_read_from(to, buf, sizeof(buf) - 1, &sender, &err);

    CHECK_INT(n, strlen(text));
    CHECK_ERROR(err, NULL);
    buf[n < 0 ? 0 : n] = '\0'; /* what is behind it may have been written to */
    CHECK_TEXT(buf, text);
    check_sender(&sender, from);
}

/* ---- sending and receiving ---- */

static void there_and_back(packet_t *t)
{
    for (int i = 0; i < 20; i++) {
        send_text(t->a, "there", t->b);
        receive_text(t->b, "there", t->a);
        send_text(t->b, "and back", t->a);
        receive_text(t->a, "and back", t->b);
    }
}

static void empty_and_cut(packet_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_addr_t sender;
    char buf[64] = "";
    size_t room = t->kind->header + 4;

    for (int i = 0; i < 3; i++) {
        send_text(t->a, "", t->b);
        send_text(t->a, "longer than four", t->b);
        send_text(t->a, "end", t->b);
        CHECK_INT(gonet_packet_conn_read_from(t->b, buf, room, &sender, &err), 0);
        CHECK_ERROR(err, NULL);
        check_sender(&sender, t->a);
        CHECK_INT(gonet_packet_conn_read_from(t->b, buf, room, &sender, &err), 4);
        CHECK_ERROR(err, NULL);
        CHECK(memcmp(buf, "long", 4) == 0);
        check_sender(&sender, t->a);
        CHECK_INT(gonet_packet_conn_read_from(t->b, buf, room, NULL, &err), 3);
        CHECK(memcmp(buf, "end", 3) == 0);
    }
}

/* Behaviour 9.19: a read without room takes a packet, and tells who sent it. */
static void no_room(packet_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_addr_t sender;

    send_text(t->a, "gone", t->b);
    send_text(t->a, "next", t->b);
    CHECK_INT(gonet_packet_conn_read_from(t->b, NULL, 0, &sender, &err), 0);
    CHECK_ERROR(err, NULL);
    check_sender(&sender, t->a);
    receive_text(t->b, "next", t->a);
}

static void lengths(packet_t *t)
{
    size_t most = t->kind->longest;
    GONET_AUTO(gonet_error_t) err = NULL;
    size_t room = most + t->kind->header + 1;
    char *out = calloc(2, most), *in = malloc(room);

    REQUIRE(out != NULL && in != NULL);
    memset(out, 'l', most);
    CHECK_INT(gonet_packet_conn_write_to(t->a, out, most, addr(t->b), &err), most);
    CHECK_ERROR(err, NULL);
    CHECK_INT(gonet_packet_conn_read_from(t->b, in, room, NULL, NULL), most);
    CHECK(memcmp(in, out, most) == 0);
    CHECK_INT(gonet_packet_conn_write_to(t->a, out, 2 * most, addr(t->b), &err), -1);
    CHECK_PACKET_ERROR(err, t->a, addr(t->b), t->kind->too_long);
    send_text(t->a, "after", t->b);
    receive_text(t->b, "after", t->a);
    free(out);
    free(in);
}

enum { ASKERS = 6, QUESTIONS = 30 };

typedef struct {
    packet_t *t;
    gonet_packet_conn_t *c;
    int number;
    actor_t actor;
} asker_t;

static void ask(void *arg)
{
    asker_t *a = arg;

    for (int i = 0; i < QUESTIONS; i++) {
        char question[32];
        snprintf(question, sizeof(question), "%d of asker %d", i, a->number);
        send_text(a->c, question, a->t->a);
        receive_text(a->c, question, a->t->a);
    }
}

/* One answers many, each by the address that came with the question. */
static void many_ask(packet_t *t)
{
    asker_t askers[ASKERS];

    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (asker_t){.t = t, .c = t->kind->make(t->kind), .number = i};
        REQUIRE(askers[i].c != NULL);
    }
    /* Not sooner: a raw socket hears everybody until it is bound. */
    for (int i = 0; i < ASKERS; i++)
        actor_start(&askers[i].actor, i % 2 ? BY_TASK : BY_THREAD, ask, &askers[i]);
    for (int i = 0; i < ASKERS * QUESTIONS; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_addr_t sender;
        char buf[64];
        ssize_t n = gonet_packet_conn_read_from(t->a, buf, sizeof(buf), &sender, &err);
        if (!CHECK(n > 0) || gonet_packet_conn_write_to(t->a, buf, (size_t)n, &sender, &err) != n) {
            CHECK_ERROR(err, NULL);
            break;
        }
    }
    for (int i = 0; i < ASKERS; i++) {
        actor_join(&askers[i].actor);
        gonet_packet_conn_free(askers[i].c);
    }
}

/* ---- where it can't go ---- */

static void bad_addresses(packet_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_tcp_addr_t tcp = {.port = 1};
    gonet_addr_t other = gonet_tcp_addr_as_addr(&tcp);

    for (int closed = 0; closed < 2; closed++) { /* behaviour 11.10: arguments come first */
        CHECK_INT(gonet_packet_conn_write_to(t->a, "x", 1, NULL, &err), -1);
        CHECK_PACKET_ERROR(err, t->a, NULL, t->kind->no_address);
        CHECK(gonet_error_is_errno(err, 22));
        CHECK_INT(gonet_packet_conn_write_to(t->a, "x", 1, &other, &err), -1);
        CHECK(gonet_error_is_errno(err, 22));
        CHECK_INT(gonet_packet_conn_close(t->a, NULL), closed ? -1 : 0);
    }
}

static void nobody_there(packet_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_addr_t gone = *addr(t->b);

    CHECK_INT(gonet_packet_conn_close(t->b, NULL), 0);
    for (int i = 0; i < 3; i++) {
        ssize_t n = gonet_packet_conn_write_to(t->a, "x", 1, &gone, &err);
        CHECK_INT(n, t->kind->nobody != NULL ? -1 : 1);
        if (t->kind->nobody != NULL)
            CHECK_PACKET_ERROR(err, t->a, &gone, t->kind->nobody);
    }
}

/* ---- deadlines and the close ---- */

static void check_times_out(packet_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_addr_t sender;

    memset(&sender, 1, sizeof(sender));
    CHECK_INT(gonet_packet_conn_read_from(t->a, (char[1]){0}, 1, &sender, &err), -1);
    CHECK(gonet_error_timeout(err) && gonet_error_is(err, gonet_err_deadline_exceeded));
    CHECK_PACKET_ERROR(err, t->a, NULL, t->kind->read_timeout);
    CHECK_INT(sender.kind, GONET_ADDR_NONE);
}

static void deadlines(packet_t *t)
{
    const gonet_time_t past = {1};
    GONET_AUTO(gonet_error_t) err = NULL;

    CHECK(gonet_packet_conn_set_deadline(t->a, past, NULL) == 0);
    check_times_out(t);
    CHECK_INT(gonet_packet_conn_write_to(t->a, "x", 1, addr(t->b), &err), -1);
    CHECK_PACKET_ERROR(err, t->a, addr(t->b), t->kind->write_timeout);
    CHECK(gonet_error_timeout(err));
    send_text(t->b, "waits", t->a);
    check_times_out(t); /* though there is one */
    CHECK(gonet_packet_conn_set_read_deadline(t->a, gonet_no_deadline, NULL) == 0);
    receive_text(t->a, "waits", t->b);
    CHECK_INT(gonet_packet_conn_write_to(t->a, "x", 1, addr(t->b), &err), -1);
    CHECK(gonet_packet_conn_set_write_deadline(t->a, gonet_after(GONET_HOUR), NULL) == 0);
    send_text(t->a, "works", t->b);
    receive_text(t->b, "works", t->a);
    CHECK(gonet_packet_conn_set_read_deadline(t->a, gonet_after(GONET_MILLISECOND), NULL) == 0);
    check_times_out(t);
    CHECK(gonet_packet_conn_set_deadline(t->a, gonet_no_deadline, NULL) == 0);
}

typedef struct {
    gonet_packet_conn_t *c;
    ssize_t n;
    gonet_error_t *err;
    atomic_bool begun;
    actor_t actor;
} reader_t;

static void read_one(void *arg)
{
    reader_t *r = arg;

    atomic_store(&r->begun, true);
    r->n = gonet_packet_conn_read_from(r->c, (char[1]){0}, 1, NULL, &r->err);
}

enum { READERS = 5 };

static void start_readers(packet_t *t, reader_t *readers)
{
    for (int i = 0; i < READERS; i++) {
        memset(&readers[i], 0, sizeof(readers[i]));
        readers[i].c = t->a;
        actor_start(&readers[i].actor, i % 2 ? BY_TASK : BY_THREAD, read_one, &readers[i]);
        AWAIT(atomic_load(&readers[i].begun));
    }
    gonet_sleep(2 * GONET_MILLISECOND); /* nothing depends on it */
}

static void deadline_wakes(packet_t *t)
{
    reader_t readers[READERS];

    start_readers(t, readers);
    CHECK(gonet_packet_conn_set_read_deadline(t->a, gonet_now(), NULL) == 0);
    for (int i = 0; i < READERS; i++) {
        actor_join(&readers[i].actor);
        CHECK_INT(readers[i].n, -1);
        CHECK_PACKET_ERROR(readers[i].err, t->a, NULL, t->kind->read_timeout);
        gonet_error_free(readers[i].err);
    }
}

static void closed(packet_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    reader_t readers[READERS];

    start_readers(t, readers);
    CHECK_INT(gonet_packet_conn_close(t->a, &err), 0);
    for (int i = 0; i < READERS; i++) {
        actor_join(&readers[i].actor);
        CHECK_INT(readers[i].n, -1);
        CHECK(gonet_error_is(readers[i].err, gonet_err_closed));
        CHECK_PACKET_ERROR(readers[i].err, t->a, NULL, t->kind->read_closed);
        gonet_error_free(readers[i].err);
    }
    CHECK_INT(gonet_packet_conn_close(t->a, &err), -1);
    CHECK_PACKET_ERROR(err, t->a, NULL, t->kind->close_closed);
    CHECK_INT(gonet_packet_conn_read_from(t->a, (char[1]){0}, 1, NULL, &err), -1);
    CHECK_PACKET_ERROR(err, t->a, NULL, t->kind->read_closed);
    CHECK_INT(gonet_packet_conn_write_to(t->a, "x", 1, addr(t->b), &err), -1);
    CHECK_PACKET_ERROR(err, t->a, addr(t->b), t->kind->write_closed);
    CHECK_INT(gonet_packet_conn_set_deadline(t->a, gonet_now(), &err), -1);
    CHECK(gonet_error_is(err, gonet_err_closed));
}

/* Seen as a connection it reads the same packets, and has nobody to write to. */
static void as_conn(packet_t *t)
{
    gonet_conn_t *c = gonet_packet_conn_as_conn(t->a);
    GONET_AUTO(gonet_error_t) err = NULL;
    char buf[64] = "";

    if (t->kind->unconnected_write == NULL) {
        CHECK(c == NULL);
        return;
    }
    REQUIRE(c != NULL);
    CHECK(gonet_conn_as_packet_conn(c) == t->a);
    CHECK(gonet_conn_remote_addr(c) == NULL);
    send_text(t->b, "hello", t->a);
    CHECK_INT(gonet_conn_read(c, buf, sizeof(buf), NULL), t->kind->header + 5);
    CHECK_TEXT(buf + t->kind->header, "hello");
    CHECK_INT(gonet_conn_write(c, "x", 1, &err), -1);
    CHECK_PACKET_ERROR(err, t->a, NULL, t->kind->unconnected_write);
}

/* The last reference closes: the address is free again, or nobody is there. */
static void free_closes(packet_t *t)
{
    gonet_packet_conn_t *c = gonet_packet_conn_ref(t->a);

    gonet_packet_conn_free(t->a);
    send_text(t->b, "still", c);
    receive_text(c, "still", t->b);
    gonet_packet_conn_free(c);
    t->a = NULL;
}

/* ---- running ---- */

static const struct {
    const char *name;
    void (*body)(packet_t *t);
} tests[] = {
    {"there and back", there_and_back},
    {"empty and cut", empty_and_cut},
    {"no room", no_room},
    {"lengths", lengths},
    {"many ask", many_ask},
    {"bad addresses", bad_addresses},
    {"nobody there", nobody_there},
    {"deadlines", deadlines},
    {"deadline wakes", deadline_wakes},
    {"closed", closed},
    {"as a connection", as_conn},
    {"free closes", free_closes},
};

#define TESTS (sizeof(tests) / sizeof(tests[0]))

typedef struct {
    size_t test;
    packet_t t;
    char name[128];
} run_t;

static void body(void *arg)
{
    run_t *r = arg;

    r->t.a = r->t.kind->make(r->t.kind);
    r->t.b = r->t.kind->make(r->t.kind);
    if (r->t.a != NULL && r->t.b != NULL)
        tests[r->test].body(&r->t);
    gonet_packet_conn_free(r->t.a);
    gonet_packet_conn_free(r->t.b);
}

static void run(void **state)
{
    run_t *r = *state;

    if (r->t.kind->available != NULL && !r->t.kind->available(r->t.kind)) {
        fprintf(stderr, "%s: not on this machine\n", r->name);
        skip();
    }
    actor_run_test(r->t.mode, body, r);
}

int packet_run(const packet_kind_t *kinds, size_t count)
{
    size_t n = 0, all = count * TESTS * ACTOR_MODES;
    struct CMUnitTest *list = calloc(all, sizeof(*list));
    run_t *runs = calloc(all, sizeof(*runs));
    int result;

    if (list == NULL || runs == NULL)
        abort();
    for (size_t k = 0; k < count; k++) {
        for (size_t test = 0; test < TESTS; test++) {
            for (int mode = 0; mode < ACTOR_MODES; mode++, n++) {
                run_t *r = &runs[n];
                r->test = test;
                r->t = (packet_t){.kind = &kinds[k], .mode = (actor_mode_t)mode};
                snprintf(r->name, sizeof(r->name), "%s: %s [%s]", kinds[k].name, tests[test].name,
                         actor_mode_name[mode]);
                list[n] = (struct CMUnitTest){r->name, run, leak_setup, leak_teardown, r};
            }
        }
    }
    if (getenv("CONFORM_FILTER") != NULL)
        cmocka_set_test_filter(getenv("CONFORM_FILTER"));
    result = _cmocka_run_group_tests("packets", list, n, NULL, NULL);
    free(list);
    free(runs);
    return result;
}
