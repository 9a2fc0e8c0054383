/*
 * How streams end: the end from the peer, half-closed connections, resets, lingering, writes of
 * nothing; and never a SIGPIPE. Behaviour 9.10, 9.13-9.18, 12.1-12.4.
 */
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "gonet/buffers.h"
#include "tcp/tcp.h"

#define WRITE_BROKEN  "write tcp <L>-><R>: write: broken pipe"
#define WRITE_RESET   "write tcp <L>-><R>: write: connection reset by peer"
#define READ_RESET    "read tcp <L>-><R>: read: connection reset by peer"
#define NOT_CONNECTED "close tcp <L>-><R>: shutdown: transport endpoint is not connected"

static void expect_write_error(gonet_conn_t *c, size_t len, const char *want)
{
    gonet_error_t *err = NULL;
    size_t n = 1;

    CHECK_INT(gonet_conn_write_count(c, "w", len, &n, &err), -1);
    CHECK_INT(n, 0);
    CHECK_CONN_ERROR(err, c, want);
    gonet_error_free(err);
}

static void expect_read_error(gonet_conn_t *c, const char *want)
{
    gonet_error_t *err = NULL;
    char byte;

    CHECK_INT(gonet_conn_read(c, &byte, 1, &err), -1);
    CHECK_CONN_ERROR(err, c, want);
    gonet_error_free(err);
}

/* 9.13, 12.3: the end is told to who waits, and again and again; what came before it comes first.
 */
static void end_of_stream(actor_mode_t mode)
{
    char byte;
    op_t o;

    OPEN_PAIR(a, b);
    tcp_park_read(&o, actor_helper(mode), a, &byte);
    CHECK_INT(gonet_conn_write(b, "12", 2, NULL), 2);
    CHECK_INT(gonet_conn_close_write(b, NULL), 0);
    op_join(&o);
    CHECK_INT(o.result, 1);
    op_free(&o);
    expect_byte(a, '2');
    for (int i = 0; i < 3; i++)
        expect_eof(a);
    CHECK_INT(gonet_conn_write(a, "3", 1, NULL), 1); /* the other direction goes on */
    expect_byte(b, '3');
    close_pair(a, b);
}

static void end_wakes_a_reader(actor_mode_t mode)
{
    char byte;
    op_t o;

    OPEN_PAIR(a, b);
    tcp_park_read(&o, actor_helper(mode), a, &byte);
    CHECK_INT(gonet_conn_close(b, NULL), 0);
    op_join(&o);
    CHECK_INT(o.result, 0);
    CHECK(o.err == gonet_eof);
    op_free(&o);
    close_pair(a, b);
}

/* 9.10: a read of nothing waits for its turn, and then for nothing. */
static void empty_read_waits_its_turn(actor_mode_t mode)
{
    op_t first, empty;
    unsigned users;
    char byte;

    OPEN_PAIR(a, b);
    tcp_park_read(&first, helper_kind(mode, 0), a, &byte);
    users = tcp_users(a);
    op_read(&empty, helper_kind(mode, 1), a, &byte, 0);
    AWAIT(tcp_users(a) == users + 1);
    CHECK(!empty.ended);
    CHECK_INT(gonet_conn_write(b, "e", 1, NULL), 1);
    op_join(&first);
    op_join(&empty);
    CHECK_INT(first.result, 1);
    CHECK_INT(empty.result, 0);
    CHECK_ERROR(empty.err, NULL);
    CHECK_INT(gonet_conn_close(b, NULL), 0);
    expect_eof(a);
    CHECK_INT(gonet_conn_read(a, &byte, 0, &empty.err), 0); /* no end for a read of nothing */
    CHECK_ERROR(empty.err, NULL);
    op_free(&first);
    op_free(&empty);
    close_pair(a, b);
}

