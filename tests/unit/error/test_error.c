/*
 * The error objects: texts, the chain, predicates, matching, ownership, and running out of memory.
 */
#include "unit/table.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>

#include "error/error.h"
#include "vectors/vec.h"

/* behaviour 1.11: the C locale's words, first letter in lower case; three numbers and all others
 * print bare. */
static void test_errno_texts(void **state)
{
    (void)state;
    for (int n = -1; n <= 140; n++) {
        char want[128];
        gonet_error_t *err = gonet_errno_error(n);
        if (n >= 1 && n <= 132 && n != 41 && n != 58) {
            snprintf(want, sizeof(want), "%s", strerror(n));
            if (islower((unsigned char)want[1]))
                want[0] = (char)tolower((unsigned char)want[0]);
        } else {
            snprintf(want, sizeof(want), "errno %d", n);
        }
        assert_string_equal(gonet_error_string(err), want);
        assert_true(gonet_error_is_errno(err, n));
        assert_false(gonet_error_is_errno(err, n + 1));
        gonet_error_free(err);
    }
}

static void test_errno_identity(void **state)
{
    (void)state;
    assert_ptr_equal(gonet_errno_error(ECONNREFUSED), gonet_errno_error(ECONNREFUSED));
    gonet_error_t *a = gonet_errno_error(4711);
    gonet_error_t *b = gonet_errno_error(4711);
    assert_true(gonet_error_is(a, b));
    assert_false(gonet_error_is(a, gonet_errno_error(EPIPE)));
    gonet_error_free(a);
    gonet_error_free(b);
}

static const struct {
    const char *what;
    int errnum;
    bool timeout, temporary, permission, exist, not_exist, unsupported;
} errnos[] = {
    {"EAGAIN", EAGAIN, true, true, false, false, false, false},
    {"EWOULDBLOCK", EWOULDBLOCK, true, true, false, false, false, false},
    {"ETIMEDOUT", ETIMEDOUT, true, true, false, false, false, false},
    {"EINTR", EINTR, false, true, false, false, false, false},
    {"EMFILE", EMFILE, false, true, false, false, false, false},
    {"ENFILE", ENFILE, false, true, false, false, false, false},
    {"ECONNRESET", ECONNRESET, false, false, false, false, false, false},
    {"ECONNABORTED", ECONNABORTED, false, false, false, false, false, false},
    {"EPIPE", EPIPE, false, false, false, false, false, false},
    {"ENOBUFS", ENOBUFS, false, false, false, false, false, false},
    {"ENOMEM", ENOMEM, false, false, false, false, false, false},
    {"EACCES", EACCES, false, false, true, false, false, false},
    {"EPERM", EPERM, false, false, true, false, false, false},
    {"EEXIST", EEXIST, false, false, false, true, false, false},
    {"ENOTEMPTY", ENOTEMPTY, false, false, false, true, false, false},
    {"ENOENT", ENOENT, false, false, false, false, true, false},
    {"ENOSYS", ENOSYS, false, false, false, false, false, true},
    {"EOPNOTSUPP", EOPNOTSUPP, false, false, false, false, false, true},
};

/* behaviour 1.8 to 1.10, for the bare value and through SyscallError (1.5, 1.6). */
static void test_errno_kind(void **state)
{
    const __typeof__(errnos[0]) *row = *state;
    gonet_error_t *bare = gonet_errno_error(row->errnum);
    gonet_error_t *call = gonet_syscall_error_new("connect", row->errnum);
    gonet_error_t *errs[] = {bare, call};

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(gonet_error_timeout(errs[i]), row->timeout);
        assert_int_equal(gonet_error_temporary(errs[i]), row->temporary);
        assert_int_equal(gonet_error_is(errs[i], gonet_err_permission), row->permission);
        assert_int_equal(gonet_error_is(errs[i], gonet_err_exist), row->exist);
        assert_int_equal(gonet_error_is(errs[i], gonet_err_not_exist), row->not_exist);
        assert_int_equal(gonet_error_is(errs[i], gonet_err_unsupported), row->unsupported);
        assert_false(gonet_error_is(errs[i], gonet_eof));
    }
    assert_true(gonet__error_has_timeout(call));
    assert_false(gonet__error_has_temporary(call));
    assert_int_equal(call->vtable->timeout(call), row->timeout); /* as its own predicate, too */
    gonet_error_free(call);
}

