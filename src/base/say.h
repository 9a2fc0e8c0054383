/*
 * What the library says on standard error: reports, panics, settings that can't be used.
 *
 * A process can be started without standard error (2>&-). The next file that the program opens then
 * has its number, and a report would be written into that. So a process that had no standard error
 * when the library was loaded is told nothing. What a program has put at number 2 later, in the
 * place of a standard error that there was, is where it wants to have the reports.
 */
#ifndef GONET_BASE_SAY_H
#define GONET_BASE_SAY_H

#include <stddef.h>
#include <stdio.h>

#include "gonet/export.h"

/* gonet__stderr returns stderr, or NULL if there is no standard error. */
FILE *gonet__stderr(void);

/* gonet__say prints to standard error, if there is one. errno stays as it was. */
void gonet__say(const char *format, ...) GONET_PRINTF(1, 2);

/* gonet__say_bytes writes the n bytes at p to standard error, if there is one. Async-signal-safe.
 */
void gonet__say_bytes(const char *p, size_t n);

#endif