/* 9.16: goes all the way down, so it finds out; unlike a read. */
static void empty_write(actor_mode_t mode)
{
    gonet_error_t *err = NULL;

    (void)mode;
    OPEN_PAIR(a, b);
    CHECK_INT(gonet_conn_write(a, NULL, 0, &err), 0);
    CHECK_ERROR(err, NULL);
    CHECK_INT(gonet_conn_set_write_deadline(a, TCP_PAST, NULL), 0);
    expect_write_error(a, 0, "write tcp <L>-><R>: i/o timeout");
    CHECK_INT(gonet_conn_set_write_deadline(a, gonet_no_deadline, NULL), 0);
    CHECK_INT(gonet_conn_close_write(a, NULL), 0);
    expect_write_error(a, 0, WRITE_BROKEN);
    CHECK_INT(gonet_conn_close(a, NULL), 0);
    expect_write_error(a, 0, "write tcp <L>-><R>: use of closed network connection");
    expect_eof(b); /* nothing was ever sent */
    close_pair(a, b);
}

/* 12.1, 12.3 */
static void close_write(actor_mode_t mode)
{
    gonet_error_t *err = NULL;
    char byte;
    op_t o;

    OPEN_PAIR(a, b);
    tcp_park_read(&o, actor_helper(mode), b, &byte);
    for (int i = 0; i < 3; i++)
        CHECK_INT(gonet_conn_close_write(a, &err), 0);
    op_join(&o);
    CHECK(o.result == 0 && o.err == gonet_eof);
    op_free(&o);
    expect_write_error(a, 1, WRITE_BROKEN);
    CHECK_INT(gonet_conn_write(b, "b", 1, NULL), 1);
    expect_byte(a, 'b');
    CHECK_INT(gonet_conn_close_write(b, &err), 0);
    expect_eof(a);
    AWAIT(gonet_conn_close_write(b, &err) != 0); /* both have finished */
    CHECK_CONN_ERROR(err, b, NOT_CONNECTED);
    gonet_error_free(err);
    close_pair(a, b);
}

/* A blocked writer finds the writing side shut down. */
static void close_write_ends_a_write(actor_mode_t mode)
{
    op_t o;

    OPEN_PAIR(a, b);
    net_fill(a);
    tcp_park_write(&o, actor_helper(mode), a);
    CHECK_INT(gonet_conn_close_write(a, NULL), 0);
    OP_FAILS(&o, WRITE_BROKEN);
    op_free(&o);
    close_pair(a, b);
}

/* 12.2: who waits gets the end; what Linux takes in later can be read. */
static void close_read(actor_mode_t mode)
{
    char byte;
    op_t o;

    OPEN_PAIR(a, b);
    tcp_park_read(&o, actor_helper(mode), a, &byte);
    CHECK_INT(gonet_conn_close_read(a, NULL), 0);
    op_join(&o);
    CHECK_INT(o.result, 0);
    CHECK(o.err == gonet_eof);
    op_free(&o);
    expect_eof(a);
    CHECK_INT(gonet_conn_write(b, "late", 4, NULL), 4);
    for (int i = 0; i < 4; i++)
        expect_byte(a, "late"[i]);
    expect_eof(a);
    CHECK_INT(gonet_conn_write(a, "w", 1, NULL), 1);
    expect_byte(b, 'w');
    close_pair(a, b);
}

/* 12.1 after a reset, 9.14: the reset is told once, by the read. */
static void reset_is_read_first(actor_mode_t mode)
{
    gonet_error_t *err = NULL;

    (void)mode;
    OPEN_PAIR(a, b);
    tcp_reset(a, b);
    expect_read_error(a, READ_RESET);
    for (int i = 0; i < 2; i++) {
        expect_eof(a);
        expect_write_error(a, 1, WRITE_BROKEN);
    }
    CHECK_INT(gonet_conn_close_write(a, &err), -1);
    CHECK_CONN_ERROR(err, a, NOT_CONNECTED);
    CHECK_INT(gonet_conn_close_read(a, &err), -1);
    CHECK_CONN_ERROR(err, a, NOT_CONNECTED);
    gonet_error_set(&err, NULL);
    CHECK_INT(gonet_conn_close(a, &err), 0);
    gonet_error_free(err);
    close_pair(a, b);
}

