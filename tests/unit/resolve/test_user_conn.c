/*
 * A resolver's own connections (behaviour 23.20): one that is a packet connection, too, carries a
 * message per packet, any other one messages behind their length. Here they are in memory, and see
 * and say every byte; and they are UDP and TCP connections of the library's.
 */
#include <gonet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name_server.h"
#include "support/actor.h"
#include "support/check.h"
#include "support/leak.h"

/* What a connection does with a question. */
typedef enum {
    ANSWER = 0,
    FORGE_FIRST, /* packets only: a foreign packet before the answer */
    CUT,         /* streams only: ends inside the answer */
    END,         /* streams only: ends before it */
    FAIL,        /* the read fails */
    NOTHING,     /* the read brings no bytes, again and again */
    GARBAGE,     /* packets only: the read brings what is no answer, again and again */
    REFUSE       /* the write fails */
} manner_t;

typedef struct {
    bool packets;
    manner_t manner;
    size_t step; /* bytes a read gives; 0: all */
    /* seen */
    int dials, closes, deadlines, reads;
    bool framed; /* the question had its length in front */
    char network[8];
} wish_t;

typedef struct {
    wish_t *wish;
    gonet_packet_conn_t *as_packets;
    uint8_t out[512];
    size_t len, at;
    bool forged;
} memory_t;

/* The answer to an A question: 192.0.2.7. */
static void answer(memory_t *m, const uint8_t *q, size_t len)
{
    static const char record[] = "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7";
    size_t end = 12, head = m->wish->packets ? 0 : 2;
    uint8_t *p = m->out + head;

    while (end < len && q[end] != 0)
        end += q[end] + 1u;
    end += 5;
    memcpy(p, q, end);
    memcpy(p + 2, "\x81\x80\0\1\0\1\0\0\0\0", 10);
    memcpy(p + end, record, sizeof(record) - 1);
    end += sizeof(record) - 1;
    m->len = end + head;
    if (head > 0) {
        m->out[0] = (uint8_t)(end >> 8);
        m->out[1] = (uint8_t)end;
    }
    if (m->wish->manner == CUT)
        m->len -= 3;
    else if (m->wish->manner == END)
        m->len = 0;
}

static int memory_write(void *self, const void *data, size_t len, size_t *n, gonet_error_t **err)
{
    const uint8_t *p = data;
    memory_t *m = self;

    if (m->wish->manner == REFUSE) {
        *err = gonet_error_new("no questions today");
        return -1;
    }
    m->wish->framed = len > 2 && (size_t)(p[0] << 8 | p[1]) == len - 2;
    if (m->wish->framed)
        answer(m, p + 2, len - 2);
    else
        answer(m, p, len);
    *n = len;
    return 0;
}

static ssize_t memory_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    memory_t *m = self;
    size_t n = m->len - m->at;

    m->wish->reads++;
    if (m->wish->manner == FAIL) {
        *err = gonet_error_new("no answers today");
        return -1;
    }
    if (m->wish->manner == NOTHING)
        return 0;
    if (m->wish->manner == GARBAGE) {
        memset(p, 0xc0, len);
        return (ssize_t)len;
    }
    if (m->wish->manner == FORGE_FIRST && !m->forged) {
        m->forged = true;
        memcpy(p, m->out, n);
        ((uint8_t *)p)[0] ^= 1;
        return (ssize_t)n;
    }
    if (n == 0) {
        *err = gonet_eof;
        return -1;
    }
    n = n < len ? n : len;
    if (m->wish->step > 0 && n > m->wish->step)
        n = m->wish->step;
    memcpy(p, m->out + m->at, n);
    m->at += n;
    return (ssize_t)n;
}

static int memory_close(void *self, gonet_error_t **err)
{
    (void)err;
    ((memory_t *)self)->wish->closes++;
    return 0;
}

static int memory_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    (void)err;
    ((memory_t *)self)->wish->deadlines += t.ns != 0;
    return 0;
}

static gonet_packet_conn_t *memory_packets(void *self)
{
    return ((memory_t *)self)->as_packets;
}

static void memory_destroy(void *self)
{
    gonet_packet_conn_free(((memory_t *)self)->as_packets);
    free(self);
}

static const gonet_conn_vtable_t memory_conn = {
    .size = sizeof(gonet_conn_vtable_t),
    .read = memory_read,
    .write = memory_write,
    .close = memory_close,
    .set_deadline = memory_deadline,
    .destroy = memory_destroy,
    .packet_conn = memory_packets,
};

static const gonet_packet_conn_vtable_t no_packets = {.size = sizeof(gonet_packet_conn_vtable_t)};

static gonet_conn_t *dial_memory(void *arg, gonet_context_t *ctx, const char *network,
                                 const char *address, gonet_error_t **err)
{
    memory_t *m = calloc(1, sizeof(*m));

    (void)address;
    (void)err;
    CHECK(ctx != NULL);
    m->wish = arg;
    m->wish->dials++;
    snprintf(m->wish->network, sizeof(m->wish->network), "%s", network);
    if (m->wish->packets)
        m->as_packets = gonet_packet_conn_new(&no_packets, NULL);
    return gonet_conn_new(&memory_conn, m);
}

typedef struct {
    bool packets;
    manner_t manner;
    size_t step;
    const char *error; /* after "lookup x.test on 192.0.2.53:53: "; NULL: an answer */
} row_t;

