/*
 * What the scale tests share: checks that end the program, figures from /proc, waiting for a state,
 * and counts that fit sanitizers. A test exits with 0 (passed), 1 (failed) or SCALE_SKIP (said
 * why).
 */
#ifndef GONET_TESTS_SCALE_H
#define GONET_TESTS_SCALE_H

#include <stdbool.h>

#define SCALE_SKIP 77

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SCALE_TSAN 1
#elif __has_feature(address_sanitizer)
#define SCALE_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define SCALE_TSAN 1
#elif defined(__SANITIZE_ADDRESS__)
#define SCALE_ASAN 1
#endif

/* scale_count picks the count for this build: ThreadSanitizer has room for some 8000 tasks. */
#if defined(SCALE_TSAN)
#define scale_count(plain, asan, tsan) (tsan)
#elif defined(SCALE_ASAN)
#define scale_count(plain, asan, tsan) (asan)
#else
#define scale_count(plain, asan, tsan) (plain)
#endif

/* scale_fail prints a line and ends the program with status 1. Any thread or task may call it. */
void scale_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* scale_skip prints why the test cannot run here and ends the program with SCALE_SKIP. */
void scale_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* scale_status_kb returns a field of /proc/self/status in kB, such as "VmHWM". */
long scale_status_kb(const char *field);

/* scale_available_kb returns how much memory this process may still take: of the machine, and of
 * its group. */
long scale_available_kb(void);

/* scale_count_fds returns how many descriptors are open. */
int scale_count_fds(void);

/*
 * scale_warm_up starts the runtime and ends it, so that what libuv makes once for the whole process
 * (a pipe) is there before descriptors are counted.
 */
void scale_warm_up(void);

/* scale_raise_fd_limit lifts the soft limit of descriptors to the hard one and returns it. */
long scale_raise_fd_limit(void);

/* scale_wait calls reached(arg) every millisecond until it is true; false if the program is given
 * up.
 */
bool scale_wait(bool (*reached)(void *arg), void *arg);

#endif
