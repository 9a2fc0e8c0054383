/*
 * Listening: which addresses a listener has, which ones exclude each other, how many may queue, and
 * that a closed one leaves its port free at once; what accept does without descriptors. Behaviour
 * 7.3-7.7, 8.3, 8.7, 8.9, 8.13, 8.17, 9.23, 9.24.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/child.h"
#include "tcp/tcp.h"

/* 8.17 */
static void relisten_at_once(actor_mode_t mode)
{
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN] = "127.0.0.1:0";

    (void)mode;
    for (int i = 0; i < 20; i++) {
        gonet_listener_t *l = gonet_listen("tcp", text, &err);

        CHECK_ERROR(err, NULL);
        REQUIRE(l != NULL);
        gonet_addr_string(gonet_listener_addr(l), text, sizeof(text));
        CHECK(gonet_listener_close(l, NULL) == 0);
        gonet_listener_free(l);
    }
}

/* 8.17, 7.7: also while connections of the old one live, and with an acceptor that waits. */
static void relisten_beside_connections(actor_mode_t mode)
{
    gonet_listener_t *l = net_listen("tcp");
    char text[GONET_ADDR_STRLEN];
    gonet_conn_t *a, *b;
    op_t o;

    REQUIRE(l != NULL);
    a = net_dial("tcp", l);
    b = gonet_listener_accept(l, NULL);
    op_accept(&o, actor_helper(mode), l);
    AWAIT(tcp_listener_parked(l));
    net_addr_text(gonet_listener_addr(l), text);
    CHECK_INT(gonet_listener_close(l, NULL), 0);
    gonet_listener_t *again = gonet_listen("tcp", text, NULL);
    CHECK(again != NULL);
    op_join(&o);
    op_free(&o);
    gonet_listener_free(l);
    gonet_listener_free(again);
    close_pair(a, b);
}

static int listener_option(gonet_listener_t *l, int level, int name)
{
    int fd = gonet_listener_file(l, NULL), value = -1;
    socklen_t len = sizeof(value);

    CHECK_INT(getsockopt(fd, level, name, &value, &len), 0);
    close(fd);
    return value;
}

/* What a listener is, by network and address. port is put in after the text. */
static void families_and_texts(actor_mode_t mode)
{
    static const struct {
        const char *network, *address, *text;
        int family, v6only;
    } rows[] = {
        {"tcp", ":0", "[::]:", AF_INET6, 0},
        {"tcp", "[::]:0", "[::]:", AF_INET6, 0},
        {"tcp", "0.0.0.0:0", "[::]:", AF_INET6, 0},
        {"tcp4", ":0", "0.0.0.0:", AF_INET, -1},
        {"tcp4", "[::]:0", "0.0.0.0:", AF_INET, -1},
        {"tcp6", ":0", "[::]:", AF_INET6, 1},
        {"tcp", "127.0.0.1:0", "127.0.0.1:", AF_INET, -1},
        {"tcp", "[::1]:0", "[::1]:", AF_INET6, 0},
        {"tcp", "[::ffff:127.0.0.1]:0", "127.0.0.1:", AF_INET, -1},
    };

    (void)mode;
    for (size_t i = 0; i < COUNT(rows); i++) {
        gonet_error_t *err = NULL;
        gonet_listener_t *l = gonet_listen(rows[i].network, rows[i].address, &err);
        char text[GONET_ADDR_STRLEN], want[GONET_ADDR_STRLEN];

        CHECK_ERROR(err, NULL);
        REQUIRE(l != NULL);
        snprintf(want, sizeof(want), "%s%d", rows[i].text, net_listener_port(l));
        CHECK_TEXT(net_addr_text(gonet_listener_addr(l), text), want);
        CHECK_INT(listener_option(l, SOL_SOCKET, SO_DOMAIN), rows[i].family);
        if (rows[i].v6only >= 0)
            CHECK_INT(listener_option(l, IPPROTO_IPV6, IPV6_V6ONLY), rows[i].v6only);
        CHECK_INT(listener_option(l, SOL_SOCKET, SO_REUSEADDR), 1); /* 7.7 */
        CHECK_INT(listener_option(l, SOL_SOCKET, SO_REUSEPORT), 0);
        gonet_listener_free(l);
    }
}

