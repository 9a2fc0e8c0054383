/*
 * Table-driven tests: every row is a test of its own, named after what it is about, so that one bad
 * row fails alone. After each test no allocation may be live.
 */
#ifndef GONET_TESTS_UNIT_TABLE_H
#define GONET_TESTS_UNIT_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"

enum { TABLE_ROOM = 1024 };

static struct CMUnitTest table_tests[TABLE_ROOM];
static char table_names[TABLE_ROOM][96];
static size_t table_count;

static inline int table_no_leak(void **state)
{
    (void)state;
    if (gonet__alloc_live() == 0)
        return 0;
    fprintf(stderr, "%ld allocations are live\n", gonet__alloc_live());
    return -1;
}

/* The test's function finds the row in *state. */
static inline void table_add(const char *group, const char *name, CMUnitTestFunction f,
                             const void *row)
{
    struct CMUnitTest *t = &table_tests[table_count];

    if (table_count == TABLE_ROOM)
        abort();
    snprintf(table_names[table_count], sizeof(table_names[0]), "%s: %s", group, name);
    t->name = table_names[table_count++];
    t->test_func = f;
    t->teardown_func = table_no_leak;
    t->initial_state = (void *)(uintptr_t)row;
}

/* Adds all rows of an array of structs, whose test is f, named after the field. */
#define TABLE_ADD_ALL(group, rows, field, f)                                   \
    do {                                                                       \
        for (size_t row_ = 0; row_ < sizeof(rows) / sizeof((rows)[0]); row_++) \
            table_add(group, (rows)[row_].field, f, &(rows)[row_]);            \
    } while (0)

/* Adds a test that is no row. */
#define TABLE_ADD(f) table_add("case", #f, f, NULL)

/* The program ends with this. The function behind cmocka_run_group_tests takes a count, which that
 * macro hides. */
static inline int table_run(const char *name)
{
    return _cmocka_run_group_tests(name, table_tests, table_count, NULL, NULL);
}

#endif
