/*
 * Deadlines of connections and listeners: past and to come, for operations that begin and for those
 * that wait, moved from elsewhere; what an expired one leaves behind. Behaviour 9.3, 9.11, 9.15,
 * 9.25, 10.
 */
#include <stdlib.h>
#include <string.h>

#include "support/pattern.h"
#include "tcp/tcp.h"

#define READ_TIMEOUT  "read tcp <L>-><R>: i/o timeout"
#define WRITE_TIMEOUT "write tcp <L>-><R>: i/o timeout"

/* 10.2, 10.3, 10.5, 9.11: wakes who waits, stays, spares the other side, and loses nothing. */
static void past_deadline_wakes_a_reader(actor_mode_t mode)
{
    gonet_error_t *err = NULL;
    char byte = 0;
    op_t o;

    OPEN_PAIR(a, b);
    tcp_park_read(&o, actor_helper(mode), a, &byte);
    CHECK_INT(gonet_conn_set_read_deadline(a, TCP_PAST, NULL), 0);
    OP_FAILS(&o, READ_TIMEOUT);
    CHECK(gonet_error_timeout(o.err) && gonet_error_temporary(o.err));
    CHECK(gonet_error_is(o.err, gonet_err_deadline_exceeded));
    op_free(&o);
    CHECK_INT(gonet_conn_write(b, "xy", 2, NULL), 2);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(gonet_conn_read(a, &byte, 1, &err), -1);
        CHECK_CONN_ERROR(err, a, READ_TIMEOUT);
        CHECK_INT(gonet_conn_write(a, "z", 1, NULL), 1);
    }
    CHECK_INT(gonet_conn_set_read_deadline(a, gonet_no_deadline, NULL), 0);
    expect_byte(a, 'x');
    CHECK_INT(gonet_conn_set_read_deadline(a, gonet_after(GONET_HOUR), NULL), 0);
    expect_byte(a, 'y');
    gonet_error_free(err);
    close_pair(a, b);
}

static void past_deadline_wakes_a_writer(actor_mode_t mode)
{
    gonet_error_t *err = NULL;
    op_t o;

    OPEN_PAIR(a, b);
    net_fill(a);
    tcp_park_write(&o, actor_helper(mode), a);
    CHECK_INT(gonet_conn_set_write_deadline(a, TCP_PAST, NULL), 0);
    OP_FAILS(&o, WRITE_TIMEOUT);
    op_free(&o);
    CHECK_INT(gonet_conn_write(a, "", 0, &err), -1); /* 9.16 */
    CHECK_CONN_ERROR(err, a, WRITE_TIMEOUT);
    CHECK_INT(gonet_conn_write(b, "r", 1, NULL), 1);
    expect_byte(a, 'r');
    gonet_error_free(err);
    close_pair(a, b);
}

/* 10.1: both sides by one call, while both wait. */
static void one_deadline_for_both_sides(actor_mode_t mode)
{
    char byte;
    op_t r, w;

    OPEN_PAIR(a, b);
    net_fill(a);
    tcp_park_read(&r, helper_kind(mode, 0), a, &byte);
    tcp_park_write(&w, helper_kind(mode, 1), a);
    CHECK_INT(gonet_conn_set_deadline(a, gonet_after(20 * GONET_MILLISECOND), NULL), 0);
    OP_FAILS(&r, READ_TIMEOUT);
    OP_FAILS(&w, WRITE_TIMEOUT);
    op_free(&r);
    op_free(&w);
    close_pair(a, b);
}

/* A deadline that comes while nobody does anything. */
static void pending_deadline(actor_mode_t mode)
{
    const gonet_duration_t d = 30 * GONET_MILLISECOND;
    gonet_time_t start = gonet_now();
    char byte;
    op_t o;

    OPEN_PAIR(a, b);
    CHECK_INT(gonet_conn_set_read_deadline(a, gonet_after(d), NULL), 0);
    op_read(&o, actor_helper(mode), a, &byte, 1);
    OP_FAILS(&o, READ_TIMEOUT);
    CHECK(gonet_since(start) >= d);
    op_free(&o);
    close_pair(a, b);
}

