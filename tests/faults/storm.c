/*
 * A storm over somebody else's tests: linked to a program of the conformance suite, it begins
 * before main, as GONET_TEST_STORM says, and tells at the end how many faults there were. The
 * program's tests must not notice it. A storm in which nothing was hit fails the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults/fault.h"

static unsigned setting(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at != NULL ? (unsigned)strtoul(at + strlen(name), NULL, 10) : 0;
}

/* "eintr=3,eagain=5,cut=2": every third call is interrupted, and so on. */
static __attribute__((constructor)) void begin(void)
{
    const char *text = getenv("GONET_TEST_STORM");
    fault_storm_t storm;

    if (text == NULL)
        return;
    storm = (fault_storm_t){.eintr = setting(text, "eintr="),
                            .eagain = setting(text, "eagain="),
                            .cut = setting(text, "cut=")};
    fault_storm(&storm);
}

static __attribute__((destructor)) void end(void)
{
    if (getenv("GONET_TEST_STORM") == NULL)
        return;
    fault_storm(NULL);
    printf("%s: %ld faults injected\n", getenv("GONET_TEST_STORM"), fault_total());
    fflush(stdout);
    if (fault_total() == 0)
        _exit(1);
}
