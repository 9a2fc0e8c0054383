/*
 * Where errno is, for code that may have come to another thread since it asked last.
 */
#include "gonet/errno.h"

#include "base/compiler.h"

/* Opaque, for what stands in here would remind the compiler of the C library's promise. */
GONET__OPAQUE int *gonet_errno_location(void)
{
    return __errno_location();
}
