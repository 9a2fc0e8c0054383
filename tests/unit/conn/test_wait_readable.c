/*
 * Waiting for something to read, where the kind of connection matters: resets, what an earlier read
 * knows, low-water marks, failing calls, and tables without the slot. What all kinds have in common
 * is in tests/conform/wait.c. From the test's own thread.
 */
#include "pair.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "gonet/pipe.h"
#include "gonet/task.h"
#include "gonet/udp.h"
#include "gonet/unixsock.h"
#include "socket/sys.h"
#include "support/leak.h"
#include "support/net.h"

static void readable(gonet_conn_t *c)
{
    gonet_error_t *err = NULL;

    assert_int_equal(gonet_conn_wait_readable(c, &err), 0);
    assert_null(err);
}

/* Nothing comes: the wait ends at a deadline, which is taken back. */
static void silent(const pair_t *p, gonet_conn_t *c)
{
    gonet_error_t *err = NULL;
    gonet_time_t soon = gonet_after(20 * GONET_MILLISECOND);

    assert_int_equal(gonet_conn_set_read_deadline(c, soon, NULL), 0);
    assert_int_equal(gonet_conn_wait_readable(c, &err), -1);
    assert_true(gonet_since(soon) >= 0);
    if (c == p->a)
        pair_error(p, &err, "read tcp ", "L->R", ": i/o timeout");
    gonet_error_free(err);
    assert_int_equal(gonet_conn_set_read_deadline(c, gonet_no_deadline, NULL), 0);
}

/* The reset is the read's to report, and is still there after a wait. */
static void test_reset(void **state)
{
    gonet_error_t *err = NULL;
    char c;
    pair_t p;

    (void)state;
    pair_open(&p);
    assert_int_equal(gonet_tcp_conn_set_linger(p.tb, 0, NULL), 0);
    assert_int_equal(gonet_conn_close(p.b, NULL), 0);
    for (int i = 0; i < 3; i++)
        readable(p.a);
    assert_int_equal(gonet_conn_read(p.a, &c, 1, &err), -1);
    pair_error(&p, &err, "read tcp ", "L->R", ": read: connection reset by peer");
    pair_close(&p);
}

/* A short read leaves the socket known to be empty: the wait then waits at once, and a read after
 * the wait does not. */
static void test_after_short_read(void **state)
{
    char buf[64];
    pair_t p;

    (void)state;
    pair_open(&p);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(gonet_conn_write(p.b, "short", 5, NULL), 5);
        readable(p.a);
        assert_int_equal(gonet_conn_read(p.a, buf, sizeof(buf), NULL), 5);
        if (i < 2)
            silent(&p, p.a);
    }
    assert_int_equal(gonet_conn_close_write(p.b, NULL), 0);
    readable(p.a);
    assert_int_equal(gonet_conn_read(p.a, buf, sizeof(buf), NULL), 0);
    pair_close(&p);
}

static void test_close_read(void **state)
{
    pair_t p;

    (void)state;
    pair_open(&p);
    assert_int_equal(gonet_conn_close_read(p.a, NULL), 0);
    readable(p.a);
    pair_close(&p);
}

static void test_low_water_mark(void **state)
{
    int mark = 4;
    pair_t p;

    (void)state;
    pair_open(&p);
    assert_int_equal(setsockopt(net_descriptor(p.a), SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof(mark)),
                     0);
    assert_int_equal(gonet_conn_write(p.b, "abc", 3, NULL), 3);
    silent(&p, p.a);
    assert_int_equal(gonet_conn_write(p.b, "d", 1, NULL), 1);
    readable(p.a);
    pair_close(&p);
}

static void test_failing_calls(void **state)
{
    gonet_error_t *err = NULL;
    pair_t p;

    (void)state;
    pair_open(&p);
    assert_int_equal(gonet_conn_write(p.b, "x", 1, NULL), 1);
    gonet__sys_fail_at(GONET__SYS_POLL, 1, ENOMEM);
    assert_int_equal(gonet_conn_wait_readable(p.a, &err), -1);
    pair_error(&p, &err, "read tcp ", "L->R", ": poll: cannot allocate memory");
    gonet__sys_fail_at(GONET__SYS_POLL, 1, EINTR);
    readable(p.a);
    assert_int_equal(gonet__sys_failed(), 1);
    gonet__sys_fail_at(GONET__SYS_POLL, 0, 0);
    pair_close(&p);
}

static ssize_t one_byte(void *self, void *p, size_t len, gonet_error_t **err)
{
    (void)self;
    (void)p;
    (void)err;
    return len > 0 ? 1 : 0;
}

