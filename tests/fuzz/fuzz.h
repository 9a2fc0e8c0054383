/*
 * What the fuzz targets share. A target is one LLVMFuzzerTestOneInput: built with libFuzzer
 * (GONET_BUILD_FUZZ) it explores, with driver.c it replays files, which is also how AFL++ runs it
 * (target @@).
 */
#ifndef GONET_TESTS_FUZZ_FUZZ_H
#define GONET_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonet/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that does not hold ends the run. */
#define MUST(condition)                                                     \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

#define SAME(a, b) (memcmp(&(a), &(b), sizeof(a)) == 0)

/* The input as a C string, to be freed; NULL if it has a NUL byte in it. */
static inline char *c_string(const uint8_t *data, size_t size)
{
    if (memchr(data, '\0', size) != NULL)
        return NULL;
    char *s = malloc(size + 1);
    MUST(s != NULL);
    memcpy(s, data, size);
    s[size] = '\0';
    return s;
}

/* Two calls on the same text fail alike: both or none, with the same words. Releases both errors.
 */
static inline void same_error(gonet_error_t *a, gonet_error_t *b)
{
    MUST(strcmp(gonet_error_string(a), gonet_error_string(b)) == 0);
    gonet_error_free(a);
    gonet_error_free(b);
}

#endif
