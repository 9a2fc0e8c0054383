/*
 * UDP sockets used by tasks, threads and mixtures of them: blocked calls that end, several readers
 * and writers of one socket, a socket that is closed while they are at it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonet/udp.h"
#include "support/actor.h"
#include "support/leak.h"

#define WORKERS 4
#define ROUNDS  200

static actor_kind_t helper;
static const char *ip;      /* of the socket */
static gonet_udp_conn_t *c; /* bound to it */
static char at[GONET_ADDR_STRLEN];

/* ---- blocked calls ---- */

typedef ssize_t (*read_t)(gonet_error_t **err);

static ssize_t plain(gonet_error_t **err)
{
    char buf[16];

    return gonet_udp_conn_read(c, buf, sizeof(buf), err);
}

static ssize_t with_sender(gonet_error_t **err)
{
    gonet_netip_addr_port_t from;
    char buf[16];

    return gonet_udp_conn_read_from_udp_addr_port(c, buf, sizeof(buf), &from, err);
}

static ssize_t with_control_data(gonet_error_t **err)
{
    gonet_udp_addr_t from;
    char buf[16], oob[64];
    size_t oobn;
    int flags;

    return gonet_udp_conn_read_msg_udp(c, buf, sizeof(buf), oob, sizeof(oob), &oobn, &flags, &from,
                                       err);
}

typedef struct {
    read_t read;
    ssize_t result;
    gonet_error_t *err;
    actor_t actor;
} reader_t;

static void read_op(void *arg)
{
    reader_t *r = arg;

    r->result = r->read(&r->err);
}

static void start_readers(reader_t r[3])
{
    static const read_t reads[3] = {plain, with_sender, with_control_data};

    for (int i = 0; i < 3; i++) {
        r[i] = (reader_t){.read = reads[i]};
        actor_start(&r[i].actor, helper, read_op, &r[i]);
    }
    for (int i = 0; i < 5; i++)
        check_pause();
}

static void end_readers(reader_t r[3], const char *reason)
{
    char text[256];

    snprintf(text, sizeof(text), "read udp %s: %s", at, reason);
    for (int i = 0; i < 3; i++) {
        actor_join(&r[i].actor);
        CHECK_INT(r[i].result, -1);
        CHECK_ERROR(r[i].err, text);
        gonet_error_free(r[i].err);
    }
}

static void close_ends_reads(void)
{
    reader_t r[3];

    start_readers(r);
    CHECK_INT(gonet_udp_conn_close(c, NULL), 0);
    end_readers(r, "use of closed network connection");
}

static void deadline_ends_reads(void)
{
    reader_t r[3];

    start_readers(r);
    CHECK_INT(gonet_udp_conn_set_read_deadline(c, (gonet_time_t){1}, NULL), 0);
    end_readers(r, "i/o timeout");
    CHECK_INT(gonet_udp_conn_set_read_deadline(c, gonet_no_deadline, NULL), 0);
    CHECK_INT(gonet_udp_conn_write_to(c, "abc", 3, gonet_udp_conn_local_addr(c), NULL), 3);
    CHECK_INT(plain(NULL), 3);
}

/* A datagram wakes one reader, and each gets one. */
static void datagrams_end_reads(void)
{
    reader_t r[3];
    ssize_t sum = 0;

    start_readers(r);
    for (int i = 1; i <= 3; i++)
        CHECK_INT(gonet_udp_conn_write_to(c, "abcd", (size_t)1 << (i - 1),
                                          gonet_udp_conn_local_addr(c), NULL),
                  1 << (i - 1));
    for (int i = 0; i < 3; i++) {
        actor_join(&r[i].actor);
        CHECK_ERROR(r[i].err, NULL);
        sum += r[i].result;
    }
    CHECK_INT(sum, 1 + 2 + 4);
}

/* ---- an echo service by several readers, asked by several clients ---- */

static void serve(void *arg)
{
    gonet_error_t *err = NULL;
    char buf[64], text[256];
    gonet_netip_addr_port_t from;
    ssize_t n;

    (void)arg;
    while ((n = gonet_udp_conn_read_from_udp_addr_port(c, buf, sizeof(buf), &from, &err)) >= 0)
        CHECK_INT(gonet_udp_conn_write_to_udp_addr_port(c, buf, (size_t)n, from, NULL), n);
    snprintf(text, sizeof(text), "read udp %s: use of closed network connection", at);
    CHECK_ERROR(err, text);
    gonet_error_free(err);
}

