/*
 * Reading and writing: everything arrives once, in order, and whole; several readers and writers
 * are served one after the other; the ends.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/conform.h"
#include "support/pattern.h"

/* ---- big transfers ---- */

typedef struct {
    gonet_conn_t *c;
    unsigned stream;
    size_t len;
    bool messages;         /* a read takes a whole one */
    atomic_size_t *pacing; /* lossy kinds: how many messages have been read; else NULL */
    actor_t actor;
} flow_t;

/* Of a lossy kind no more is under way than fits into any socket's buffer. */
enum { PACED_MESSAGES = 20, PACED_SIZE = 1400 };

static void await_turn(atomic_size_t *pacing, size_t sent)
{
    if (pacing != NULL)
        AWAIT(sent < atomic_load(pacing) + PACED_MESSAGES);
}

static void count_read(atomic_size_t *pacing)
{
    if (pacing != NULL)
        atomic_fetch_add(pacing, 1);
}

static void send_flow(void *arg)
{
    flow_t *f = arg;
    size_t size = f->pacing != NULL ? PACED_SIZE : f->messages ? 50000 : 200000;
    size_t chunk = 1, messages = 0;
    unsigned char *buf = malloc(size);

    REQUIRE(buf != NULL);
    for (size_t sent = 0; sent < f->len && !check_failed();) {
        GONET_AUTO(gonet_error_t) err = NULL;
        size_t n = chunk < f->len - sent ? chunk : f->len - sent;
        await_turn(f->pacing, messages++);
        pattern_fill(buf, f->stream, sent, n);
        CHECK_INT(gonet_conn_write(f->c, buf, n, &err), n);
        CHECK_ERROR(err, NULL);
        sent += n;
        chunk = (chunk * 3 + 1) % size + 1;
    }
    free(buf);
}

static void receive_flow(void *arg)
{
    flow_t *f = arg;
    size_t chunk = 1, size = 150000;
    unsigned char *buf = malloc(size);

    REQUIRE(buf != NULL);
    for (size_t got = 0; got < f->len && !check_failed();) {
        GONET_AUTO(gonet_error_t) err = NULL;
        size_t room = f->messages ? size : chunk;
        ssize_t n = gonet_conn_read(f->c, buf, room, &err);
        CHECK_ERROR(err, NULL);
        if (!CHECK(n > 0) || !CHECK((size_t)n <= room))
            break;
        CHECK(pattern_matches(buf, f->stream, got, (size_t)n));
        got += (size_t)n;
        count_read(f->pacing);
        chunk = (chunk * 5 + 3) % size + 1;
    }
    free(buf);
}

/* Both directions at the same time. */
static void big_transfers(conform_t *t)
{
    enum { LEN = 4 << 20 };
    atomic_size_t pacing[2];
    flow_t f[4];

    for (int i = 0; i < 2; i++)
        atomic_init(&pacing[i], 0);
    for (int i = 0; i < 4; i++) {
        f[i] = (flow_t){.c = i == 0 || i == 3 ? t->a : t->b,
                        .stream = 1 + (unsigned)i / 2,
                        .len = t->kind->lossy || t->kind->slow ? LEN / 16 : LEN,
                        .messages = !t->kind->stream,
                        .pacing = t->kind->lossy ? &pacing[i / 2] : NULL};
    }
    for (int i = 0; i < 4; i++)
        actor_start(&f[i].actor, conform_helper(t, i), i % 2 ? receive_flow : send_flow, &f[i]);
    for (int i = 0; i < 4; i++)
        actor_join(&f[i].actor);
}

static void ping_pong(conform_t *t)
{
    for (int i = 0; i < 100; i++) {
        conform_ping(t, t->a, t->b);
        conform_ping(t, t->b, t->a);
    }
}

/* ---- several readers and writers ---- */

enum { WRITERS = 8, BLOCK = 64 << 10, BLOCKS = 4 };

