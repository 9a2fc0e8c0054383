/*
 * The error texts that all kinds of connections and listeners share (behaviour 9.25, 10, 11, 17.3):
 * each method, on each kind, when it is closed and when its deadline has passed. A row on a kind is
 * a test of its own. From the test's own thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "gonet/buffers.h"
#include "gonet/dial.h"
#include "gonet/tcp.h"
#include "gonet/udp.h"
#include "gonet/unixsock.h"
#include "support/leak.h"
#include "support/net.h"

#define PAST ((gonet_time_t){1})

/* ---- the calls ---- */

static int64_t do_read(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_read(c, (char[1]){0}, 1, err);
}

static int64_t do_write(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_write(c, "x", 1, err);
}

static int64_t do_write_nothing(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_write(c, "", 0, err);
}

static int64_t do_wait(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_wait_readable(c, err);
}

static int64_t do_close(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_close(c, err);
}

static int64_t do_close_read(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_close_read(c, err);
}

static int64_t do_close_write(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_close_write(c, err);
}

static int64_t do_set_deadline(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_set_deadline(c, PAST, err);
}

static int64_t do_set_read_deadline(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_set_read_deadline(c, gonet_no_deadline, err);
}

static int64_t do_set_write_deadline(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_set_write_deadline(c, gonet_after(GONET_HOUR), err);
}

static int64_t do_set_read_buffer(gonet_conn_t *c, gonet_error_t **err)
{
    if (gonet_conn_as_tcp(c) != NULL)
        return gonet_tcp_conn_set_read_buffer(gonet_conn_as_tcp(c), 9000, err);
    if (gonet_conn_as_udp(c) != NULL)
        return gonet_udp_conn_set_read_buffer(gonet_conn_as_udp(c), 9000, err);
    return gonet_unix_conn_set_read_buffer(gonet_conn_as_unix(c), 9000, err);
}

static int64_t do_set_write_buffer(gonet_conn_t *c, gonet_error_t **err)
{
    if (gonet_conn_as_tcp(c) != NULL)
        return gonet_tcp_conn_set_write_buffer(gonet_conn_as_tcp(c), 9000, err);
    if (gonet_conn_as_udp(c) != NULL)
        return gonet_udp_conn_set_write_buffer(gonet_conn_as_udp(c), 9000, err);
    return gonet_unix_conn_set_write_buffer(gonet_conn_as_unix(c), 9000, err);
}

static int64_t do_no_delay(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_tcp_conn_set_no_delay(gonet_conn_as_tcp(c), true, err);
}

static int64_t do_linger(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_tcp_conn_set_linger(gonet_conn_as_tcp(c), 1, err);
}

static int64_t do_keep_alive(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_tcp_conn_set_keep_alive(gonet_conn_as_tcp(c), true, err);
}

static int64_t do_keep_alive_period(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_tcp_conn_set_keep_alive_period(gonet_conn_as_tcp(c), GONET_SECOND, err);
}

static int64_t do_keep_alive_config(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_tcp_conn_set_keep_alive_config(gonet_conn_as_tcp(c),
                                                (gonet_keep_alive_config_t){.enable = true}, err);
}

static int64_t do_file(gonet_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_file(c, err);
}

static void not_called(void *arg, int fd)
{
    (void)arg;
    fail_msg("called with %d", fd);
}

static bool not_asked(void *arg, int fd)
{
    not_called(arg, fd);
    return true;
}

/* syscall_conn itself works on what is closed (11.4). */
static gonet_raw_conn_t *raw_of(gonet_conn_t *c)
{
    gonet_raw_conn_t *raw = gonet_conn_syscall_conn(c, NULL);

    assert_non_null(raw);
    return raw;
}

static int64_t do_raw_control(gonet_conn_t *c, gonet_error_t **err)
{
    GONET_AUTO(gonet_raw_conn_t) raw = raw_of(c);

    return gonet_raw_conn_control(raw, not_called, NULL, err);
}

static int64_t do_raw_read(gonet_conn_t *c, gonet_error_t **err)
{
    GONET_AUTO(gonet_raw_conn_t) raw = raw_of(c);

    return gonet_raw_conn_read(raw, not_asked, NULL, err);
}

static int64_t do_raw_write(gonet_conn_t *c, gonet_error_t **err)
{
    GONET_AUTO(gonet_raw_conn_t) raw = raw_of(c);

    return gonet_raw_conn_write(raw, not_asked, NULL, err);
}

