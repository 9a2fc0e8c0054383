/*
 * The options of accepted connections (behaviour 7.14 - 7.16): the first ones and later ones alike,
 * whatever the listener has inherited to them, whether its options were changed since, and whether
 * Multipath TCP is spoken.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gonet/dial.h"
#include "gonet/rawconn.h"
#include "gonet/tcp.h"
#include "support/check.h"
#include "support/leak.h"
#include "support/net.h"

typedef struct {
    int no_delay, keep_alive, idle, interval, count;
} options_t;

static const options_t usual = {1, 1, 15, 15, 9};

static void accepts_with(gonet_listener_t *l, int mptcp, options_t want)
{
    const gonet_dialer_t d = {.mptcp = mptcp};
    char address[GONET_ADDR_STRLEN];
    gonet_conn_t *c, *s;

    c = gonet_dialer_dial(&d, "tcp", net_addr_text(gonet_listener_addr(l), address), NULL);
    REQUIRE(c != NULL);
    s = gonet_listener_accept(l, NULL);
    if (CHECK(s != NULL)) {
        CHECK_INT(net_option(s, IPPROTO_TCP, TCP_NODELAY), want.no_delay);
        CHECK_INT(net_option(s, SOL_SOCKET, SO_KEEPALIVE), want.keep_alive);
        CHECK_INT(net_option(s, IPPROTO_TCP, TCP_KEEPIDLE), want.idle);
        CHECK_INT(net_option(s, IPPROTO_TCP, TCP_KEEPINTVL), want.interval);
        CHECK_INT(net_option(s, IPPROTO_TCP, TCP_KEEPCNT), want.count);
    }
    gonet_conn_free(c);
    gonet_conn_free(s);
}

/* Each several times: what is known after the first one must not matter. */
static void accepts_all_with(gonet_listener_t *l, options_t want)
{
    for (int i = 0; i < 6; i++)
        accepts_with(l, i % 2 ? 1 : 2, want);
}

static gonet_listener_t *listen_with(const gonet_listen_config_t *lc)
{
    gonet_listener_t *l = gonet_listen_config_listen(lc, NULL, "tcp", "127.0.0.1:0", NULL);

    assert_non_null(l);
    return l;
}

static void with_listener(int mptcp)
{
    const gonet_listen_config_t plain = {.mptcp = mptcp};
    const gonet_listen_config_t none = {.mptcp = mptcp, .keep_alive = -1};
    const gonet_listen_config_t idle = {.mptcp = mptcp, .keep_alive = 40 * GONET_SECOND};
    const gonet_listen_config_t all = {
        .mptcp = mptcp,
        .keep_alive_config = {
            .enable = true, .idle = 33 * GONET_SECOND, .interval = 22 * GONET_SECOND, .count = 4}};
    gonet_listener_t *l = listen_with(&plain);

    accepts_all_with(l, usual);
    gonet_listener_free(l);
    l = listen_with(&idle);
    accepts_all_with(l, (options_t){1, 1, 40, 15, 9});
    gonet_listener_free(l);
    l = listen_with(&all);
    accepts_all_with(l, (options_t){1, 1, 33, 22, 4});
    gonet_listener_free(l);
    l = listen_with(&none);
    for (int i = 0; i < 3; i++) {
        gonet_conn_t *c = net_dial("tcp", l), *s = gonet_listener_accept(l, NULL);

        CHECK_INT(net_option(s, IPPROTO_TCP, TCP_NODELAY), 1);
        CHECK_INT(net_option(s, SOL_SOCKET, SO_KEEPALIVE), 0);
        gonet_conn_free(c);
        gonet_conn_free(s);
    }
    gonet_listener_free(l);
}

static void test_plain_listener(void **state)
{
    (void)state;
    with_listener(2);
    check_report();
}

static void test_multipath_listener(void **state)
{
    (void)state;
    with_listener(1);
    check_report();
}

static void change(int fd)
{
    const int off = 0, seconds = 77;

    CHECK_INT(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &off, sizeof(off)), 0);
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof(off)), 0);
    CHECK_INT(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds)), 0);
}

static void change_raw(void *arg, int fd)
{
    (void)arg;
    change(fd);
}

/* What somebody does to the listener's options is not passed on, as in Go. */
static void test_changed_listener(void **state)
{
    const gonet_listen_config_t plain = {.mptcp = 2};
    gonet_listener_t *l = listen_with(&plain);
    gonet_raw_conn_t *raw;
    int fd;

    (void)state;
    accepts_all_with(l, usual);
    raw = gonet_listener_syscall_conn(l, NULL);
    assert_non_null(raw);
    CHECK_INT(gonet_raw_conn_control(raw, change_raw, NULL, NULL), 0);
    gonet_raw_conn_free(raw);
    accepts_all_with(l, usual);
    gonet_listener_free(l);

    l = listen_with(&plain);
    fd = gonet_listener_file(l, NULL);
    assert_true(fd >= 0);
    change(fd);
    accepts_all_with(l, usual);
    gonet_listener_free(l);
    l = gonet_file_listener(fd, NULL);
    assert_non_null(l);
    accepts_all_with(l, usual);
    gonet_listener_free(l);
    close(fd);
    check_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_plain_listener),
        LEAK_TEST(test_multipath_listener),
        LEAK_TEST(test_changed_listener),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