static void test_syscall_error(void **state)
{
    gonet_error_t *err = gonet_syscall_error_new("connect", ECONNREFUSED);
    const gonet_syscall_error_t *view = gonet_error_as_syscall(err);

    (void)state;
    assert_string_equal(gonet_error_string(err), "connect: connection refused");
    assert_string_equal(view->syscall, "connect");
    assert_int_equal(view->errnum, ECONNREFUSED);
    assert_ptr_equal(gonet_error_unwrap(err), gonet_errno_error(ECONNREFUSED));
    assert_true(gonet_error_is_errno(err, ECONNREFUSED));
    assert_true(gonet_error_is(err, gonet_errno_error(ECONNREFUSED)));
    gonet_error_free(err);
    err = gonet_syscall_error_new("bind", -7);
    assert_string_equal(gonet_error_string(err), "bind: errno -7");
    gonet_error_free(err);
}

static const struct {
    const char *text;
    gonet_error_t *const *err;
    bool timeout, temporary, has;
} sentinels[] = {
    {"EOF", &gonet_eof, false, false, false},
    {"unexpected EOF", &gonet_err_unexpected_eof, false, false, false},
    {"short write", &gonet_err_short_write, false, false, false},
    {"short buffer", &gonet_err_short_buffer, false, false, false},
    {"io: read/write on closed pipe", &gonet_err_closed_pipe, false, false, false},
    {"use of closed network connection", &gonet_err_closed, false, false, true},
    {"use of WriteTo with pre-connected connection", &gonet_err_write_to_connected, false, false,
     false},
    {"unsupported operation", &gonet_err_unsupported, false, false, false},
    {"permission denied", &gonet_err_permission, false, false, false},
    {"file already exists", &gonet_err_exist, false, false, false},
    {"file does not exist", &gonet_err_not_exist, false, false, false},
    {"i/o timeout", &gonet_err_deadline_exceeded, true, true, true},
    {"context canceled", &gonet_err_canceled, false, false, false},
    {"context deadline exceeded", &gonet_err_context_deadline_exceeded, true, true, true},
    {"cannot allocate memory", &gonet_err_no_memory, false, false, false},
    {"i/o timeout", &gonet__err_dial_timeout, true, true, true},
    {"operation was canceled", &gonet__err_dial_canceled, false, false, false},
    {"missing address", &gonet__err_missing_address, false, false, false},
    {"file type does not support deadline", &gonet__err_no_deadline, false, false, false},
    {"not pollable", &gonet__err_not_pollable, false, false, false},
    {"waiting for unsupported file type", &gonet__err_unsupported_file, false, false, false},
};

static void test_sentinel(void **state)
{
    const __typeof__(sentinels[0]) *row = *state;
    gonet_error_t *err = *row->err;

    assert_string_equal(gonet_error_string(err), row->text);
    assert_int_equal(gonet_error_timeout(err), row->timeout);
    assert_int_equal(gonet_error_temporary(err), row->temporary);
    assert_int_equal(gonet__error_has_timeout(err), row->has);
    assert_int_equal(gonet__error_has_temporary(err), row->has);
    assert_null(gonet_error_unwrap(err));
    for (size_t i = 0; i < sizeof(sentinels) / sizeof(sentinels[0]); i++) {
        gonet_error_t *other = *sentinels[i].err;
        bool same =
            err == other ||
            (err == gonet__err_dial_timeout && other == gonet_err_context_deadline_exceeded) ||
            (err == gonet__err_dial_canceled && other == gonet_err_canceled);
        assert_int_equal(gonet_error_is(err, other), same);
    }
    assert_ptr_equal(gonet_error_ref(err), err);
    gonet_error_free(err);
    gonet_error_free(err); /* static: still there */
    assert_string_equal(gonet_error_string(err), row->text);
}

static void test_no_memory(void **state)
{
    (void)state;
    assert_true(gonet_error_is_errno(gonet_err_no_memory, ENOMEM));
    assert_false(gonet_error_is_errno(gonet_err_no_memory, EINVAL));
    assert_true(gonet_error_is(gonet_err_no_memory, gonet_errno_error(ENOMEM)));
    assert_true(gonet_error_is(gonet_errno_error(ENOMEM), gonet_err_no_memory));
}