static const row_t rows[] = {
    {true, ANSWER, 0, NULL},
    {true, FORGE_FIRST, 0, NULL},
    {true, FAIL, 0, "no answers today"},
    {true, REFUSE, 0, "no questions today"},
    {true, NOTHING, 0, "multiple Read calls return no data or error"},
    {true, END, 0, "EOF"},
    {false, ANSWER, 0, NULL},
    {false, ANSWER, 1, NULL},
    {false, ANSWER, 3, NULL},
    {false, CUT, 0, "unexpected EOF"},
    {false, CUT, 1, "unexpected EOF"},
    {false, END, 0, "EOF"},
    {false, FAIL, 0, "no answers today"},
    {false, NOTHING, 0, "multiple Read calls return no data or error"},
    {false, REFUSE, 0, "no questions today"},
};

static void ask_memory(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const row_t *row = &rows[i];
        GONET_AUTO(gonet_error_t) err = NULL;
        wish_t wish = {.packets = row->packets, .manner = row->manner, .step = row->step};
        gonet_resolver_t r = {
            .servers = "192.0.2.53", .dial = dial_memory, .dial_arg = &wish, .prefer_go = true};
        char want[128];
        size_t n = 0;
        gonet_ip_t *ips = gonet_resolver_lookup_ip(&r, NULL, "ip4", "x.test.", &n, &err);

        CHECK_INT(n, row->error == NULL);
        if (n == 1)
            CHECK_INT(ips[0].b[3], 7);
        gonet_free(ips);
        snprintf(want, sizeof(want), "lookup x.test. on 192.0.2.53:53: %s",
                 row->error == NULL ? "" : row->error);
        CHECK_ERROR(err, row->error == NULL ? NULL : want);
        CHECK_TEXT(wish.network, "udp");
        CHECK(wish.dials >= 1 && wish.closes >= wish.dials && wish.deadlines >= wish.dials);
        if (row->manner != REFUSE)
            CHECK_INT(wish.framed, !row->packets);
        if (row->manner == NOTHING)
            CHECK_INT(wish.reads, 100 * wish.dials);
    }
}

static void in_memory(void **state)
{
    (void)state;
    actor_run_test(TASKS, ask_memory, NULL);
    actor_run_test(THREADS, ask_memory, NULL);
}

static void end(void *ctx)
{
    gonet_context_cancel(ctx);
}

/* A connection that knows nothing of deadlines and always has something to say: the lookup ends all
 * the same, and the other tasks of the worker run meanwhile: one of them ends it. */
static void ask_for_ever(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    wish_t wish = {.packets = true, .manner = GARBAGE};
    gonet_resolver_t r = {
        .servers = "192.0.2.53", .dial = dial_memory, .dial_arg = &wish, .prefer_go = true};
    gonet_context_t *ctx = arg != NULL ? gonet_context_with_cancel(NULL)
                                       : gonet_context_with_timeout(NULL, 200 * GONET_MILLISECOND);
    actor_t actor;
    size_t n = 0;

    if (arg != NULL)
        actor_start(&actor, BY_TASK, end, ctx);
    gonet_free(gonet_resolver_lookup_txt(&r, ctx, "x.test.", &n, &err));
    CHECK(arg != NULL ? gonet_error_is(err, gonet_err_canceled) : gonet_error_timeout(err));
    if (arg != NULL)
        actor_join(&actor);
    gonet_context_free(ctx);
}

static void for_ever(void **state)
{
    (void)state;
    actor_run_test(TASKS, ask_for_ever, (void *)"task");
    actor_run_test(THREADS, ask_for_ever, NULL);
}

static gonet_conn_t *dial_library(void *arg, gonet_context_t *ctx, const char *network,
                                  const char *address, gonet_error_t **err)
{
    (void)network;
    return gonet_dialer_dial_context(NULL, ctx, arg, address, err);
}

/* Cancels a lookup when the server has seen its question. */
typedef struct {
    name_server_t *server;
    gonet_context_t *ctx;
    int before;
} canceller_t;

static void cancel_when_asked(void *arg)
{
    canceller_t *c = arg;

    AWAIT(name_server_count(c->server) > c->before);
    gonet_context_cancel(c->ctx);
}

/* What kind of connection it is decides about the form, not the network that was asked for. */
static void ask_library(void *arg)
{
    static const char *const networks[] = {"udp", "tcp"};
    const char *text;
    name_server_t *server = name_server_start(&text);

    (void)arg;
    for (int i = 0; i < 2; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_resolver_t r = {.servers = text,
                              .prefer_go = true,
                              .dial = dial_library,
                              .dial_arg = (void *)(uintptr_t)networks[i]};
        gonet_context_t *ctx = gonet_context_with_cancel(NULL);
        canceller_t canceller = {.server = server, .ctx = ctx};
        actor_t actor;
        size_t n = 0;

        name_server_forget(server);
        gonet_free(gonet_resolver_lookup_ip_addr(&r, ctx, "garbage.test", &n, &err));
        CHECK_ERROR(err, NULL);
        CHECK_INT(n, 2);
        CHECK_INT(name_server_question(server, 0).tcp, i == 1);
        CHECK_INT(name_server_question(server, 1).tcp, i == 1);
        canceller.before = name_server_count(server);
        actor_start(&actor, BY_TASK, cancel_when_asked, &canceller);
        gonet_free(
            gonet_resolver_lookup_txt(&r, ctx, i == 0 ? "silent.test" : "tcsilent.test", &n, &err));
        CHECK(gonet_error_is(err, gonet_err_canceled));
        actor_join(&actor);
        gonet_context_free(ctx);
    }
    name_server_stop(server);
}

static void by_library(void **state)
{
    (void)state;
    actor_run_test(TASKS, ask_library, NULL);
    actor_run_test(THREADS, ask_library, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(in_memory), LEAK_TEST(for_ever),
                                       LEAK_TEST(by_library)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
