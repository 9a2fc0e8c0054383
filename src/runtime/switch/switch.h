/*
 * Context switch: a function by the calling convention (switch_entry.S) for x86-64 and aarch64,
 * POSIX ucontext for the rest (or with -DGONET_SWITCH=ucontext).
 */
#ifndef GONET_RUNTIME_SWITCH_SWITCH_H
#define GONET_RUNTIME_SWITCH_SWITCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#if (!defined(__x86_64__) && !defined(__aarch64__)) || defined(GONET_SWITCH_UCONTEXT)
#define GONET__SWITCH_PORTABLE
#endif

#ifndef GONET__SWITCH_PORTABLE

/* A suspended context; what else the convention keeps lies on its stack. */
typedef struct {
    void *sp;
    void *pc; /* where it goes on */
    void *fp;
} gonet__context_t;

#else

#include <ucontext.h>

typedef struct {
    ucontext_t *sp; /* lies on the suspended stack */
} gonet__context_t;

#endif

/* gonet__switch suspends the caller in *from and resumes *to. */
void gonet__switch(gonet__context_t *from, gonet__context_t *to);

/*
 * gonet__switch_last leaves the caller's context for good and resumes *to. A jump, and inline: a
 * call that nothing returns from would put the prediction of all later returns out of step.
 */
__attribute__((noreturn)) GONET__INLINE void gonet__switch_last(gonet__context_t *to)
{
#if defined(GONET__SWITCH_PORTABLE)
    setcontext(to->sp);
#elif defined(__x86_64__)
    __asm__ volatile("movq 16(%0), %%rbp\n\t"
                     "movq 0(%0), %%rsp\n\t"
                     "jmpq *8(%0)"
                     :
                     : "a"(to)
                     : "memory");
#else
    register gonet__context_t *x0 __asm__("x0") = to;

    __asm__ volatile("ldr x29, [%0, #16]\n\t"
                     "ldp x9, x10, [%0]\n\t"
                     "mov sp, x9\n\t"
                     "br x10"
                     :
                     : "r"(x0)
                     : "memory");
#endif
    __builtin_unreachable();
}

/*
 * gonet__switch_make prepares *c to call entry(arg) on the stack [low, high) when it is first
 * resumed. entry never returns. high is aligned to 16.
 */
void gonet__switch_make(gonet__context_t *c, char *low, char *high, void (*entry)(void *arg),
                        void *arg);

#endif
