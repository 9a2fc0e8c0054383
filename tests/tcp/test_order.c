/*
 * Several tasks and threads on one connection or listener at once: writes stay whole, reads are
 * served one after the other, the two directions don't wait for each other, and callers may come
 * from anywhere. Behaviour 9.1-9.3.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/pattern.h"
#include "tcp/tcp.h"

/* 9.2: four large writes at once: one after the other, whoever is first. */
static void writes_do_not_interleave(actor_mode_t mode)
{
    enum { N = 4 };
    const size_t len = 1 << 20;
    static char buf[65536];
    char *blocks = malloc(N * len);
    size_t sum = 0, switches = 0;
    char last = -1;
    op_t o[N];

    OPEN_PAIR(a, b);
    /* small buffers: each write takes many system calls */
    CHECK_INT(gonet_tcp_conn_set_write_buffer(gonet_conn_as_tcp(a), 65536, NULL), 0);
    CHECK_INT(gonet_tcp_conn_set_read_buffer(gonet_conn_as_tcp(b), 65536, NULL), 0);
    for (int i = 0; i < N; i++) {
        memset(blocks + (size_t)i * len, 'a' + i, len);
        op_write(&o[i], helper_kind(mode, i), a, blocks + (size_t)i * len, len);
    }
    while (sum < N * len) {
        ssize_t n = gonet_conn_read(b, buf, sizeof(buf), NULL);

        if (!CHECK(n > 0))
            break;
        for (ssize_t i = 0; i < n; i++) {
            switches += buf[i] != last;
            last = buf[i];
        }
        sum += (size_t)n;
    }
    CHECK_INT(switches, N);
    for (int i = 0; i < N; i++) {
        op_join(&o[i]);
        CHECK_INT(o[i].count, len);
        op_free(&o[i]);
    }
    close_pair(a, b);
    free(blocks);
}

/* 9.2, many small ones: each arrives whole. */
typedef struct {
    actor_t actor;
    gonet_conn_t *c;
    int id;
} writer_t;

#define RECORD  64
#define RECORDS 200
#define WRITERS 6

static void write_records(void *arg)
{
    writer_t *w = arg;
    char record[RECORD];

    for (int i = 0; i < RECORDS; i++) {
        memset(record, w->id, sizeof(record));
        memcpy(record + 1, &i, sizeof(i));
        CHECK_INT(gonet_conn_write(w->c, record, sizeof(record), NULL), RECORD);
    }
}

static bool read_whole(gonet_conn_t *c, char *p, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = gonet_conn_read(c, p + done, len - done, NULL);

        if (!CHECK(n > 0))
            return false;
        done += (size_t)n;
    }
    return true;
}

static void records_stay_whole(actor_mode_t mode)
{
    writer_t w[WRITERS];
    int next[WRITERS] = {0};
    char record[RECORD];

    OPEN_PAIR(a, b);
    for (int i = 0; i < WRITERS; i++) {
        w[i].c = a;
        w[i].id = i;
        actor_start(&w[i].actor, helper_kind(mode, i), write_records, &w[i]);
    }
    for (int i = 0; i < WRITERS * RECORDS && read_whole(b, record, sizeof(record)); i++) {
        int id = record[0], number;

        if (!CHECK(id >= 0 && id < WRITERS))
            break;
        memcpy(&number, record + 1, sizeof(number));
        CHECK_INT(number, next[id]++);
        for (size_t k = 1 + sizeof(number); k < RECORD; k++)
            CHECK_INT(record[k], id);
    }
    for (int i = 0; i < WRITERS; i++)
        actor_join(&w[i].actor);
    close_pair(a, b);
}

/* Readers of one connection: each byte goes to one of them, in order. */
typedef struct {
    actor_t actor;
    gonet_conn_t *c;
    _Atomic int *seen; /* of each number */
    gonet_error_t *err;
    int got;
} reader_t;

#define NUMBERS 4000

static void read_numbers(void *arg)
{
    reader_t *r = arg;
    uint32_t number, last = 0;
    ssize_t n;

    while ((n = gonet_conn_read(r->c, &number, sizeof(number), &r->err)) > 0) {
        if (!CHECK(n == sizeof(number) && number > last && number <= NUMBERS))
            break;
        last = number;
        r->seen[number]++;
        r->got++;
    }
}