/* 7.3, 9.24: one socket for both families; IPv4 peers are shown as such. */
static void dual_stack(actor_mode_t mode)
{
    static const struct {
        const char *network, *host;
    } rows[] = {{"tcp4", "127.0.0.1"}, {"tcp6", "[::1]"}, {"tcp", "127.0.0.1"}, {"tcp", "[::1]"}};
    gonet_listener_t *l = gonet_listen("tcp", ":0", NULL);

    (void)mode;
    REQUIRE(l != NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char address[GONET_ADDR_STRLEN], one[GONET_ADDR_STRLEN], other[GONET_ADDR_STRLEN];
        gonet_error_t *err = NULL;
        gonet_conn_t *a, *b;

        snprintf(address, sizeof(address), "%s:%d", rows[i].host, net_listener_port(l));
        a = gonet_dial(rows[i].network, address, &err);
        CHECK_ERROR(err, NULL);
        b = gonet_listener_accept(l, &err);
        CHECK_ERROR(err, NULL);
        REQUIRE(a != NULL && b != NULL);
        CHECK_TEXT(net_addr_text(gonet_conn_local_addr(b), one), address);
        CHECK_TEXT(net_addr_text(gonet_conn_remote_addr(a), one), address);
        CHECK_TEXT(net_addr_text(gonet_conn_remote_addr(b), one),
                   net_addr_text(gonet_conn_local_addr(a), other));
        CHECK_TEXT(gonet_addr_network(gonet_conn_remote_addr(b)), "tcp");
        close_pair(a, b);
    }
    gonet_listener_free(l);
}

/* 8.3, 8.13: who excludes whom; shown is the host that the error tells, NULL: both may be. */
static void conflicts(actor_mode_t mode)
{
    static const struct {
        const char *network1, *host1, *network2, *host2, *shown;
    } rows[] = {
        {"tcp", "", "tcp", "", ""},
        {"tcp", "", "tcp", "0.0.0.0", "0.0.0.0"},
        {"tcp", "", "tcp", "[::]", "0.0.0.0"},
        {"tcp", "0.0.0.0", "tcp", "", ""},
        {"tcp", "[::]", "tcp", "0.0.0.0", "0.0.0.0"},
        {"tcp", "", "tcp4", "", ""},
        {"tcp", "", "tcp6", "[::]", "[::]"},
        {"tcp4", "", "tcp", "", ""},
        {"tcp6", "", "tcp", "", ""},
        {"tcp", "127.0.0.1", "tcp", "127.0.0.1", "127.0.0.1"},
        {"tcp", "127.0.0.1", "tcp4", "0.0.0.0", "0.0.0.0"},
        {"tcp4", "", "tcp6", "", NULL},
        {"tcp6", "", "tcp4", "", NULL},
        {"tcp", "127.0.0.1", "tcp", "[::1]", NULL},
        {"tcp", "127.0.0.1", "tcp", "127.0.0.2", NULL},
        {"tcp4", "127.0.0.1", "tcp6", "", NULL},
    };

    (void)mode;
    for (size_t i = 0; i < COUNT(rows); i++) {
        gonet_error_t *err = NULL;
        char address[GONET_ADDR_STRLEN], want[128];
        gonet_listener_t *first, *second;
        int port;

        snprintf(address, sizeof(address), "%s:0", rows[i].host1);
        first = gonet_listen(rows[i].network1, address, &err);
        CHECK_ERROR(err, NULL);
        REQUIRE(first != NULL);
        port = net_listener_port(first);
        snprintf(address, sizeof(address), "%s:%d", rows[i].host2, port);
        second = gonet_listen(rows[i].network2, address, &err);
        if (rows[i].shown != NULL) {
            snprintf(want, sizeof(want), "listen %s %s:%d: bind: address already in use",
                     rows[i].network2, rows[i].shown, port);
            CHECK(second == NULL);
            CHECK_ERROR(err, want);
            CHECK(gonet_error_is_errno(err, EADDRINUSE));
        } else if (second == NULL) {
            /* a port that is free for one may belong to somebody else for the other */
            CHECK(gonet_error_is_errno(err, EADDRINUSE));
        }
        gonet_error_free(err);
        gonet_listener_free(second);
        gonet_listener_free(first);
    }
}

