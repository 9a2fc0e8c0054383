/*
 * Child processes: for what ends a process, needs another environment, or has limits of its own.
 *
 * A program that uses child_run begins its main with child_main; the child is the same program,
 * started anew, so nothing of the parent's runtime is in it.
 */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
    const char *name;
    int (*run)(void); /* the child's exit status */
} child_part_t;

/* child_main runs the part that the command line names, and exits; it returns in the parent. parts
 * ends with a NULL name. */
void child_main(int argc, char **argv, const child_part_t *parts);

typedef struct {
    int status;        /* waitpid's */
    char output[8192]; /* of its standard error, cut to fit */
} child_result_t;

/* child_run runs a part with environment (NAME=VALUE or NULL), and waits for its end. The test's
 * own thread: it asserts. */
void child_run(const char *part, const char *environment, child_result_t *result);

/* child_passes asserts that the part ends with status 0; what it said is shown otherwise. */
void child_passes(const char *part, const char *environment);

/* child_exit is _exit; but what is counted of the lines that ran is kept. For forked children. */
void child_exit(int status) __attribute__((noreturn));

/* child_check makes a child end with 1 and say why, if the condition does not hold. */
#define CHILD_CHECK(condition)                                                                \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno); \
            fflush(stderr);                                                                   \
            _exit(1);                                                                         \
        }                                                                                     \
    } while (0)

#endif