/* One question at a time, so that nothing is dropped; the answer is of the same bytes. */
static void ask(void *arg)
{
    const gonet_udp_addr_t *to = gonet_addr_as_udp(gonet_udp_conn_local_addr(c));
    gonet_udp_conn_t *a = gonet_dial_udp("udp", NULL, to, NULL);
    const gonet_addr_t *peer = gonet_udp_conn_remote_addr(a);
    char question[64], answer[64];
    gonet_udp_addr_t from;

    REQUIRE(a != NULL && peer != NULL);
    for (int i = 0; i < ROUNDS; i++) {
        int len = snprintf(question, sizeof(question), "%s %d", (const char *)arg, i);

        if (!CHECK_INT(gonet_udp_conn_write(a, question, (size_t)len, NULL), len) ||
            !CHECK_INT(gonet_udp_conn_read_from_udp(a, answer, sizeof(answer), &from, NULL), len))
            break;
        CHECK(memcmp(question, answer, (size_t)len) == 0);
        CHECK(memcmp(&from, &peer->udp, sizeof(from)) == 0);
    }
    gonet_udp_conn_free(a);
}

static void echo(void)
{
    static char names[WORKERS][2] = {"p", "q", "r", "s"};
    actor_t servers[3], clients[WORKERS];

    for (int i = 0; i < 3; i++)
        actor_start(&servers[i], helper, serve, NULL);
    for (int i = 0; i < WORKERS; i++)
        actor_start(&clients[i], helper, ask, names[i]);
    for (int i = 0; i < WORKERS; i++)
        actor_join(&clients[i]);
    CHECK_INT(gonet_udp_conn_close(c, NULL), 0);
    for (int i = 0; i < 3; i++)
        actor_join(&servers[i]);
}

/* ---- closing while others are at it ---- */

static _Atomic int calls;

static void use_until_closed(void *arg)
{
    const gonet_addr_t *to = gonet_udp_conn_local_addr(c);
    bool reads = arg != NULL;
    gonet_error_t *err = NULL;
    ssize_t n;

    do {
        n = reads ? with_sender(&err) : gonet_udp_conn_write_to(c, "x", 1, to, &err);
        atomic_fetch_add(&calls, 1);
    } while (n >= 0);
    CHECK(gonet_error_is(err, gonet_err_closed));
    gonet_error_free(err);
    gonet_udp_conn_free(c); /* each has a share of it */
}

static void close_among_others(void)
{
    actor_t actors[WORKERS];

    atomic_store(&calls, 0);
    for (int i = 0; i < WORKERS; i++) {
        (void)gonet_udp_conn_ref(c);
        actor_start(&actors[i], helper, use_until_closed, i % 2 == 0 ? actors : NULL);
    }
    AWAIT(atomic_load(&calls) > 200);
    CHECK_INT(gonet_udp_conn_close(c, NULL), 0);
    for (int i = 0; i < WORKERS; i++)
        actor_join(&actors[i]);
}

/* ---- all of them, in all modes ---- */

typedef struct {
    const char *name;
    void (*body)(void);
} body_t;

static const body_t bodies[] = {{"close ends reads", close_ends_reads},
                                {"deadline ends reads", deadline_ends_reads},
                                {"datagrams end reads", datagrams_end_reads},
                                {"echo", echo},
                                {"close among others", close_among_others}};
#define BODIES (sizeof(bodies) / sizeof(bodies[0]))
#define CASES  (BODIES * ACTOR_MODES * 2)

typedef struct {
    const body_t *body;
    actor_mode_t mode;
    const char *ip;
    char name[96];
} case_t;

static void run_body(void *arg)
{
    const case_t *the_case = arg;
    gonet_udp_addr_t addr = {.ip = gonet_parse_ip(ip)};

    c = gonet_listen_udp("udp", &addr, NULL);
    REQUIRE(c != NULL && gonet_udp_conn_local_addr(c) != NULL);
    gonet_addr_string(gonet_udp_conn_local_addr(c), at, sizeof(at));
    the_case->body->body();
    gonet_udp_conn_free(c);
}

static void run_case(void **state)
{
    case_t *the_case = *state;

    helper = actor_helper(the_case->mode);
    ip = the_case->ip;
    actor_run_test(the_case->mode, run_body, the_case);
}

int main(void)
{
    static case_t cases[CASES];
    static struct CMUnitTest tests[CASES];

    for (size_t i = 0; i < CASES; i++) {
        case_t *n = &cases[i];

        n->body = &bodies[i / 2 / ACTOR_MODES];
        n->mode = (actor_mode_t)(i / 2 % ACTOR_MODES);
        n->ip = i % 2 == 0 ? "127.0.0.1" : "::1";
        snprintf(n->name, sizeof(n->name), "%s, %s, %s", n->body->name, n->ip,
                 actor_mode_name[n->mode]);
        tests[i] = (struct CMUnitTest){.name = n->name,
                                       .test_func = run_case,
                                       .setup_func = leak_setup,
                                       .teardown_func = leak_teardown,
                                       .initial_state = n};
    }
    return cmocka_run_group_tests_name("udp by actors", tests, NULL, NULL);
}
