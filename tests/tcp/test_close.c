/*
 * Closing: who is woken and with what, what close waits for, and that the descriptor is gone when
 * it returns. Behaviour 9.4, 9.6, 9.7, 9.25, 9.26, 11, 17.1.
 */
#include <fcntl.h>
#include <string.h>

#include "tcp/tcp.h"

#define CLOSED        ": use of closed network connection"
#define READ_CLOSED   "read tcp <L>-><R>" CLOSED
#define WRITE_CLOSED  "write tcp <L>-><R>" CLOSED
#define CLOSE_CLOSED  "close tcp <L>-><R>" CLOSED
#define ACCEPT_CLOSED "accept tcp <L>" CLOSED

/* 9.4, 9.6, 9.7: the ones who wait and the ones behind them, on both sides. */
static void close_wakes_everybody(actor_mode_t mode)
{
    enum { N = 4 };
    op_t reads[N], writes[N];
    gonet_error_t *err = NULL;
    char bytes[N];
    unsigned users;
    int fd;

    OPEN_PAIR(a, b);
    fd = net_descriptor(a);
    net_fill(a);
    tcp_park_read(&reads[0], helper_kind(mode, 0), a, &bytes[0]);
    tcp_park_write(&writes[0], helper_kind(mode, 1), a);
    users = tcp_users(a);
    for (int i = 1; i < N; i++) {
        op_read(&reads[i], helper_kind(mode, i), a, &bytes[i], i % 2 == 0 ? 1 : 0);
        op_write(&writes[i], helper_kind(mode, i), a, "w", i % 2 == 0 ? 1 : 0);
    }
    AWAIT(tcp_users(a) >= users + 2 * (N - 1));
    CHECK_INT(gonet_conn_close(a, &err), 0);
    CHECK(tcp_closed(fd));
    for (int i = 0; i < N; i++) {
        OP_FAILS(&reads[i], READ_CLOSED);
        OP_FAILS(&writes[i], WRITE_CLOSED);
        CHECK(gonet_error_is(reads[i].err, gonet_err_closed));
        CHECK(!gonet_error_timeout(reads[i].err));
        op_free(&reads[i]);
        op_free(&writes[i]);
    }
    CHECK_INT(gonet_conn_close(a, &err), -1);
    CHECK_CONN_ERROR(err, a, CLOSE_CLOSED);
    gonet_error_free(err);
    close_pair(a, b);
}

/* From elsewhere than the body: the readers are the body and a helper. */
static void close_wakes_the_caller(actor_mode_t mode)
{
    gonet_error_t *err = NULL;
    char byte;
    op_t closer, reader;

    OPEN_PAIR(a, b);
    tcp_park_read(&reader, helper_kind(mode, 1), a, &byte);
    op_close(&closer, helper_kind(mode, 0), a);
    CHECK_INT(gonet_conn_read(a, &byte, 1, &err), -1);
    CHECK_CONN_ERROR(err, a, READ_CLOSED);
    OP_FAILS(&reader, READ_CLOSED);
    op_join(&closer);
    CHECK_INT(closer.result, 0);
    op_free(&reader);
    op_free(&closer);
    gonet_error_free(err);
    close_pair(a, b);
}

/* 9.6: of many closes at once one succeeds. */
static void one_of_many_closes_succeeds(actor_mode_t mode)
{
    enum { N = 6, ROUNDS = 20 };

    for (int round = 0; round < ROUNDS && !check_failed(); round++) {
        op_t closes[N], read;
        int succeeded = 0;
        char byte;

        OPEN_PAIR(a, b);
        op_read(&read, helper_kind(mode, round), a, &byte, 1);
        for (int i = 0; i < N; i++)
            op_close(&closes[i], helper_kind(mode, i), a);
        for (int i = 0; i < N; i++) {
            op_join(&closes[i]);
            succeeded += closes[i].result == 0;
            if (closes[i].result != 0)
                CHECK_CONN_ERROR(closes[i].err, a, CLOSE_CLOSED);
            op_free(&closes[i]);
        }
        CHECK_INT(succeeded, 1);
        OP_FAILS(&read, READ_CLOSED);
        op_free(&read);
        close_pair(a, b);
    }
}

