/*
 * The first frame of a new context; and the whole switch where there is no assembly for the
 * processor: ucontext, two system calls, but portable.
 */
#include "runtime/switch/switch.h"

#include <string.h>

#ifndef GONET__SWITCH_PORTABLE

extern void gonet__switch_entry(void);

void gonet__switch_make(gonet__context_t *c, char *low, char *high, void (*entry)(void *arg),
                        void *arg)
{
    uintptr_t *sp = (uintptr_t *)(void *)high;

    (void)low;
    *--sp = 0;
    *--sp = 0;
    *--sp = (uintptr_t)arg;
    *--sp = (uintptr_t)entry;
    c->sp = sp;
    c->pc = (void *)gonet__switch_entry;
    c->fp = NULL;
}

#else

void gonet__switch(gonet__context_t *from, gonet__context_t *to)
{
    ucontext_t here;

    from->sp = &here;
    swapcontext(&here, to->sp);
}

/* makecontext passes ints: the two pointers come in halves. */
static void start(unsigned e1, unsigned e2, unsigned a1, unsigned a2)
{
    void (*entry)(void *arg) = (void (*)(void *))(((uintptr_t)e1 << 16 << 16) | e2);

    entry((void *)(((uintptr_t)a1 << 16 << 16) | a2));
}

void gonet__switch_make(gonet__context_t *c, char *low, char *high, void (*entry)(void *arg),
                        void *arg)
{
    ucontext_t *u = (ucontext_t *)(void *)(((uintptr_t)high - sizeof(*u)) & ~(uintptr_t)63);
    uintptr_t e = (uintptr_t)entry;
    uintptr_t a = (uintptr_t)arg;

    getcontext(u);
    u->uc_stack.ss_sp = low;
    u->uc_stack.ss_size = (size_t)((char *)u - low);
    u->uc_link = NULL;
    makecontext(u, (void (*)(void))start, 4, (unsigned)(e >> 16 >> 16), (unsigned)e,
                (unsigned)(a >> 16 >> 16), (unsigned)a);
    c->sp = u;
}

#endif
