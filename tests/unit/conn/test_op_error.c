/*
 * OpError against Go's recorded answers: text, Timeout, Temporary; and the view.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>

#include "addr/addr_error.h"
#include "base/alloc.h"
#include "error/error.h"
#include "gonet/op_error.h"
#include "vectors/addr_field.h"

/* Columns of the file. */
enum { OP, NET, SOURCE, ADDR, KIND, A1, A2, A3, A4, STATUS, TEXT, TIMEOUT, TEMPORARY, COLUMNS };

static long rows_with_nul;

static int number(const vec_row_t *row, int column)
{
    return (int)strtol(row->field[column], NULL, 10);
}

static gonet_error_t *sentinel(const char *kind)
{
    const struct {
        const char *kind;
        gonet_error_t *e;
    } all[] = {{"closed", gonet_err_closed},
               {"write_to_connected", gonet_err_write_to_connected},
               {"deadline", gonet_err_deadline_exceeded},
               {"canceled", gonet_err_canceled},
               {"ctx_deadline", gonet_err_context_deadline_exceeded},
               {"eof", gonet_eof},
               {"unexpected_eof", gonet_err_unexpected_eof},
               {"short_write", gonet_err_short_write},
               {"short_buffer", gonet_err_short_buffer},
               {"closed_pipe", gonet_err_closed_pipe}};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(all[i].kind, kind) == 0)
            return all[i].e;
    }
    return NULL;
}

/* The kinds that are made of texts and numbers. */
static gonet_error_t *made(vec_row_t *row)
{
    const char *kind = row->field[KIND], *a1 = row->field[A1], *a2 = row->field[A2];
    const char *flags = row->field[A4];

    if (strcmp(kind, "syscall") == 0)
        return gonet_syscall_error_new(a1, number(row, A2));
    if (strcmp(kind, "errno") == 0)
        return gonet_errno_error(number(row, A1));
    if (strcmp(kind, "text") == 0)
        return gonet_error_new(a1);
    if (strcmp(kind, "addr") == 0)
        return gonet__addr_error(a1, a2);
    if (strcmp(kind, "parse") == 0)
        return gonet__parse_error(a1, a2);
    if (strcmp(kind, "dns") == 0)
        return gonet__dns_error(a1, a2, row->field[A3], flags[0] == '1', flags[1] == '1',
                                flags[2] == '1', NULL);
    if (strcmp(kind, "invalid_addr") == 0)
        return gonet__invalid_addr_error(a1);
    if (strcmp(kind, "unknown_network") == 0)
        return gonet__unknown_network_error(a1);
    if (strcmp(kind, "dns_config") == 0)
        return gonet__dns_config_error(gonet_error_new(a1));
    if (strcmp(kind, "wrap_errno") == 0)
        return gonet_error_errorf(gonet_errno_error(number(row, A2)), "%s", a1);
    if (strcmp(kind, "wrap_deadline") == 0)
        return gonet_error_errorf(gonet_err_deadline_exceeded, "%s", a1);
    if (strcmp(kind, "op_errno") == 0)
        return gonet_op_error_new(a1, a2, NULL, NULL, gonet_errno_error(number(row, A3)));
    if (strcmp(kind, "op_syscall") == 0)
        return gonet_op_error_new(a1, a2, NULL, NULL,
                                  gonet_syscall_error_new(row->field[A3], number(row, A4)));
    if (strcmp(kind, "op_deadline") == 0)
        return gonet_op_error_new(a1, a2, NULL, NULL, gonet_err_deadline_exceeded);
    vec_check(row, false, "no such kind");
    return NULL;
}

