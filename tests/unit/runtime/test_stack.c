/*
 * Stacks: guards of every kind, reuse, and what is given back.
 */
#include "runtime/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/task.h"
#include "runtime/annotate.h"
#include "runtime/task.h"
#include "support/child.h"
#include "support/check.h"

/* Whether one byte at p can be written by the kernel: no signal, just EFAULT. */
static bool writable(char *p)
{
    int fds[2];
    ssize_t n;

    CHILD_CHECK(pipe(fds) == 0);
    CHILD_CHECK(write(fds[1], "x", 1) == 1);
    n = read(fds[0], p, 1);
    close(fds[0]);
    close(fds[1]);
    return n == 1;
}

/* whole: all of it is written to, not just its ends. */
static void check_one(gonet__stack_t *s, size_t size, bool guarded, bool whole)
{
    char *high = (char *)s;
    size_t len;

    CHILD_CHECK(s != NULL);
    CHILD_CHECK(s->canary == !guarded);
    CHILD_CHECK((size_t)(high - s->low) + 64 + 4096 >= size);
    CHILD_CHECK(!gonet__stack_overrun(s));
    len = (size_t)(high - s->low) - 8;
    memset(s->low + 8, 1, whole ? len : 100);
    memset(high - 100, 1, 100);
    if (guarded)
        CHILD_CHECK(!writable(s->low - 1));
    CHILD_CHECK(!gonet__stack_overrun(s));
    *(volatile char *)s->low = 1;
    CHILD_CHECK(gonet__stack_overrun(s) == !guarded);
    *(volatile char *)s->low = 0;
}

static void check_all(bool guarded)
{
    enum { N = 600 }; /* more than two slabs */
    static gonet__stack_t *s[N];
    gonet__stack_pool_t pool = {NULL, 0, 0};

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++) {
            s[i] = gonet__stack_get(&pool);
            check_one(s[i], gonet__stack_default_size(), guarded, i % 37 == 0);
        }
        for (int i = 0; i < N; i++)
            gonet__stack_put(&pool, s[i]);
        CHILD_CHECK(pool.count == N);
        gonet__stack_trim(&pool); /* they were all needed since the last one */
        CHILD_CHECK(pool.count == N || round == 0);
        gonet__stack_trim(&pool);
        CHILD_CHECK(pool.count == GONET__STACKS_KEPT);
    }
    gonet__stack_drain(&pool);
    s[0] = gonet__stack_get_sized(100000);
    check_one(s[0], 100000, guarded, true);
    gonet__stack_put(&pool, s[0]);
    gonet__stack_release_all();
}

static int guarded(void)
{
    check_all(true);
    return 0;
}

static int canaries(void)
{
    check_all(false);
    return 0;
}

/* How many mappings a process may have; the guards of stacks get half of them, two each. */
static int max_map_count(void)
{
    FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
    int n = 0;

    CHILD_CHECK(f != NULL && fscanf(f, "%d", &n) == 1 && n > 0);
    fclose(f);
    return n;
}

/* More single stacks than there can be guards at a time. */
static int guards_come_back(void)
{
    int n = max_map_count() / 4 + 1000;

    for (int i = 0; i < n; i++) {
        gonet__stack_t *s = gonet__stack_get_sized(16 << 10);
        CHILD_CHECK(s != NULL && !s->canary);
        gonet__stack_put(NULL, s);
    }
    return 0;
}

/* Beyond the budget for guards stacks get canaries, and the process keeps mappings for others. */
static int guards_run_out(void)
{
    int n = max_map_count() / 4 + 1000, canary = 0;
    gonet__stack_t **s = calloc((size_t)n, sizeof(gonet__stack_t *));
    void *p;

    CHILD_CHECK(s != NULL);
    for (int i = 0; i < n; i++) {
        s[i] = gonet__stack_get_sized(4096);
        CHILD_CHECK(s[i] != NULL);
        canary += s[i]->canary;
    }
    CHILD_CHECK(canary > 0);
    p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHILD_CHECK(p != MAP_FAILED);
    for (int i = 0; i < n; i++)
        gonet__stack_put(NULL, s[i]);
    s[0] = gonet__stack_get_sized(4096);
    CHILD_CHECK(!s[0]->canary);
    free(s);
    return 0;
}

static int print_default_size(void)
{
    fprintf(stderr, "%zu bytes\n", gonet__stack_default_size());
    return 0;
}

static void default_size_is(const char *environment, const char *size)
{
    child_result_t result;

    child_run("print_default_size", environment, &result); /* what can't be used is said, too */
    assert_non_null(strstr(result.output, size));
}

static void default_size(void **state)
{
    (void)state;
    default_size_is("GONET_STACK_SIZE=", "262144 bytes\n");
    default_size_is("GONET_STACK_SIZE=1", "16384 bytes\n");
    default_size_is("GONET_STACK_SIZE=0x10001", "131072 bytes\n");
    default_size_is("GONET_STACK_SIZE=1000000000", "8388608 bytes\n");
    default_size_is("GONET_STACK_SIZE=nonsense", "262144 bytes\n");
}

static void default_guard(void **state)
{
    (void)state;
    child_passes("guarded", NULL);
}

static void mprotect_guard(void **state)
{
    (void)state;
    child_passes("guarded", "GONET_GUARD=mprotect");
}

static void canary_instead_of_guard(void **state)
{
    (void)state;
    child_passes("canaries", "GONET_GUARD=canary");
}

static void small_stacks(void **state)
{
    (void)state;
    child_passes("guarded", "GONET_STACK_SIZE=16384");
}

static void guards_of_single_stacks_come_back(void **state)
{
    (void)state;
    child_passes("guards_come_back", "GONET_GUARD=mprotect");
}

static void guards_of_many_stacks_run_out(void **state)
{
    (void)state;
    child_passes("guards_run_out", "GONET_GUARD=mprotect");
}

#ifdef GONET__ASAN
static char *frame;

static void show_frame(void *arg)
{
    (void)arg;
    frame = __builtin_frame_address(0);
}

/* Frames that never returned leave no traces for whoever has that memory next. */
static void no_poison_is_left(void **state)
{
    (void)state;
    assert_int_equal(gonet_go(show_frame, NULL), 0);
    assert_int_equal(gonet_shutdown(-1), 0);
    uintptr_t page = (uintptr_t)frame & ~(uintptr_t)4095; /* with the task's first frame */
    assert_null(__asan_region_is_poisoned((void *)page, 4096));
}
#endif

int main(int argc, char **argv)
{
    const child_part_t parts[] = {
        {"guarded", guarded},
        {"canaries", canaries},
        {"guards_come_back", guards_come_back},
        {"guards_run_out", guards_run_out},
        {"print_default_size", print_default_size},
        {NULL, NULL},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_size),
        cmocka_unit_test(default_guard),
        cmocka_unit_test(mprotect_guard),
        cmocka_unit_test(canary_instead_of_guard),
        cmocka_unit_test(small_stacks),
        cmocka_unit_test(guards_of_single_stacks_come_back),
        cmocka_unit_test(guards_of_many_stacks_run_out),
#ifdef GONET__ASAN
        cmocka_unit_test(no_poison_is_left),
#endif
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
