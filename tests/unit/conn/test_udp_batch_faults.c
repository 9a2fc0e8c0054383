/*
 * Batches of datagrams when system calls fail, at every place; and when several tasks and threads
 * use a socket, wait, or close it.
 */
#include "udp_link.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "gonet/task.h"
#include "runtime/ground/end_hook.h"
#include "socket/sys.h"
#include "support/actor.h"
#include "support/leak.h"

static const way_t plain = {"udp4", "udp4", "127.0.0.1", "udp4", "127.0.0.1", false};
static const way_t dialed = {"udp4, dialed", "udp4", "127.0.0.1", "udp4", "127.0.0.1", true};

enum { SHAPES = 5 };

/* 43 datagrams: as five messages for the kernel if it cuts, else as so many. */
static void shapes(const link_t *l, gonet_udp_message_t m[SHAPES])
{
    m[0] = link_message(l, 10, 0);
    m[1] = link_message(l, 1000, 100);
    m[2] = link_message(l, 0, 0);
    m[3] = link_message(l, 300, 10);
    m[4] = link_message(l, 20, 0);
}

/* ---- when the kernel refuses to cut ---- */

static void test_refused_offload(void **state)
{
    static const struct {
        int errnum;
        bool remembered;
    } rows[] = {
        {EIO, true}, {ENOPROTOOPT, true}, {EOPNOTSUPP, true}, {EINVAL, false}, {EMSGSIZE, false}};
    gonet_udp_message_t m[SHAPES];
    link_t l;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        link_open(&l, i % 2 ? &plain : &dialed);
        shapes(&l, m);
        gonet__sys_fail_at(GONET__SYS_SENDMSG, 1, rows[i].errnum); /* a message alone */
        link_send(&l, m + 1, 1);
        assert_int_equal(gonet__sys_failed(), 1);
        (void)link_expect(&l, m + 1, 1);
        assert_int_equal(l.from->send_offload == 2, rows[i].remembered);
        link_send(&l, m, SHAPES);
        (void)link_expect(&l, m, SHAPES);
        assert_int_equal(gonet_udp_conn_set_send_offload(l.from, true, NULL), 0);
        assert_int_equal(l.from->send_offload, 0);
        gonet__sys_fail_at(GONET__SYS_SENDMMSG, 1, rows[i].errnum); /* the first of several */
        link_send(&l, m + 3, 2);
        assert_int_equal(gonet__sys_failed(), 1);
        (void)link_expect(&l, m + 3, 2);
        gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
        link_close(&l);
    }
}

/* What one message's length was refused for does not concern the next one. */
static void test_next_is_cut_again(void **state)
{
    gonet_udp_message_t m[2];
    link_t l;

    (void)state;
    link_open(&l, &plain);
    if (gonet_udp_conn_set_receive_offload(l.to, true, NULL) != 0)
        skip();
    m[0] = m[1] = link_message(&l, 1000, 100);
    gonet__sys_fail_at(GONET__SYS_SENDMMSG, 1, EINVAL);
    link_send(&l, m, 2);
    assert_int_equal(gonet__sys_failed(), 1);
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    assert_int_equal(link_expect(&l, m, 2), 1);
    link_close(&l);
}

/* A kernel that doesn't know the option would send all as one datagram: it is asked first. */
static void test_unknown_option(void **state)
{
    gonet_error_t *err = NULL;
    gonet_udp_message_t m[SHAPES];
    link_t l;

    (void)state;
    link_open(&l, &plain);
    shapes(&l, m);
    gonet__sys_fail_at(GONET__SYS_GETSOCKOPT, 1, ENOPROTOOPT);
    link_send(&l, m, SHAPES);
    assert_int_equal(gonet__sys_failed(), 1);
    (void)link_expect(&l, m, SHAPES);
    assert_int_equal(l.from->send_offload, 2);
    for (int on = 1; on >= 0; on--) {
        gonet__sys_fail_at(GONET__SYS_SETSOCKOPT, 1, ENOPROTOOPT);
        assert_int_equal(gonet_udp_conn_set_receive_offload(l.from, on, &err), on ? -1 : 0);
        if (on)
            assert_true(gonet_error_is(err, gonet_err_unsupported));
        assert_false(l.from->receive_offload);
    }
    gonet__sys_fail_at(GONET__SYS_SETSOCKOPT, 1, ENOMEM);
    assert_int_equal(gonet_udp_conn_set_receive_offload(l.from, true, &err), -1);
    link_error(&l, &err, "set udp4 L: setsockopt: cannot allocate memory");
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    link_close(&l);
}

