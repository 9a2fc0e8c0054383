/*
 * Relaying between two connections: both directions and their ends, bulk, the idle limit over both,
 * failures, and who closes what.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "gonet.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

/* client - a [relay] b - server */
typedef struct {
    gonet_conn_t *client, *a, *b, *server;
    gonet_duration_t idle;
    int64_t there, back;
    int result;
    gonet_error_t *err;
    atomic_bool ended;
    bool alone; /* nobody waits */
    actor_t relays;
    gonet_wait_group_t over;
} proxy_t;

static void relay(void *arg)
{
    proxy_t *p = arg;

    p->result = gonet_relay(p->a, p->b, p->idle, &p->there, &p->back, &p->err);
    atomic_store(&p->ended, true);
}

static void on_end(void *arg, int64_t there, int64_t back, const gonet_error_t *err)
{
    proxy_t *p = arg;

    p->result = err == NULL ? 0 : -1;
    p->err = gonet_error_ref(err);
    p->there = there;
    p->back = back;
    atomic_store(&p->ended, true);
    gonet_wait_group_done(&p->over);
}

static bool start(proxy_t *p, actor_kind_t kind)
{
    if (!p->alone) {
        actor_start(&p->relays, kind, relay, p);
        return true;
    }
    gonet_wait_group_add(&p->over, 1);
    return CHECK_INT(
        gonet_relay_go(gonet_conn_ref(p->a), gonet_conn_ref(p->b), p->idle, on_end, p, NULL), 0);
}

static void join(proxy_t *p)
{
    if (p->alone)
        gonet_wait_group_wait(&p->over);
    else
        actor_join(&p->relays);
}

/* Begins to relay, by a task or a thread, over the network, or wrapped by a table. */
static bool begin(proxy_t *p, actor_kind_t kind, const char *network,
                  const gonet_conn_vtable_t *table)
{
    if (!net_pair(network, &p->client, &p->a) || !net_pair(network, &p->b, &p->server))
        return false;
    if (table != NULL) {
        p->a = gonet_conn_wrap(p->a, table, p->a);
        p->b = gonet_conn_wrap(p->b, table, p->b);
    }
    return start(p, kind);
}

static void end(proxy_t *p)
{
    char byte;

    CHECK_INT(gonet_conn_read(p->a, &byte, 1, NULL), -1); /* it has closed both */
    CHECK_INT(gonet_conn_read(p->b, &byte, 1, NULL), -1);
    gonet_conn_free(p->client);
    gonet_conn_free(p->a);
    gonet_conn_free(p->b);
    gonet_conn_free(p->server);
    gonet_error_free(p->err);
}

static bool passes(gonet_conn_t *from, gonet_conn_t *to, const char *text)
{
    char in[64] = "";
    size_t len = strlen(text);

    return CHECK_INT(gonet_conn_write(from, text, len, NULL), (long long)len) &&
           CHECK_INT(gonet_read_full(gonet_conn_as_reader(to), in, len, NULL, NULL), 0) &&
           CHECK_TEXT(in, text);
}

static bool is_at_end(gonet_conn_t *c)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char byte;

    return CHECK_INT(gonet_conn_read(c, &byte, 1, &err), 0) && CHECK(err == gonet_eof);
}

static ssize_t inner_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    return gonet_conn_read(self, p, len, err);
}

static int inner_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    return gonet_conn_write_count(self, p, len, n, err);
}

/* With these the library does not see the sockets. */
static const gonet_conn_vtable_t opaque = {
    .size = sizeof(opaque), .read = inner_read, .write = inner_write};

typedef struct {
    const char *network;
    const gonet_conn_vtable_t *table;
    actor_kind_t kind;
    bool alone;
} way_t;

static const way_t ways[] = {{"tcp", NULL, BY_TASK, false},    {"tcp", NULL, BY_THREAD, false},
                             {"tcp", NULL, BY_TASK, true},     {"unix", NULL, BY_TASK, true},
                             {"tcp", &opaque, BY_TASK, false}, {"tcp", &opaque, BY_THREAD, false},
                             {"tcp", &opaque, BY_TASK, true}};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static bool begin_way(proxy_t *p, const way_t *way)
{
    p->alone = way->alone;
    return begin(p, way->kind, way->network, way->table);
}