static void test_null(void **state)
{
    (void)state;
    assert_string_equal(gonet_error_string(NULL), "<nil>");
    assert_false(gonet_error_timeout(NULL));
    assert_false(gonet_error_temporary(NULL));
    assert_null(gonet_error_unwrap(NULL));
    assert_true(gonet_error_is(NULL, NULL));
    assert_false(gonet_error_is(NULL, gonet_eof));
    assert_false(gonet_error_is(gonet_eof, NULL));
    assert_false(gonet_error_is_errno(NULL, 0));
    assert_null(gonet_error_ref(NULL));
    gonet_error_free(NULL);
    gonet_error_set(NULL, NULL);
    gonet__error_clear(NULL);
    assert_false(gonet__error_has_timeout(NULL));
    assert_false(gonet__error_has_temporary(NULL));
    assert_null(gonet_error_as_syscall(NULL));
    assert_null(gonet_error_as_dns(NULL));
    assert_null(gonet_error_as_dns_config(NULL));
    assert_null(gonet_error_as_unknown_network(NULL));
    assert_null(gonet_error_as_invalid_addr(NULL));
}

static void test_new_and_errorf(void **state)
{
    (void)state;
    gonet_error_t *err = gonet_error_new("boom");
    gonet_error_t *same = gonet_error_new("boom");
    assert_string_equal(gonet_error_string(err), "boom");
    assert_false(gonet_error_is(err, same)); /* errors.New values are distinct */
    gonet_error_free(same);
    err = gonet_error_errorf(err, "try %d of %s", 3, "x");
    assert_string_equal(gonet_error_string(err), "try 3 of x: boom");
    assert_string_equal(gonet_error_string(gonet_error_unwrap(err)), "boom");
    gonet_error_free(err);
    err = gonet_error_errorf(NULL, "alone");
    assert_string_equal(gonet_error_string(err), "alone");
    assert_null(gonet_error_unwrap(err));
    gonet_error_free(err);
    err = gonet_error_errorf(NULL, "%s", "");
    assert_string_equal(gonet_error_string(err), "");
    gonet_error_free(err);
}

static gonet_error_t *made(const char *format, ...)
{
    gonet_error_t *err;
    va_list args;

    va_start(args, format);
    err = gonet_error_verrorf(NULL, format, args);
    va_end(args);
    return err;
}

static void wrapped(gonet_error_t **err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    gonet_error_vwrap(err, format, args);
    va_end(args);
}

static void test_wrap(void **state)
{
    gonet_error_t *err = NULL, *cause = made("%s %d", "boom", 1), *kept;

    (void)state;
    gonet_error_wrap(&err, "no error: nothing to wrap");
    assert_null(err);
    gonet_error_wrap(NULL, "don't tell me");
    gonet_error_set(&err, cause);
    gonet_error_wrap(&err, "try %d of %s", 3, "x");
    assert_string_equal(gonet_error_string(err), "try 3 of x: boom 1");
    assert_ptr_equal(gonet_error_unwrap(err), cause);
    kept = gonet_error_ref(err);
    gonet_error_wrap(&err, "[%s]", gonet_error_string(err)); /* a part of what is wrapped */
    assert_string_equal(gonet_error_string(err), "[try 3 of x: boom 1]: try 3 of x: boom 1");
    assert_true(gonet_error_is(err, cause));
    assert_ptr_equal(gonet_error_unwrap(err), kept);
    gonet_error_free(kept);
    wrapped(&err, "%s", "once more");
    assert_string_equal(gonet_error_string(err),
                        "once more: [try 3 of x: boom 1]: try 3 of x: boom 1");
    gonet_error_set(&err, gonet_err_deadline_exceeded);
    gonet_error_wrap(&err, "first answer");
    assert_true(gonet_error_timeout(err));
    gonet_error_set(&err, NULL);
}

