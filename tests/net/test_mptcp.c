/*
 * Multipath TCP across hosts: both ends use it, either does not, and one of two paths breaks.
 */
#include <stdio.h>

#include "gonet/tcp.h"
#include "support/hosts.h"

enum { DEFAULT, ON, OFF };

#define KERNEL "grep -q 1 /proc/sys/net/mptcp/enabled"

typedef struct {
    int mptcp;
    gonet_listener_t *l;
} server_t;

static void listen_there(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    server_t *s = arg;
    gonet_listen_config_t lc = {.mptcp = s->mptcp};

    s->l = gonet_listen_config_listen(&lc, NULL, "tcp", "10.77.1.2:0", &err);
    CHECK_ERROR(err, NULL);
}

static void check_multipath(gonet_conn_t *c, bool want)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    CHECK_INT(gonet_tcp_conn_multipath_tcp(gonet_conn_as_tcp(c), &err), want);
    CHECK_ERROR(err, NULL);
}

typedef struct {
    server_t server; /* open: paths that come later are accepted by it */
    gonet_conn_t *here, *there;
} joined_t;

/* A connection between a dialer and a listener with these settings; to be given to part. */
static bool join_with(joined_t *j, int dialer, int listener)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_dialer_t d = {.mptcp = dialer};
    char address[64];

    *j = (joined_t){.server = {.mptcp = listener}};
    hosts_at(1, listen_there, &j->server);
    if (j->server.l == NULL)
        return false;
    j->here = gonet_dialer_dial(&d, "tcp", hosts_address("10.77.1.2", j->server.l, address), &err);
    CHECK_ERROR(err, NULL);
    if (j->here != NULL)
        j->there = gonet_listener_accept(j->server.l, NULL);
    return CHECK(j->there != NULL);
}

static void part(joined_t *j)
{
    gonet_conn_free(j->here);
    gonet_conn_free(j->there);
    gonet_listener_free(j->server.l);
}

static void check_pair(int dialer, int listener, bool want)
{
    joined_t j;

    if (join_with(&j, dialer, listener)) {
        check_multipath(j.here, want);
        check_multipath(j.there, want);
        hosts_transfer(j.here, j.there, 300000);
        hosts_transfer(j.there, j.here, 300000);
    }
    part(&j);
}

/* Behaviour 7.18 to 7.22. */
static void settings(void *arg)
{
    (void)arg;
    check_pair(ON, DEFAULT, true);
    check_pair(ON, ON, true);
    check_pair(DEFAULT, DEFAULT, false);
    check_pair(OFF, ON, false);
    check_pair(ON, OFF, false);
}

/* A host that has it switched off falls back to TCP, whichever end it is. */
static void switched_off(void *arg)
{
    (void)arg;
    for (int host = 0; host < 2; host++) {
        hosts_run(host, "echo 0 >/proc/sys/net/mptcp/enabled");
        check_pair(ON, ON, false);
        hosts_run(host, "echo 1 >/proc/sys/net/mptcp/enabled");
    }
    check_pair(ON, ON, true);
}

static void break_a_path(joined_t *j)
{
    enum { LEN = 3 << 20, FIRST = LEN / 8 };
    GONET_AUTO(gonet_error_t) err = NULL;
    hosts_sender_t s;

    check_multipath(j->here, true);
    hosts_transfer(j->here, j->there, 1000);
    AWAIT(hosts_try(0, "ss -tnH state established | grep -q 10.77.2.1"));
    hosts_start_sending(&s, j->here, LEN);
    CHECK_INT(hosts_receive(j->there, 0, FIRST, &err), FIRST);
    hosts_run(1, "ip link set net1 down");
    CHECK_INT(hosts_receive(j->there, FIRST, LEN - FIRST, &err), LEN - FIRST);
    CHECK_ERROR(err, NULL);
    hosts_sent(&s);
    check_multipath(j->here, true);
}

/* Two paths, of which the one that was there first is cut in mid-stream. */
static void one_path_breaks(void *arg)
{
    joined_t j;

    (void)arg;
    hosts_join(0, 1, 2);
    hosts_run(1, "ip mptcp limits set subflow 2");
    hosts_run(0, "ip mptcp limits set subflow 2 &&"
                 " ip mptcp endpoint add 10.77.2.1 dev net2 subflow &&"
                 " ip route add 10.77.1.2 via 10.77.2.2 dev net2 table 77 &&"
                 " ip rule add from 10.77.2.1 table 77");
    if (join_with(&j, ON, ON))
        break_a_path(&j);
    part(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTS_TEST(2, settings, KERNEL),
        HOSTS_TEST(2, switched_off, KERNEL),
        HOSTS_TEST(2, one_path_breaks,
                   KERNEL " && ip mptcp limits >/dev/null && command -v ss >/dev/null"),
    };

    return cmocka_run_group_tests_name("Multipath TCP", tests, NULL, NULL);
}
