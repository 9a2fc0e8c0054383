/*
 * Hosts that don't answer: connects, reads and writes end when they were told to, keep-alive finds
 * out by itself, and a full backlog keeps callers waiting.
 */
#include <stdio.h>
#include <string.h>

#include "gonet/tcp.h"
#include "support/hosts.h"

#define MS       GONET_MILLISECOND
#define FIREWALL "command -v nft >/dev/null && nft list ruleset"

/* From now on the host is deaf: what comes is thrown away without a word. */
static void make_deaf(int host)
{
    hosts_run(host, "nft add table inet t &&"
                    " nft 'add chain inet t in { type filter hook input priority 0 ; }' &&"
                    " nft add rule inet t in meta l4proto tcp drop");
}

static void make_hear(int host)
{
    hosts_run(host, "nft flush ruleset");
}

/* Behaviour 6.2 and 6.5: by the dialer's time limit, its instant, and a context's. */
static void connect_times_out(void *arg)
{
    static const char *const addresses[] = {"10.77.1.2:80", "[fd77:1::2]:80"};
    char want[128];

    (void)arg;
    make_deaf(1);
    for (int i = 0; i < 6; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_dialer_t d = {.timeout = i % 3 == 0 ? 100 * MS : 0};
        gonet_context_t *ctx = i % 3 == 2 ? gonet_context_with_timeout(NULL, 100 * MS) : NULL;
        gonet_time_t start = gonet_now();
        if (i % 3 == 1)
            d.deadline = gonet_after(100 * MS);
        CHECK(gonet_dialer_dial_context(&d, ctx, "tcp", addresses[i / 3], &err) == NULL);
        snprintf(want, sizeof(want), "dial tcp %s: i/o timeout", addresses[i / 3]);
        CHECK_ERROR(err, want);
        CHECK(gonet_error_timeout(err) && gonet_error_temporary(err));
        CHECK(gonet_error_is(err, gonet_err_context_deadline_exceeded));
        CHECK(gonet_since(start) >= 100 * MS);
        gonet_context_free(ctx);
    }
}

/* Behaviour 6.14: the time of several addresses is shared out; the last one answers. */
static void connect_goes_on(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char text[64];

    (void)arg;
    gonet_listener_t *l = hosts_listen(1, "tcp6", "[fd77:1::2]:0");
    REQUIRE(l != NULL);
    hosts_run(1, "nft add table ip t &&"
                 " nft 'add chain ip t in { type filter hook input priority 0 ; }' &&"
                 " nft add rule ip t in meta l4proto tcp drop");
    snprintf(text, sizeof(text), "10.77.1.2:%d", net_listener_port(l));
    CHECK(gonet_dial_timeout("tcp", text, 100 * MS, &err) == NULL);
    CHECK(gonet_error_timeout(err));
    gonet_conn_t *c = gonet_dial("tcp", hosts_address("fd77:1::2", l, text), &err);
    CHECK_ERROR(err, NULL);
    gonet_conn_free(c);
    gonet_listener_free(l);
}

/* Whoever waits for a deaf host is let go by deadlines and closes; what was written is not lost. */
static void deadlines(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    static char block[1 << 20];
    gonet_conn_t *here, *there;
    size_t n = 1, sum = 0;

    (void)arg;
    if (!hosts_pair(1, "10.77.1.2", &here, &there))
        return;
    make_deaf(1);
    CHECK(gonet_conn_set_deadline(here, gonet_after(50 * MS), NULL) == 0);
    CHECK_INT(gonet_conn_read(here, block, 1, &err), -1);
    CHECK_CONN_ERROR(err, here, "read tcp <L>-><R>: i/o timeout");
    while (n > 0) {
        CHECK(gonet_conn_set_deadline(here, gonet_after(50 * MS), NULL) == 0);
        CHECK_INT(gonet_conn_write_count(here, block, sizeof(block), &n, &err), -1);
        CHECK_CONN_ERROR(err, here, "write tcp <L>-><R>: i/o timeout");
        sum += n;
    }
    CHECK(sum > 0);
    make_hear(1);
    for (size_t got = 0; got < sum; got += n) {
        ssize_t k = gonet_conn_read(there, block, sizeof(block), &err);
        if (!CHECK(k > 0))
            break;
        n = (size_t)k;
    }
    gonet_conn_free(here);
    gonet_conn_free(there);
}

