/*
 * Context switch: a function by the calling convention (switch_entry.S) for x86-64 and aarch64,
 * POSIX ucontext for the rest (or with -DGONET_SWITCH=ucontext).
 */
#ifndef GONET_RUNTIME_SWITCH_H
#define GONET_RUNTIME_SWITCH_H

#include <stddef.h>
#include <stdint.h>

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(GONET_SWITCH_UCONTEXT)

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
 * gonet__switch_make prepares *c to call entry(arg) on the stack [low, high) when it is first
 * resumed. entry never returns. high is aligned to 16.
 */
void gonet__switch_make(gonet__context_t *c, char *low, char *high, void (*entry)(void *arg),
                        void *arg);

#endif
