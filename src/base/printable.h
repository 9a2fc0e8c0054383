/*
 * What counts as printable when a text is quoted in an error.
 */
#ifndef GONET_BASE_PRINTABLE_H
#define GONET_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stdint.h>

/* gonet__is_print says whether the character c is printable. Go: strconv.IsPrint. */
bool gonet__is_print(uint32_t c);

#endif
