/*
 * Stacks: guards of every kind, reuse, and what is given back.
 */
#include "runtime/switch/stack.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/task.h"
#include "runtime/switch/annotate.h"
#include "runtime/sched/task.h"
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

static bool has_guard(const gonet__stack_t *s)
{
    return s->guard != GONET__GUARD_NONE;
}

/* Below a stack there are 64 KiB that are nobody's, from the nearest byte to the farthest. */
static void check_below(const gonet__stack_t *s, bool guarded)
{
    for (long down = 1; down <= 64 << 10; down = down == 1 ? 4096 : down + 4096)
        CHILD_CHECK(writable(s->low - down) == !guarded);
}

/* whole: all of it is written to, and looked at, not just its ends. */
static void check_one(gonet__stack_t *s, size_t size, bool guarded, bool whole)
{
    char *high = (char *)s;
    size_t len;

    CHILD_CHECK(s != NULL);
    CHILD_CHECK(has_guard(s) == guarded);
    CHILD_CHECK((size_t)(high - s->low) + 64 >= size);
    CHILD_CHECK(!gonet__stack_overrun(s));
    len = (size_t)(high - s->low) - 8;
    memset(s->low + 8, 1, whole ? len : 100);
    memset(high - 100, 1, 100);
    if (whole)
        check_below(s, guarded);
    else if (guarded)
        CHILD_CHECK(!writable(s->low - 1));
    CHILD_CHECK(!gonet__stack_overrun(s));
    *(volatile char *)s->low = 1;
    CHILD_CHECK(gonet__stack_overrun(s) == !guarded);
    *(volatile char *)s->low = 0;
}

static gonet__stack_t *get(gonet__stack_pool_t *pool)
{
    CHILD_CHECK(gonet__stack_promise(pool));
    return gonet__stack_get(pool);
}

static void check_all(bool guarded)
{
    enum { N = 600 }; /* more than two slabs */
    static gonet__stack_t *s[N];
    gonet__stack_pool_t pool = {.free = NULL};

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++) {
            s[i] = get(&pool);
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
        CHILD_CHECK(s != NULL && has_guard(s));
        gonet__stack_put(NULL, s);
    }
    return 0;
}

/* Beyond the budget for guards stacks get canaries, and the process keeps mappings for others. */
static int guards_run_out(void)
{
    int n = 0, most = max_map_count() / 4 + 1000;
    gonet__stack_t **s = calloc((size_t)most, sizeof(gonet__stack_t *));
    void *p;

    CHILD_CHECK(s != NULL);
    do {
        CHILD_CHECK(n < most);
        s[n] = gonet__stack_get_sized(4096);
        CHILD_CHECK(s[n] != NULL);
    } while (has_guard(s[n++]));
    p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHILD_CHECK(p != MAP_FAILED);
    while (n > 0)
        gonet__stack_put(NULL, s[--n]);
    s[0] = gonet__stack_get_sized(4096);
    CHILD_CHECK(has_guard(s[0]));
    free(s);
    return 0;
}

/* A kernel that says yes to the advice it does not know, as some emulators do. */
static void lie_about_advice(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 102 /* MADV_GUARD_INSTALL */, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO), /* errno 0: a success */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(filter) / sizeof(*filter), .filter = filter};

    CHILD_CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHILD_CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static int guarded_in_spite_of_lies(void)
{
    lie_about_advice();
    check_all(true);
    return 0;
}

/* The address space may grow by so much. */
static void limit_address_space(size_t more)
{
    unsigned long pages;
    FILE *f = fopen("/proc/self/statm", "re");
    struct rlimit limit;

    CHILD_CHECK(f != NULL && fscanf(f, "%lu", &pages) == 1);
    fclose(f);
    limit.rlim_cur = limit.rlim_max = pages * (size_t)sysconf(_SC_PAGESIZE) + more;
    CHILD_CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* Room for less than a slab is used to its end, and what one pool has given back another gets. */
static int small_slabs(void)
{
    enum { MOST = 200 };
    static gonet__stack_t *s[MOST];
    gonet__stack_pool_t one = {.free = NULL}, other = {.free = NULL};
    size_t place = gonet__stack_default_size() + gonet__guard_size();
    int n = 0;

    limit_address_space(40 * place);
    while (n < MOST && gonet__stack_promise(&one))
        s[n++] = gonet__stack_get(&one);
    CHILD_CHECK(n >= 30 && n <= 40);
    CHILD_CHECK(gonet__stack_scarce());
    CHILD_CHECK(gonet__stack_announce());
    CHILD_CHECK(!gonet__stack_announce());
    for (int i = 0; i < n; i++) {
        check_one(s[i], gonet__stack_default_size(), true, true);
        gonet__stack_put(&one, s[i]);
    }
    for (int i = 0; i < n; i++) /* promised to all at once, taken later */
        CHILD_CHECK(gonet__stack_promise(i % 2 == 0 ? &other : NULL));
    CHILD_CHECK(!gonet__stack_promise(&other));
    for (int i = 0; i < n; i++)
        CHILD_CHECK(gonet__stack_get(&other) != NULL);
    gonet__stack_release_all();
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

static void guard_is_looked_at(void **state)
{
    (void)state;
    child_passes("guarded_in_spite_of_lies", NULL);
}

static void slabs_of_what_room_there_is(void **state)
{
    (void)state;
#if defined(GONET__ASAN) || defined(GONET__TSAN)
    print_message("not run: the sanitizer's own address space can't be limited\n");
    skip();
#endif
    child_passes("small_slabs", NULL);
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
#ifdef GONET__TSAN
    print_message(
        "not run: the mappings that ThreadSanitizer makes for each stack run out first\n");
    skip();
#endif
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
        {"guarded_in_spite_of_lies", guarded_in_spite_of_lies},
        {"small_slabs", small_slabs},
        {"print_default_size", print_default_size},
        {NULL, NULL},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_size),
        cmocka_unit_test(default_guard),
        cmocka_unit_test(mprotect_guard),
        cmocka_unit_test(canary_instead_of_guard),
        cmocka_unit_test(guard_is_looked_at),
        cmocka_unit_test(slabs_of_what_room_there_is),
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