/* Each direction ends by itself. */
static void half_close(void *arg)
{
    for (int i = 0; i < WAYS; i++) {
        proxy_t p = {.idle = i % 2 == 0 ? 0 : GONET_HOUR};

        (void)arg;
        REQUIRE(begin_way(&p, &ways[i]));
        passes(p.client, p.server, "request");
        passes(p.server, p.client, "answer");
        CHECK_INT(gonet_conn_close_write(p.client, NULL), 0);
        is_at_end(p.server);
        CHECK(!atomic_load(&p.ended));
        passes(p.server, p.client, "and more");
        CHECK_INT(gonet_conn_close_write(p.server, NULL), 0);
        is_at_end(p.client);
        join(&p);
        CHECK_INT(p.result, 0);
        CHECK_ERROR(p.err, NULL);
        CHECK_INT(p.there, 7);
        CHECK_INT(p.back, 14);
        relay(&p); /* once more, with what is closed */
        CHECK_INT(p.result, -1);
        CHECK_INT(p.there + p.back, 0);
        end(&p);
    }
}

/* ---- bulk ---- */

#define BULK ((size_t)6 << 20)

typedef struct {
    gonet_conn_t *c;
    unsigned char step;
    size_t wrong;
    gonet_duration_t pause; /* between reads */
    size_t piece;
    actor_t actor;
} stream_t;

static void send_bulk(void *arg)
{
    stream_t *s = arg;
    unsigned char buf[8192];
    size_t sent = 0;

    while (sent < BULK) {
        for (size_t i = 0; i < sizeof(buf); i++)
            buf[i] = (unsigned char)((sent + i) / 1000 * s->step);
        if (gonet_conn_write(s->c, buf, sizeof(buf), NULL) < 0)
            return; /* who receives finds out */
        sent += sizeof(buf);
    }
    gonet_conn_close_write(s->c, NULL);
}