/* The last reference closes; the peer reads the end. */
static void last_free_closes(actor_mode_t mode)
{
    gonet_error_t *err = NULL;
    char byte;
    int fd;
    op_t o;

    OPEN_PAIR(a, b);
    fd = net_descriptor(a);
    tcp_park_read(&o, actor_helper(mode), b, &byte);
    gonet_conn_ref(a);
    gonet_conn_free(a);
    CHECK(!o.ended);
    CHECK_INT(gonet_conn_set_deadline(a, gonet_no_deadline, &err), 0);
    gonet_conn_free(a);
    CHECK(tcp_closed(fd));
    op_join(&o);
    CHECK_INT(o.result, 0);
    CHECK(o.err == gonet_eof);
    op_free(&o);
    gonet_conn_free(b);
}

/* A function on the descriptor that lasts until it is let go. */
typedef struct {
    actor_t actor;
    gonet_conn_t *c;
    gonet_raw_conn_t *raw;
    _Atomic bool inside, go_on;
    int result;
    int fd;
    bool done; /* what a read or write function returns */
    int side;  /* -1: control */
    gonet_error_t *err;
    int close_result;
    gonet_error_t *close_err;
} callback_t;

static void last_long(void *arg, int fd)
{
    callback_t *cb = arg;

    cb->fd = fd;
    cb->inside = true;
    AWAIT(cb->go_on);
    CHECK(!tcp_closed(fd));
}

static bool last_long_then_answer(void *arg, int fd)
{
    last_long(arg, fd);
    return ((callback_t *)arg)->done;
}

static void run_callback(void *arg)
{
    callback_t *cb = arg;

    if (cb->side < 0)
        cb->result = gonet_raw_conn_control(cb->raw, last_long, cb, &cb->err);
    else if (cb->side == GONET__SIDE_READ)
        cb->result = gonet_raw_conn_read(cb->raw, last_long_then_answer, cb, &cb->err);
    else
        cb->result = gonet_raw_conn_write(cb->raw, last_long_then_answer, cb, &cb->err);
}

static void wait_for_callback(actor_mode_t mode, int side, bool done)
{
    callback_t cb = {.side = side, .done = done};
    gonet_error_t *err = NULL;
    char byte;
    op_t o;

    OPEN_PAIR(a, b);
    cb.raw = gonet_conn_syscall_conn(a, NULL);
    actor_start(&cb.actor, helper_kind(mode, 0), run_callback, &cb);
    AWAIT(cb.inside);
    op_close(&o, helper_kind(mode, 1), a);
    while (gonet_conn_set_deadline(a, gonet_no_deadline, &err) == 0)
        check_pause();
    CHECK_CONN_ERROR(err, a, "set tcp <L>" CLOSED);
    CHECK_INT(gonet_conn_read(a, &byte, 1, &err), -1);
    CHECK_CONN_ERROR(err, a, READ_CLOSED);
    CHECK_INT(gonet_conn_close(a, &err), -1);
    for (int i = 0; i < 20; i++)
        check_pause();
    CHECK(!o.ended);
    CHECK(!tcp_closed(cb.fd));
    cb.go_on = true;
    op_join(&o);
    CHECK_INT(o.result, 0);
    CHECK(tcp_closed(cb.fd));
    actor_join(&cb.actor);
    CHECK_INT(cb.result, side < 0 || done ? 0 : -1);
    if (cb.result != 0)
        CHECK_CONN_ERROR(cb.err, a,
                         side == GONET__SIDE_READ ? "raw-read tcp <L>-><R>" CLOSED
                                                  : "raw-write tcp <L>-><R>" CLOSED);
    gonet_error_set(&cb.err, NULL);
    gonet_error_free(err);
    op_free(&o);
    gonet_raw_conn_free(cb.raw);
    close_pair(a, b);
}

/* 9.7: close waits for a user's function; other calls fail meanwhile. */
static void close_waits_for_callbacks(actor_mode_t mode)
{
    wait_for_callback(mode, -1, true);
    for (int side = 0; side < 2; side++) {
        wait_for_callback(mode, side, true);
        wait_for_callback(mode, side, false);
    }
}

static void close_inside(void *arg, int fd)
{
    callback_t *cb = arg;

    cb->fd = fd;
    cb->close_result = gonet_conn_close(cb->c, &cb->close_err);
    CHECK(!tcp_closed(fd));
}