/* A message that is too long stays too long. */
static void test_error_behind_refusal(void **state)
{
    gonet_error_t *err = NULL;
    gonet_udp_message_t m;
    size_t sent;
    link_t l;

    (void)state;
    link_open(&l, &plain);
    m = link_message(&l, 1000, 100);
    for (int i = 0; i < 2; i++) {
        gonet__sys_fail_at(GONET__SYS_SENDMSG, 1, i == 0 ? EPERM : ENOBUFS);
        assert_int_equal(gonet_udp_conn_write_batch(l.from, &m, 1, &sent, &err), -1);
        assert_int_equal(sent, 0);
        link_error(&l, &err,
                   i == 0 ? "write udp4 L->R: sendmsg: operation not permitted"
                          : "write udp4 L->R: sendmsg: no buffer space available");
    }
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    link_silent(&l);
    link_close(&l);
}

/* ---- the n-th call fails ---- */

/* Sends and reads; with an error only the first messages come, and a part of the next. */
static bool attempt(const link_t *l, gonet_udp_message_t *m, int errnum)
{
    gonet_error_t *err = NULL;
    size_t sent = 77;
    ssize_t n = gonet_udp_conn_write_batch(l->from, m, SHAPES, &sent, &err);
    bool failed = gonet__sys_failed() > 0;

    if (n < 0) {
        assert_in_range(sent, 0, SHAPES - 1);
        assert_true(gonet_error_is_errno(err, errnum));
        assert_true(failed);
    } else {
        assert_int_equal(n, SHAPES);
        assert_int_equal(sent, SHAPES);
        assert_null(err);
    }
    gonet_error_free(err);
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    link_expect_part(l, m, SHAPES, sent);
    return failed;
}

static void test_every_write_fails(void **state)
{
    static const int errnums[] = {EINTR, EAGAIN, ENOSYS, EIO, EPERM, ENOMEM, EINVAL};
    gonet_udp_message_t m[SHAPES];
    link_t l;

    (void)state;
    for (size_t e = 0; e < sizeof(errnums) / sizeof(errnums[0]); e++) {
        for (int offload = 0; offload < 2; offload++) {
            bool failed = true;

            for (long n = 1; failed; n++) {
                link_open(&l, n % 2 ? &plain : &dialed);
                assert_int_equal(gonet_udp_conn_set_send_offload(l.from, offload, NULL), 0);
                shapes(&l, m);
                gonet__sys_fail_at(GONET__SYS_ANY, n, errnums[e]);
                failed = attempt(&l, m, errnums[e]);
                link_close(&l);
            }
        }
    }
}

/* Interruptions, full buffers and missing calls are no errors. */
static void test_no_error(void **state)
{
    static const gonet__sys_call_t calls[] = {GONET__SYS_SENDMMSG, GONET__SYS_SENDMSG,
                                              GONET__SYS_RECVMMSG, GONET__SYS_RECVMSG};
    static const int errnums[] = {EINTR, EAGAIN, ENOSYS};
    gonet_udp_message_t m[SHAPES];
    link_t l;

    (void)state;
    link_open(&l, &plain);
    shapes(&l, m);
    for (size_t i = 0; i < 4; i++) {
        for (size_t e = 0; e < 3; e++) {
            if (errnums[e] == ENOSYS && i % 2 == 1)
                continue; /* one message: there is nothing to fall back to */
            for (size_t n = i % 2 == 1 ? 1 : SHAPES; n <= SHAPES; n++) {
                gonet__sys_fail_at(calls[i], 1, errnums[e]);
                link_send(&l, m, n);
                (void)link_expect(&l, m, n);
            }
        }
    }
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    link_silent(&l);
    link_close(&l);
}