static void receive_bulk(void *arg)
{
    stream_t *s = arg;
    unsigned char *buf = malloc(s->piece);
    size_t got = 0;
    ssize_t n;

    while ((n = gonet_conn_read(s->c, buf, s->piece, NULL)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            s->wrong += buf[i] != (unsigned char)((got + (size_t)i) / 1000 * s->step);
        got += (size_t)n;
        gonet_sleep(s->pause);
    }
    s->wrong += got != BULK;
    free(buf);
}

static void bulk(void *arg)
{
    (void)arg;
    for (int i = 0; i < WAYS; i++) {
        proxy_t p = {.idle = GONET_HOUR};
        stream_t s[4];

        REQUIRE(begin_way(&p, &ways[i]));
        s[0] = (stream_t){.c = p.client, .step = 3};
        s[1] = (stream_t){.c = p.server, .step = 3, .piece = 100000};
        s[2] = (stream_t){.c = p.server, .step = 5};
        s[3] = (stream_t){.c = p.client, .step = 5, .piece = 100000};
        for (int k = 0; k < 4; k++)
            actor_start(&s[k].actor, BY_TASK, k % 2 == 0 ? send_bulk : receive_bulk, &s[k]);
        for (int k = 0; k < 4; k++)
            actor_join(&s[k].actor);
        CHECK_INT(s[1].wrong + s[3].wrong, 0);
        join(&p);
        CHECK_INT(p.result, 0);
        CHECK_INT(p.there, BULK);
        CHECK_INT(p.back, BULK);
        end(&p);
    }
}

/* ---- the idle limit ---- */

/* Bytes in one direction only, each within the limit, for longer than it; then none. True: no byte
 * came too late, so this has told something. */
static bool trickle(const way_t *way, gonet_duration_t idle)
{
    proxy_t p = {.idle = idle};
    bool in_time = true;
    char byte;

    if (!CHECK(begin_way(&p, way)))
        return true;
    for (int k = 0; k < 12 && in_time; k++) {
        gonet_time_t begin = gonet_now();

        gonet_sleep(idle / 4);
        in_time = gonet_conn_write(p.client, "x", 1, NULL) == 1 &&
                  gonet_conn_read(p.server, &byte, 1, NULL) == 1;
        CHECK(in_time || gonet_since(begin) > idle / 2);
        in_time = in_time && gonet_since(begin) < idle / 2;
    }
    if (in_time) {
        is_at_end(p.client); /* closed in the end, though nobody here does */
        join(&p);
        CHECK_INT(p.result, -1);
        CHECK(gonet_error_timeout(p.err));
        CHECK_INT(p.there, 12);
    } else {
        join(&p);
    }
    end(&p);
    return in_time;
}

static void idle_counts_both(void *arg)
{
    (void)arg;
    for (int i = 0; i < WAYS; i++) {
        gonet_duration_t idle = 20 * GONET_MILLISECOND;

        while (!trickle(&ways[i], idle) && check_patience())
            idle *= 2;
    }
}

/* Small buffers, lest everything wait there. */
static void shrink(proxy_t *p)
{
    gonet_conn_t *inner = gonet_conn_net_conn(p->b);
    gonet_tcp_conn_t *b = gonet_conn_as_tcp(inner != NULL ? inner : p->b);

    if (b == NULL)
        return; /* a unix socket has a small one */
    CHECK_INT(gonet_tcp_conn_set_write_buffer(b, 65536, NULL), 0);
    CHECK_INT(gonet_tcp_conn_set_read_buffer(gonet_conn_as_tcp(p->server), 65536, NULL), 0);
}

/* A receiver so slow that the deadline comes in the middle of pieces: nothing is lost. */
static bool slow(const way_t *way, gonet_duration_t idle)
{
    proxy_t p = {.idle = idle};
    stream_t s[2];
    bool over;

    if (!CHECK(begin_way(&p, way)))
        return true;
    shrink(&p);
    s[0] = (stream_t){.c = p.client, .step = 3};
    s[1] = (stream_t){.c = p.server, .step = 3, .piece = 65536, .pause = idle / 16};
    actor_start(&s[0].actor, BY_TASK, send_bulk, &s[0]);
    actor_start(&s[1].actor, BY_TASK, receive_bulk, &s[1]);
    actor_join(&s[0].actor);
    actor_join(&s[1].actor);
    gonet_conn_close(p.server, NULL);
    join(&p);
    over = p.result == 0;
    CHECK(over || gonet_error_timeout(p.err));
    if (over)
        CHECK_INT(s[1].wrong, 0);
    end(&p);
    return over;
}

/* The peer of a relay that has ended early gets an error, too. */
static void send_some(void *arg)
{
    proxy_t *p = arg;
    static char zeros[65536];

    while (gonet_conn_write(p->client, zeros, sizeof(zeros), NULL) > 0)
        continue;
}

/* A receiver that reads nothing at all: that is idle, too. */
static void stuck(void *arg)
{
    (void)arg;
    for (int i = 0; i < WAYS; i++) {
        proxy_t p = {.idle = 20 * GONET_MILLISECOND};
        actor_t sends;

        REQUIRE(begin_way(&p, &ways[i]));
        actor_start(&sends, BY_TASK, send_some, &p);
        join(&p);
        CHECK_INT(p.result, -1);
        CHECK(gonet_error_timeout(p.err));
        actor_join(&sends);
        end(&p);
    }
}

/* ---- failures ---- */

static void reset(void *arg)
{
    (void)arg;
    for (int i = 0; i < WAYS; i++) {
        proxy_t p = {.idle = 0};

        if (strcmp(ways[i].network, "tcp") != 0)
            continue;
        REQUIRE(begin_way(&p, &ways[i]));
        passes(p.client, p.server, "request");
        CHECK_INT(gonet_tcp_conn_set_linger(gonet_conn_as_tcp(p.server), 0, NULL), 0);
        CHECK_INT(gonet_conn_close(p.server, NULL), 0);
        join(&p);
        CHECK_INT(p.result, -1);
        CHECK(gonet_error_is_errno(p.err, ECONNRESET));
        CHECK_INT(p.there, 7);
        is_at_end(p.client);
        end(&p);
    }
}

static void closed_from_elsewhere(void *arg)
{
    (void)arg;
    for (int i = 0; i < WAYS; i++) {
        proxy_t p = {.idle = 0};

        REQUIRE(begin_way(&p, &ways[i]));
        passes(p.client, p.server, "request");
        CHECK_INT(gonet_conn_close(i % 2 == 0 ? p.a : p.b, NULL), 0);
        join(&p);
        CHECK_INT(p.result, -1);
        CHECK(gonet_error_is(p.err, gonet_err_closed));
        is_at_end(p.client);
        is_at_end(p.server);
        end(&p);
    }
}

/* A pipe in memory can't be half closed: the end of one side ends all. */
static void without_half_close(void *arg)
{
    proxy_t p = {.idle = 0};

    (void)arg;
    REQUIRE(gonet_pipe(&p.client, &p.a) == 0 && gonet_pipe(&p.b, &p.server) == 0);
    actor_start(&p.relays, BY_TASK, relay, &p);
    passes(p.client, p.server, "request");
    passes(p.server, p.client, "answer");
    gonet_conn_close(p.client, NULL);
    join(&p);
    CHECK_INT(p.result, 0);
    CHECK_ERROR(p.err, NULL);
    end(&p);
}

static bool start_alone(proxy_t *p)
{
    gonet_error_t *err = NULL;

    gonet_wait_group_add(&p->over, 1);
    if (gonet_relay_go(gonet_conn_ref(p->a), gonet_conn_ref(p->b), p->idle, on_end, p, &err) == 0)
        return true; /* p is on_end's from now on */
    p->result = -1;
    p->err = err;
    return false;
}

static void lack_memory(bool alone)
{
    int failures = 0;

    for (int n = 1; n < 50; n++) {
        proxy_t p = {.idle = 0, .alone = alone};
        bool failed;

        REQUIRE(net_pair("tcp", &p.client, &p.a) && net_pair("tcp", &p.b, &p.server));
        CHECK_INT(gonet_conn_close_write(p.client, NULL), 0);
        CHECK_INT(gonet_conn_close_write(p.server, NULL), 0);
        gonet__alloc_fail_at(n, 0);
        if (!alone)
            relay(&p);
        else if (start_alone(&p))
            join(&p);
        failed = gonet__alloc_failed() > 0;
        gonet__alloc_fail_at(0, 0);
        CHECK(failed || p.result == 0);
        failures += p.result != 0;
        CHECK(p.result == 0 || gonet_error_is(p.err, gonet_err_no_memory) ||
              gonet_error_is_errno(p.err, ENOMEM));
        end(&p);
        if (!failed)
            break;
    }
    CHECK(failures > 0);
}

static void no_memory(void *arg)
{
    (void)arg;
    lack_memory(false);
    lack_memory(true);
}

/* How many tasks have a stack. */
static int born(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    int n = 0;

    gonet_dump_tasks(f);
    fclose(f);
    for (const char *at = text; (at = strstr(at, "task ")) != NULL; at++)
        n++;
    free(text);
    return n;
}

/* While nothing is under way there are none. */
static void no_tasks(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        proxy_t p = {.idle = GONET_HOUR, .alone = i == 0};

        REQUIRE(begin(&p, BY_THREAD, "tcp", NULL));
        for (int k = 0; k < 3; k++) {
            passes(p.client, p.server, "request");
            passes(p.server, p.client, "answer");
            AWAIT(born() == 0);
        }
        CHECK_INT(gonet_conn_close(p.client, NULL), 0);
        CHECK_INT(gonet_conn_close(p.server, NULL), 0);
        join(&p);
        CHECK_INT(p.result, 0);
        end(&p);
    }
}