static bool close_inside_then_answer(void *arg, int fd)
{
    close_inside(arg, fd);
    return ((callback_t *)arg)->done;
}

static void close_inside_nested(void *arg, int fd)
{
    callback_t *cb = arg;

    CHECK_INT(gonet_raw_conn_control(cb->raw, close_inside, cb, &cb->err), 0);
    CHECK(!tcp_closed(fd));
}

static void check_closed_inside(callback_t *cb, gonet_conn_t *a)
{
    CHECK_INT(cb->close_result, 0);
    CHECK_ERROR(cb->close_err, NULL);
    CHECK(tcp_closed(cb->fd));
    CHECK_INT(gonet_conn_close(a, &cb->close_err), -1);
    CHECK_CONN_ERROR(cb->close_err, a, CLOSE_CLOSED);
    gonet_error_set(&cb->close_err, NULL);
    gonet_error_set(&cb->err, NULL);
    gonet_raw_conn_free(cb->raw);
}

/* A close inside control returns at once; the descriptor is closed when control returns. */
static void close_inside_control(actor_mode_t mode)
{
    for (int nested = 0; nested < 2; nested++) {
        callback_t cb = {.result = -1};
        char byte;
        op_t o;

        OPEN_PAIR(a, b);
        cb.c = a;
        cb.raw = gonet_conn_syscall_conn(a, NULL);
        tcp_park_read(&o, actor_helper(mode), a, &byte);
        CHECK_INT(gonet_raw_conn_control(cb.raw, nested != 0 ? close_inside_nested : close_inside,
                                         &cb, &cb.err),
                  0);
        OP_FAILS(&o, READ_CLOSED);
        op_free(&o);
        check_closed_inside(&cb, a);
        close_pair(a, b);
    }
}

static void close_inside_side(actor_mode_t mode, int side, bool done)
{
    callback_t cb = {.done = done};
    int result;

    (void)mode;
    OPEN_PAIR(a, b);
    cb.c = a;
    cb.raw = gonet_conn_syscall_conn(a, NULL);
    result = side == GONET__SIDE_READ
                 ? gonet_raw_conn_read(cb.raw, close_inside_then_answer, &cb, &cb.err)
                 : gonet_raw_conn_write(cb.raw, close_inside_then_answer, &cb, &cb.err);
    CHECK_INT(result, done ? 0 : -1);
    if (!done)
        CHECK_CONN_ERROR(cb.err, a,
                         side == GONET__SIDE_READ ? "raw-read tcp <L>-><R>" CLOSED
                                                  : "raw-write tcp <L>-><R>" CLOSED);
    check_closed_inside(&cb, a);
    close_pair(a, b);
}

static void close_inside_read_and_write(actor_mode_t mode)
{
    for (int side = 0; side < 2; side++) {
        close_inside_side(mode, side, true);
        close_inside_side(mode, side, false);
    }
}

static void free_inside(void *arg, int fd)
{
    callback_t *cb = arg;

    cb->fd = fd;
    gonet_conn_free(cb->c);
    CHECK(!tcp_closed(fd));
}

/* The last reference dropped inside: the same. */
static void free_inside_control(actor_mode_t mode)
{
    callback_t cb = {.result = -1};

    (void)mode;
    OPEN_PAIR(a, b);
    cb.c = a;
    cb.raw = gonet_conn_syscall_conn(a, NULL);
    CHECK_INT(gonet_raw_conn_control(cb.raw, free_inside, &cb, &cb.err), 0);
    CHECK(tcp_closed(cb.fd));
    CHECK_INT(gonet_raw_conn_control(cb.raw, free_inside, &cb, &cb.err), -1);
    CHECK(gonet_error_is(cb.err, gonet_err_closed));
    gonet_error_free(cb.err);
    gonet_raw_conn_free(cb.raw);
    gonet_conn_free(b);
}

static bool never(void *arg, int fd)
{
    (void)fd;
    ++*(_Atomic int *)arg;
    return false;
}

typedef struct {
    actor_t actor;
    gonet_raw_conn_t *raw;
    _Atomic int calls;
    int result;
    gonet_error_t *err;
} raw_reader_t;

static void read_raw(void *arg)
{
    raw_reader_t *r = arg;

    r->result = gonet_raw_conn_read(r->raw, never, &r->calls, &r->err);
}