static void test_reads_fail(void **state)
{
    gonet_error_t *err = NULL;
    gonet_udp_message_t m[SHAPES], got[2] = {{.buf = (char[64]){0}, .len = 64}};
    link_t l;

    (void)state;
    link_open(&l, &dialed);
    shapes(&l, m);
    link_send(&l, m, 1);
    for (size_t n = 1; n <= 2; n++) {
        gonet__sys_fail_at(n == 1 ? GONET__SYS_RECVMSG : GONET__SYS_RECVMMSG, 1, ENOMEM);
        assert_int_equal(gonet_udp_conn_read_batch(l.to, got, n, &err), -1);
        assert_true(gonet_error_is_errno(err, ENOMEM));
    }
    gonet_error_free(err);
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    (void)link_expect(&l, m, 1); /* not lost */
    link_close(&l);
}

/* The answer to an earlier datagram stops sendmmsg without a word; after that each goes alone, so
 * that the next answer is told. */
static void test_silent_stop(void **state)
{
    gonet_error_t *err = NULL;
    gonet_udp_message_t m[6];
    size_t sent = 77;
    link_t l;

    (void)state;
    link_open(&l, &dialed);
    for (int i = 0; i < 6; i++)
        m[i] = link_message(&l, 5, 0);
    assert_int_equal(gonet_udp_conn_close(l.to, NULL), 0);
    /* Over the loopback device answers come at once, but for a very busy machine: 0 goes out, 1 is
     * stopped, then goes alone, and 2 is told of. Nothing sent, it was the last call's answer. */
    while (gonet_udp_conn_write_batch(l.from, m, 6, &sent, &err) == 6 || sent == 0)
        assert_true(check_patience());
    link_error(&l, &err, "write udp4 L->R: sendmsg: connection refused");
    assert_in_range(sent, 1, 5);
    link_close(&l);
}

/* ---- what is thought to be empty ---- */

/* Question and answer: after two attempts in vain the reader waits first, and looks now and then.
 */
static void test_guess(void **state)
{
    gonet_udp_message_t m;
    gonet__fd_t *fd;
    char buf[8];
    link_t l;
    int thought = 0, rounds = 0;

    (void)state;
    link_open(&l, &plain);
    fd = &l.to->sock.fd;
    m = link_message(&l, 5, 0);
    for (int i = 0; i < 200; i++) {
        gonet__sys_fail_at(GONET__SYS_RECVMSG, 1, EAGAIN); /* what a reader finds who is early */
        link_send(&l, &m, 1);
        assert_int_equal(gonet_udp_conn_read_from(l.to, buf, sizeof(buf), NULL, NULL), 5);
        thought += fd->drained;
    }
    assert_in_range(thought, 190, 197);
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    do { /* one after the other: before long it sees that it was wrong */
        link_send(&l, &m, 1);
        link_send(&l, &m, 1);
        assert_int_equal(gonet_udp_conn_read(l.to, buf, sizeof(buf), NULL), 5);
        assert_int_equal(gonet_udp_conn_read_from(l.to, buf, sizeof(buf), NULL, NULL), 5);
    } while (++rounds < 1000 && (fd->drained || fd->next_skip != GONET__SKIP_FIRST));
    assert_false(fd->drained);
    for (int i = 0; i < 12; i++) { /* nothing is missed while it is thought to be empty */
        fd->drained = true;
        fd->skip = 1;
        link_send(&l, &m, 1);
        (void)link_expect(&l, &m, 1);
    }
    link_silent(&l);
    link_close(&l);
}

static void test_no_allocation(void **state)
{
    gonet_udp_message_t m[SHAPES];
    link_t l;

    (void)state;
    link_open(&l, &plain);
    assert_int_equal(gonet_udp_conn_set_receive_offload(l.to, true, NULL), 0);
    shapes(&l, m);
    link_send(&l, m, SHAPES); /* makes the buffer that is kept */
    (void)link_expect(&l, m, SHAPES);
    gonet__alloc_fail_at(1, 1);
    link_send(&l, m, SHAPES);
    (void)link_expect(&l, m, SHAPES);
    assert_int_equal(gonet__alloc_failed(), 0);
    gonet__alloc_fail_at(0, 0);
    link_close(&l);
}

/* ---- tasks and threads ---- */