/* 8.9: Linux tells the backlog of a listening socket as tcpi_sacked. */
static void backlog(actor_mode_t mode)
{
    gonet_listen_config_t lc = {.mptcp = 2};
    gonet_listener_t *l = gonet_listen_config_listen(&lc, NULL, "tcp", "127.0.0.1:0", NULL);
    FILE *f = fopen("/proc/sys/net/core/somaxconn", "r");
    struct tcp_info info;
    socklen_t len = sizeof(info);
    char line[32] = "";
    long want;
    int fd;

    (void)mode;
    CHECK(f != NULL && fgets(line, sizeof(line), f) != NULL);
    if (f != NULL)
        fclose(f);
    want = strtol(line, NULL, 10);
    fd = gonet_listener_file(l, NULL);
    CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    CHECK_INT(info.tcpi_sacked, want == 0 ? 128 : want);
    close(fd);
    gonet_listener_free(l);
}

/* Those who have dialed wait for the one who accepts, in their order, closed or not. */
static void queue(actor_mode_t mode)
{
    enum { N = 20 };
    gonet_listener_t *l = net_listen("tcp");
    gonet_conn_t *c[N];

    (void)mode;
    REQUIRE(l != NULL);
    for (int i = 0; i < N; i++) {
        char byte = (char)i;

        c[i] = net_dial("tcp", l);
        CHECK_INT(gonet_conn_write(c[i], &byte, 1, NULL), 1);
        if (i % 2 == 0)
            CHECK_INT(gonet_conn_close(c[i], NULL), 0);
    }
    for (int i = 0; i < N; i++) {
        gonet_conn_t *b = gonet_listener_accept(l, NULL);

        REQUIRE(b != NULL);
        expect_byte(b, (char)i);
        if (i % 2 == 0)
            expect_eof(b);
        close_pair(c[i], b);
    }
    gonet_listener_free(l);
}

/* 8.7, 8.14: NULL is everything. */
static void listen_tcp(actor_mode_t mode)
{
    gonet_tcp_addr_t v6 = {.ip = gonet_parse_ip("::1")};
    gonet_error_t *err = NULL;
    gonet_tcp_listener_t *l = gonet_listen_tcp("tcp", NULL, &err);
    char text[GONET_ADDR_STRLEN];

    (void)mode;
    CHECK_ERROR(err, NULL);
    REQUIRE(l != NULL);
    CHECK(strncmp(net_addr_text(gonet_tcp_listener_addr(l), text), "[::]:", 5) == 0);
    gonet_tcp_listener_free(l);
    CHECK(gonet_listen_tcp("udp", NULL, &err) == NULL);
    CHECK_ERROR(err, "listen udp: unknown network udp");
    CHECK(gonet_listen_tcp("udp", &v6, &err) == NULL);
    CHECK_ERROR(err, "listen udp [::1]:0: unknown network udp");
    CHECK(gonet_listen_tcp("tcp4", &v6, &err) == NULL);
    CHECK_ERROR(err, "listen tcp4 [::1]:0: address ::1: non-IPv4 address");
    gonet_error_free(err);
}

/* ---- without descriptors: in a child, which has limits of its own ---- */

static void limit_descriptors(rlim_t n)
{
    struct rlimit r;

    CHECK_INT(getrlimit(RLIMIT_NOFILE, &r), 0);
    r.rlim_cur = n < r.rlim_max ? n : r.rlim_max;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &r), 0);
}

/* Lets no descriptor more be opened. */
static void exhaust(void)
{
    int fd = dup(STDERR_FILENO);

    CHECK(fd >= 0);
    close(fd);
    limit_descriptors((rlim_t)fd);
}