/* 9.14: or by the write. */
static void reset_is_written_to_first(actor_mode_t mode)
{
    (void)mode;
    OPEN_PAIR(a, b);
    tcp_reset(a, b);
    expect_write_error(a, 1, WRITE_RESET);
    expect_write_error(a, 1, WRITE_BROKEN);
    expect_eof(a);
    close_pair(a, b);
}

static void reset_wakes_a_reader(actor_mode_t mode)
{
    char byte;
    op_t o;

    OPEN_PAIR(a, b);
    tcp_park_read(&o, actor_helper(mode), a, &byte);
    tcp_reset(a, b);
    OP_FAILS(&o, READ_RESET);
    CHECK(!gonet_error_timeout(o.err));
    op_free(&o);
    expect_eof(a);
    close_pair(a, b);
}

static void reset_wakes_a_writer(actor_mode_t mode)
{
    op_t o;

    OPEN_PAIR(a, b);
    net_fill(a);
    tcp_park_write(&o, actor_helper(mode), a);
    tcp_reset(a, b);
    OP_FAILS(&o, WRITE_RESET);
    op_free(&o);
    expect_write_error(a, 1, WRITE_BROKEN);
    close_pair(a, b);
}

/* Both wait: one of them is told of the reset, and the other does not wait for ever. */
static void reset_wakes_both_sides(actor_mode_t mode)
{
    op_t r, w;
    char byte;

    OPEN_PAIR(a, b);
    net_fill(a);
    tcp_park_read(&r, helper_kind(mode, 0), a, &byte);
    tcp_park_write(&w, helper_kind(mode, 1), a);
    tcp_reset(a, b);
    op_join(&r);
    op_join(&w);
    CHECK_INT(w.result, -1);
    if (r.result == 0) {
        CHECK(r.err == gonet_eof);
        CHECK_CONN_ERROR(w.err, a, WRITE_RESET);
    } else {
        CHECK_CONN_ERROR(r.err, a, READ_RESET);
        CHECK_CONN_ERROR(w.err, a, WRITE_BROKEN);
    }
    op_free(&r);
    op_free(&w);
    close_pair(a, b);
}

static bool lingers(gonet_conn_t *c, struct linger *l)
{
    socklen_t len = sizeof(*l);

    return CHECK(getsockopt(net_descriptor(c), SOL_SOCKET, SO_LINGER, l, &len) == 0);
}

/* 12.4 */
static void linger_option(actor_mode_t mode)
{
    static const struct {
        int sec, on, kept;
    } rows[] = {{-1, 0, 0}, {0, 1, 0}, {5, 1, 5}, {-7, 0, 0}};
    struct linger l;

    (void)mode;
    OPEN_PAIR(a, b);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_INT(gonet_tcp_conn_set_linger(gonet_conn_as_tcp(a), rows[i].sec, NULL), 0);
        if (lingers(a, &l)) {
            CHECK_INT(l.l_onoff, rows[i].on);
            CHECK(rows[i].on == 0 || l.l_linger == rows[i].kept);
        }
    }
    close_pair(a, b);
}

/* 12.4: what was written before the close arrives; with linger the close waits for that. */
static void unsent_data_arrives(actor_mode_t mode)
{
    for (int sec = -1; sec < 60; sec += 31) {
        static char buf[65536];
        size_t sent, got = 0;
        ssize_t n;
        op_t o;

        OPEN_PAIR(a, b);
        CHECK_INT(gonet_tcp_conn_set_linger(gonet_conn_as_tcp(a), sec, NULL), 0);
        sent = net_fill(a);
        op_close(&o, actor_helper(mode), a);
        while ((n = gonet_conn_read(b, buf, sizeof(buf), NULL)) > 0)
            got += (size_t)n;
        CHECK_INT(n, 0);
        CHECK_INT(got, sent);
        op_join(&o);
        CHECK_INT(o.result, 0);
        op_free(&o);
        close_pair(a, b);
    }
}