static void nobody(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    int64_t there = 9, back = 9;

    (void)arg;
    CHECK_INT(gonet_relay(NULL, NULL, 0, &there, &back, &err), -1);
    CHECK(gonet_error_is_errno(err, EINVAL));
    CHECK_INT(there + back, 0);
    CHECK_INT(gonet_relay_go(NULL, NULL, 0, NULL, NULL, &err), -1);
    CHECK(gonet_error_is_errno(err, EINVAL));
}

static void slowly(void *arg)
{
    (void)arg;
    for (int i = 0; i < WAYS; i++) {
        gonet_duration_t idle = 40 * GONET_MILLISECOND;

        while (!slow(&ways[i], idle) && check_patience())
            idle *= 2;
    }
}

#define TEST(name)                           \
    static void test_##name(void **state)    \
    {                                        \
        (void)state;                         \
        actor_run_test(THREADS, name, NULL); \
    }

TEST(half_close)
TEST(bulk)
TEST(idle_counts_both)
TEST(stuck)
TEST(slowly)
TEST(reset)
TEST(closed_from_elsewhere)
TEST(without_half_close)
TEST(no_memory)
TEST(no_tasks)
TEST(nobody)

static void test_shutdown(void **state)
{
    proxy_t p = {.idle = 0};

    (void)state;
    assert_true(begin(&p, BY_TASK, "tcp", NULL));
    passes(p.client, p.server, "request");
    assert_int_equal(gonet_shutdown(-1), 0);
    check_report();
    assert_int_equal(p.result, -1);
    assert_true(gonet_error_is(p.err, gonet_err_closed));
    join(&p);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_half_close),
        LEAK_TEST(test_bulk),
        LEAK_TEST(test_idle_counts_both),
        LEAK_TEST(test_stuck),
        LEAK_TEST(test_slowly),
        LEAK_TEST(test_reset),
        LEAK_TEST(test_closed_from_elsewhere),
        LEAK_TEST(test_without_half_close),
        LEAK_TEST(test_no_memory),
        LEAK_TEST(test_no_tasks),
        LEAK_TEST(test_nobody),
        LEAK_TEST(test_shutdown),
    };

    return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