/*
 * Starts a read of a byte whose deadline another one replaces before it comes: at_once, or *later,
 * which is made to come behind it. On a slow machine the first may come before it is replaced: then
 * again, with more time.
 */
static void read_past_deadline(op_t *o, actor_kind_t kind, gonet_conn_t *a, char *byte,
                               gonet_time_t at_once, gonet_time_t *later)
{
    for (gonet_duration_t d = 30 * GONET_MILLISECOND; check_patience(); d *= 2) {
        gonet_time_t first = gonet_after(d);

        CHECK_INT(gonet_conn_set_read_deadline(a, first, NULL), 0);
        op_read(o, kind, a, byte, 1);
        if (later != NULL)
            *later = at_once = gonet_after(2 * d);
        CHECK_INT(gonet_conn_set_read_deadline(a, at_once, NULL), 0);
        if (gonet_until(first) > 0) {
            gonet_sleep(later != NULL ? 0 : gonet_until(first) + 20 * GONET_MILLISECOND);
            return;
        }
        CHECK_INT(gonet_conn_set_read_deadline(a, TCP_PAST, NULL), 0);
        OP_FAILS(o, READ_TIMEOUT); /* by which of them is not known */
        op_free(o);
    }
}

/* 10.4: moved away or taken back while an operation waits, the old one does not count. */
static void deadline_moved_away(actor_mode_t mode)
{
    const gonet_time_t later[] = {gonet_after(GONET_HOUR), gonet_no_deadline, {INT64_MAX}};
    char byte = 0;

    OPEN_PAIR(a, b);
    for (size_t i = 0; i < COUNT(later); i++) {
        op_t o;

        read_past_deadline(&o, actor_helper(mode), a, &byte, later[i], NULL);
        AWAIT(tcp_parked(a, GONET__SIDE_READ));
        CHECK(!o.ended);
        CHECK_INT(gonet_conn_write(b, "m", 1, NULL), 1);
        op_join(&o);
        CHECK_INT(o.result, 1);
        op_free(&o);
    }
    close_pair(a, b);
}

/* 10.4: extended, and then it comes, not before its new time. */
static void extended_deadline_fires(actor_mode_t mode)
{
    gonet_time_t later = gonet_no_deadline;
    char byte;
    op_t o;

    OPEN_PAIR(a, b);
    read_past_deadline(&o, actor_helper(mode), a, &byte, gonet_no_deadline, &later);
    OP_FAILS(&o, READ_TIMEOUT);
    CHECK(gonet_until(later) <= 0);
    op_free(&o);
    close_pair(a, b);
}

typedef struct {
    actor_t actor;
    gonet_conn_t *c;
    unsigned seed;
} mover_t;

static void move_deadlines(void *arg)
{
    mover_t *m = arg;

    for (int i = 0; i < 300; i++) {
        int k = rand_r(&m->seed) % 4;
        gonet_time_t t = k == 0   ? gonet_no_deadline
                         : k == 1 ? gonet_after(GONET_HOUR)
                                  : gonet_after(k * GONET_MINUTE);

        CHECK_INT(gonet_conn_set_read_deadline(m->c, t, NULL), 0);
        if (i % 16 == 0)
            check_pause();
    }
}

/* 10.4: from several at once; only the last one ends the read. */
static void deadlines_moved_from_everywhere(actor_mode_t mode)
{
    mover_t movers[4];
    char byte;
    op_t o;

    OPEN_PAIR(a, b);
    tcp_park_read(&o, actor_helper(mode), a, &byte);
    for (int i = 0; i < 4; i++) {
        movers[i].c = a;
        movers[i].seed = (unsigned)i;
        actor_start(&movers[i].actor, helper_kind(mode, i), move_deadlines, &movers[i]);
    }
    for (int i = 0; i < 4; i++)
        actor_join(&movers[i].actor);
    CHECK(!o.ended);
    CHECK_INT(gonet_conn_set_read_deadline(a, gonet_after(GONET_MILLISECOND), NULL), 0);
    OP_FAILS(&o, READ_TIMEOUT);
    op_free(&o);
    close_pair(a, b);
}

