/*
 * Errors say what happened, in Go's words: an error is an immutable, counted object with a text,
 * predicates and, where it wraps another one, a cause.
 *
 * The error parameter of the library's calls is in and out: declare it "= NULL", and pass it to
 * call after call. A call releases what is there and stores NULL or the new error. NULL instead of
 * a pointer means "don't tell me". gonet_error_wrap says more about an error before it goes on:
 *
 *   static gonet_conn_t *backend(gonet_error_t **err)
 *   {
 *       gonet_conn_t *c = gonet_dial("tcp", "10.0.0.1:80", err);
 *
 *       if (c == NULL)
 *           gonet_error_wrap(err, "connect to backend");
 *       return c;
 *   }
 *
 * prints "connect to backend: dial tcp 10.0.0.1:80: connect: connection refused".
 *
 * A variable that was not set to NULL holds whatever lay there. The first call that is to release
 * that ends the program, with a line that says so, wherever it can be told from an error; a debug
 * build of the library tells it from what is no memory at all, too.
 */
#ifndef GONET_ERROR_H
#define GONET_ERROR_H

#include <stdarg.h>

#include "gonet/errno.h"
#include "gonet/export.h"

GONET_BEGIN_DECLS

/* gonet_error_t is any error. Go: the error interface, and net.Error. */
typedef struct gonet_error gonet_error_t;

/* gonet_error_string returns the text; it lives as long as err. "<nil>" for NULL. Go: Error(). */
GONET_API const char *gonet_error_string(const gonet_error_t *err);

/*
 * gonet_error_timeout says whether err is a timeout; it looks through the wrapping that
 * gonet_error_errorf makes, as errors.As(err, &netErr) does. NULL: false. Go: net.Error's
 * Timeout().
 */
GONET_API bool gonet_error_timeout(const gonet_error_t *err);

/* gonet_error_temporary: the same for Go's Temporary(). */
GONET_API bool gonet_error_temporary(const gonet_error_t *err);

/* gonet_error_unwrap returns what err wraps, borrowed from err, or NULL. Go: errors.Unwrap. */
GONET_API const gonet_error_t *gonet_error_unwrap(const gonet_error_t *err);

/* gonet_error_is says whether err or anything it wraps is target. Go: errors.Is. */
GONET_API bool gonet_error_is(const gonet_error_t *err, const gonet_error_t *target);

/* gonet_error_is_errno says whether err or anything it wraps is that errno. Go: errors.Is(err,
 * syscall.E…). */
GONET_API bool gonet_error_is_errno(const gonet_error_t *err, int errnum);

/* gonet_error_ref adds an owner and returns err. An unwrapped (borrowed) error can be kept this
 * way, too. */
GONET_API gonet_error_t *gonet_error_ref(const gonet_error_t *err);

/* gonet_error_free drops an owner. NULL and the sentinels below are fine. */
GONET_API void gonet_error_free(gonet_error_t *err);

/*
 * gonet_error_set stores e in *err, releasing what was there. Whoever writes a function with an
 * error parameter ends with it. It takes e: when err is NULL, e is released. To say more about the
 * error that is in *err, call gonet_error_wrap.
 *
 * Parks:    never.
 * Threads:  any task or thread; *err is one's own.
 */
GONET_API void gonet_error_set(gonet_error_t **err, gonet_error_t *e);

/*
 * gonet_error_wrap puts the formatted text and ": " before the text of the error in *err. The new
 * error unwraps to the old one, so gonet_error_is, gonet_error_timeout and the gonet_error_as_
 * calls find in it what they found before. Nothing happens when there is no error (*err is NULL),
 * so it may follow a call that succeeded, and when err is NULL ("don't tell me"). The arguments may
 * be parts of the error: gonet_error_string(*err).
 *
 * Parks:    never.
 * Errors:   gonet_err_no_memory takes the place of both if memory is out.
 * Threads:  any task or thread; *err is one's own.
 * Example:  examples/wrap_error.c
 * Go:       err = fmt.Errorf("…: %w", err)
 */
GONET_API void gonet_error_wrap(gonet_error_t **err, const char *format, ...) GONET_PRINTF(2, 3);

/*
 * gonet_error_vwrap is gonet_error_wrap for a function that has the arguments as a va_list: a
 * wrapper of one's own. args is used up.
 *
 * Parks:    never.
 * Errors:   gonet_err_no_memory takes the place of both if memory is out.
 * Threads:  any task or thread; *err is one's own.
 */
GONET_API void gonet_error_vwrap(gonet_error_t **err, const char *format, va_list args)
    GONET_PRINTF(2, 0);

/* gonet_error_new makes an error with a copy of text. gonet_err_no_memory if memory is out. Go:
 * errors.New. */
GONET_API gonet_error_t *gonet_error_new(const char *text);

/*
 * gonet_error_errorf makes an error with the formatted text; if wrapped is not NULL, ": " and its
 * text follow, and the result unwraps to it. Takes wrapped: who keeps it passes
 * gonet_error_ref(wrapped). An error that is in a variable is wrapped in place by gonet_error_wrap.
 *
 * Parks:    never.
 * Returns:  the error, to release with gonet_error_free; gonet_err_no_memory if memory is out.
 * Threads:  any task or thread.
 * Go:       fmt.Errorf("…: %w", wrapped)
 */
