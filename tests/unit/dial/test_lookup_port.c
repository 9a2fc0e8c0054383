/*
 * gonet_lookup_port against Go's recorded answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "resolve/services.h"
#include "gonet/lookup.h"
#include "vectors/vec.h"

enum { NETWORK, SERVICE, STATUS, RESULT, GO_ONLY, COLUMNS };

static void check_row(vec_row_t *row)
{
    gonet_error_t *err = NULL;
    int port = gonet_lookup_port(row->field[NETWORK], row->field[SERVICE], &err);

    vec_check(row, (port < 0) == (err != NULL), "result and error disagree");
    vec_text(row, STATUS, err == NULL ? "ok" : "error");
    if (err == NULL)
        vec_int(row, RESULT, port);
    else
        vec_text(row, RESULT, gonet_error_string(err));
    gonet_error_free(err);
}

static void test_vectors(void **state)
{
    (void)state;
    assert_int_equal(vec_run("lookup_port", COLUMNS, check_row), 0);
}

static void test_parse_port(void **state)
{
    static const struct {
        const char *text;
        bool number;
        int port;
    } cases[] = {{"", true, 0},
                 {"-0", true, 0},
                 {"-1", true, -1},
                 {"+1", true, 1},
                 {"-1073741825", true, -1073741824},
                 {"1073741824", true, 1073741823},
                 {"1073741822", true, 1073741822},
                 {"4294967376", true, 80},
                 {"4294967296x", true, 1073741823},
                 {"9pfs", false, 0},
                 {"123badport", false, 0},
                 {"9999999999x", false, 0},
                 {"2147483649badport", false, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int port = 0;

        assert_int_equal(gonet__parse_port(cases[i].text, &port), cases[i].number);
        if (cases[i].number)
            assert_int_equal(port, cases[i].port);
    }
}

static void test_error_kinds(void **state)
{
    gonet_error_t *err = NULL;

    (void)state;
    assert_int_equal(gonet_lookup_port("tcp", "nosuch", &err), -1);
    assert_true(gonet_error_as_dns(err)->is_not_found);
    assert_string_equal(gonet_error_as_dns(err)->name, "tcp/nosuch");
    assert_int_equal(gonet_lookup_port("", "submissions", &err), 465);
    assert_null(err);
    assert_int_equal(gonet_lookup_port("bogus", "80", NULL), 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors),
                                       cmocka_unit_test(test_parse_port),
                                       cmocka_unit_test(test_error_kinds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