/* 9.23, 7.1: reported, temporary, and everything works when there are descriptors again. */
static void out_of_descriptors(void *arg)
{
    gonet_listener_t *l = net_listen("tcp");
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN], want[256];
    gonet_conn_t *a, *b;

    (void)arg;
    REQUIRE(l != NULL);
    net_addr_text(gonet_listener_addr(l), text);
    a = net_dial("tcp", l);
    exhaust();
    for (int i = 0; i < 2; i++) {
        CHECK(gonet_listener_accept(l, &err) == NULL);
        CHECK_LISTENER_ERROR(err, l, "accept tcp <L>: accept4: too many open files");
        CHECK(gonet_error_temporary(err) && !gonet_error_timeout(err));
        CHECK(gonet_error_is_errno(err, EMFILE));
    }
    CHECK(gonet_dial("tcp", text, &err) == NULL);
    snprintf(want, sizeof(want), "dial tcp %s: socket: too many open files", text);
    CHECK_ERROR(err, want);
    CHECK(gonet_error_temporary(err));
    CHECK(gonet_listen("tcp", "127.0.0.1:0", &err) == NULL);
    CHECK_ERROR(err, "listen tcp 127.0.0.1:0: socket: too many open files");
    CHECK_INT(gonet_conn_file(a, &err), -1);
    CHECK_CONN_ERROR(err, a, "file tcp <L>-><R>: fcntl: too many open files");
    limit_descriptors(1024);
    b = gonet_listener_accept(l, &err);
    CHECK_ERROR(err, NULL);
    REQUIRE(b != NULL);
    CHECK_INT(gonet_conn_write(a, "x", 1, NULL), 1);
    expect_byte(b, 'x');
    close_pair(a, b);
    gonet_listener_free(l);
}

/* A thread or task whose first wait comes when there is no descriptor for waiting, either. */
static void wait_without_descriptors(void *arg)
{
    const actor_mode_t mode = *(actor_mode_t *)arg;
    gonet_conn_t *a, *b;
    char byte = 0;
    op_t o;

    if (!net_pair("tcp", &a, &b))
        return;
    exhaust();
    tcp_park_read(&o, actor_helper(mode), a, &byte);
    CHECK_INT(gonet_conn_write(b, "n", 1, NULL), 1);
    op_join(&o);
    CHECK_INT(o.result, 1);
    op_free(&o);
    tcp_park_read(&o, actor_helper(mode), a, &byte);
    CHECK_INT(gonet_conn_set_read_deadline(a, TCP_PAST, NULL), 0);
    OP_FAILS(&o, "read tcp <L>-><R>: i/o timeout");
    op_free(&o);
    CHECK_INT(gonet_conn_set_read_deadline(a, gonet_no_deadline, NULL), 0);
    tcp_park_read(&o, actor_helper(mode), a, &byte);
    CHECK_INT(gonet_conn_close(a, NULL), 0);
    OP_FAILS(&o, "read tcp <L>-><R>: use of closed network connection");
    op_free(&o);
    limit_descriptors(1024);
    close_pair(a, b);
}

static int run_out(actor_mode_t mode)
{
    actor_run_test(mode, out_of_descriptors, NULL);
    actor_run_test(mode, wait_without_descriptors, &mode);
    return gonet_shutdown(-1);
}

static int out_in_tasks(void)
{
    return run_out(TASKS);
}

static int out_in_threads(void)
{
    return run_out(THREADS);
}

static const child_part_t parts[] = {
    {"tasks", out_in_tasks}, {"threads", out_in_threads}, {NULL, NULL}};

static void test_out_of_descriptors(void **state)
{
    (void)state;
    for (const child_part_t *p = parts; p->name != NULL; p++)
        child_passes(p->name, NULL);
}

int main(int argc, char **argv)
{
    static const tcp_test_t tests[] = {
        TCP_TEST(relisten_at_once),
        TCP_TEST(relisten_beside_connections),
        TCP_TEST(families_and_texts),
        TCP_TEST(dual_stack),
        TCP_TEST(conflicts),
        TCP_TEST(backlog),
        TCP_TEST(queue),
        TCP_TEST(listen_tcp),
    };
    const struct CMUnitTest in_children[] = {cmocka_unit_test(test_out_of_descriptors)};

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(in_children, NULL, NULL) + tcp_run(tests, COUNT(tests));
}
