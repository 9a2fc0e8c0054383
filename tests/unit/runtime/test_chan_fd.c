/*
 * A channel's descriptor is readable exactly while there is something to receive; other loops take
 * results by it.
 */
#include "gonet/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "gonet/context.h"
#include "gonet/task.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/scene.h"

static bool readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1 && p.revents == POLLIN;
}

static void test_stored(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(sizeof(int), 2);
    int fd = gonet_chan_fd(ch), x = 1;

    (void)state;
    assert_true(fd > 2);
    assert_int_equal(gonet_chan_fd(ch), fd);
    assert_false(readable(fd));
    for (int i = 0; i < 3; i++) {
        assert_true(gonet_chan_send(ch, &x));
        assert_true(readable(fd));
        assert_true(gonet_chan_send(ch, &x));
        assert_true(gonet_chan_recv(ch, &x));
        assert_true(readable(fd));
        assert_true(gonet_chan_recv(ch, &x));
        assert_false(readable(fd));
        assert_int_equal(gonet_chan_try_recv(ch, &x), GONET_CHAN_WOULD_BLOCK);
        assert_false(readable(fd));
    }
    assert_true(gonet_chan_close(ch));
    assert_true(readable(fd));
    assert_false(gonet_chan_recv(ch, &x));
    assert_true(readable(fd));
    gonet_chan_free(ch);
    assert_true(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
}

/* What there was before the descriptor counts, too. */
static void test_made_later(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(0, 1);

    (void)state;
    assert_true(gonet_chan_send(ch, NULL));
    assert_true(readable(gonet_chan_fd(ch)));
    gonet_chan_free(ch);
}

static void send_one(void *arg)
{
    int x = 5;

    CHECK(gonet_chan_send(arg, &x));
}

static void select_one(void *arg)
{
    int x = 6;
    gonet_select_case_t c = {.ch = arg, .send = &x};

    CHECK_INT(gonet_select(&c, 1, gonet_no_deadline), 0);
}

static void give_up(void *arg)
{
    int x = 7;
    gonet_select_case_t c = {.ch = arg, .send = &x};

    CHECK_INT(gonet_select(&c, 1, gonet_after(GONET_MILLISECOND)), -1);
}

/* Those who wait to send hold something, too. */
static void test_unbuffered(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(sizeof(int), 0);
    int fd = gonet_chan_fd(ch), x = 0;
    actor_t a, b;

    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        actor_start(&a, (actor_kind_t)kind, send_one, ch);
        AWAIT(readable(fd));
        actor_start(&b, (actor_kind_t)kind, select_one, ch);
        assert_true(gonet_chan_recv(ch, &x));
        AWAIT(readable(fd));
        assert_int_equal(gonet_chan_try_recv(ch, &x), GONET_CHAN_OK);
        assert_false(readable(fd));
        actor_join(&a);
        actor_join(&b);
        actor_start(&a, (actor_kind_t)kind, give_up, ch);
        actor_join(&a);
        AWAIT(!readable(fd));
    }
    gonet_chan_free(ch);
    check_report();
}

static void test_refused(void **state)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);

    (void)state;
    assert_int_equal(gonet_chan_fd(NULL), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(gonet_chan_fd(gonet_context_done(ctx)), -1);
    assert_int_equal(errno, EINVAL);
    gonet_context_free(ctx);
}

/* ---- a loop ---- */

#define SENDERS 4
#define EACH    5000

static void send_many(void *arg)
{
    for (int i = 0; i < EACH; i++)
        CHECK(gonet_chan_send(arg, &i));
}

static void loops(size_t capacity)
{
    gonet_chan_t *ch = gonet_chan_new(sizeof(int), capacity);
    struct pollfd p = {.fd = gonet_chan_fd(ch), .events = POLLIN};
    actor_t a[SENDERS];
    long sum = 0;
    int got = 0, x;

    for (int i = 0; i < SENDERS; i++)
        actor_start(&a[i], i % 2 == 0 ? BY_TASK : BY_THREAD, send_many, ch);
    while (got < SENDERS * EACH && poll(&p, 1, -1) == 1) {
        for (int i = 0; i < 100 && gonet_chan_try_recv(ch, &x) == GONET_CHAN_OK; i++) {
            sum += x;
            got++;
        }
    }
    assert_int_equal(sum, (long)SENDERS * EACH * (EACH - 1) / 2);
    assert_false(readable(p.fd));
    for (int i = 0; i < SENDERS; i++)
        actor_join(&a[i]);
    gonet_chan_free(ch);
    check_report();
}

static void test_loops(void **state)
{
    (void)state;
    loops(0);
    loops(1);
    loops(64);
}

/* What gonet_shutdown does not end is the channel, and so its descriptor. */
static void test_shutdown(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(sizeof(int), 1);
    int fd = gonet_chan_fd(ch);
    actor_t a;

    (void)state;
    actor_start(&a, BY_TASK, send_one, ch);
    actor_join(&a);
    assert_int_equal(gonet_shutdown(-1), 0);
    assert_true(readable(fd));
    assert_true(gonet_chan_recv(ch, NULL));
    assert_false(readable(fd));
    gonet_chan_free(ch);
    check_report();
}

/* ---- a forked child ---- */

static void in_child(void *arg)
{
    gonet_chan_t *ch = arg;
    int fd, x = 1;

    CHILD_CHECK(gonet_chan_len(ch) == 0);
    fd = gonet_chan_fd(ch);
    CHILD_CHECK(!readable(fd));
    for (int i = 0; i < 3; i++) {
        CHILD_CHECK(gonet_chan_send(ch, &x));
        CHILD_CHECK(readable(fd));
        CHILD_CHECK(gonet_chan_recv(ch, &x));
        CHILD_CHECK(!readable(fd));
    }
    CHILD_CHECK(gonet_chan_send(ch, &x));
    CHILD_CHECK(readable(fd));
}

static int fork_one(void)
{
    gonet_chan_t *ch = gonet_chan_new(sizeof(int), 1);
    int fd = gonet_chan_fd(ch), x = 1;

    CHILD_CHECK(gonet_chan_send(ch, &x) && gonet_chan_recv(ch, &x));
    scene_fork(in_child, ch);
    CHILD_CHECK(!readable(fd)); /* what the child did is its own */
    CHILD_CHECK(gonet_chan_send(ch, &x));
    CHILD_CHECK(readable(fd));
    gonet_chan_free(ch);
    return 0;
}

static void test_fork(void **state)
{
    (void)state;
    child_passes("fork", NULL);
}

int main(int argc, char **argv)
{
    static const child_part_t parts[] = {{"fork", fork_one}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_stored),      LEAK_TEST(test_made_later), LEAK_TEST(test_unbuffered),
        LEAK_TEST(test_refused),     LEAK_TEST(test_loops),      LEAK_TEST(test_shutdown),
        cmocka_unit_test(test_fork),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