/* 9.15, 10.7, 10.11: what was written before the timeout is counted, and arrives. */
static void partial_write(actor_mode_t mode)
{
    const size_t len = 16 << 20;
    char *p = malloc(len);
    gonet_conn_t *a, *b;
    op_t o;

    CHECK(p != NULL);
    if (p == NULL || !net_pair("tcp", &a, &b)) {
        free(p);
        return;
    }
    pattern_fill(p, 0, 0, len);
    op_write(&o, actor_helper(mode), a, p, len);
    AWAIT(tcp_parked(a, GONET__SIDE_WRITE));
    CHECK_INT(gonet_conn_set_write_deadline(a, gonet_after(20 * GONET_MILLISECOND), NULL), 0);
    OP_FAILS(&o, WRITE_TIMEOUT);
    CHECK(o.count > 0 && o.count < len);
    op_free(&o);
    CHECK_INT(gonet_conn_close_write(a, NULL), 0);
    CHECK_INT(tcp_read_pattern(b), o.count);
    close_pair(a, b);
    free(p);
}

/* The rest can be written after a timeout, as if nothing had been. */
static void write_goes_on_after_a_timeout(actor_mode_t mode)
{
    const size_t len = 16 << 20;
    char *p = malloc(len);
    gonet_conn_t *a, *b;
    size_t first = 0;
    op_t o;

    CHECK(p != NULL);
    if (p == NULL || !net_pair("tcp", &a, &b)) {
        free(p);
        return;
    }
    pattern_fill(p, 0, 0, len);
    op_write(&o, actor_helper(mode), a, p, len);
    AWAIT(tcp_parked(a, GONET__SIDE_WRITE));
    CHECK_INT(gonet_conn_set_write_deadline(a, TCP_PAST, NULL), 0);
    OP_FAILS(&o, WRITE_TIMEOUT);
    first = o.count;
    CHECK(first > 0 && first < len);
    op_free(&o);
    CHECK_INT(gonet_conn_set_write_deadline(a, gonet_no_deadline, NULL), 0);
    op_write(&o, actor_helper(mode), a, p + first, len - first);
    AWAIT(tcp_parked(a, GONET__SIDE_WRITE));
    for (size_t sum = 0; sum < len && !check_failed();) {
        char buf[65536];
        ssize_t n = gonet_conn_read(b, buf, sizeof(buf), NULL);

        if (!CHECK(n > 0 && memcmp(buf, p + sum, (size_t)n) == 0))
            break;
        sum += (size_t)n;
    }
    op_join(&o);
    CHECK_INT(o.result, 0);
    op_free(&o);
    close_pair(a, b);
    free(p);
}

/* 9.3: those who queue behind the one who waits get the timeout too. */
static void queued_readers_time_out(actor_mode_t mode)
{
    enum { N = 5 };
    op_t o[N];
    char bytes[N];
    unsigned users;

    OPEN_PAIR(a, b);
    tcp_park_read(&o[0], helper_kind(mode, 0), a, &bytes[0]);
    users = tcp_users(a);
    for (int i = 1; i < N; i++)
        op_read(&o[i], helper_kind(mode, i), a, &bytes[i], 1);
    AWAIT(tcp_users(a) >= users + N - 1);
    CHECK_INT(gonet_conn_set_read_deadline(a, TCP_PAST, NULL), 0);
    for (int i = 0; i < N; i++) {
        OP_FAILS(&o[i], READ_TIMEOUT);
        op_free(&o[i]);
    }
    CHECK_INT(gonet_conn_set_read_deadline(a, gonet_no_deadline, NULL), 0);
    CHECK_INT(gonet_conn_write(b, "q", 1, NULL), 1);
    expect_byte(a, 'q');
    close_pair(a, b);
}

