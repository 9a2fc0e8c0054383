/*
 * Context switch, inline: it notes the stack, the frame pointer and where to go on, and tells the
 * compiler that everything else is lost; so only what is in use gets saved, and the return
 * predictor, which sees neither a call nor a return, stays right. The floating-point control words
 * are left alone. x86-64 and aarch64; POSIX ucontext for the rest (or with
 * -DGONET_SWITCH=ucontext).
 *
 * Files that include this are compiled without shadow stacks and red zones (see CMakeLists.txt).
 */
#ifndef GONET_RUNTIME_SWITCH_H
#define GONET_RUNTIME_SWITCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#if defined(__x86_64__) && !defined(GONET_SWITCH_UCONTEXT)

/* A suspended context. */
typedef struct {
    void *sp;
    void *pc;
    void *fp;
} gonet__context_t;

/* gonet__switch suspends the caller in *from and resumes *to. */
GONET__INLINE void gonet__switch(gonet__context_t *from, gonet__context_t *to)
{
    __asm__ volatile("movq %%rsp, 0(%0)\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "movq %%rax, 8(%0)\n\t"
                     "movq %%rbp, 16(%0)\n\t"
                     "movq 0(%1), %%rsp\n\t"
                     "movq 16(%1), %%rbp\n\t"
                     "jmp *8(%1)\n\t"
                     ".p2align 4\n"
                     "1:\n\t"
                     : "+D"(from), "+S"(to)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
                       "memory", "cc");
}

#elif defined(__aarch64__) && !defined(GONET_SWITCH_UCONTEXT)

typedef struct {
    void *sp;
    void *pc;
    void *fp;
} gonet__context_t;

GONET__INLINE void gonet__switch(gonet__context_t *from, gonet__context_t *to)
{
    register gonet__context_t *a __asm__("x0") = from;
    register gonet__context_t *b __asm__("x1") = to;

    __asm__ volatile("mov x9, sp\n\t"
                     "adr x10, 1f\n\t"
                     "stp x9, x10, [x0]\n\t"
                     "str x29, [x0, #16]\n\t"
                     "ldp x9, x10, [x1]\n\t"
                     "ldr x29, [x1, #16]\n\t"
                     "mov sp, x9\n\t"
                     "br x10\n"
                     "1:\n\t"
                     "hint #36\n\t" /* bti j */
                     : "+r"(a), "+r"(b)
                     :
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "x19", "x20", "x21", "x22", "x23", "x24", "x25",
                       "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
                       "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18",
                       "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",
                       "v30", "v31", "memory", "cc");
}

#else

#include <ucontext.h>

typedef struct {
    ucontext_t *sp; /* lies on the suspended stack */
} gonet__context_t;

void gonet__switch(gonet__context_t *from, gonet__context_t *to);

#endif

/*
 * gonet__switch_make prepares *c to call entry(arg) on the stack [low, high) when it is first
 * resumed. entry never returns. high is aligned to 16.
 */
void gonet__switch_make(gonet__context_t *c, char *low, char *high, void (*entry)(void *arg),
                        void *arg);

#endif
