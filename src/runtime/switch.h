/*
 * Context switch: saves what the ABI says a called function must preserve, and goes on elsewhere.
 * x86-64 and aarch64 in assembly, ucontext for the rest (or with -DGONET_SWITCH=ucontext).
 */
#ifndef GONET_RUNTIME_SWITCH_H
#define GONET_RUNTIME_SWITCH_H

#include <stddef.h>

/* gonet__switch suspends the caller, stores where in *save, and resumes the context to. */
void gonet__switch(void **save, void *to);

/*
 * gonet__switch_make prepares a context that calls entry(arg) on the stack [low, high) when it is
 * first switched to. entry never returns. high is aligned to 16.
 */
void *gonet__switch_make(char *low, char *high, void (*entry)(void *arg), void *arg);

#endif