typedef struct {
    link_t *l;
    actor_t actor;
    uint8_t number;
    ssize_t result;
    gonet_error_t *err;
    atomic_bool begun;
} user_t;

enum { SENDERS = 6, BATCHES = 6, EACH = 8 };

/* Numbered datagrams, all of a batch in one go. */
static void send_numbers(void *arg)
{
    user_t *u = arg;

    for (uint8_t b = 0; b < BATCHES; b++) {
        gonet_udp_message_t m[EACH];
        uint8_t bytes[EACH][2];

        for (uint8_t i = 0; i < EACH; i++) {
            bytes[i][0] = u->number;
            bytes[i][1] = (uint8_t)(b * EACH + i);
            m[i] = link_message(u->l, 2, 0);
            m[i].buf = bytes[i];
        }
        CHECK_INT(gonet_udp_conn_write_batch(u->l->from, m, EACH, NULL, &u->err), EACH);
        CHECK_ERROR(u->err, NULL);
    }
}

static void receive_numbers(link_t *l)
{
    enum { ROOM = 5 };
    uint8_t next[SENDERS] = {0}, bytes[ROOM][8];
    int in_a_row = 0, last = -1;

    for (int left = SENDERS * BATCHES * EACH; left > 0 && !check_failed();) {
        gonet_udp_message_t m[ROOM] = {{0}};
        ssize_t n;

        for (int i = 0; i < ROOM; i++)
            m[i] = (gonet_udp_message_t){.buf = bytes[i], .len = sizeof(bytes[i])};
        n = gonet_udp_conn_read_batch(l->to, m, ROOM, NULL);
        if (!CHECK(n >= 1 && n <= ROOM))
            return;
        for (ssize_t i = 0; i < n; i++, left--) {
            uint8_t who = bytes[i][0] % SENDERS;

            CHECK_INT(bytes[i][1], next[who]++);
            CHECK(who == last || in_a_row % EACH == 0); /* a batch is not interrupted */
            in_a_row = who == last ? in_a_row + 1 : 1;
            last = who;
        }
    }
}

static void many_senders(void *arg)
{
    link_t *l = arg;
    user_t u[SENDERS];

    for (uint8_t i = 0; i < SENDERS; i++) {
        u[i] = (user_t){.l = l, .number = i};
        actor_start(&u[i].actor, i % 2 ? BY_TASK : BY_THREAD, send_numbers, &u[i]);
    }
    receive_numbers(l);
    for (int i = 0; i < SENDERS; i++)
        actor_join(&u[i].actor);
}

static void read_parked(void *arg)
{
    user_t *u = arg;
    char room[2][16];
    gonet_udp_message_t m[2] = {{.buf = room[0], .len = 16}, {.buf = room[1], .len = 16}};

    atomic_store(&u->begun, true);
    u->result = gonet_udp_conn_read_batch(u->l->to, m, 2, &u->err);
}

/* Readers that wait are ended by data, by a deadline, and by a close. */
static void parked_readers(void *arg)
{
    enum { N = 4 };
    link_t *l = arg;
    user_t u[N];
    gonet_udp_message_t m = link_message(l, 3, 0);

    for (int round = 0; round < 3; round++) {
        int left = 2 * N; /* datagrams of the first round */
        for (int i = 0; i < N; i++) {
            u[i] = (user_t){.l = l};
            actor_start(&u[i].actor, i % 2 ? BY_TASK : BY_THREAD, read_parked, &u[i]);
        }
        for (int i = 0; i < N; i++)
            AWAIT(atomic_load(&u[i].begun));
        if (round == 0)
            for (int i = 0; i < N; i++) { /* one by one: a reader takes what is there */
                CHECK_INT(gonet_udp_conn_write_batch(l->from, &m, 1, NULL, NULL), 1);
                gonet_sleep(GONET_MILLISECOND);
            }
        CHECK(gonet_udp_conn_set_read_deadline(
                  l->to, round == 1 ? (gonet_time_t){1} : gonet_after(GONET_HOUR), NULL) == 0);
        if (round == 0) /* two may have gone to one reader */
            for (int i = 0; i < N; i++)
                CHECK_INT(gonet_udp_conn_write_batch(l->from, &m, 1, NULL, NULL), 1);
        if (round == 2)
            CHECK(gonet_udp_conn_close(l->to, NULL) == 0);
        for (int i = 0; i < N; i++) {
            actor_join(&u[i].actor);
            CHECK(round == 0 ? u[i].result > 0 : u[i].result == -1);
            CHECK(round != 1 || gonet_error_timeout(u[i].err));
            CHECK(round != 2 || gonet_error_is(u[i].err, gonet_err_closed));
            gonet_error_free(u[i].err);
            left -= u[i].result;
        }
        for (; round == 0 && left > 0; left--)
            CHECK(gonet_udp_conn_read(l->to, (char[1]){0}, 1, NULL) >= 0);
        (void)gonet_udp_conn_set_read_deadline(l->to, gonet_no_deadline, NULL);
    }
}