static void check_view(vec_row_t *row, const gonet_error_t *e, const gonet_error_t *inner,
                       const gonet_addr_t *source, const gonet_addr_t *addr)
{
    const gonet_op_error_t *op = gonet_error_as_op(e);

    vec_check(row, op != NULL, "no OpError");
    if (op == NULL)
        return;
    vec_text(row, OP, op->op);
    vec_text(row, NET, op->net);
    vec_check(row, op->err == inner && gonet_error_unwrap(e) == inner, "another cause");
    vec_check(row, (op->source == NULL) == (source->kind == GONET_ADDR_NONE), "source");
    vec_check(row, (op->addr == NULL) == (addr->kind == GONET_ADDR_NONE), "addr");
    vec_check(row, op->source == NULL || memcmp(op->source, source, sizeof(*source)) == 0,
              "another source");
    vec_check(row, op->addr == NULL || memcmp(op->addr, addr, sizeof(*addr)) == 0, "another addr");
}

static void check_row(vec_row_t *row)
{
    gonet_addr_t source = addr_field_of(row->field[SOURCE]);
    gonet_addr_t addr = addr_field_of(row->field[ADDR]);
    gonet_error_t *inner = sentinel(row->field[KIND]);
    gonet_error_t *e;

    if (inner == NULL && !vec_is(row, KIND, "nil"))
        inner = made(row);
    e = gonet_op_error_new(row->field[OP], row->field[NET], &source, &addr, inner);
    check_view(row, e, inner, &source, &addr);
    vec_int(row, TIMEOUT, gonet_error_timeout(e));
    vec_int(row, TEMPORARY, gonet_error_temporary(e));
    if (strlen(row->field[SOURCE]) != row->len[SOURCE] ||
        strlen(row->field[ADDR]) != row->len[ADDR])
        rows_with_nul++; /* a name with a NUL inside can't be written here */
    else if (vec_is(row, STATUS, "ok"))
        vec_text(row, TEXT, gonet_error_string(e));
    gonet_error_free(e);
}

static void test_vectors(void **state)
{
    (void)state;
    assert_int_equal(vec_run("op_error", COLUMNS, check_row), 0);
    print_message("op_error: %ld rows whose text has a NUL inside a name\n", rows_with_nul);
}

static void test_null_addresses(void **state)
{
    gonet_error_t *e = gonet_op_error_new("dial", "", NULL, NULL, gonet_err_closed);

    (void)state;
    assert_string_equal(gonet_error_string(e), "dial: use of closed network connection");
    assert_null(gonet_error_as_op(e)->source);
    gonet_error_free(e);
    assert_null(gonet_error_as_op(NULL));
    assert_null(gonet_error_as_op(gonet_eof));
}

static void test_found_behind_wrapping(void **state)
{
    gonet_error_t *op = gonet_op_error_new("read", "tcp", NULL, NULL, gonet_err_deadline_exceeded);
    gonet_error_t *e = gonet_error_errorf(op, "asking");

    (void)state;
    assert_string_equal(gonet_error_string(e), "asking: read tcp: i/o timeout");
    assert_ptr_equal(gonet_error_as_op(e)->err, gonet_err_deadline_exceeded);
    assert_true(gonet_error_timeout(e));
    gonet_error_free(e);
}

static void test_bare_accept_errors_are_temporary(void **state)
{
    gonet_error_t *bare =
        gonet_op_error_new("accept", "tcp", NULL, NULL, gonet_errno_error(ECONNRESET));
    gonet_error_t *named = gonet_op_error_new("accept", "tcp", NULL, NULL,
                                              gonet_syscall_error_new("accept4", ECONNRESET));

    (void)state;
    assert_true(gonet_error_temporary(bare));
    assert_false(gonet_error_temporary(named));
    gonet_error_free(bare);
    gonet_error_free(named);
}

static void test_no_memory(void **state)
{
    long live = gonet__alloc_live();
    gonet_error_t *e;

    (void)state;
    gonet__alloc_fail_at(2, 0);
    e = gonet_op_error_new("read", "tcp", NULL, NULL, gonet_syscall_error_new("read", EIO));
    gonet__alloc_fail_at(0, 0);
    assert_ptr_equal(e, gonet_err_no_memory);
    assert_int_equal(gonet__alloc_live(), live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_null_addresses),
        cmocka_unit_test(test_found_behind_wrapping),
        cmocka_unit_test(test_bare_accept_errors_are_temporary), cmocka_unit_test(test_no_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