static void queued_writers_time_out(actor_mode_t mode)
{
    enum { N = 4 };
    op_t o[N];
    unsigned users;

    OPEN_PAIR(a, b);
    net_fill(a);
    tcp_park_write(&o[0], helper_kind(mode, 0), a);
    users = tcp_users(a);
    for (int i = 1; i < N; i++)
        op_write(&o[i], helper_kind(mode, i), a, "w", 1);
    AWAIT(tcp_users(a) >= users + N - 1);
    CHECK_INT(gonet_conn_set_write_deadline(a, TCP_PAST, NULL), 0);
    for (int i = 0; i < N; i++) {
        OP_FAILS(&o[i], WRITE_TIMEOUT);
        CHECK(i == 0 || o[i].count == 0);
        op_free(&o[i]);
    }
    close_pair(a, b);
}

/* 10.6 */
static void far_deadlines_never_pass(actor_mode_t mode)
{
    const gonet_time_t far[] = {{INT64_MAX}, {INT64_MAX - 1}, gonet_after(INT64_MAX)};

    OPEN_PAIR(a, b);
    for (size_t i = 0; i < COUNT(far); i++) {
        char byte;
        op_t o;

        CHECK_INT(gonet_conn_set_deadline(a, far[i], NULL), 0);
        tcp_park_read(&o, actor_helper(mode), a, &byte);
        CHECK_INT(gonet_conn_write(a, "f", 1, NULL), 1);
        expect_byte(b, 'f');
        CHECK_INT(gonet_conn_write(b, "f", 1, NULL), 1);
        op_join(&o);
        CHECK_INT(o.result, 1);
        op_free(&o);
    }
    close_pair(a, b);
}

/* 10.6: anything but { 0 } that lies in the past, however long ago. */
static void long_past_deadlines(actor_mode_t mode)
{
    const gonet_time_t past[] = {{1}, {-1}, {INT64_MIN}, gonet_after(INT64_MIN), gonet_now()};
    gonet_error_t *err = NULL;
    char byte;

    (void)mode;
    OPEN_PAIR(a, b);
    CHECK_INT(gonet_conn_write(b, "p", 1, NULL), 1);
    for (size_t i = 0; i < COUNT(past); i++) {
        CHECK_INT(gonet_conn_set_deadline(a, past[i], NULL), 0);
        CHECK_INT(gonet_conn_read(a, &byte, 1, &err), -1);
        CHECK_CONN_ERROR(err, a, READ_TIMEOUT);
        CHECK_INT(gonet_conn_write(a, &byte, 1, &err), -1);
        CHECK_CONN_ERROR(err, a, WRITE_TIMEOUT);
    }
    gonet_error_free(err);
    close_pair(a, b);
}

typedef struct {
    actor_t actor;
    gonet_conn_t *c;
    _Atomic bool stop;
} flicker_t;

static void flicker(void *arg)
{
    flicker_t *f = arg;

    while (!f->stop) {
        CHECK_INT(gonet_conn_set_read_deadline(f->c, TCP_PAST, NULL), 0);
        check_pause();
        CHECK_INT(gonet_conn_set_read_deadline(f->c, gonet_no_deadline, NULL), 0);
        check_pause();
    }
}

static void send_numbers(void *arg)
{
    gonet_conn_t *c = arg;

    for (int i = 0; i < 300; i++) {
        char byte = (char)i;

        CHECK_INT(gonet_conn_write(c, &byte, 1, NULL), 1);
        if (i % 8 == 0)
            check_pause();
    }
}

