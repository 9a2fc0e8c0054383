/*
 * Bytes that tell their place, for streams of any length. They are copied from a table and compared
 * with it, a piece at a time: to compute and look at each byte by itself costs a sanitizer, and
 * the counts of a build for coverage, far more than to transfer it.
 */
#ifndef TESTS_SUPPORT_PATTERN_H
#define TESTS_SUPPORT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* pattern_fill makes the bytes of stream number stream, from its place at on. */
void pattern_fill(void *p, unsigned stream, size_t at, size_t len);

/* pattern_matches says whether these are the bytes that belong there. */
bool pattern_matches(const void *p, unsigned stream, size_t at, size_t len);

#endif
