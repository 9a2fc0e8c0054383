/*
 * Making and using UDP sockets with the n-th allocation, or the n-th system call, failing: for
 * every n the failure is told, and nothing is left behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "gonet/dial.h"
#include "gonet/udp.h"
#include "socket/sys.h"
#include "support/leak.h"

/* What a call returned and what it said agree. */
#define AGREE(ok, err) agree_at(__LINE__, ok, err)

static bool agree_at(int line, bool ok, gonet_error_t **err)
{
    if (ok != (*err == NULL))
        fail_msg("line %d: %s", line, gonet_error_string(*err));
    assert_string_not_equal(gonet_error_string(*err), "");
    return ok;
}

/* A socket and one dialed to it; each way once, and the file of one. */
static bool exchange(gonet_udp_conn_t *a, gonet_udp_conn_t *b)
{
    gonet_error_t *err = NULL;
    gonet_udp_addr_t from;
    char buf[8], oob[64];
    int fd = -1;
    bool ok = AGREE(gonet_udp_conn_write(a, "abc", 3, &err) == 3, &err);

    if (ok)
        ok = AGREE(gonet_udp_conn_read_from_udp(b, buf, sizeof(buf), &from, &err) == 3, &err);
    if (ok)
        ok = AGREE(gonet_udp_conn_write_to_udp(b, "de", 2, &from, &err) == 2, &err);
    if (ok)
        ok = AGREE(gonet_udp_conn_read(a, buf, sizeof(buf), &err) == 2, &err);
    if (ok)
        ok = AGREE(gonet_udp_conn_write_msg_udp(b, "f", 1, NULL, 0, &from, NULL, &err) == 1, &err);
    if (ok)
        ok = AGREE(gonet_udp_conn_read_msg_udp(a, buf, sizeof(buf), oob, sizeof(oob), NULL, NULL,
                                               NULL, &err) == 1,
                   &err);
    if (ok)
        fd = gonet_udp_conn_file(a, &err);
    if (ok && AGREE(fd >= 0, &err)) {
        gonet_packet_conn_t *pc = gonet_file_packet_conn(fd, &err);

        ok = AGREE(pc != NULL, &err);
        gonet_packet_conn_free(pc);
    }
    ok = ok && fd >= 0;
    if (fd >= 0)
        assert_int_equal(close(fd), 0);
    gonet_error_free(err);
    return ok;
}

static bool typed(void)
{
    gonet_udp_addr_t addr = {.ip = gonet_parse_ip("127.0.0.1")};
    gonet_error_t *err = NULL;
    gonet_udp_conn_t *a = NULL, *b = gonet_listen_udp("udp", &addr, &err);
    const gonet_addr_t *at;
    bool ok = AGREE(b != NULL, &err);

    if (ok) {
        at = gonet_udp_conn_local_addr(b); /* NULL without memory, or when nobody said it */
        ok = at != NULL;
    }
    if (ok) {
        a = gonet_dial_udp("udp", &addr, gonet_addr_as_udp(at), &err);
        ok = AGREE(a != NULL, &err) && exchange(a, b);
    }
    gonet_udp_conn_free(a);
    gonet_udp_conn_free(b);
    gonet_error_free(err);
    return ok;
}

/* By name, and both families on one socket. */
static bool named(void)
{
    gonet_error_t *err = NULL;
    gonet_packet_conn_t *b = gonet_listen_packet("udp", ":0", &err);
    gonet_conn_t *a = NULL;
    const gonet_addr_t *at;
    char text[GONET_ADDR_STRLEN];
    bool ok = AGREE(b != NULL, &err);

    if (ok) {
        at = gonet_packet_conn_local_addr(b);
        ok = at != NULL && at->udp.port != 0;
        if (ok)
            snprintf(text, sizeof(text), "127.0.0.1:%d", at->udp.port);
    }
    if (ok) {
        a = gonet_dial("udp", text, &err);
        ok = AGREE(a != NULL, &err) && exchange(gonet_conn_as_udp(a), gonet_packet_conn_as_udp(b));
    }
    gonet_conn_free(a);
    gonet_packet_conn_free(b);
    gonet_error_free(err);
    return ok;
}

static bool multicast(const char *group)
{
    gonet_udp_addr_t addr = {.ip = gonet_parse_ip(group)};
    gonet_interface_t lo;
    gonet_error_t *err = NULL;
    gonet_udp_conn_t *c;
    bool ok = AGREE(gonet_interface_by_name("lo", &lo, &err) == 0, &err);

    if (ok) {
        c = gonet_listen_multicast_udp("udp", &lo, &addr, &err);
        ok = AGREE(c != NULL, &err);
        gonet_udp_conn_free(c);
    }
    gonet_error_free(err);
    return ok;
}

static bool multicast4(void)
{
    return multicast("224.0.0.251");
}

static bool multicast6(void)
{
    return multicast("ff02::fb");
}

static void without_memory(bool (*body)(void))
{
    long failed, n = 0;
    bool ok;

    do {
        gonet__alloc_fail_at(++n, 0);
        ok = body();
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
        int before = leak_open_descriptors();

        gonet__sys_fail_at(GONET__SYS_ANY, ++n, errnum);
        (void)body();
        failed = gonet__sys_failed();
        gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
        assert_int_equal(leak_open_descriptors(), before);
    } while (failed != 0);
    assert_true(n > 3);
    assert_true(body());
}

static void all(bool (*body)(void))
{
    assert_true(body()); /* what is found out once */
    without_memory(body);
    without_system(body, EIO);
    without_system(body, EINTR);
}

static void test_typed(void **state)
{
    (void)state;
    all(typed);
}

static void test_named(void **state)
{
    (void)state;
    all(named);
}

static void test_multicast(void **state)
{
    (void)state;
    all(multicast4);
}

static void test_multicast6(void **state)
{
    (void)state;
    all(multicast6);
}

/* Options that a group needs are none of those that may fail (behaviour 8.12). */
static void test_options(void **state)
{
    gonet_udp_addr_t group = {.ip = gonet_parse_ip("224.0.0.251")};
    gonet_interface_t lo; /* no route is needed there */
    gonet_error_t *err = NULL;
    long n = 0, failed;

    (void)state;
    assert_int_equal(gonet_interface_by_name("lo", &lo, NULL), 0);
    do {
        gonet_udp_conn_t *c;

        gonet__sys_fail_at(GONET__SYS_SETSOCKOPT, ++n, EIO);
        c = gonet_listen_multicast_udp("udp", &lo, &group, &err);
        failed = gonet__sys_failed();
        gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
        if (failed != 0)
            assert_string_equal(gonet_error_string(err),
                                "listen udp 224.0.0.251:0: setsockopt: input/output error");
        assert_int_equal(c == NULL, failed != 0);
        gonet_udp_conn_free(c);
    } while (failed != 0);
    assert_int_equal(n, 1 + 5); /* broadcast, reuse, interface, loop, membership; then none */
    gonet_error_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(test_typed), LEAK_TEST(test_named),
                                       LEAK_TEST(test_multicast), LEAK_TEST(test_multicast6),
                                       LEAK_TEST(test_options)};

    return cmocka_run_group_tests_name("udp failures", tests, NULL, NULL);
}
