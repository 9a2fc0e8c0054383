/*
 * Figures from /proc and small helpers of the scale tests; no state. Called from plain threads,
 * except scale_fail.
 */
#include "scale.h"

#include <dirent.h>
#include <gonet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "support/patience.h"

static void say(const char *verdict, const char *format, va_list ap)
{
    fflush(stdout);
    fprintf(stderr, "%s: ", verdict);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
}

void scale_fail(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    say("FAILED", format, ap);
    va_end(ap);
    _exit(1);
}

void scale_skip(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    say("SKIPPED", format, ap);
    va_end(ap);
    _exit(SCALE_SKIP);
}

/* The number behind "name" at the start of a line of a file, or -1. */
static long number_in(const char *path, const char *name)
{
    char line[256];
    long n = -1;
    FILE *f = fopen(path, "re");

    if (f == NULL)
        return -1;
    while (n < 0 && fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            sscanf(line + strlen(name), "%*[: \t]%ld", &n);
    fclose(f);
    return n;
}

long scale_status_kb(const char *field)
{
    long kb = number_in("/proc/self/status", field);

    if (kb < 0)
        scale_fail("/proc/self/status has no %s", field);
    return kb;
}

static long whole_number(const char *path)
{
    long n = -1;
    FILE *f = fopen(path, "re");

    if (f == NULL)
        return -1;
    if (fscanf(f, "%ld", &n) != 1)
        n = -1; /* "max" */
    fclose(f);
    return n;
}

long scale_available_kb(void)
{
    long kb = number_in("/proc/meminfo", "MemAvailable");
    long most = whole_number("/sys/fs/cgroup/memory.max");
    long used = whole_number("/sys/fs/cgroup/memory.current");

    if (most >= 0 && used >= 0 && (most - used) / 1024 < kb)
        kb = (most - used) / 1024;
    return kb;
}

int scale_count_fds(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    if (d == NULL)
        scale_fail("/proc/self/fd cannot be read");
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 3; /* ".", "..", and the directory itself */
}

static void do_nothing(void *arg)
{
    (void)arg;
}

void scale_warm_up(void)
{
    if (gonet_go(do_nothing, NULL) != 0 || gonet_shutdown(-1) != 0)
        scale_fail("the runtime did not start and end");
}

long scale_raise_fd_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        scale_fail("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        scale_fail("setrlimit");
    return limit.rlim_cur > 1000000 ? 1000000 : (long)limit.rlim_cur;
}

bool scale_wait(bool (*reached)(void *arg), void *arg)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    while (!reached(arg)) {
        if (!check_patience())
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}