/* 17.2, 9.4: a raw read that waits is woken like a read, and its function is not called again. */
static void close_wakes_raw_reads(actor_mode_t mode)
{
    raw_reader_t r = {.calls = 0};

    OPEN_PAIR(a, b);
    r.raw = gonet_conn_syscall_conn(a, NULL);
    actor_start(&r.actor, actor_helper(mode), read_raw, &r);
    AWAIT(tcp_parked(a, GONET__SIDE_READ));
    CHECK_INT(r.calls, 1);
    CHECK_INT(gonet_conn_close(a, NULL), 0);
    actor_join(&r.actor);
    CHECK_INT(r.result, -1);
    CHECK_CONN_ERROR(r.err, a, "raw-read tcp <L>-><R>" CLOSED);
    CHECK_INT(r.calls, 1);
    gonet_error_free(r.err);
    gonet_raw_conn_free(r.raw);
    close_pair(a, b);
}

/* 9.25: all acceptors come back, on whatever worker or thread they are. */
static void close_wakes_acceptors(actor_mode_t mode)
{
    enum { N = 16 };
    gonet_listener_t *l = net_listen("tcp");
    gonet_error_t *err = NULL;
    op_t o[N];
    unsigned users;

    REQUIRE(l != NULL);
    op_accept(&o[0], helper_kind(mode, 0), l);
    AWAIT(tcp_listener_parked(l));
    users = tcp_listener_users(l);
    for (int i = 1; i < N; i++)
        op_accept(&o[i], helper_kind(mode, i), l);
    AWAIT(tcp_listener_users(l) >= users + N - 1);
    CHECK_INT(gonet_listener_close(l, NULL), 0);
    for (int i = 0; i < N; i++) {
        OP_FAILS(&o[i], ACCEPT_CLOSED);
        op_free(&o[i]);
    }
    CHECK(gonet_listener_accept(l, &err) == NULL);
    CHECK_LISTENER_ERROR(err, l, ACCEPT_CLOSED);
    CHECK_INT(gonet_listener_close(l, &err), -1);
    CHECK_LISTENER_ERROR(err, l, "close tcp <L>" CLOSED);
    gonet_error_free(err);
    gonet_listener_free(l);
}

/* 9.26, 11.11 */
static void accepted_conns_outlive_their_listener(actor_mode_t mode)
{
    gonet_listener_t *l = net_listen("tcp");
    gonet_conn_t *a, *b;
    char before[GONET_ADDR_STRLEN], after[GONET_ADDR_STRLEN], byte;
    op_t o;

    REQUIRE(l != NULL);
    a = net_dial("tcp", l);
    b = gonet_listener_accept(l, NULL);
    REQUIRE(a != NULL && b != NULL);
    tcp_park_read(&o, actor_helper(mode), b, &byte);
    net_addr_text(gonet_listener_addr(l), before);
    CHECK_INT(gonet_listener_close(l, NULL), 0);
    CHECK_TEXT(net_addr_text(gonet_listener_addr(l), after), before);
    CHECK(!o.ended);
    CHECK_INT(gonet_conn_write(a, "a", 1, NULL), 1);
    op_join(&o);
    CHECK_INT(o.result, 1);
    op_free(&o);
    net_addr_text(gonet_conn_remote_addr(b), before);
    CHECK_INT(gonet_conn_close(b, NULL), 0);
    CHECK_TEXT(net_addr_text(gonet_conn_remote_addr(b), after), before);
    CHECK_INT(gonet_conn_read(a, &byte, 1, NULL), 0);
    gonet_listener_free(l);
    close_pair(a, b);
}

int main(void)
{
    static const tcp_test_t tests[] = {
        TCP_TEST(close_wakes_everybody),
        TCP_TEST(close_wakes_the_caller),
        TCP_TEST(one_of_many_closes_succeeds),
        TCP_TEST(last_free_closes),
        TCP_TEST(close_waits_for_callbacks),
        TCP_TEST(close_inside_control),
        TCP_TEST(close_inside_read_and_write),
        TCP_TEST(free_inside_control),
        TCP_TEST(close_wakes_raw_reads),
        TCP_TEST(close_wakes_acceptors),
        TCP_TEST(accepted_conns_outlive_their_listener),
    };

    return tcp_run(tests, COUNT(tests));
}