static void in_all_modes(void (*body)(void *arg))
{
    for (int mode = 0; mode < ACTOR_MODES; mode++) {
        link_t l;

        link_open(&l, &plain);
        actor_run_test((actor_mode_t)mode, body, &l);
        link_close(&l);
    }
}

static void test_many_senders(void **state)
{
    (void)state;
    in_all_modes(many_senders);
}

static void test_parked_readers(void **state)
{
    (void)state;
    in_all_modes(parked_readers);
}

static void send_and_read(void *arg)
{
    link_t *l = arg;
    static gonet_udp_message_t m[64], got[32];
    static char room[32][128];

    for (int i = 0; i < 64; i++)
        m[i] = link_message(l, 100, i % 2 ? 10 : 0);
    CHECK_INT(gonet_udp_conn_write_batch(l->from, m, 64, NULL, NULL), 64);
    for (int datagrams = 0; datagrams < 32 + 320;) {
        ssize_t n;

        for (int i = 0; i < 32; i++)
            got[i] = (gonet_udp_message_t){.buf = room[i], .len = sizeof(room[i])};
        n = gonet_udp_conn_read_batch(l->to, got, 32, NULL);
        if (!CHECK(n > 0))
            break;
        for (ssize_t i = 0; i < n; i++)
            datagrams += got[i].segment == 0 ? 1 : (int)(got[i].n / got[i].segment);
    }
}

/* Without memory for the buffer both say so, and nothing has happened. */
static void test_no_memory(void **state)
{
    gonet_error_t *err = NULL;
    gonet_udp_message_t m;
    link_t l;

    (void)state;
    link_open(&l, &plain);
    m = link_message(&l, 5, 0);
    gonet__end_hook_run(); /* no buffer is kept */
    gonet__alloc_fail_at(1, 1);
    assert_int_equal(gonet_udp_conn_write_batch(l.from, &m, 1, NULL, &err), -1);
    assert_true(gonet_error_is(err, gonet_err_no_memory));
    assert_int_equal(gonet_udp_conn_read_batch(l.to, &m, 1, &err), -1);
    assert_true(gonet_error_is(err, gonet_err_no_memory));
    gonet__alloc_fail_at(0, 0);
    gonet_error_free(err);
    link_silent(&l);
    link_close(&l);
}

/* A task with the smallest stack can do both. */
static void test_small_stack(void **state)
{
    const size_t size = 16 << 10;
    link_t l;

    (void)state;
    link_open(&l, &plain);
    assert_int_equal(gonet_udp_conn_set_receive_offload(l.to, true, NULL), 0);
    assert_int_equal(gonet_go_sized(send_and_read, &l, size), 0);
    while (gonet_num_task() > 0)
        check_pause();
    check_report();
    link_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_refused_offload),
        LEAK_TEST(test_next_is_cut_again),
        LEAK_TEST(test_unknown_option),
        LEAK_TEST(test_error_behind_refusal),
        LEAK_TEST(test_every_write_fails),
        LEAK_TEST(test_no_error),
        LEAK_TEST(test_reads_fail),
        LEAK_TEST(test_silent_stop),
        LEAK_TEST(test_guess),
        LEAK_TEST(test_no_allocation),
        LEAK_TEST(test_no_memory),
        LEAK_TEST(test_many_senders),
        LEAK_TEST(test_parked_readers),
        LEAK_TEST(test_small_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