/* The call takes the variable's error, and so does the set: there is one reference for the two. */
static void test_wrap_by_hand(void **state)
{
    gonet_error_t *err = gonet_error_new("boom"), *kept;

    (void)state;
    gonet_error_set(&err, gonet_error_errorf(err, "outer"));
    assert_string_equal(gonet_error_string(gonet_error_unwrap(err)), "boom");
    gonet_error_set(&err, gonet_error_errorf(gonet_error_errorf(err, "more"), "most"));
    assert_string_equal(gonet_error_string(err), "most: more: outer: boom");
    gonet_error_set(&err, err);
    assert_string_equal(gonet_error_string(err), "most: more: outer: boom");
    /* With a reference of its own, as it should be. */
    gonet_error_set(&err, gonet_error_errorf(gonet_error_ref(err), "right"));
    assert_string_equal(gonet_error_string(err), "right: most: more: outer: boom");
    kept = gonet_error_ref(err);
    gonet_error_set(&err, gonet_error_ref(err));
    assert_ptr_equal(err, kept);
    gonet_error_free(kept);
    gonet_error_set(&err, NULL);
}

/* behaviour of errors.As(err, &netErr): wrapping is looked through, a type with both predicates
 * answers. */
static void test_predicates_through_wrapping(void **state)
{
    (void)state;
    gonet_error_t *err = gonet_error_errorf(gonet_err_deadline_exceeded, "outer");
    err = gonet_error_errorf(err, "more");
    assert_true(gonet_error_timeout(err));
    assert_true(gonet_error_temporary(err));
    assert_false(gonet__error_has_timeout(err)); /* but the wrapper itself has none */
    assert_true(gonet_error_is(err, gonet_err_deadline_exceeded));
    assert_false(gonet_error_is(err, gonet_err_context_deadline_exceeded));
    gonet_error_free(err);
    err = gonet_error_errorf(gonet_syscall_error_new("accept4", EMFILE), "outer");
    assert_false(gonet_error_timeout(err));
    assert_true(gonet_error_temporary(err));
    assert_int_equal(gonet_error_as_syscall(err)->errnum, EMFILE);
    gonet_error_free(err);
    err = gonet_error_errorf(gonet_error_new("plain"), "outer");
    assert_false(gonet_error_timeout(err));
    assert_false(gonet_error_temporary(err));
    gonet_error_free(err);
}

static void test_references(void **state)
{
    gonet_error_t *err = NULL;

    (void)state;
    gonet_error_set(&err, gonet_error_new("first"));
    gonet_error_t *kept = gonet_error_ref(err);
    gonet_error_set(&err,
                    gonet_error_new("second")); /* releases the variable's reference to "first" */
    assert_string_equal(gonet_error_string(kept), "first");
    gonet_error_free(kept);
    gonet_error_set(&err, NULL);
    assert_null(err);
    gonet_error_set(NULL, gonet_error_new("nobody wants it"));
    err = gonet_error_errorf(gonet_error_new("inner"), "outer");
    const gonet_error_t *inner = gonet_error_unwrap(err);
    kept = gonet_error_ref(inner); /* a borrowed one outlives its wrapper */
    gonet__error_clear(&err);
    assert_null(err);
    assert_string_equal(gonet_error_string(kept), "inner");
    gonet_error_free(kept);
}

static void test_long_chain(void **state)
{
    gonet_error_t *err = gonet_error_new("x");

    (void)state;
    for (int i = 0; i < 1000; i++)
        err = gonet_error_errorf(err, "y");
    assert_int_equal(strlen(gonet_error_string(err)), 1 + 3 * 1000);
    gonet_error_free(err);
}

static void test_auto(void **state)
{
    (void)state;
    GONET_AUTO(gonet_error_t) err = gonet_error_new("freed at the end of the scope");
    assert_non_null(err);
}

static void test_unknown_network(void **state)
{
    (void)state;
    gonet_error_t *err = gonet__unknown_network_error("tcp5");
    gonet_error_t *same = gonet__unknown_network_error("tcp5");
    gonet_error_t *other = gonet__unknown_network_error("");
    gonet_error_t *kind = gonet__invalid_addr_error("unknown network tcp5");
    assert_string_equal(gonet_error_string(err), "unknown network tcp5");
    assert_string_equal(gonet_error_as_unknown_network(err)->network, "tcp5");
    assert_string_equal(gonet_error_string(other), "unknown network ");
    assert_true(gonet_error_is(err, same)); /* strings in Go: compared by value */
    assert_false(gonet_error_is(err, other));
    assert_false(gonet_error_is(err, kind));
    assert_false(gonet_error_timeout(err));
    assert_false(gonet_error_temporary(err));
    assert_true(gonet__error_has_timeout(err));
    assert_null(gonet_error_as_invalid_addr(err));
    gonet_error_free(err);
    gonet_error_free(same);
    gonet_error_free(other);
    gonet_error_free(kind);
}

