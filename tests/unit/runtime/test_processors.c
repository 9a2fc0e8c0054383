/*
 * How many workers there are by default: as many as the process may use processors, also on a
 * machine whose kernel has room for more of them than cpu_set_t has. The program's own
 * sched_getaffinity stands in for the real one.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "gonet/task.h"
#include "support/check.h"
#include "support/child.h"

static size_t kernel_size; /* of its sets, in bytes; 0: it knows none */
static int usable;

int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
    (void)pid;
    if (kernel_size == 0 || size < kernel_size) {
        errno = kernel_size == 0 ? ENOSYS : EINVAL;
        return -1;
    }
    CPU_ZERO_S(size, set);
    for (int i = 0; i < usable; i++) /* the last ones */
        CPU_SET_S(kernel_size * 8 - 1 - (size_t)i, size, set);
    return 0;
}

static int tell(size_t size, int n)
{
    kernel_size = size;
    usable = n;
    fprintf(stderr, "%d", gonet_set_max_procs(0));
    return 0;
}

static int small(void)
{
    return tell(128, 3);
}

static int large(void)
{
    return tell(8192 / 8, 7);
}

static int unknown(void)
{
    return tell(0, 0);
}

static int endless(void)
{
    return tell(SIZE_MAX, 0);
}

static void says(const char *part, const char *number)
{
    child_result_t r;

    child_run(part, "GONET_MAXPROCS=", &r);
    assert_string_equal(r.output, number);
}

static void usable_processors_are_counted(void **state)
{
    (void)state;
    says("small", "3");
    says("large", "7");
    says("unknown", "1");
    says("endless", "1");
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {{"small", small},
                                  {"large", large},
                                  {"unknown", unknown},
                                  {"endless", endless},
                                  {NULL, NULL}};
    const struct CMUnitTest tests[] = {cmocka_unit_test(usable_processors_are_counted)};

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
