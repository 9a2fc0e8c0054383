/*
 * Checks for tasks and for other threads than the test's, where cmocka's asserts may not be used:
 * the first failure is recorded, and the test's own thread reports it with check_report. Every
 * check says whether it held, so that a body can leave early.
 */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gonet/error.h"
#include "gonet/time.h"
#include "support/patience.h"

/* check_fail records a failure, unless there is one already. Returns false. */
bool check_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* check_failed says whether a failure has been recorded. */
bool check_failed(void);

/* check_failure returns the text of the failure that has been recorded: for a process that can't
 * report it. */
const char *check_failure(void);

/* check_report fails the running test if a failure has been recorded, and forgets it. The test's
 * own thread only. */
void check_report(void);

bool check_int(const char *file, int line, const char *what, long long got, long long want);
bool check_text(const char *file, int line, const char *what, const char *got, const char *want);

/* check_error compares an error's text; want NULL: no error. */
bool check_error(const char *file, int line, const gonet_error_t *err, const char *want);

#define CHECK(condition) ((condition) ? true : check_fail(__FILE__, __LINE__, "%s", #condition))
#define CHECK_INT(got, want) \
    check_int(__FILE__, __LINE__, #got, (long long)(got), (long long)(want))
#define CHECK_TEXT(got, want)  check_text(__FILE__, __LINE__, #got, got, want)
#define CHECK_ERROR(err, want) check_error(__FILE__, __LINE__, err, want)

/* REQUIRE leaves the calling function (of type void) if the condition does not hold. */
#define REQUIRE(condition)     \
    do {                       \
        if (!CHECK(condition)) \
            return;            \
    } while (0)

/* AWAIT lets others run until the condition holds; a failure if the program is given up. */
#define AWAIT(condition)                                              \
    do {                                                              \
        while (!(condition)) {                                        \
            if (!check_patience()) {                                  \
                check_fail(__FILE__, __LINE__, "never: " #condition); \
                break;                                                \
            }                                                         \
            check_pause();                                            \
        }                                                             \
    } while (0)

/* check_pause lets other tasks and threads run for a moment. */
void check_pause(void);

#endif
