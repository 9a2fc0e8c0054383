/*
 * Values in every class of register that the compiler may use, kept across context switches: one
 * build of switch_values.c for each kind of processor and each level of optimisation, and a program
 * that runs them.
 */
#ifndef TESTS_SWITCH_VALUES_H
#define TESTS_SWITCH_VALUES_H

#include "runtime/switch/annotate.h"
#include "runtime/switch/switch.h"

/* One of two contexts that switch to each other. */
typedef struct values_side {
    gonet__context_t context;
    gonet__annotation_t tool;
    struct values_side *other;
    unsigned seed;
    int wrong; /* values that came back changed */
} values_side_t;

/* Where a context comes from; it is entered by a switch. */
extern gonet__annotation_t *values_left;

GONET__INLINE void values_hop(values_side_t *self)
{
    values_left = &self->tool;
    gonet__annotate_leave(&self->tool, &self->other->tool, 0);
    gonet__switch(&self->context, &self->other->context);
    gonet__annotate_enter(&self->tool, values_left);
}

/* values_bytes returns 64 bytes made from seed and number. */
const void *values_bytes(unsigned seed, unsigned number);

/* One build: keeps values of one class after the other across switches to the other side, and
 * counts those that changed. */
typedef void values_keep_fn(values_side_t *self);

#endif