static void write_blocks(void *arg)
{
    flow_t *f = arg;
    char *block = malloc(f->len);

    REQUIRE(block != NULL);
    memset(block, 'a' + (int)f->stream, f->len);
    for (int i = 0; i < BLOCKS; i++)
        CHECK_INT(gonet_conn_write(f->c, block, f->len, NULL), f->len);
    free(block);
}

/* Writes never interleave: behind the first byte of a block there are only its own. */
static void writes_are_serialised(conform_t *t)
{
    const size_t len = t->kind->lossy     ? 1000
                       : t->kind->slow    ? BLOCK / 4
                       : t->kind->endless ? BLOCK / 2
                                          : BLOCK;
    const size_t sum = WRITERS * BLOCKS * len;
    flow_t f[WRITERS];
    int seen[WRITERS] = {0};
    char *all = malloc(sum);
    size_t got = 0;

    REQUIRE(all != NULL);
    for (int i = 0; i < WRITERS; i++) {
        f[i] = (flow_t){.c = t->a, .stream = (unsigned)i, .len = len};
        actor_start(&f[i].actor, conform_helper(t, i), write_blocks, &f[i]);
    }
    while (got < sum) {
        ssize_t n = gonet_conn_read(t->b, all + got, sum - got, NULL);
        if (!CHECK(n > 0))
            break;
        got += (size_t)n;
    }
    for (int i = 0; i < WRITERS; i++)
        actor_join(&f[i].actor);
    for (size_t block = 0; block < got / len; block++) {
        const char *p = all + block * len;
        CHECK(memcmp(p, p + 1, len - 1) == 0);
        if (CHECK(*p >= 'a' && *p < 'a' + WRITERS))
            seen[*p - 'a']++;
    }
    for (int i = 0; i < WRITERS; i++)
        CHECK_INT(seen[i], BLOCKS);
    free(all);
}

typedef struct {
    gonet_conn_t *c;
    atomic_size_t *left;
    atomic_int *count; /* how often each byte was read */
    atomic_size_t *pacing;
    actor_t actor;
} share_t;

static void read_share(void *arg)
{
    share_t *s = arg;

    for (;;) {
        unsigned char buf[3];
        size_t left = atomic_load(s->left);
        ssize_t n;
        do {
            if (left == 0)
                return;
        } while (!atomic_compare_exchange_weak(s->left, &left, left - 1));
        n = gonet_conn_read(s->c, buf, 1, NULL);
        if (!CHECK_INT(n, 1))
            return;
        atomic_fetch_add(&s->count[buf[0]], 1);
        count_read(s->pacing);
    }
}

/* Many readers: each byte is read by one of them. */
static void reads_are_serialised(conform_t *t)
{
    enum { READERS = 10, LEN = 256 * 4 };
    share_t s[READERS];
    atomic_size_t left = LEN, read, *pacing = t->kind->lossy ? &read : NULL;
    atomic_int count[256];
    unsigned char all[256];

    atomic_init(&read, 0);
    for (int i = 0; i < 256; i++) {
        atomic_init(&count[i], 0);
        all[i] = (unsigned char)i;
    }
    for (int i = 0; i < READERS; i++) {
        s[i] = (share_t){.c = t->b, .left = &left, .count = count, .pacing = pacing};
        actor_start(&s[i].actor, conform_helper(t, i), read_share, &s[i]);
    }
    for (int i = 0; i < LEN; i += 256) {
        size_t step = t->kind->stream ? sizeof(all) : 1;
        for (size_t k = 0; k < sizeof(all); k += step) {
            await_turn(pacing, (size_t)i + k);
            CHECK_INT(gonet_conn_write(t->a, all + k, step, NULL), step);
        }
    }
    for (int i = 0; i < READERS; i++)
        actor_join(&s[i].actor);
    for (int i = 0; i < 256; i++)
        CHECK_INT(atomic_load(&count[i]), LEN / 256);
}

/* ---- nothing, and the end ---- */