GONET_API gonet_error_t *gonet_error_errorf(gonet_error_t *wrapped, const char *format, ...)
    GONET_PRINTF(2, 3);

/*
 * gonet_error_verrorf is gonet_error_errorf for a function that has the arguments as a va_list.
 * Takes wrapped; args is used up.
 *
 * Parks:    never.
 * Returns:  the error, to release with gonet_error_free; gonet_err_no_memory if memory is out.
 * Threads:  any task or thread.
 */
GONET_API gonet_error_t *gonet_error_verrorf(gonet_error_t *wrapped, const char *format,
                                             va_list args) GONET_PRINTF(2, 0);

/*
 * gonet_errno_error returns the error of an errno value: "connection refused". It is static for
 * every value that Linux has; for another number it is a new one to release like any other ("errno
 * 4711"). Go: syscall.Errno.
 */
GONET_API gonet_error_t *gonet_errno_error(int errnum);

/* gonet_syscall_error_t is a failed system call, read-only. Go: os.SyscallError. */
typedef struct {
    const char *syscall;
    int errnum;
} gonet_syscall_error_t;

/* gonet_syscall_error_new makes "syscall: errno's text"; syscall is copied. Go: os.NewSyscallError.
 */
GONET_API gonet_error_t *gonet_syscall_error_new(const char *syscall, int errnum);

/* gonet_error_as_syscall returns the first SyscallError that err is or wraps, borrowed, or NULL.
 * Go: errors.As. */
GONET_API const gonet_syscall_error_t *gonet_error_as_syscall(const gonet_error_t *err);

/* gonet_dns_error_t is a failed lookup, read-only. Go: net.DNSError. */
typedef struct {
    const gonet_error_t *unwrap_err;
    const char *err;
    const char *name;
    const char *server;
    bool is_timeout;
    bool is_temporary;
    bool is_not_found;
} gonet_dns_error_t;

/* gonet_error_as_dns: the first DNSError that err is or wraps, borrowed, or NULL. */
GONET_API const gonet_dns_error_t *gonet_error_as_dns(const gonet_error_t *err);

/* gonet_dns_config_error_t is kept for completeness; nothing makes one. Go: net.DNSConfigError. */
typedef struct {
    const gonet_error_t *err;
} gonet_dns_config_error_t;

/* gonet_error_as_dns_config: the first DNSConfigError that err is or wraps, borrowed, or NULL. */
GONET_API const gonet_dns_config_error_t *gonet_error_as_dns_config(const gonet_error_t *err);

/* gonet_unknown_network_error_t: "unknown network NAME", read-only. Go: net.UnknownNetworkError. */
typedef struct {
    const char *network;
} gonet_unknown_network_error_t;

/* gonet_error_as_unknown_network: the first UnknownNetworkError that err is or wraps, borrowed, or
 * NULL. */
GONET_API const gonet_unknown_network_error_t *gonet_error_as_unknown_network(
    const gonet_error_t *err);

/* gonet_invalid_addr_error_t prints as its text, read-only. Go: net.InvalidAddrError. */
typedef struct {
    const char *text;
} gonet_invalid_addr_error_t;

/* gonet_error_as_invalid_addr: the first InvalidAddrError that err is or wraps, borrowed, or NULL.
 */
GONET_API const gonet_invalid_addr_error_t *gonet_error_as_invalid_addr(const gonet_error_t *err);

/*
 * Sentinels: static, compared with == where Go's are. They need no release.
 */
GONET_API extern gonet_error_t *const gonet_eof;                    /* io.EOF */
GONET_API extern gonet_error_t *const gonet_err_unexpected_eof;     /* io.ErrUnexpectedEOF */
GONET_API extern gonet_error_t *const gonet_err_short_write;        /* io.ErrShortWrite */
GONET_API extern gonet_error_t *const gonet_err_short_buffer;       /* io.ErrShortBuffer */
GONET_API extern gonet_error_t *const gonet_err_closed_pipe;        /* io.ErrClosedPipe */
GONET_API extern gonet_error_t *const gonet_err_closed;             /* net.ErrClosed */
GONET_API extern gonet_error_t *const gonet_err_write_to_connected; /* net.ErrWriteToConnected */
GONET_API extern gonet_error_t *const gonet_err_unsupported;        /* errors.ErrUnsupported */
GONET_API extern gonet_error_t *const gonet_err_permission;         /* fs.ErrPermission */
GONET_API extern gonet_error_t *const gonet_err_exist;              /* fs.ErrExist */
GONET_API extern gonet_error_t *const gonet_err_not_exist;          /* fs.ErrNotExist */
GONET_API extern gonet_error_t *const gonet_err_deadline_exceeded;  /* os.ErrDeadlineExceeded */
GONET_API extern gonet_error_t *const gonet_err_canceled;           /* context.Canceled */
GONET_API extern gonet_error_t
    *const gonet_err_context_deadline_exceeded;            /* context.DeadlineExceeded */
GONET_API extern gonet_error_t *const gonet_err_no_memory; /* memory is out */

GONET_DEFINE_AUTO(gonet_error_t, gonet_error_free)

GONET_END_DECLS

#endif
