/*
 * Which way a lookup goes. Of what makes Go with cgo hand hosts to the C library (behaviour 21.3)
 * nothing counts here: only GONETDEBUG does, and what the resolver says about itself (21.2). The
 * decisions are printed from level 2 on.
 */
#include <gonet.h>
#include <stdlib.h>
#include <unistd.h>

#include "resolve/lookup.h"
#include "support.h"

/* Whether GONETDEBUG and the resolver make hosts the C library's business. */
typedef struct {
    const char *debug;
    gonet_resolver_t resolver;
    bool libc;
} asked_row_t;

static gonet_conn_t *dial(void *arg, gonet_context_t *ctx, const char *network, const char *address,
                          gonet_error_t **err)
{
    (void)arg;
    (void)ctx;
    (void)network;
    (void)address;
    (void)err;
    return NULL;
}

static const asked_row_t asked_rows[] = {
    {"", {.cache = false}, false},
    {"go", {.cache = false}, false},
    {"1", {.cache = false}, false},
    {"what", {.cache = false}, false},
    {"cgo", {.cache = false}, true},
    {"cgo", {.strict_errors = true}, true},
    {"cgo", {.dial = dial}, true},
    {"cgo", {.prefer_go = true}, false},
    {"cgo", {.servers = "192.0.2.1"}, false},
    {"cgo+go", {.cache = false}, false},
};

static void asked(void **state)
{
    const asked_row_t *row = *state;
    gonet__debug_t debug = gonet__debug_netdns(row->debug, strlen(row->debug));

    assert_int_equal(gonet__by_libc(&row->resolver, &debug), row->libc);
}

/* Environment and names that Go with cgo leaves to the C library. */
typedef struct {
    const char *variable, *value;
    const char *name;
} fact_row_t;

static const fact_row_t fact_rows[] = {
    {"LOCALDOMAIN", "", "x.test"},
    {"LOCALDOMAIN", "test", "x.test"},
    {"RES_OPTIONS", "ndots:3", "x.test"},
    {"HOSTALIASES", "/etc/aliases", "x"},
    {"X", "", "a\\b"},
    {"X", "", "a%b"},
    {"X", "", "localhost"},
    {"X", "", "localhost.localdomain"},
    {"X", "", "x.localhost"},
    {"X", "", "_gateway"},
    {"X", "", "_outbound"},
    {"X", "", "x.local"},
    {"X", "", "X.LOCAL."},
    {"X", "", ""},
};

static void fact(void **state)
{
    const fact_row_t *row = *state;
    gonet_resolver_t r = {.cache = false};

    setenv(row->variable, row->value, 1);
    assert_int_not_equal(gonet__order_for(&r, row->name), GONET__ORDER_LIBC);
    unsetenv(row->variable);
}

/* One line for each lookup. */
static void printed(void **state)
{
    gonet_resolver_t r = {.cache = false};
    char text[256] = "", want[256];
    FILE *file = tmpfile();
    int saved = dup(2);
    gonet__order_t order;

    (void)state;
    assert_non_null(file);
    dup2(fileno(file), 2);
    order = gonet__order_for(&r, "x.test");
    fflush(stderr);
    dup2(saved, 2);
    close(saved);
    rewind(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    snprintf(want, sizeof(want), "gonet: looking up \"x.test\": %s\n", gonet__order_name(order));
    assert_string_equal(text, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(printed)};

    setenv("GONETDEBUG", "netdns=2", 1);
    return RUN_ROWS(asked_rows, asked) + RUN_ROWS(fact_rows, fact) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
