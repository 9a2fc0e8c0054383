/*
 * The sentinels: static errors that are told apart by their address. Their types differ in the
 * predicates that Go's offer, which an OpError around them asks for (behaviour 1.20 to 1.25).
 */
#include "error/error.h"

#include "gonet/errno.h"

static bool yes(const gonet_error_t *err)
{
    (void)err;
    return true;
}

static bool no(const gonet_error_t *err)
{
    (void)err;
    return false;
}

static bool dial_timeout_is(const gonet_error_t *err, const gonet_error_t *target)
{
    (void)err;
    return target == gonet_err_context_deadline_exceeded;
}

static bool dial_canceled_is(const gonet_error_t *err, const gonet_error_t *target)
{
    (void)err;
    return target == gonet_err_canceled;
}

static bool no_memory_is(const gonet_error_t *err, const gonet_error_t *target)
{
    (void)err;
    return target == gonet_errno_error(ENOMEM);
}

/* errors.New: a text, no predicates. */
static const gonet__error_vtable_t plain = {.type = "error"};
static const gonet__error_vtable_t closed = {
    .type = "errNetClosing", .timeout = no, .temporary = no};
static const gonet__error_vtable_t late = {.type = "deadline", .timeout = yes, .temporary = yes};
static const gonet__error_vtable_t dial_late = {
    .type = "timeoutError", .is = dial_timeout_is, .timeout = yes, .temporary = yes};
static const gonet__error_vtable_t dial_off = {.type = "canceledError", .is = dial_canceled_is};
static const gonet__error_vtable_t no_memory = {.type = "error", .is = no_memory_is};

#define SENTINEL(name, kind, words)                                           \
    static gonet_error_t name##_object = GONET__ERROR_INIT(&(kind), (words)); \
    gonet_error_t *const name = &name##_object

SENTINEL(gonet_eof, plain, "EOF");
SENTINEL(gonet_err_unexpected_eof, plain, "unexpected EOF");
SENTINEL(gonet_err_short_write, plain, "short write");
SENTINEL(gonet_err_short_buffer, plain, "short buffer");
SENTINEL(gonet_err_closed_pipe, plain, "io: read/write on closed pipe");
SENTINEL(gonet_err_closed, closed, "use of closed network connection");
SENTINEL(gonet_err_write_to_connected, plain, "use of WriteTo with pre-connected connection");
SENTINEL(gonet_err_unsupported, plain, "unsupported operation");
SENTINEL(gonet_err_permission, plain, "permission denied");
SENTINEL(gonet_err_exist, plain, "file already exists");
SENTINEL(gonet_err_not_exist, plain, "file does not exist");
SENTINEL(gonet_err_deadline_exceeded, late, "i/o timeout");
SENTINEL(gonet_err_canceled, plain, "context canceled");
SENTINEL(gonet_err_context_deadline_exceeded, late, "context deadline exceeded");
SENTINEL(gonet_err_no_memory, no_memory, "cannot allocate memory");

SENTINEL(gonet__err_dial_timeout, dial_late, "i/o timeout");
SENTINEL(gonet__err_dial_canceled, dial_off, "operation was canceled");
SENTINEL(gonet__err_missing_address, plain, "missing address");
SENTINEL(gonet__err_no_deadline, plain, "file type does not support deadline");
SENTINEL(gonet__err_not_pollable, plain, "not pollable");
SENTINEL(gonet__err_unsupported_file, plain, "waiting for unsupported file type");

gonet_error_t *gonet__map_context_error(gonet_error_t *err)
{
    if (err == gonet_err_canceled)
        return gonet__err_dial_canceled;
    if (err == gonet_err_context_deadline_exceeded)
        return gonet__err_dial_timeout;
    return err;
}
