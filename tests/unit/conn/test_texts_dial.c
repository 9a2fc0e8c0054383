/*
 * Error texts of dialing and listening that Go's recorded answers don't have, and the end of a
 * program that has too many calls on one socket (behaviour 6.4, 6.18, 6.20, 6.26, 8.2, 8.5, 8.8,
 * 9.5). From the test's own thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "gonet/dial.h"
#include "gonet/tcp.h"
#include "gonet/udp.h"
#include "gonet/unixsock.h"
#include "socket/fd.h"
#include "support/child.h"
#include "support/leak.h"

/* ---- names under a context that is over (6.4, 8.5) ---- */

static void test_cancelled_names(void **state)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    gonet_error_t *err = NULL;

    (void)state;
    gonet_context_cancel(ctx);
    for (int i = 0; i < 2; i++) {
        const char *network = i == 0 ? "tcp" : "udp";
        char want[96];
        assert_null(gonet_dialer_dial_context(NULL, ctx, network, "localhost:1", &err));
        snprintf(want, sizeof(want), "dial %s: lookup localhost: operation was canceled", network);
        assert_string_equal(gonet_error_string(err), want);
        assert_true(gonet_error_is(err, gonet_err_canceled) && !gonet_error_timeout(err));
    }
    assert_null(gonet_listen_config_listen(NULL, ctx, "tcp", "localhost:0", &err));
    assert_string_equal(gonet_error_string(err),
                        "listen tcp: lookup localhost: operation was canceled");
    assert_null(gonet_listen_config_listen_packet(NULL, ctx, "udp", "localhost:0", &err));
    assert_string_equal(gonet_error_string(err),
                        "listen udp: lookup localhost: operation was canceled");
    gonet_listener_t *l = gonet_listen_config_listen(NULL, ctx, "tcp", "127.0.0.1:0", &err);
    assert_non_null(l); /* nothing is looked up */
    gonet_listener_free(l);
    gonet_context_free(ctx);
    gonet_error_free(err);
}

/* ---- arguments (6.18, 6.20, 6.26, 8.2, 8.8) ---- */

static void expect(gonet_error_t **err, const void *result, const char *want)
{
    assert_null(result);
    assert_string_equal(gonet_error_string(*err), want);
}

static void test_arguments(void **state)
{
    const gonet_ip_addr_t nowhere = {.zone = ""};
    const gonet_tcp_addr_t any6 = {.ip = gonet_parse_ip("::")};
    const gonet_tcp_addr_t here = {.ip = gonet_parse_ip("127.0.0.1"), .port = 1},
                           none = {.port = 0};
    const gonet_udp_addr_t udp_none = {.port = 0};
    const gonet_unix_addr_t name = {.name = "@a", .net = "unixgram"};
    gonet_addr_t empty = gonet_ip_addr_as_addr(&nowhere), local = gonet_tcp_addr_as_addr(&any6);
    gonet_dialer_t d = {.local_addr = &empty};
    gonet_error_t *err = NULL;

    (void)state;
    expect(&err, gonet_dialer_dial(&d, "tcp", "127.0.0.1:1", &err),
           "dial tcp: mismatched local address type");
    d.local_addr = &local;
    expect(&err, gonet_dialer_dial(&d, "tcp4", "127.0.0.1:1", &err),
           "dial tcp4 [::]:0->127.0.0.1:1: address ::: non-IPv4 address");
    expect(&err, gonet_dial_tcp("tcp4", &any6, &here, &err),
           "dial tcp4 [::]:0->127.0.0.1:1: address ::: non-IPv4 address");
    expect(&err, gonet_dial_tcp("udp", NULL, &none, &err), "dial udp :0: unknown network udp");
    expect(&err, gonet_dial_udp("tcp", NULL, &udp_none, &err), "dial tcp :0: unknown network tcp");
    expect(&err, gonet_dial_tcp("tcp", &here, NULL, &err), "dial tcp 127.0.0.1:1: missing address");
    expect(&err, gonet_dial_unix("unix", NULL, NULL, &err), "dial unix: missing address");
    expect(&err, gonet_listen("tcp", "bad", &err),
           "listen tcp: address bad: missing port in address");
    expect(&err, gonet_listen_unix("unixgram", &name, &err),
           "listen unixgram @a: unknown network unixgram");
    expect(&err, gonet_listen_unix("unix", NULL, &err), "listen unix: missing address");
    gonet_error_free(err);
}

/* ---- what ends the program (9.5) ---- */

static void destroy(gonet__fd_t *fd)
{
    free(fd);
}

static int hold_too_often(void)
{
    gonet__fd_t *fd = calloc(1, sizeof(*fd));
    gonet__fail_t fail;

    if (fd == NULL)
        return 1;
    gonet__fd_init(fd, socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), AF_UNIX,
                   SOCK_STREAM, destroy);
    for (int i = 0; i < 1048576; i++) {
        if (i == 1048500)
            fputs("so many\n", stderr);
        if (!gonet__fd_ref(fd, &fail))
            return 1;
    }
    return 1;
}

static void test_too_many(void **state)
{
    child_result_t result;

    (void)state;
    child_run("too many", NULL, &result);
    assert_true(WIFSIGNALED(result.status) ? WTERMSIG(result.status) == SIGABRT
                                           : WEXITSTATUS(result.status) != 1);
    assert_non_null(strstr(result.output,
                           "so many\ngonet: too many concurrent operations on a single file or "
                           "socket (max 1048575)\n"));
}

int main(int argc, char **argv)
{
    static const child_part_t parts[] = {{"too many", hold_too_often}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_cancelled_names),
        LEAK_TEST(test_arguments),
        LEAK_TEST(test_too_many),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests_name("texts of dialing", tests, NULL, NULL);
}
