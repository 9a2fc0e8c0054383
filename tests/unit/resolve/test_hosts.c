/*
 * The hosts file: names, addresses, canonical names.
 */
#include "resolve/hosts.h"

#include "support.h"

static const char text[] = "127.0.0.1 localhost LocalHost2 # comment foo\n"
                           "::1 localhost ip6-localhost\r\n"
                           "127.0.0.3 3.test test3.example.com\n"
                           "127.0.0.1\ttest\n"
                           "fe80::1%lo0 zoned\n"
                           "FE80:0000::0001 long.form.\n"
                           "321.321.321.321 bad\n"
                           "127.0.0.9\n"
                           "#127.0.0.8 hidden\n"
                           "127.0.0.7 TEST Dotted.Name\n"
                           "::ffff:1.2.3.4 mapped\n"
                           "10.0.0.1 same same";

typedef struct {
    const char *query;
    const char *values; /* separated by blanks */
    const char *canonical;
} row_t;

static const row_t by_name[] = {
    {"localhost", "127.0.0.1 ::1 ", "localhost"},
    {"LOCALHOST", "127.0.0.1 ::1 ", "localhost"},
    {"localhost.", "", NULL},
    {"localhost2", "127.0.0.1 ", "localhost"},
    {"foo", "", NULL},
    {"3.test", "127.0.0.3 ", "3.test."},
    {"3.test.", "127.0.0.3 ", "3.test."},
    {"TEST3.example.com", "127.0.0.3 ", "3.test."},
    {"test", "127.0.0.1 127.0.0.7 ", "test"},
    {"zoned", "fe80::1%lo0 ", "zoned"},
    {"long.form", "fe80::1 ", "long.form."},
    {"dotted.name.", "127.0.0.7 ", "test"},
    {"mapped", "::ffff:1.2.3.4 ", "mapped"},
    {"same", "10.0.0.1 10.0.0.1 ", "same"},
    {"bad", "", NULL},
    {"hidden", "", NULL},
    {"", "", NULL},
    {"127.0.0.1", "", NULL},
};

static const row_t by_addr[] = {
    {"127.0.0.1", "localhost LocalHost2 test ", NULL},
    {"::1", "localhost ip6-localhost ", NULL},
    {"0:0::1", "localhost ip6-localhost ", NULL},
    {"127.0.0.7", "TEST Dotted.Name. ", NULL},
    {"fe80::1", "long.form. ", NULL},
    {"fe80::1%lo0", "zoned ", NULL},
    {"1.2.3.4", "", NULL},
    {"::ffff:1.2.3.4", "mapped ", NULL},
    {"bogus", "", NULL},
    {"", "", NULL},
};

static void check(gonet__hosts_found_t found, const row_t *row)
{
    char values[256] = "";

    for (size_t i = 0; i < found.n; i++)
        strcat(strcat(values, gonet__hosts_value(&found, i)), " ");
    assert_string_equal(values, row->values);
    if (row->canonical != NULL)
        assert_string_equal(gonet__hosts_canonical(&found), row->canonical);
}

static void name(void **state)
{
    const row_t *row = *state;
    gonet__hosts_t *t = gonet__hosts_parse(text, strlen(text));

    assert_non_null(t);
    check(gonet__hosts_by_name(t, row->query), row);
    gonet__hosts_unref(t);
}

static void addr(void **state)
{
    const row_t *row = *state;
    gonet__hosts_t *t = gonet__hosts_parse(text, strlen(text));

    assert_non_null(t);
    check(gonet__hosts_by_addr(t, row->query), row);
    gonet__hosts_unref(t);
}

int main(void)
{
    return RUN_ROWS(by_name, name) + RUN_ROWS(by_addr, addr);
}
