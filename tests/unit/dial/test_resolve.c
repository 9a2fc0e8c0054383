/*
 * The functions that resolve the address of one kind against Go's recorded answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "gonet/iprawsock.h"
#include "gonet/tcp.h"
#include "gonet/udp.h"
#include "gonet/unixsock.h"
#include "vectors/vec.h"

enum { FUNCTION, NETWORK, ADDRESS, STATUS, RESULT, IP, COLUMNS };

static long checked;

static void check_unix(vec_row_t *row)
{
    static const gonet_unix_addr_t zero;
    gonet_error_t *err = NULL;
    gonet_unix_addr_t addr;
    int result;

    memset(&addr, 0xff, sizeof(addr));
    result = gonet_resolve_unix_addr(row->field[NETWORK], row->field[ADDRESS], &addr, &err);
    vec_check(row, result == (err == NULL ? 0 : -1), "result and error disagree");
    vec_text(row, STATUS, err == NULL ? "ok" : "error");
    vec_text(row, RESULT, err == NULL ? addr.name : gonet_error_string(err));
    if (err == NULL)
        vec_text(row, NETWORK, addr.net);
    else
        vec_check(row, memcmp(&addr, &zero, sizeof(zero)) == 0, "the result is not zero");
    gonet_error_free(err);
}

static void check_tcp(vec_row_t *row)
{
    gonet_error_t *err = NULL;
    gonet_tcp_addr_t addr;
    char text[GONET_ADDR_STRLEN];
    int result;

    memset(&addr, 0xff, sizeof(addr));
    result = gonet_resolve_tcp_addr(row->field[NETWORK], row->field[ADDRESS], &addr, &err);
    vec_check(row, result == (err == NULL ? 0 : -1), "result and error disagree");
    vec_text(row, STATUS, err == NULL ? "ok" : "error");
    if (err == NULL) {
        vec_text(row, RESULT, gonet_tcp_addr_string(&addr, text, sizeof(text)));
        vec_hex(row, IP, addr.ip.b, addr.ip.len);
    } else {
        static const gonet_tcp_addr_t zero;

        vec_text(row, RESULT, gonet_error_string(err));
        vec_check(row, memcmp(&addr, &zero, sizeof(zero)) == 0, "the result is not zero");
    }
    gonet_error_free(err);
}
static void check_udp(vec_row_t *row)
{
    static const gonet_udp_addr_t zero;
    gonet_error_t *err = NULL;
    gonet_udp_addr_t addr;
    char text[GONET_ADDR_STRLEN];
    int result;

    memset(&addr, 0xff, sizeof(addr));
    result = gonet_resolve_udp_addr(row->field[NETWORK], row->field[ADDRESS], &addr, &err);
    vec_check(row, result == (err == NULL ? 0 : -1), "result and error disagree");
    vec_text(row, STATUS, err == NULL ? "ok" : "error");
    if (err == NULL) {
        vec_text(row, RESULT, gonet_udp_addr_string(&addr, text, sizeof(text)));
        vec_hex(row, IP, addr.ip.b, addr.ip.len);
    } else {
        vec_text(row, RESULT, gonet_error_string(err));
        vec_check(row, memcmp(&addr, &zero, sizeof(zero)) == 0, "the result is not zero");
    }
    gonet_error_free(err);
}

static void check_ip(vec_row_t *row)
{
    static const gonet_ip_addr_t zero;
    gonet_error_t *err = NULL;
    gonet_ip_addr_t addr;
    char text[GONET_ADDR_STRLEN];
    int result;

    memset(&addr, 0xff, sizeof(addr));
    result = gonet_resolve_ip_addr(row->field[NETWORK], row->field[ADDRESS], &addr, &err);
    vec_check(row, result == (err == NULL ? 0 : -1), "result and error disagree");
    vec_text(row, STATUS, err == NULL ? "ok" : "error");
    if (err == NULL) {
        vec_text(row, RESULT, gonet_ip_addr_string(&addr, text, sizeof(text)));
        vec_hex(row, IP, addr.ip.b, addr.ip.len);
    } else {
        vec_text(row, RESULT, gonet_error_string(err));
        vec_check(row, memcmp(&addr, &zero, sizeof(zero)) == 0, "the result is not zero");
    }
    gonet_error_free(err);
}

static void check_row(vec_row_t *row)
{
    if (vec_is(row, FUNCTION, "ResolveTCPAddr")) {
        check_tcp(row);
    } else if (vec_is(row, FUNCTION, "ResolveUDPAddr")) {
        check_udp(row);
    } else if (vec_is(row, FUNCTION, "ResolveIPAddr")) {
        check_ip(row);
    } else if (vec_is(row, FUNCTION, "ResolveUnixAddr")) {
        check_unix(row);
    } else {
        vec_check(row, false, "no such function");
    }
    checked++;
}

/* Names that no address can hold are refused. */
static void test_long_names(void **state)
{
    char name[GONET_UNIX_NAME_SIZE + 1];
    gonet_unix_addr_t addr;
    gonet_error_t *err = NULL;

    (void)state;
    memset(name, 'n', sizeof(name));
    name[GONET_UNIX_NAME_SIZE] = '\0';
    assert_int_equal(gonet_resolve_unix_addr("unix", name, &addr, &err), -1);
    assert_string_equal(gonet_error_string(err), "invalid argument");
    name[GONET_UNIX_NAME_SIZE - 1] = '\0';
    assert_int_equal(gonet_resolve_unix_addr("unix", name, &addr, &err), 0);
    assert_null(err);
    assert_string_equal(addr.name, name);
}

static void test_vectors(void **state)
{
    (void)state;
    assert_int_equal(vec_run("resolve", COLUMNS, check_row), 0);
    assert_true(checked > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors),
                                       cmocka_unit_test(test_long_names)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
