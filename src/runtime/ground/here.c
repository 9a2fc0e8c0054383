/*
 * Where the caller is, in C: for the processors whose way to thread-local words here.h does not
 * know.
 */
#include "runtime/ground/here.h"

#include "base/compiler.h"

#ifdef GONET__LOCAL_IN_C
static _Thread_local gonet__local_t words;

GONET__OPAQUE gonet__local_t *gonet__local(void)
{
    return &words;
}
#endif
