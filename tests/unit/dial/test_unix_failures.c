/*
 * Making and using unix sockets with the n-th allocation, or the n-th system call, failing: for
 * every n the failure is told, and nothing is left behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "gonet/dial.h"
#include "gonet/unixsock.h"
#include "socket/sys.h"
#include "support/leak.h"
#include "support/net.h"

static char dir[] = "/tmp/gonet-unix-XXXXXX";
static char name[64];

/* What a call returned and what it said agree. */
#define AGREE(ok, err) agree_at(__LINE__, ok, err)

static bool agree_at(int line, bool ok, gonet_error_t **err)
{
    if (ok != (*err == NULL))
        fail_msg("line %d: %s", line, gonet_error_string(*err));
    assert_string_not_equal(gonet_error_string(*err), "");
    return ok;
}

static bool exchange(gonet_unix_conn_t *a, gonet_unix_conn_t *b)
{
    gonet_error_t *err = NULL;
    char buf[8], oob[64];
    bool ok = AGREE(gonet_unix_conn_write(a, "abc", 3, &err) == 3, &err);

    if (ok)
        ok = AGREE(gonet_unix_conn_read_from(b, buf, sizeof(buf), NULL, &err) == 3, &err);
    if (ok)
        ok =
            AGREE(gonet_unix_conn_write_msg_unix(b, "xy", 2, NULL, 0, NULL, NULL, &err) == 2, &err);
    if (ok)
        ok = AGREE(gonet_unix_conn_read_msg_unix(a, buf, sizeof(buf), oob, sizeof(oob), NULL, NULL,
                                                 NULL, &err) == 2,
                   &err);
    gonet_error_free(err);
    return ok;
}

static bool streams(void)
{
    gonet_unix_addr_t addr = {.net = "unix"};
    gonet_error_t *err = NULL;
    gonet_unix_listener_t *l;
    gonet_unix_conn_t *a, *b;
    bool ok;

    strcpy(addr.name, name);
    l = gonet_listen_unix("unix", &addr, &err);
    if (!AGREE(l != NULL, &err)) {
        gonet_error_free(err);
        return false;
    }
    a = gonet_dial_unix("unix", NULL, &addr, &err);
    ok = AGREE(a != NULL, &err);
    if (ok) {
        b = gonet_unix_listener_accept_unix(l, &err);
        ok = AGREE(b != NULL, &err) && exchange(a, b);
        gonet_unix_conn_free(b);
    }
    gonet_unix_conn_free(a);
    gonet_unix_listener_free(l);
    gonet_error_free(err);
    return ok;
}

static bool datagrams(void)
{
    gonet_unix_addr_t addr = {.net = "unixgram"};
    gonet_error_t *err = NULL;
    gonet_unix_conn_t *c;
    char buf[8];
    bool ok;

    net_abstract("failures", addr.name);
    c = gonet_listen_unixgram("unixgram", &addr, &err);
    ok = AGREE(c != NULL, &err);
    if (ok)
        ok = AGREE(gonet_unix_conn_write_to_unix(c, "abc", 3, &addr, &err) == 3, &err);
    if (ok)
        ok = AGREE(gonet_unix_conn_read_from_unix(c, buf, sizeof(buf), NULL, &err) == 3, &err);
    gonet_unix_conn_free(c);
    gonet_error_free(err);
    return ok;
}

/* A failed listen can leave the path that it had bound, as in Go. */
static bool try_once(bool (*body)(void))
{
    bool ok = body();

    (void)unlink(name);
    return ok;
}

static void without_memory(bool (*body)(void))
{
    long failed, n = 0;
    bool ok;

    do {
        gonet__alloc_fail_at(++n, 0);
        ok = try_once(body);
        failed = gonet__alloc_failed();
        gonet__alloc_fail_at(0, 0);
        assert_int_equal(ok, failed == 0);
    } while (failed != 0);
    assert_true(n > 1);
}

static void without_system(bool (*body)(void), int errnum)
{
    long failed, n = 0;

    do {
        gonet__sys_fail_at(GONET__SYS_ANY, ++n, errnum);
        (void)try_once(body);
        failed = gonet__sys_failed();
        gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    } while (failed != 0);
    assert_true(n > 5);
    assert_true(try_once(body));
}

static void test_streams(void **state)
{
    (void)state;
    assert_true(try_once(streams)); /* what is found out once */
    without_memory(streams);
    without_system(streams, EIO);
    without_system(streams, EINTR);
}

static void test_datagrams(void **state)
{
    (void)state;
    assert_true(try_once(datagrams));
    without_memory(datagrams);
    without_system(datagrams, EIO);
    without_system(datagrams, EINTR);
}

static int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(name, sizeof(name), "%s/s", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(test_streams), LEAK_TEST(test_datagrams)};

    return cmocka_run_group_tests_name("unix failures", tests, make_dir, remove_dir);
}
