/*
 * The first failure of a test, told by whoever found it. Any task or thread.
 */
#include "support/check.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gonet/task.h"

static char failure[1024];
static atomic_flag taken = ATOMIC_FLAG_INIT;
static _Atomic bool recorded;

bool check_fail(const char *file, int line, const char *format, ...)
{
    const char *base = strrchr(file, '/');
    va_list args;
    int n;

    if (atomic_flag_test_and_set(&taken))
        return false;
    n = snprintf(failure, sizeof(failure), "%s:%d: ", base != NULL ? base + 1 : file, line);
    va_start(args, format);
    vsnprintf(failure + n, sizeof(failure) - (size_t)n, format, args);
    va_end(args);
    atomic_store(&recorded, true);
    return false;
}

bool check_failed(void)
{
    return atomic_load(&recorded);
}

const char *check_failure(void)
{
    return atomic_load(&recorded) ? failure : "";
}

void check_report(void)
{
    char copy[sizeof(failure)];

    if (!atomic_load(&recorded))
        return;
    memcpy(copy, failure, sizeof(copy));
    atomic_store(&recorded, false);
    atomic_flag_clear(&taken);
    fail_msg("%s", copy);
}

bool check_int(const char *file, int line, const char *what, long long got, long long want)
{
    return got == want || check_fail(file, line, "%s is %lld, not %lld", what, got, want);
}

bool check_text(const char *file, int line, const char *what, const char *got, const char *want)
{
    if (got != NULL && strcmp(got, want) == 0)
        return true;
    return check_fail(file, line, "%s is \"%s\", not \"%s\"", what, got != NULL ? got : "(null)",
                      want);
}

bool check_error(const char *file, int line, const gonet_error_t *err, const char *want)
{
    if (want == NULL)
        return err == NULL ||
               check_fail(file, line, "unexpected error \"%s\"", gonet_error_string(err));
    return check_text(file, line, "the error", gonet_error_string(err), want);
}

void check_pause(void)
{
    const struct timespec moment = {.tv_nsec = 100000};

    gonet_yield();
    nanosleep(&moment, NULL);
}