/* Nothing is consumed. */
static int64_t do_writev(gonet_conn_t *c, gonet_error_t **err)
{
    struct iovec pieces[] = {{(char[1]){'a'}, 1}, {(char[2]){'b', 'c'}, 2}};
    gonet_buffers_t v = {pieces, 2};
    int64_t n = gonet_buffers_write_to(&v, gonet_conn_as_writer(c), err);

    assert_ptr_equal(v.v, pieces);
    assert_int_equal(v.n, 2);
    assert_int_equal(v.v[0].iov_len, 1);
    return n;
}

static int64_t do_writev_nothing(gonet_conn_t *c, gonet_error_t **err)
{
    gonet_buffers_t v = {NULL, 0};

    return gonet_buffers_write_to(&v, gonet_conn_as_writer(c), err);
}

/* ---- the rows ---- */

enum { TCP = 1, UNIX = 2, HALVES = 4, ALL = 7 | 8 }; /* HALVES: tcp, unix, unixpacket */

#define CLOSED "use of closed network connection"

static const struct row {
    int64_t (*call)(gonet_conn_t *c, gonet_error_t **err);
    const char *name, *op;
    bool both; /* "L->R", else "L" */
    unsigned kinds;
    bool times_out; /* with a deadline in the past, too */
} rows[] = {
    {do_read, "read", "read", true, ALL, true},
    {do_wait, "wait for something to read", "read", true, ALL, true},
    {do_write, "write", "write", true, ALL, true},
    {do_write_nothing, "write nothing", "write", true, ALL, true},
    {do_writev, "writev", "writev", true, ALL, true},
    {do_writev_nothing, "writev of nothing", "writev", true, ALL, true},
    {do_raw_read, "raw read", "raw-read", true, ALL, true},
    {do_raw_write, "raw write", "raw-write", true, ALL, true},
    {do_raw_control, "raw control", "raw-control", false, ALL, false},
    {do_close, "close again", "close", true, ALL, false},
    {do_close_read, "close for reading", "close", true, HALVES, false},
    {do_close_write, "close for writing", "close", true, HALVES, false},
    {do_set_deadline, "set deadline", "set", false, ALL, false},
    {do_set_read_deadline, "set read deadline", "set", false, ALL, false},
    {do_set_write_deadline, "set write deadline", "set", false, ALL, false},
    {do_set_read_buffer, "set read buffer", "set", false, ALL, false},
    {do_set_write_buffer, "set write buffer", "set", false, ALL, false},
    {do_no_delay, "set no delay", "set", true, TCP, false},
    {do_linger, "set linger", "set", true, TCP, false},
    {do_keep_alive, "set keep-alive", "set", true, TCP, false},
    {do_keep_alive_period, "set keep-alive period", "set", true, TCP, false},
    {do_keep_alive_config, "set keep-alive config", "set", true, TCP, false},
    {do_file, "file", "file", true, ALL, false},
};

static const struct kind {
    const char *network;
    unsigned kinds;
} kinds[] = {
    {"tcp", TCP | HALVES},
    {"tcp4", TCP | HALVES},
    {"tcp6", TCP | HALVES},
    {"unix", UNIX | HALVES},
    {"unixpacket", UNIX | HALVES},
    {"unixgram", UNIX},
    {"udp", 8},
    {"udp4", 8},
    {"udp6", 8},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef struct {
    const struct row *row;
    const struct kind *kind;
    bool timeout;
    char name[96];
} case_t;

static gonet_listener_t *listen_on(const char *network)
{
    char name[64];

    net_abstract("texts", name);
    return strncmp(network, "unix", 4) == 0 ? gonet_listen(network, name, NULL)
                                            : net_listen(network);
}

/* A dialed connection; *there: whoever is dialed. NULL: the family is missing. */
static gonet_conn_t *dial_on(const char *network, gonet_listener_t **l, gonet_packet_conn_t **there)
{
    char name[64], text[GONET_ADDR_STRLEN];

    *l = NULL;
    *there = NULL;
    if (strncmp(network, "udp", 3) == 0 || strcmp(network, "unixgram") == 0) {
        net_abstract("texts", name);
        *there = gonet_listen_packet(network,
                                     network[1] == 'n'   ? name
                                     : network[3] == '6' ? "[::1]:0"
                                                         : "127.0.0.1:0",
                                     NULL);
        if (*there == NULL)
            return NULL;
        return gonet_dial(network, net_addr_text(gonet_packet_conn_local_addr(*there), text), NULL);
    }
    *l = listen_on(network);
    return *l != NULL ? gonet_dial(network, net_addr_text(gonet_listener_addr(*l), text), NULL)
                      : NULL;
}

static void run_case(void **state)
{
    const case_t *t = *state;
    gonet_packet_conn_t *there;
    gonet_listener_t *l;
    gonet_conn_t *c = dial_on(t->kind->network, &l, &there);
    gonet_error_t *err = NULL;
    char want[160];

    assert_non_null(c);
    if (t->timeout)
        assert_int_equal(gonet_conn_set_deadline(c, PAST, NULL), 0);
    else
        assert_int_equal(gonet_conn_close(c, NULL), 0);
    snprintf(want, sizeof(want), "%s %s <L>%s: %s", t->row->op, t->kind->network,
             t->row->both ? "-><R>" : "", t->timeout ? "i/o timeout" : CLOSED);
    assert_int_equal(t->row->call(c, &err), -1);
    CHECK_CONN_ERROR(err, c, want);
    CHECK(gonet_error_is(err, t->timeout ? gonet_err_deadline_exceeded : gonet_err_closed));
    CHECK_INT(gonet_error_timeout(err), t->timeout);
    gonet_error_free(err);
    gonet_conn_free(c);
    gonet_packet_conn_free(there);
    gonet_listener_free(l);
    check_report();
}

/* ---- listeners ---- */

static void listener_fails(gonet_listener_t *l, gonet_error_t **err, const char *op,
                           const char *network, const char *why)
{
    char want[128];

    snprintf(want, sizeof(want), "%s %s <L>: %s", op, network, why);
    CHECK_LISTENER_ERROR(*err, l, want);
    gonet_error_set(err, NULL);
}

/* 17.3: a listener's raw connection reads and writes nothing, whatever state it is in. */
static void raw_of_listener(gonet_listener_t *l, const char *network, bool closed)
{
    gonet_raw_conn_t *raw = gonet_listener_syscall_conn(l, NULL);
    gonet_error_t *err = NULL;

    assert_non_null(raw);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            (i ? gonet_raw_conn_read : gonet_raw_conn_write)(raw, not_asked, NULL, &err), -1);
        assert_string_equal(gonet_error_string(err), "invalid argument");
        assert_true(gonet_error_is_errno(err, EINVAL));
    }
    if (closed) {
        assert_int_equal(gonet_raw_conn_control(raw, not_called, NULL, &err), -1);
        listener_fails(l, &err, "raw-control", network, CLOSED);
    }
    gonet_error_free(err);
    gonet_raw_conn_free(raw);
}