/* By the library's call, and by the descriptor, behind the library's back. */
static void let_linger(gonet_conn_t *c, bool behind)
{
    const struct linger l = {.l_onoff = 1, .l_linger = 300};

    if (behind)
        CHECK_INT(setsockopt(net_descriptor(c), SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
    else
        CHECK_INT(gonet_tcp_conn_set_linger(gonet_conn_as_tcp(c), 300, NULL), 0);
}

/* While a close lingers, the tasks beside it go on. */
static void lingering_close_blocks_nobody(actor_mode_t mode)
{
    enum { N = 8 };
    gonet_conn_t *a[N], *b[N];
    op_t o[N];

    for (int i = 0; i < N; i++) {
        if (!net_pair("tcp", &a[i], &b[i]))
            return;
        let_linger(a[i], i % 4 < 2);
        net_fill(a[i]);
    }
    for (int i = 0; i < N; i++)
        op_close(&o[i], helper_kind(mode, i), a[i]);
    end_of_stream(mode);
    for (int i = 0; i < N; i++) {
        CHECK(!o[i].ended);
        CHECK_INT(gonet_tcp_conn_set_linger(gonet_conn_as_tcp(b[i]), 0, NULL), 0);
        CHECK_INT(gonet_conn_close(b[i], NULL), 0);
    }
    for (int i = 0; i < N; i++) {
        op_join(&o[i]);
        op_free(&o[i]);
        close_pair(a[i], b[i]);
    }
}

static void write_to_a_broken_one(void *arg)
{
    char bytes[] = "bc";
    struct iovec v[2] = {{bytes, 1}, {bytes + 1, 1}};
    gonet_buffers_t buffers = {v, 2};
    gonet_conn_t *c = arg;

    for (int i = 0; i < 3; i++)
        CHECK_INT(gonet_conn_write(c, "a", 1, NULL), -1);
    CHECK_INT(gonet_buffers_write_to(&buffers, gonet_conn_as_writer(c), NULL), -1);
}

/* 9.18: the default action of SIGPIPE would end this program. */
static void no_sigpipe(actor_mode_t mode)
{
    struct sigaction action;
    sigset_t pending;
    actor_t helpers[2];

    OPEN_PAIR(a, b);
    CHECK_INT(sigaction(SIGPIPE, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
    tcp_reset(a, b);
    write_to_a_broken_one(a);
    for (int i = 0; i < 2; i++)
        actor_start(&helpers[i], helper_kind(mode, i), write_to_a_broken_one, a);
    for (int i = 0; i < 2; i++)
        actor_join(&helpers[i]);
    CHECK_INT(sigpending(&pending), 0);
    CHECK_INT(sigismember(&pending, SIGPIPE), 0);
    close_pair(a, b);
}

int main(void)
{
    static const tcp_test_t tests[] = {
        TCP_TEST(end_of_stream),
        TCP_TEST(end_wakes_a_reader),
        TCP_TEST(empty_read_waits_its_turn),
        TCP_TEST(empty_write),
        TCP_TEST(close_write),
        TCP_TEST(close_write_ends_a_write),
        TCP_TEST(close_read),
        TCP_TEST(reset_is_read_first),
        TCP_TEST(reset_is_written_to_first),
        TCP_TEST(reset_wakes_a_reader),
        TCP_TEST(reset_wakes_a_writer),
        TCP_TEST(reset_wakes_both_sides),
        TCP_TEST(linger_option),
        TCP_TEST(unsent_data_arrives),
        TCP_TEST(lingering_close_blocks_nobody),
        TCP_TEST(no_sigpipe),
    };

    return tcp_run(tests, COUNT(tests));
}