/* 10.3, 10.11: timeouts come and go while data comes; every byte arrives, in order. */
static void timeouts_lose_nothing(actor_mode_t mode)
{
    flicker_t f = {.stop = false};
    gonet_error_t *err = NULL;
    actor_t sender;
    int timeouts = 0;

    OPEN_PAIR(a, b);
    f.c = a;
    actor_start(&f.actor, helper_kind(mode, 0), flicker, &f);
    actor_start(&sender, helper_kind(mode, 1), send_numbers, b);
    for (int i = 0; i < 300 && !check_failed();) {
        char byte = 0;

        if (gonet_conn_read(a, &byte, 1, &err) == 1) {
            CHECK_INT(byte, (char)i);
            i++;
        } else {
            CHECK_CONN_ERROR(err, a, READ_TIMEOUT);
            timeouts++;
            check_pause();
        }
    }
    f.stop = true;
    actor_join(&f.actor);
    actor_join(&sender);
    gonet_error_free(err);
    close_pair(a, b);
}

/* 9.25: past even though somebody waits to be accepted; and usable again. */
static void accept_deadlines(actor_mode_t mode)
{
    gonet_listener_t *l = net_listen("tcp");
    gonet_error_t *err = NULL;
    gonet_conn_t *c, *accepted;
    op_t o;

    REQUIRE(l != NULL);
    op_accept(&o, actor_helper(mode), l);
    AWAIT(tcp_listener_parked(l));
    CHECK_INT(gonet_listener_set_deadline(l, gonet_after(GONET_MILLISECOND), NULL), 0);
    OP_FAILS(&o, "accept tcp <L>: i/o timeout");
    CHECK(gonet_error_timeout(o.err));
    op_free(&o);
    c = net_dial("tcp", l);
    for (int i = 0; i < 2; i++) {
        CHECK(gonet_listener_accept(l, &err) == NULL);
        CHECK_LISTENER_ERROR(err, l, "accept tcp <L>: i/o timeout");
    }
    CHECK_INT(gonet_listener_set_deadline(l, gonet_no_deadline, NULL), 0);
    accepted = gonet_listener_accept(l, &err);
    CHECK(accepted != NULL);
    CHECK_ERROR(err, NULL);
    gonet_conn_free(accepted);
    gonet_conn_free(c);
    gonet_listener_free(l);
}

/* 9.3, for acceptors. */
static void queued_acceptors_time_out(actor_mode_t mode)
{
    enum { N = 6 };
    gonet_listener_t *l = net_listen("tcp");
    op_t o[N];
    unsigned users;

    REQUIRE(l != NULL);
    op_accept(&o[0], helper_kind(mode, 0), l);
    AWAIT(tcp_listener_parked(l));
    users = tcp_listener_users(l);
    for (int i = 1; i < N; i++)
        op_accept(&o[i], helper_kind(mode, i), l);
    AWAIT(tcp_listener_users(l) == users + N - 1);
    CHECK_INT(gonet_listener_set_deadline(l, TCP_PAST, NULL), 0);
    for (int i = 0; i < N; i++) {
        OP_FAILS(&o[i], "accept tcp <L>: i/o timeout");
        op_free(&o[i]);
    }
    gonet_listener_free(l);
}

int main(void)
{
    static const tcp_test_t tests[] = {
        TCP_TEST(past_deadline_wakes_a_reader),
        TCP_TEST(past_deadline_wakes_a_writer),
        TCP_TEST(one_deadline_for_both_sides),
        TCP_TEST(pending_deadline),
        TCP_TEST(deadline_moved_away),
        TCP_TEST(extended_deadline_fires),
        TCP_TEST(deadlines_moved_from_everywhere),
        TCP_TEST(partial_write),
        TCP_TEST(write_goes_on_after_a_timeout),
        TCP_TEST(queued_readers_time_out),
        TCP_TEST(queued_writers_time_out),
        TCP_TEST(far_deadlines_never_pass),
        TCP_TEST(long_past_deadlines),
        TCP_TEST(timeouts_lose_nothing),
        TCP_TEST(accept_deadlines),
        TCP_TEST(queued_acceptors_time_out),
    };

    return tcp_run(tests, COUNT(tests));
}