static void run_listener(void **state)
{
    const char *network = *state;
    gonet_listener_t *l = listen_on(network);
    gonet_error_t *err = NULL;

    assert_non_null(l);
    raw_of_listener(l, network, false);
    assert_int_equal(gonet_listener_set_deadline(l, PAST, &err), 0);
    for (int i = 0; i < 2; i++) {
        assert_null(gonet_listener_accept(l, &err));
        assert_true(gonet_error_timeout(err) && gonet_error_temporary(err));
        listener_fails(l, &err, "accept", network, "i/o timeout");
    }
    assert_int_equal(gonet_listener_close(l, &err), 0);
    assert_null(gonet_listener_accept(l, &err));
    listener_fails(l, &err, "accept", network, CLOSED);
    assert_int_equal(gonet_listener_close(l, &err), -1);
    listener_fails(l, &err, "close", network, CLOSED);
    assert_int_equal(gonet_listener_file(l, &err), -1);
    listener_fails(l, &err, "file", network, CLOSED);
    assert_int_equal(gonet_listener_set_deadline(l, PAST, &err), -1);
    assert_ptr_equal(err, gonet_err_closed); /* 10.9: bare */
    raw_of_listener(l, network, true);
    gonet_error_free(err);
    gonet_listener_free(l);
    check_report();
}

int main(void)
{
    static const char *const listeners[] = {"tcp", "tcp4", "tcp6", "unix", "unixpacket"};
    static case_t cases[2 * COUNT(rows) * COUNT(kinds)];
    static struct CMUnitTest tests[COUNT(cases) + COUNT(listeners)];
    size_t n = 0, m;

    for (size_t k = 0; k < COUNT(kinds); k++) {
        for (size_t r = 0; r < 2 * COUNT(rows); r++) {
            case_t *t = &cases[n];
            *t = (case_t){&rows[r / 2], &kinds[k], r % 2 == 1, ""};
            if ((t->row->kinds & kinds[k].kinds) == 0 || (t->timeout && !t->row->times_out))
                continue;
            snprintf(t->name, sizeof(t->name), "%s: %s, %s", kinds[k].network, t->row->name,
                     t->timeout ? "expired" : "closed");
            tests[n++] = (struct CMUnitTest){t->name, run_case, leak_setup, leak_teardown, t};
        }
    }
    m = n;
    for (size_t i = 0; i < COUNT(listeners); i++)
        tests[m++] = (struct CMUnitTest){listeners[i], run_listener, leak_setup, leak_teardown,
                                         (void *)(uintptr_t)listeners[i]};
    return _cmocka_run_group_tests("texts", tests, m, NULL, NULL);
}
