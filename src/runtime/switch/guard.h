/*
 * The guard below a stack: address space that faults, wide enough that a frame which is larger than
 * the rest of the stack seldom gets beyond it.
 */
#ifndef GONET_RUNTIME_SWITCH_GUARD_H
#define GONET_RUNTIME_SWITCH_GUARD_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    GONET__GUARD_NONE,   /* none could be had: the address space below the stack is merely unused */
    GONET__GUARD_MARKED, /* costs no mapping */
    GONET__GUARD_MAPPED  /* costs two mappings, which are counted */
} gonet__guard_t;

/* gonet__guard_size returns the guard's size: 64 KiB, or a page that is larger. */
size_t gonet__guard_size(void);

/* The others are called under one lock, the one of stack.c. gonet__guard_make makes the
 * gonet__guard_size() bytes from base on a guard. */
gonet__guard_t gonet__guard_make(char *base);

/* gonet__guard_unmapped counts a guard that is gone with its mapping. */
void gonet__guard_unmapped(gonet__guard_t guard);

/* gonet__guard_forget: no guard is left. */
void gonet__guard_forget(void);

#endif
