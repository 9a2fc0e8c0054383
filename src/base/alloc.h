/*
 * Allocation for the whole library: malloc's functions with overflow checks, a count of what is
 * live and, in test builds (GONET_TEST_HOOKS), a switch that lets the n-th allocation fail.
 */
#ifndef GONET_BASE_ALLOC_H
#define GONET_BASE_ALLOC_H

#include <stddef.h>

#if defined(__GNUC__)
#define GONET__MALLOC __attribute__((malloc, warn_unused_result))
#else
#define GONET__MALLOC
#endif

/* gonet__alloc returns size bytes, or NULL when memory is out. */
void *gonet__alloc(size_t size) GONET__MALLOC;

/* gonet__zalloc returns size zero bytes, or NULL when memory is out. */
void *gonet__zalloc(size_t size) GONET__MALLOC;

/* gonet__zalloc_lines is gonet__zalloc of what begins with a pair of cache lines, as processors
 * fetch them: for what one thread writes all the time, and others have their own of. */
void *gonet__zalloc_lines(size_t size) GONET__MALLOC;

/* gonet__calloc returns n * size zero bytes, or NULL when memory is out or the product overflows.
 */
void *gonet__calloc(size_t n, size_t size) GONET__MALLOC;

/* gonet__realloc resizes p to n * size bytes; on failure NULL, and p is as it was. */
void *gonet__realloc(void *p, size_t n, size_t size);

/* gonet__strdup copies s, NULL when memory is out. */
char *gonet__strdup(const char *s) GONET__MALLOC;

/* gonet__free releases what the functions above returned; NULL is fine. */
void gonet__free(void *p);

#ifdef GONET_TEST_HOOKS
/* gonet__alloc_live returns how many allocations are live. */
long gonet__alloc_live(void);

/* gonet__alloc_fail_at lets the n-th allocation from now (1 is the next) and, if sticky, all after
   it fail; n == 0 ends it. */
void gonet__alloc_fail_at(long n, int sticky);

/* gonet__alloc_failed says how many allocations were made to fail since the last
 * gonet__alloc_fail_at. */
long gonet__alloc_failed(void);
#endif

#endif
