/*
 * A process in which system calls are refused, as seccomp filters of containers and services do it.
 */
#ifndef TESTS_SUPPORT_REFUSE_H
#define TESTS_SUPPORT_REFUSE_H

#include <stdbool.h>

/*
 * refuse_call lets the system call (SYS_…) fail with errnum in all threads of this process, from
 * now on and for ever: so it is for children (child.h). False: it can't be had here, and why has
 * been printed; such a child ends with REFUSE_SKIPPED.
 */
bool refuse_call(long call, int errnum);

#define REFUSE_SKIPPED 77

/* refuse_passes runs a part like child_passes, and skips the test that REFUSE_SKIPPED says to. */
void refuse_passes(const char *part, const char *environment);

#endif
