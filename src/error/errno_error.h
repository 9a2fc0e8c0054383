/*
 * Errors that are a bare errno value. Go: syscall.Errno.
 */
#ifndef GONET_ERROR_ERRNO_ERROR_H
#define GONET_ERROR_ERRNO_ERROR_H

#include "error/error.h"

/* gonet__errno_of says whether err itself (not what it wraps) stands for an errno value, and which.
 */
bool gonet__errno_of(const gonet_error_t *err, int *errnum);

/* gonet__start_error returns why a task could not be started: the errno of gonet_go as an error. By
 * gonet_shutdown it is the closed one. */
gonet_error_t *gonet__start_error(int errnum);

#endif
