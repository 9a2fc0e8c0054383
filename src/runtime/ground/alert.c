/*
 * The word that calls look at. See alert.h.
 */
#include "runtime/ground/alert.h"

_Atomic uint32_t gonet__alert;