static void test_invalid_addr(void **state)
{
    (void)state;
    gonet_error_t *err = gonet__invalid_addr_error("bad");
    assert_string_equal(gonet_error_string(err), "bad");
    assert_string_equal(gonet_error_as_invalid_addr(err)->text, "bad");
    assert_null(gonet_error_as_unknown_network(err));
    gonet_error_free(err);
}

static void test_dns_config(void **state)
{
    (void)state;
    gonet_error_t *err = gonet__dns_config_error(gonet_error_new("no file"));
    assert_string_equal(gonet_error_string(err), "error reading DNS config: no file");
    assert_ptr_equal(gonet_error_as_dns_config(err)->err, gonet_error_unwrap(err));
    assert_false(gonet_error_timeout(err));
    assert_false(gonet_error_temporary(err));
    gonet_error_free(err);
}

static void dns_error(vec_row_t *row)
{
    gonet_error_t *err =
        gonet__dns_error(row->field[0], row->field[1], row->field[2], vec_is(row, 3, "1"),
                         vec_is(row, 4, "1"), vec_is(row, 5, "1"), NULL);
    const gonet_dns_error_t *view = gonet_error_as_dns(err);

    vec_text(row, 0, view->err);
    vec_text(row, 1, view->name);
    vec_text(row, 2, view->server);
    vec_int(row, 3, view->is_timeout);
    vec_int(row, 4, view->is_temporary);
    vec_int(row, 5, view->is_not_found);
    vec_text(row, 6, gonet_error_string(err));
    vec_int(row, 7, gonet_error_timeout(err));
    vec_int(row, 8, gonet_error_temporary(err));
    gonet_error_free(err);
}

static void test_dns_vectors(void **state)
{
    (void)state;
    assert_int_equal(vec_run("dns_error", 9, dns_error), 0);
}

/* behaviour 1.18 */
static void test_dns_from_cause(void **state)
{
    (void)state;
    gonet_error_t *err = gonet__dns_error_from(gonet__err_dial_timeout, "h", "");
    const gonet_dns_error_t *view = gonet_error_as_dns(err);
    assert_string_equal(gonet_error_string(err), "lookup h: i/o timeout");
    assert_true(view->is_timeout && view->is_temporary && !view->is_not_found);
    assert_ptr_equal(view->unwrap_err, gonet__err_dial_timeout);
    assert_true(gonet_error_is(err, gonet_err_context_deadline_exceeded));
    gonet_error_free(err);

    err = gonet__dns_error_from(gonet__err_dial_canceled, "h", "1.1.1.1:53");
    view = gonet_error_as_dns(err);
    assert_string_equal(gonet_error_string(err), "lookup h on 1.1.1.1:53: operation was canceled");
    assert_false(view->is_timeout || view->is_temporary);
    assert_true(gonet_error_is(err, gonet_err_canceled));
    gonet_error_free(err);

    /* Only one of the predicates: neither is asked. */
    err = gonet__dns_error_from(gonet_syscall_error_new("read", ETIMEDOUT), "h", "");
    view = gonet_error_as_dns(err);
    assert_false(view->is_timeout || view->is_temporary);
    assert_null(view->unwrap_err);
    assert_null(gonet_error_unwrap(err));
    gonet_error_free(err);

    err = gonet__dns_error_from(gonet_errno_error(ETIMEDOUT), "h", "");
    assert_true(gonet_error_timeout(err));
    assert_false(gonet_error_is_errno(err, ETIMEDOUT));
    gonet_error_free(err);

    err = gonet__dns_error_from(gonet_error_new("server misbehaving"), "h", "s");
    assert_string_equal(gonet_error_string(err), "lookup h on s: server misbehaving");
    gonet_error_free(err);
}

static void test_map_context_error(void **state)
{
    (void)state;
    assert_ptr_equal(gonet__map_context_error(gonet_err_canceled), gonet__err_dial_canceled);
    assert_ptr_equal(gonet__map_context_error(gonet_err_context_deadline_exceeded),
                     gonet__err_dial_timeout);
    assert_ptr_equal(gonet__map_context_error(gonet_eof), gonet_eof);
    assert_null(gonet__map_context_error(NULL));
}

/* Constructors, each run with its n-th allocation failing, for every n. */
static gonet_error_t *make_new(void)
{
    return gonet_error_new("text");
}