/* 9.2: the numbers that one reader gets rise, and none is lost or read twice. */
static void reads_are_served_one_by_one(actor_mode_t mode)
{
    enum { N = 6 };
    static _Atomic int seen[NUMBERS + 1];
    reader_t r[N];
    int sum = 0;

    OPEN_PAIR(a, b);
    for (int i = 0; i <= NUMBERS; i++)
        seen[i] = 0;
    for (int i = 0; i < N; i++) {
        r[i] = (reader_t){.c = b, .seen = seen};
        actor_start(&r[i].actor, helper_kind(mode, i), read_numbers, &r[i]);
    }
    for (uint32_t number = 1; number <= NUMBERS; number++)
        CHECK_INT(gonet_conn_write(a, &number, sizeof(number), NULL), sizeof(number));
    CHECK_INT(gonet_conn_close_write(a, NULL), 0);
    for (int i = 0; i < N; i++) {
        actor_join(&r[i].actor);
        CHECK(r[i].err == gonet_eof);
        gonet_error_free(r[i].err);
        sum += r[i].got;
    }
    CHECK_INT(sum, NUMBERS);
    for (int i = 1; i <= NUMBERS; i++)
        CHECK_INT(seen[i], 1);
    close_pair(a, b);
}

/* First come, first served: the one who has queued longest gets the next byte. */
static void queued_readers_keep_their_order(actor_mode_t mode)
{
    enum { N = 5 };
    op_t o[N];
    char bytes[N];
    unsigned users;

    OPEN_PAIR(a, b);
    tcp_park_read(&o[0], helper_kind(mode, 0), a, &bytes[0]);
    users = tcp_users(a);
    for (int i = 1; i < N; i++) {
        op_read(&o[i], helper_kind(mode, i), a, &bytes[i], 1);
        AWAIT(tcp_users(a) == users + (unsigned)i);
    }
    CHECK_INT(gonet_conn_write(b, "01234", N, NULL), N);
    for (int i = 0; i < N; i++) {
        op_join(&o[i]);
        CHECK_INT(o[i].result, 1);
        CHECK_INT(bytes[i], '0' + i);
        op_free(&o[i]);
    }
    close_pair(a, b);
}

/* 9.2: a reader that waits holds up no writer, and the other way round; nor options, nor control.
 */
static void sides_are_independent(actor_mode_t mode)
{
    op_t r, w;
    char byte;

    OPEN_PAIR(a, b);
    tcp_park_read(&r, helper_kind(mode, 0), a, &byte);
    CHECK_INT(gonet_conn_write(a, "w", 1, NULL), 1);
    expect_byte(b, 'w');
    net_fill(a);
    tcp_park_write(&w, helper_kind(mode, 1), a);
    CHECK_INT(gonet_tcp_conn_set_no_delay(gonet_conn_as_tcp(a), false, NULL), 0);
    CHECK(net_descriptor(a) >= 0);
    CHECK(!r.ended && !w.ended);
    CHECK_INT(gonet_conn_write(b, "r", 1, NULL), 1);
    op_join(&r);
    CHECK_INT(r.result, 1);
    CHECK(!w.ended);
    expect_byte(b, 0); /* what net_fill wrote */
    CHECK_INT(gonet_conn_close(a, NULL), 0);
    op_join(&w);
    op_free(&r);
    op_free(&w);
    close_pair(a, b);
}

/* A reader here, then there: each worker, and threads in between, wait for the same descriptor. */
static void readers_come_from_everywhere(actor_mode_t mode)
{
    enum { ROUNDS = 60 };

    OPEN_PAIR(a, b);
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        char byte = 0;
        op_t o;

        tcp_park_read(&o, helper_kind(mode, i), a, &byte);
        CHECK_INT(gonet_conn_write(b, "r", 1, NULL), 1);
        op_join(&o);
        CHECK_INT(o.result, 1);
        CHECK_INT(byte, 'r');
        op_free(&o);
    }
    close_pair(a, b);
}

/* Both ends of a long exchange, each end used by two at once: one writes while the other reads. */
typedef struct {
    actor_t actor;
    gonet_conn_t *c;
    size_t sum;
} stream_t;

#define STREAM_LEN (4u << 20)

