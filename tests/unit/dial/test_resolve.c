/*
 * gonet_resolve_tcp_addr against Go's recorded answers. Rows of other functions are counted and
 * shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "gonet/tcp.h"
#include "vectors/vec.h"

enum { FUNCTION, NETWORK, ADDRESS, STATUS, RESULT, IP, COLUMNS };

static long checked, others;

static void check_row(vec_row_t *row)
{
    gonet_error_t *err = NULL;
    gonet_tcp_addr_t addr;
    char text[GONET_ADDR_STRLEN];
    int result;

    if (!vec_is(row, FUNCTION, "ResolveTCPAddr")) {
        others++;
        return;
    }
    checked++;
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

static void test_vectors(void **state)
{
    (void)state;
    assert_int_equal(vec_run("resolve", COLUMNS, check_row), 0);
    assert_true(checked > 1000);
    print_message("resolve: %ld rows checked, %ld rows of other functions left out\n", checked,
                  others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