static gonet_error_t *make_errorf(void)
{
    return gonet_error_errorf(gonet_error_new("inner"), "outer %0200d", 1);
}

static gonet_error_t *make_plain_errorf(void)
{
    return gonet_error_errorf(NULL, "%s", "alone");
}

static gonet_error_t *make_errno(void)
{
    return gonet_errno_error(4711);
}

static gonet_error_t *make_syscall(void)
{
    return gonet_syscall_error_new("connect", 4711);
}

static gonet_error_t *make_dns(void)
{
    return gonet__dns_error("e", "n", "s", false, false, false, gonet_error_new("cause"));
}

static gonet_error_t *make_dns_from(void)
{
    return gonet__dns_error_from(gonet_error_errorf(gonet_err_canceled, "x"), "n", "s");
}

static gonet_error_t *make_dns_config(void)
{
    return gonet__dns_config_error(gonet_error_new("cause"));
}

static gonet_error_t *make_unknown_network(void)
{
    return gonet__unknown_network_error("x");
}

static gonet_error_t *make_invalid_addr(void)
{
    return gonet__invalid_addr_error("x");
}

static gonet_error_t *make_wrap(void)
{
    gonet_error_t *err = gonet_error_new("cause");

    gonet_error_wrap(&err, "outer");
    return err;
}

static const struct {
    const char *what;
    gonet_error_t *(*make)(void);
} makers[] = {
    {"new", make_new},
    {"errorf", make_errorf},
    {"errorf without a cause", make_plain_errorf},
    {"wrap", make_wrap},
    {"errno", make_errno},
    {"syscall", make_syscall},
    {"dns", make_dns},
    {"dns from a cause", make_dns_from},
    {"dns config", make_dns_config},
    {"unknown network", make_unknown_network},
    {"invalid addr", make_invalid_addr},
};

static void test_without_memory(void **state)
{
    const __typeof__(makers[0]) *row = *state;
    bool failed = true;

    for (long n = 1; failed; n++) {
        gonet__alloc_fail_at(n, 1);
        gonet_error_t *err = row->make();
        failed = gonet__alloc_failed() > 0;
        gonet__alloc_fail_at(0, 0);
        assert_non_null(err);
        /* With a cause that is no_memory itself the object can be whole; the last one always is. */
        if (failed)
            assert_true(gonet_error_is(err, gonet_err_no_memory));
        else
            assert_false(gonet_error_is(err, gonet_err_no_memory));
        gonet_error_free(err);
        assert_int_equal(gonet__alloc_live(), 0);
        assert_true(n < 20);
    }
}

static void test_impossible_size(void **state)
{
    (void)state;
    static const gonet__error_vtable_t vtable = {.type = "test"};
    gonet_error_t *cause = gonet_error_new("cause");
    assert_null(gonet__error_alloc(&vtable, sizeof(gonet_error_t), SIZE_MAX, cause, NULL));
    gonet_error_t *err = gonet__error_alloc(&vtable, sizeof(gonet_error_t), 0, NULL, NULL);
    assert_string_equal(gonet_error_string(err), "");
    gonet_error_free(err);
}

int main(void)
{
    TABLE_ADD(test_errno_texts);
    TABLE_ADD(test_errno_identity);
    TABLE_ADD_ALL("errno", errnos, what, test_errno_kind);
    TABLE_ADD(test_syscall_error);
    TABLE_ADD_ALL("sentinel", sentinels, text, test_sentinel);
    TABLE_ADD(test_no_memory);
    TABLE_ADD(test_null);
    TABLE_ADD(test_new_and_errorf);
    TABLE_ADD(test_wrap);
    TABLE_ADD(test_wrap_by_hand);
    TABLE_ADD(test_predicates_through_wrapping);
    TABLE_ADD(test_references);
    TABLE_ADD(test_long_chain);
    TABLE_ADD(test_auto);
    TABLE_ADD(test_unknown_network);
    TABLE_ADD(test_invalid_addr);
    TABLE_ADD(test_dns_config);
    TABLE_ADD(test_dns_vectors);
    TABLE_ADD(test_dns_from_cause);
    TABLE_ADD(test_map_context_error);
    TABLE_ADD_ALL("without memory", makers, what, test_without_memory);
    TABLE_ADD(test_impossible_size);
    return table_run("error");
}
