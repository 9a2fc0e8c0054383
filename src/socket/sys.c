/*
 * The seam's switch for tests: which call is to fail, and with what. Any thread; in release builds
 * there is nothing here.
 */
#include "socket/sys.h"

#ifdef GONET_TEST_HOOKS

#include <stdatomic.h>

#include "gonet/errno.h"

static _Atomic int failing; /* the kind of call */
static _Atomic long countdown;
static _Atomic int error_number;
static _Atomic long failed;

void gonet__sys_fail_at(gonet__sys_call_t call, long n, int errnum)
{
    atomic_store(&countdown, 0);
    atomic_store(&failing, (int)call);
    atomic_store(&error_number, errnum);
    atomic_store(&failed, 0);
    atomic_store(&countdown, n);
}

long gonet__sys_failed(void)
{
    return atomic_load(&failed);
}

long gonet__sys_left(void)
{
    return atomic_load(&countdown);
}

bool gonet__sys_fails(gonet__sys_call_t call)
{
    int which = atomic_load(&failing);
    int number;

    if (atomic_load(&countdown) <= 0 || (which != GONET__SYS_ANY && which != (int)call))
        return false;
    if (atomic_fetch_sub(&countdown, 1) != 1)
        return false;
    atomic_fetch_add(&failed, 1);
    number = atomic_load(&error_number);
    errno = number;
    return true;
}

#else

/* An empty translation unit is not C. */
typedef int gonet__sys_nothing_here_t;

#endif