static void test_not_offered(void **state)
{
    static const gonet_conn_vtable_t without = {.size = sizeof(without), .read = one_byte};
    static const gonet_conn_vtable_t older = {.size = offsetof(gonet_conn_vtable_t, wait_readable),
                                              .read = one_byte};
    gonet_error_t *err = NULL;
    gonet_conn_t *c = gonet_conn_new(&without, NULL);

    (void)state;
    assert_int_equal(gonet_conn_wait_readable(c, &err), -1);
    assert_ptr_equal(err, gonet_err_unsupported);
    gonet_conn_free(c);
    c = gonet_conn_new(&older, NULL);
    assert_int_equal(gonet_conn_wait_readable(c, &err), -1);
    assert_ptr_equal(err, gonet_err_unsupported);
    gonet_conn_free(c);
    assert_int_equal(gonet_conn_wait_readable(NULL, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    gonet_error_free(err);
}

typedef struct {
    gonet_conn_t *c;
    gonet_duration_t later;
    atomic_bool ended;
} writer_t;

static void write_nothing(void *arg)
{
    writer_t *w = arg;

    gonet_sleep(w->later);
    (void)gonet_conn_write(w->c, "", 0, NULL);
    atomic_store(&w->ended, true);
}

/* On a pipe an empty write waits for a read, and to look is none. */
static void test_empty_on_pipe(void **state)
{
    gonet_conn_t *a, *b;

    (void)state;
    for (int later = 0; later < 2; later++) {
        writer_t w = {.later = later ? 20 * GONET_MILLISECOND : 0};

        assert_int_equal(gonet_pipe(&a, &b), 0);
        w.c = b;
        assert_int_equal(gonet_go(write_nothing, &w), 0);
        if (!later)
            gonet_sleep(20 * GONET_MILLISECOND);
        for (int i = 0; i < 3; i++) {
            readable(a);
            gonet_sleep(GONET_MILLISECOND);
            assert_false(atomic_load(&w.ended));
        }
        assert_int_equal(gonet_conn_read(a, (char[1]){0}, 1, NULL), 0);
        while (!atomic_load(&w.ended))
            gonet_yield();
        gonet_conn_free(a);
        gonet_conn_free(b);
    }
}

/* On a socket for packets an empty one is something to read. */
static void test_empty(void **state)
{
    gonet_unix_addr_t name;
    gonet_unix_conn_t *to, *from;
    char text[64];

    (void)state;
    net_abstract("wait-readable", text);
    assert_int_equal(gonet_resolve_unix_addr("unixgram", text, &name, NULL), 0);
    to = gonet_listen_unixgram("unixgram", &name, NULL);
    from = gonet_dial_unix("unixgram", NULL, &name, NULL);
    assert_non_null(to);
    assert_non_null(from);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gonet_unix_conn_write(from, "", 0, NULL), 0);
        readable(gonet_unix_conn_as_conn(to));
        assert_int_equal(gonet_unix_conn_read(to, (char[1]){0}, 1, NULL), 0);
    }
    gonet_unix_conn_free(from);
    gonet_unix_conn_free(to);
}

/* That nobody listens at the peer's port is told by the read, and is not taken by the wait. */
static void test_refused(void **state)
{
    gonet_udp_addr_t any = {.ip = gonet_parse_ip("127.0.0.1")};
    gonet_udp_conn_t *gone = gonet_listen_udp("udp4", &any, NULL), *c;
    gonet_error_t *err = NULL;

    (void)state;
    assert_non_null(gone);
    c = gonet_dial_udp("udp4", NULL, &gonet_udp_conn_local_addr(gone)->udp, NULL);
    assert_non_null(c);
    gonet_udp_conn_free(gone);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gonet_udp_conn_write(c, "x", 1, NULL), 1);
        for (int k = 0; k < 2; k++)
            readable(gonet_udp_conn_as_conn(c));
        assert_int_equal(gonet_udp_conn_read(c, (char[1]){0}, 1, &err), -1);
        assert_true(gonet_error_is_errno(err, ECONNREFUSED));
        assert_int_equal(
            gonet_udp_conn_set_read_deadline(c, gonet_after(5 * GONET_MILLISECOND), NULL), 0);
        assert_int_equal(gonet_conn_wait_readable(gonet_udp_conn_as_conn(c), &err), -1);
        assert_true(gonet_error_timeout(err));
        assert_int_equal(gonet_udp_conn_set_read_deadline(c, gonet_no_deadline, NULL), 0);
    }
    gonet_error_free(err);
    gonet_udp_conn_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_reset),         LEAK_TEST(test_after_short_read),
        LEAK_TEST(test_close_read),    LEAK_TEST(test_low_water_mark),
        LEAK_TEST(test_failing_calls), LEAK_TEST(test_not_offered),
        LEAK_TEST(test_empty),         LEAK_TEST(test_empty_on_pipe),
        LEAK_TEST(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
