/*
 * The switch for every other processor, on POSIX ucontext: slow (two system calls), but portable. A
 * suspended context's ucontext_t lies on its own stack.
 */
#include "runtime/switch.h"

#include <stdint.h>
#include <string.h>
#include <ucontext.h>

void gonet__switch(void **save, void *to)
{
    ucontext_t here;

    *save = &here;
    swapcontext(&here, to);
}

/* makecontext passes ints: the two pointers come in halves. */
static void start(unsigned e1, unsigned e2, unsigned a1, unsigned a2)
{
    void (*entry)(void *arg) = (void (*)(void *))(((uintptr_t)e1 << 16 << 16) | e2);

    entry((void *)(((uintptr_t)a1 << 16 << 16) | a2));
}

void *gonet__switch_make(char *low, char *high, void (*entry)(void *arg), void *arg)
{
    ucontext_t *c = (ucontext_t *)(void *)(((uintptr_t)high - sizeof(*c)) & ~(uintptr_t)63);
    uintptr_t e = (uintptr_t)entry;
    uintptr_t a = (uintptr_t)arg;

    getcontext(c);
    c->uc_stack.ss_sp = low;
    c->uc_stack.ss_size = (size_t)((char *)c - low);
    c->uc_link = NULL;
    makecontext(c, (void (*)(void))start, 4, (unsigned)(e >> 16 >> 16), (unsigned)e,
                (unsigned)(a >> 16 >> 16), (unsigned)a);
    return c;
}
