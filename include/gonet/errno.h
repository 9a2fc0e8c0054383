/*
 * errno in tasks. A task that waits may go on in another thread, and a thread's errno is elsewhere.
 * Compilers don't know: the C library promises them that it is always in the same place, so that a
 * loop around a call that parks may ask once and look at another thread's errno from then on. So
 * all of the library's headers include this one, which makes errno ask each time. It may come
 * before or after <errno.h>, which it includes.
 *
 * A source file that includes none of these headers, but runs in tasks, has the C library's errno.
 * With GCC and Clang the option -D__const__=__unused__ takes the promise away there, too.
 */
#ifndef GONET_ERRNO_H
#define GONET_ERRNO_H

#include <errno.h>

#include "gonet/export.h"

GONET_BEGIN_DECLS

/*
 * gonet_errno_location tells where errno is: that of the thread in which the caller is running. The
 * address holds until the caller parks; errno itself stays the task's across calls that park.
 *
 * Parks:    never.
 * Returns:  the thread's own; never NULL.
 * Threads:  any task or thread.
 */
GONET_API int *gonet_errno_location(void);

#undef errno
#define errno (*gonet_errno_location())

GONET_END_DECLS

#endif
