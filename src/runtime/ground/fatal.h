/*
 * The end of a program that broke a rule: one line on standard error, in Go's words, and abort.
 */
#ifndef GONET_RUNTIME_GROUND_FATAL_H
#define GONET_RUNTIME_GROUND_FATAL_H

#include <stdlib.h>

#include "base/say.h"

/* gonet__fatal prints text ("fatal error: …") and aborts. */
_Noreturn static inline void gonet__fatal(const char *text)
{
    gonet__say("%s\n", text);
    abort();
}

#endif
