/*
 * From the reason why an operation failed to the error object that Go has for it. Only errnos get
 * the system call's name; what comes from waiting is a sentinel.
 */
#include "socket/fd.h"

#include "runtime/sync/context_run.h"

gonet_error_t *gonet__fail_error(const gonet__fail_t *fail)
{
    switch (fail->kind) {
    case GONET__FAIL_NONE:
        return NULL;
    case GONET__FAIL_EOF:
        return gonet_eof;
    case GONET__FAIL_CLOSED:
        return gonet_err_closed;
    case GONET__FAIL_TIMEOUT:
        return gonet_err_deadline_exceeded;
    case GONET__FAIL_CANCELED:
        return gonet__under_error();
    case GONET__FAIL_NOT_POLLABLE:
        return gonet__err_not_pollable;
    case GONET__FAIL_UNEXPECTED_EOF:
        return gonet_err_unexpected_eof;
    case GONET__FAIL_NO_MEMORY:
        return gonet_err_no_memory;
    case GONET__FAIL_ERRNO:
        return gonet_errno_error(fail->errnum);
    case GONET__FAIL_SYSCALL:
        return gonet_syscall_error_new(fail->syscall, fail->errnum);
    }
    return NULL;
}
