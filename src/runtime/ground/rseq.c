/*
 * The kernel takes a registration back for the very arguments it was made with.
 */
#include "runtime/ground/rseq.h"

#ifdef GONET__HAVE_RSEQ

#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/setting.h"

static char *thread_pointer(void)
{
#if defined(__x86_64__)
    char *p;

    __asm__("mov %%fs:0, %0" : "=r"(p));
    return p;
#else
    return __builtin_thread_pointer();
#endif
}

void gonet__rseq_leave(void)
{
    static const char *const off_on[] = {"0", "1", NULL};

    if (__rseq_size == 0 || gonet__setting_word(GONET__SETTING_RSEQ, off_on) == 1)
        return;
    /* It stays if it was registered with another length, which does no harm. */
    (void)syscall(SYS_rseq, thread_pointer() + __rseq_offset, sizeof(struct rseq),
                  RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
}

#else

void gonet__rseq_leave(void)
{
}

#endif
