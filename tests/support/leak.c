/*
 * Counting what is there before and after a test.
 */
#include "support/leak.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "gonet/task.h"
#include "support/check.h"

static long allocations;
static int descriptors;

int leak_open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    if (d == NULL)
        return -1;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* For a person who looks for the leak. */
static void list_descriptors(void)
{
    char path[64], what[128];

    for (int fd = 0; fd < 1024; fd++) {
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        n = readlink(path, what, sizeof(what) - 1);
        if (n > 0)
            fprintf(stderr, "    %d %.*s\n", fd, (int)n, what);
    }
}

static void nothing(void *arg)
{
    (void)arg;
}

/* What stays until the process ends: libuv's pipe for signals. */
static void warm_up(void)
{
    static bool done;

    if (done || gonet_go(nothing, NULL) != 0)
        return;
    done = true;
}

/* Tasks that the test has left have to end by themselves, however slowly. */
static bool shut_down(void)
{
    while (gonet_shutdown(10 * GONET_SECOND) != 0) {
        if (errno != EBUSY || !check_patience())
            return false;
    }
    return true;
}

int leak_setup(void **state)
{
    (void)state;
    warm_up();
    if (!shut_down())
        return -1;
    allocations = gonet__alloc_live();
    descriptors = leak_open_descriptors();
    return 0;
}

int leak_teardown(void **state)
{
    int result = 0;

    (void)state;
    gonet__alloc_fail_at(0, 0);
    if (!shut_down()) {
        fprintf(stderr, "tasks are left\n");
        return -1;
    }
    if (gonet__alloc_live() != allocations) {
        fprintf(stderr, "%ld allocations are left\n", gonet__alloc_live() - allocations);
        result = -1;
    }
    if (leak_open_descriptors() != descriptors) {
        fprintf(stderr, "%d descriptors are left\n", leak_open_descriptors() - descriptors);
        list_descriptors();
        result = -1;
    }
    return result;
}
