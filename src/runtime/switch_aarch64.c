/*
 * The first frame of a new context on aarch64; see switch_aarch64.S for its layout.
 */
#include "runtime/switch.h"

#include <stdint.h>
#include <string.h>

extern void gonet__switch_entry(void);

void *gonet__switch_make(char *low, char *high, void (*entry)(void *arg), void *arg)
{
    uintptr_t *sp = (uintptr_t *)(void *)(high - 160);

    (void)low;
    memset(sp, 0, 160);
    sp[8] = (uintptr_t)entry;                /* x19 */
    sp[9] = (uintptr_t)arg;                  /* x20 */
    sp[19] = (uintptr_t)gonet__switch_entry; /* x30 */
    return sp;
}