/* Behaviour 7.15 to 7.17: one second until the first question, one between them, three of them. */
static void keep_alive(void *arg)
{
    const gonet_keep_alive_config_t often = {
        .enable = true, .idle = GONET_SECOND, .interval = GONET_SECOND, .count = 3};
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_dialer_t d = {.keep_alive_config = often};
    char text[64];

    (void)arg;
    gonet_listener_t *l = hosts_listen(1, "tcp", ":0");
    REQUIRE(l != NULL);
    gonet_conn_t *here = gonet_dialer_dial(&d, "tcp", hosts_address("10.77.1.2", l, text), &err);
    CHECK_ERROR(err, NULL);
    REQUIRE(here != NULL);
    gonet_conn_t *there = gonet_listener_accept(l, NULL);
    gonet_time_t start = gonet_now();
    make_deaf(1);
    CHECK_INT(gonet_conn_read(here, text, sizeof(text), &err), -1);
    CHECK_CONN_ERROR(err, here, "read tcp <L>-><R>: read: connection timed out");
    CHECK(gonet_error_timeout(err) && gonet_error_is_errno(err, 110));
    CHECK(gonet_since(start) >= 3 * GONET_SECOND);
    CHECK_INT(gonet_conn_write(here, "x", 1, &err), -1);
    CHECK_CONN_ERROR(err, here, "write tcp <L>-><R>: write: broken pipe");
    gonet_conn_free(here);
    gonet_conn_free(there);
    gonet_listener_free(l);
}

/* What was sent and stays unacknowledged ends the connection; so does a connect without an answer.
 */
static void user_timeout(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_dialer_t d = {.user_timeout = 300 * MS};
    char text[64], want[128];

    (void)arg;
    gonet_listener_t *l = hosts_listen(1, "tcp4", ":0");
    REQUIRE(l != NULL);
    hosts_address("10.77.1.2", l, text);
    snprintf(want, sizeof(want), "dial tcp %s: connect: connection timed out", text);
    gonet_conn_t *here = gonet_dialer_dial(&d, "tcp", text, &err);
    CHECK_ERROR(err, NULL);
    REQUIRE(here != NULL);
    gonet_conn_t *there = gonet_listener_accept(l, NULL);
    make_deaf(1);
    gonet_time_t start = gonet_now();
    CHECK_INT(gonet_conn_write(here, "x", 1, &err), 1);
    CHECK_INT(gonet_conn_read(here, text, sizeof(text), &err), -1);
    CHECK_CONN_ERROR(err, here, "read tcp <L>-><R>: read: connection timed out");
    CHECK(gonet_error_timeout(err));
    CHECK(gonet_since(start) >= 250 * MS);
    CHECK(gonet_dialer_dial(&d, "tcp", hosts_address("10.77.1.2", l, text), &err) == NULL);
    CHECK_ERROR(err, want);
    CHECK(gonet_error_timeout(err));
    gonet_conn_free(here);
    gonet_conn_free(there);
    gonet_listener_free(l);
}

/* ---- the backlog ---- */

/* Behaviour 8.9: the kernel's limit counts. Callers beyond it wait, and get in when there is room.
 */
static void backlog_full(void *arg)
{
    enum { MOST = 20 };
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_conn_t *c[MOST], *first, *late;
    gonet_dialer_t d = {.timeout = 0};
    char address[64], want[128];
    int n = 0;

    (void)arg;
    hosts_run(1, "echo 2 >/proc/sys/net/core/somaxconn");
    gonet_listener_t *l = hosts_listen(1, "tcp4", ":0");
    REQUIRE(l != NULL);
    hosts_address("10.77.1.2", l, address);
    while (n < MOST && (c[n] = gonet_dialer_dial(&d, "tcp", address, &err)) != NULL) {
        if (++n == 3) /* the kernel takes one more than it was told */
            d.timeout = GONET_SECOND;
    }
    CHECK_INT(n, 3);
    snprintf(want, sizeof(want), "dial tcp %s: i/o timeout", address);
    CHECK_ERROR(err, want);
    for (int i = 0; i < n; i++) {
        first = gonet_listener_accept(l, &err);
        CHECK_ERROR(err, NULL);
        gonet_conn_free(first);
    }
    late = gonet_dial("tcp", address, &err);
    CHECK_ERROR(err, NULL);
    gonet_conn_free(late);
    for (int i = 0; i < n; i++)
        gonet_conn_free(c[i]);
    gonet_listener_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTS_TEST(2, connect_times_out, FIREWALL), HOSTS_TEST(2, connect_goes_on, FIREWALL),
        HOSTS_TEST(2, deadlines, FIREWALL),         HOSTS_TEST(2, keep_alive, FIREWALL),
        HOSTS_TEST(2, user_timeout, FIREWALL),      HOSTS_TEST(2, backlog_full, NULL),
    };

    return cmocka_run_group_tests_name("timeouts", tests, NULL, NULL);
}
