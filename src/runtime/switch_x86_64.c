/*
 * The first frame of a new context on x86-64; see switch_x86_64.S for its layout.
 */
#include "runtime/switch.h"

#include <stdint.h>

extern void gonet__switch_entry(void);

void *gonet__switch_make(char *low, char *high, void (*entry)(void *arg), void *arg)
{
    uintptr_t *sp = (uintptr_t *)(void *)high;

    (void)low;
    *--sp = 0; /* keeps the stack aligned to 16 where entry is called */
    *--sp = 0;
    *--sp = (uintptr_t)gonet__switch_entry;
    *--sp = 0;                /* rbp */
    *--sp = 0;                /* rbx */
    *--sp = (uintptr_t)entry; /* r12 */
    *--sp = (uintptr_t)arg;   /* r13 */
    *--sp = 0;                /* r14 */
    *--sp = 0;                /* r15 */
    return sp;
}
