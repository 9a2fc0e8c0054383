/*
 * Errors say what happened, in Go's words: an error is an immutable, counted object with a text,
 * predicates and, where it wraps another one, a cause.
 *
 * The error parameter of the library's calls is in and out: declare it "= NULL", and pass it to
 * call after call. A call releases what is there and stores NULL or the new error. NULL instead of
 * a pointer means "don't tell me".
 */
#ifndef GONET_ERROR_H
#define GONET_ERROR_H

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
 * gonet_error_set stores e (may be NULL) in *err, releasing what was there. It takes e: when err is
 * NULL, e is released. Whoever writes a function with an error parameter ends with it.
 */
GONET_API void gonet_error_set(gonet_error_t **err, gonet_error_t *e);

/* gonet_error_new makes an error with a copy of text. gonet_err_no_memory if memory is out. Go:
 * errors.New. */
GONET_API gonet_error_t *gonet_error_new(const char *text);

/*
 * gonet_error_errorf makes an error with the formatted text; if wrapped is not NULL, ": " and its
 * text follow, and the result unwraps to it. Takes wrapped. gonet_err_no_memory if memory is out.
 * Go: fmt.Errorf("…: %w").
 */
GONET_API gonet_error_t *gonet_error_errorf(gonet_error_t *wrapped, const char *format, ...)
    GONET_PRINTF(2, 3);

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
