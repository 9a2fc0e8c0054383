/*
 * Errors that are just a text (errors.New), perhaps around another error (fmt.Errorf), and
 * SyscallError.
 */
#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "error/errno_error.h"

static const gonet__error_vtable_t text_vtable = {.type = "errorString"};
static const gonet__error_vtable_t wrap_vtable = {.type = "wrapError", .transparent = true};

/* Makes an error of n bytes of text around cause, which it takes. */
static gonet_error_t *with_text(const gonet__error_vtable_t *vtable, const char *text, size_t n,
                                gonet_error_t *cause)
{
    char *room;
    gonet_error_t *err = gonet__error_alloc(vtable, sizeof(gonet_error_t), n + 1, cause, &room);

    if (err == NULL)
        return gonet_err_no_memory;
    memcpy(room, text, n);
    err->text = room;
    return err;
}

gonet_error_t *gonet_error_new(const char *text)
{
    return with_text(&text_vtable, text, strlen(text), NULL);
}

gonet_error_t *gonet_error_verrorf(gonet_error_t *wrapped, const char *format, va_list args)
{
    gonet__buf_t text = {0};

    gonet__buf_vprintf(&text, format, args);
    if (wrapped != NULL) {
        gonet__buf_puts(&text, ": ");
        gonet__buf_puts(&text, wrapped->text);
    }
    gonet_error_t *err = gonet_err_no_memory;
    if (text.failed)
        gonet_error_free(wrapped);
    else
        err = with_text(wrapped != NULL ? &wrap_vtable : &text_vtable, text.p != NULL ? text.p : "",
                        text.len, wrapped);
    gonet__buf_free(&text);
    return err;
}

gonet_error_t *gonet_error_errorf(gonet_error_t *wrapped, const char *format, ...)
{
    gonet_error_t *err;
    va_list args;

    va_start(args, format);
    err = gonet_error_verrorf(wrapped, format, args);
    va_end(args);
    return err;
}

/* The reference that *err had goes into the new error, so there is none to release. */
void gonet_error_vwrap(gonet_error_t **err, const char *format, va_list args)
{
    if (err != NULL && *err != NULL)
        *err = gonet_error_verrorf(gonet__error_valid(*err), format, args);
}

void gonet_error_wrap(gonet_error_t **err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    gonet_error_vwrap(err, format, args);
    va_end(args);
}

typedef struct {
    gonet_error_t base;
    gonet_syscall_error_t view;
} syscall_error_t;

static const void *syscall_view(const gonet_error_t *err)
{
    return &((const syscall_error_t *)err)->view;
}

/* Go's has Timeout, which asks the errno, but no Temporary: so errors.As looks behind it for the
 * latter. */
static bool syscall_timeout(const gonet_error_t *err)
{
    return gonet_error_timeout(err->cause);
}

static const gonet__error_vtable_t syscall_vtable = {
    .type = "SyscallError",
    .view = syscall_view,
    .timeout = syscall_timeout,
    .transparent = true,
};

gonet_error_t *gonet_syscall_error_new(const char *syscall, int errnum)
{
    gonet_error_t *cause = gonet_errno_error(errnum);
    size_t name_len = strlen(syscall);
    size_t words_len = strlen(cause->text);
    char *room;
    /* The name twice, once within the text; ": " and two NULs. */
    gonet_error_t *err = gonet__error_alloc(&syscall_vtable, sizeof(syscall_error_t),
                                            2 * name_len + words_len + 4, cause, &room);

    if (err == NULL)
        return gonet_err_no_memory;
    syscall_error_t *self = (syscall_error_t *)err;
    memcpy(room, syscall, name_len + 1);
    self->view.syscall = room;
    self->view.errnum = errnum;
    room += name_len + 1;
    err->text = room;
    memcpy(room, syscall, name_len);
    memcpy(room + name_len, ": ", 2);
    memcpy(room + name_len + 2, cause->text, words_len + 1);
    return err;
}

const gonet_syscall_error_t *gonet_error_as_syscall(const gonet_error_t *err)
{
    err = gonet__error_as(err, &syscall_vtable);
    return err != NULL ? syscall_view(err) : NULL;
}