static void send_pattern(void *arg)
{
    stream_t *s = arg;
    char *p = malloc(STREAM_LEN);

    if (CHECK(p != NULL)) {
        pattern_fill(p, 0, 0, STREAM_LEN);
        for (size_t done = 0, piece = 1; done < STREAM_LEN; done += piece, piece = piece * 2 + 1) {
            if (piece > STREAM_LEN - done)
                piece = STREAM_LEN - done;
            if (!CHECK(gonet_conn_write(s->c, p + done, piece, NULL) == (ssize_t)piece))
                break;
        }
    }
    free(p);
    CHECK_INT(gonet_conn_close_write(s->c, NULL), 0);
}

static void take_pattern(void *arg)
{
    stream_t *s = arg;

    s->sum = tcp_read_pattern(s->c);
}

static void both_directions_at_once(actor_mode_t mode)
{
    stream_t s[4];

    OPEN_PAIR(a, b);
    for (int i = 0; i < 4; i++) {
        s[i] = (stream_t){.c = i < 2 ? a : b};
        actor_start(&s[i].actor, helper_kind(mode, i), i % 2 == 0 ? send_pattern : take_pattern,
                    &s[i]);
    }
    for (int i = 0; i < 4; i++)
        actor_join(&s[i].actor);
    CHECK_INT(s[1].sum, STREAM_LEN);
    CHECK_INT(s[3].sum, STREAM_LEN);
    close_pair(a, b);
}

/* Many who accept, many who dial: everybody is served once. */
static void acceptors_share_a_listener(actor_mode_t mode)
{
    enum { N = 12 };
    gonet_listener_t *l = net_listen("tcp");
    gonet_conn_t *c[N];
    op_t o[N];

    REQUIRE(l != NULL);
    for (int i = 0; i < N; i++)
        op_accept(&o[i], helper_kind(mode, i), l);
    for (int i = 0; i < N; i++) {
        char byte = (char)i;

        c[i] = net_dial("tcp", l);
        REQUIRE(c[i] != NULL);
        CHECK_INT(gonet_conn_write(c[i], &byte, 1, NULL), 1);
    }
    for (int i = 0; i < N; i++) {
        char remote[GONET_ADDR_STRLEN], local[GONET_ADDR_STRLEN], id = -1;

        op_join(&o[i]);
        REQUIRE(o[i].accepted != NULL);
        CHECK_INT(gonet_conn_read(o[i].accepted, &id, 1, NULL), 1);
        REQUIRE(id >= 0 && id < N);
        CHECK_TEXT(net_addr_text(gonet_conn_remote_addr(o[i].accepted), remote),
                   net_addr_text(gonet_conn_local_addr(c[(int)id]), local));
        gonet_conn_free(c[(int)id]);
        c[(int)id] = NULL;
        op_free(&o[i]);
    }
    for (int i = 0; i < N; i++)
        CHECK(c[i] == NULL);
    gonet_listener_free(l);
}

typedef struct {
    char byte;
    int calls;
} taker_t;

static bool take_one(void *arg, int fd)
{
    taker_t *t = arg;

    t->calls++;
    return read(fd, &t->byte, 1) == 1;
}

/* 17.2: a raw read queues behind a read, and keeps the next one out. */
static void raw_reads_take_their_turn(actor_mode_t mode)
{
    gonet_raw_conn_t *raw;
    taker_t t = {.byte = 0};
    char first = 0;
    op_t o;

    OPEN_PAIR(a, b);
    raw = gonet_conn_syscall_conn(a, NULL);
    tcp_park_read(&o, actor_helper(mode), a, &first);
    CHECK_INT(gonet_conn_write(b, "12", 2, NULL), 2);
    CHECK_INT(gonet_raw_conn_read(raw, take_one, &t, NULL), 0);
    op_join(&o);
    CHECK_INT(first + t.byte, '1' + '2');
    CHECK(t.calls >= 1);
    op_free(&o);
    gonet_raw_conn_free(raw);
    close_pair(a, b);
}

int main(void)
{
    static const tcp_test_t tests[] = {
        TCP_TEST(writes_do_not_interleave),    TCP_TEST(records_stay_whole),
        TCP_TEST(reads_are_served_one_by_one), TCP_TEST(queued_readers_keep_their_order),
        TCP_TEST(sides_are_independent),       TCP_TEST(readers_come_from_everywhere),
        TCP_TEST(both_directions_at_once),     TCP_TEST(acceptors_share_a_listener),
        TCP_TEST(raw_reads_take_their_turn),
    };

    return tcp_run(tests, COUNT(tests));
}
