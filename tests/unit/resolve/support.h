/*
 * What the tests of this folder share: cmocka with what it needs, and tests made of a table's rows.
 */
#ifndef TESTS_UNIT_RESOLVE_SUPPORT_H
#define TESTS_UNIT_RESOLVE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* run_rows runs fn once for each row of a table, as a test of its own whose state is the row. */
#define RUN_ROWS(rows, fn) run_rows(rows, sizeof(rows) / sizeof(*(rows)), sizeof(*(rows)), #fn, fn)

static inline int run_rows(const void *rows, size_t n, size_t size, const char *name,
                           CMUnitTestFunction fn)
{
    struct CMUnitTest tests[128];
    char names[128][64];

    if (n > 128)
        return 1;
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof(names[i]), "%s row %zu", name, i);
        tests[i] = (struct CMUnitTest){.name = names[i], .test_func = fn};
        tests[i].initial_state = (void *)((uintptr_t)rows + i * size);
    }
    return _cmocka_run_group_tests(name, tests, n, NULL, NULL);
}

#endif
