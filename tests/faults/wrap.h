/*
 * What the wrapped calls ask: does this one fail?
 */
#ifndef TESTS_FAULTS_WRAP_H
#define TESTS_FAULTS_WRAP_H

#include "faults/fault.h"

/* fault_next counts a call: 0, the errno that it is to fail with, or FAULT_SHORT. */
int fault_next(fault_kind_t kind);

/* fault_cut says how much of len a storm lets a stream's call transfer. */
size_t fault_cut(fault_kind_t kind, size_t len);

#endif
