/*
 * GONETDEBUG's settings, and what netdns=cgo does: hosts by the C library.
 */
#include "resolve/debug.h"

#include <gonet.h>
#include <stdlib.h>
#include <unistd.h>

#include "support.h"

typedef struct {
    const char *value;
    int libc, go, level, unknown;
    const char *choice; /* printed from level 1 on */
} row_t;

#define ITSELF "gonet: hosts are looked up by gonet itself\n"
#define ASKED  "gonet: hosts are looked up by gonet itself, as GONETDEBUG asks\n"
#define LIBC   "gonet: hosts are looked up by getaddrinfo, as GONETDEBUG asks\n"

static const row_t rows[] = {
    {"", 0, 0, 0, 1, ITSELF},      {"go", 0, 1, 0, 0, ASKED},
    {"cgo", 1, 0, 0, 0, LIBC},     {"1", 0, 0, 1, 0, ITSELF},
    {"go+2", 0, 1, 2, 0, ASKED},   {"2+cgo", 1, 0, 2, 0, LIBC},
    {"other", 0, 0, 0, 1, ITSELF}, {"other+1", 0, 0, 1, 1, ITSELF},
    {"cgo+go", 0, 1, 0, 0, ASKED}, /* the last word counts */
    {"go+cgo", 1, 0, 0, 0, LIBC},  {"other+go", 0, 1, 0, 1, ASKED},
    {"1x", 0, 0, 0, 1, ITSELF},    {"go+1x", 0, 0, 0, 1, ITSELF},
    {"1x+go", 0, 1, 0, 1, ASKED},
};

static void not_set(void **state)
{
    (void)state;
    assert_false(gonet__debug_netdns(NULL, 0).unknown);
}

static void parse(void **state)
{
    const row_t *row = *state;
    gonet__debug_t d = gonet__debug_netdns(row->value, strlen(row->value));

    assert_int_equal(d.libc, row->libc);
    assert_int_equal(d.go, row->go);
    assert_int_equal(d.level, row->level);
    assert_int_equal(d.unknown, row->unknown);
    assert_true(d.edns0);
    assert_string_equal(gonet__debug_choice(&d), row->choice);
}

static void libc_hosts(void **state)
{
    gonet_error_t *err = NULL;
    size_t n = 0;
    const char **list;

    (void)state;
    if (access("/etc/hosts", R_OK) != 0) {
        print_message("skipped: this machine has no /etc/hosts\n");
        skip();
    }
    list = gonet_lookup_host("localhost", &n, &err);
    assert_null(err);
    assert_true(n >= 1);
    gonet_free(list);
    list = gonet_lookup_addr("127.0.0.1", &n, &err);
    assert_non_null(list);
    assert_int_equal(n, 1);
    gonet_free(list);
    list = gonet_lookup_addr("bogus", &n, &err);
    assert_null(list);
    assert_string_equal(gonet_error_string(err), "lookup bogus: invalid address");
    list = gonet_lookup_host("no such.host", &n, &err);
    assert_null(list);
    assert_string_equal(gonet_error_string(err), "lookup no such.host: no such host");
    gonet_error_free(err);
}

/* A lookup that is over before it began asks nobody. */
static void libc_limits(void **state)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    gonet_error_t *err = NULL;
    size_t n = 0;

    (void)state;
    gonet_context_cancel(ctx);
    assert_null(gonet_resolver_lookup_host(NULL, ctx, "localhost", &n, &err));
    assert_string_equal(gonet_error_string(err), "lookup localhost: operation was canceled");
    assert_true(gonet_error_is(err, gonet_err_canceled));
    gonet_context_free(ctx);
    gonet_error_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(not_set), cmocka_unit_test(libc_hosts),
                                       cmocka_unit_test(libc_limits)};

    setenv("GONETDEBUG", "netdns=cgo", 1);
    return RUN_ROWS(rows, parse) + cmocka_run_group_tests(tests, NULL, NULL);
}