/* Behaviour 9.10 and 9.16. */
static void empty_calls(conform_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char c = 'x';

    CHECK_INT(gonet_conn_read(t->a, &c, 0, &err), 0);
    CHECK_ERROR(err, NULL);
    CHECK_INT(gonet_conn_write(t->a, "", 0, &err), 0);
    CHECK_ERROR(err, NULL);
    CHECK(gonet_conn_set_deadline(t->a, (gonet_time_t){1}, NULL) == 0);
    CHECK_INT(gonet_conn_read(t->a, &c, 0, &err), 0); /* no deadline check */
    CHECK_ERROR(err, NULL);
    CHECK_INT(gonet_conn_write(t->a, "", 0, &err), -1); /* but here */
    (void)conform_is_timeout(err);
    CHECK(gonet_conn_set_deadline(t->a, gonet_no_deadline, NULL) == 0);
    conform_ping(t, t->a, t->b);
    conform_ping(t, t->b, t->a);
    CHECK_INT(gonet_conn_close(t->a, NULL), 0);
    CHECK_INT(gonet_conn_read(t->a, &c, 0, &err), -1);
    (void)conform_is_closed(t, err);
}

/* What was written before the close is read, then the end, again and again; identical to gonet_eof.
 */
static void end_comes_last(conform_t *t)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char buf[16];
    size_t got = 0;

    CHECK_INT(gonet_conn_write(t->a, "last words", 10, NULL), 10);
    CHECK_INT(gonet_conn_close(t->a, NULL), 0);
    while (got < 10) {
        ssize_t n = gonet_conn_read(t->b, buf + got, sizeof(buf) - got, &err);
        if (!CHECK(n > 0))
            return;
        got += (size_t)n;
    }
    CHECK_INT(got, 10);
    CHECK(memcmp(buf, "last words", 10) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(gonet_conn_read(t->b, buf, sizeof(buf), &err), 0);
        CHECK(err == gonet_eof);
    }
}

static void end_wakes_readers(conform_t *t)
{
    enum { N = 4 };
    conform_call_t r[N];
    char buf[N];

    for (int i = 0; i < N; i++)
        conform_start_read(t, i, &r[i], t->b, &buf[i], 1);
    conform_settle(&r[N - 1]);
    CHECK_INT(gonet_conn_close(t->a, NULL), 0);
    for (int i = 0; i < N; i++) {
        conform_join(&r[i]);
        CHECK_INT(r[i].result, 0);
        CHECK(r[i].err == gonet_eof);
    }
}

/* ---- addresses ---- */

static void check_addresses(const gonet_addr_t *one, const gonet_addr_t *two)
{
    char text_one[GONET_ADDR_STRLEN], text_two[GONET_ADDR_STRLEN];

    if (!CHECK(one != NULL) || !CHECK(two != NULL))
        return;
    CHECK_TEXT(net_addr_text(one, text_one), net_addr_text(two, text_two));
}

/* The ends agree, also after the close; the same address each time. */
static void addresses(conform_t *t)
{
    for (int i = 0; i < 2; i++) {
        const gonet_addr_t *local = gonet_conn_local_addr(t->a);
        check_addresses(local, gonet_conn_remote_addr(t->b));
        check_addresses(gonet_conn_remote_addr(t->a), gonet_conn_local_addr(t->b));
        CHECK(gonet_conn_local_addr(t->a) == local);
        (void)gonet_conn_close(t->a, NULL);
    }
}

const conform_test_t conform_io_tests[] = {
    {"big transfers", big_transfers, 0},
    {"ping pong", ping_pong, 0},
    {"writes are serialised", writes_are_serialised, 0},
    {"reads are serialised", reads_are_serialised, 0},
    {"empty calls", empty_calls, CONFORM_BUFFERED | CONFORM_STREAM},
    {"the end comes last", end_comes_last, CONFORM_BUFFERED | CONFORM_END},
    {"the end wakes readers", end_wakes_readers, CONFORM_END},
    {"addresses", addresses, 0},
    {NULL, NULL, 0},
};
