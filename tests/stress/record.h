/*
 * Records and datagrams that say what they must be: a header, and bytes that follow from it.
 */
#ifndef TESTS_STRESS_RECORD_H
#define TESTS_STRESS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_HEADER ((size_t)16)
#define RECORD_MAX    ((size_t)4096)

/* record_make writes a record of len bytes behind its header; the whole length. */
size_t record_make(uint32_t stream, uint32_t number, uint32_t from, unsigned char *p, size_t len);

/* record_check says whether the n bytes at p are a record of the stream; else that is recorded. */
bool record_check(uint32_t stream, const unsigned char *p, size_t n, uint32_t *number,
                  uint32_t *from);

#endif
