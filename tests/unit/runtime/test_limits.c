/*
 * Where memory ends: a task that gonet_go says is started does run, gonet_go says ENOMEM to the
 * others, and when tasks have ended there is room for as many again.
 */
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gonet/chan.h"
#include "gonet/sync.h"
#include "gonet/task.h"
#include "runtime/switch/annotate.h"
#include "support/check.h"
#include "support/child.h"

static gonet_chan_t *gate;
static gonet_wait_group_t starter, begun, ended;
static size_t stack_size;
static long started;

static void park(void *arg)
{
    (void)arg;
    gonet_wait_group_done(&begun);
    gonet_chan_recv(gate, NULL);
    gonet_wait_group_done(&ended);
}

static void nothing(void *arg)
{
    (void)arg;
    gonet_wait_group_done(&ended);
}

/* Starts tasks until there is no memory. */
static void start_all(void *arg)
{
    (void)arg;
    for (started = 0;; started++) {
        gonet_wait_group_add(&begun, 1);
        gonet_wait_group_add(&ended, 1);
        if (gonet_go_sized(park, NULL, stack_size) != 0)
            break;
    }
    CHILD_CHECK(errno == ENOMEM);
    gonet_wait_group_done(&begun);
    gonet_wait_group_done(&ended);
    gonet_wait_group_done(&starter);
}

/* As many tasks as there is memory for: all of them begin, and end. */
static long one_round(bool from_task)
{
    gate = gonet_chan_new(0, 0);
    CHILD_CHECK(gate != NULL);
    gonet_wait_group_add(&starter, 1);
    if (from_task)
        CHILD_CHECK(gonet_go(start_all, NULL) == 0);
    else
        start_all(NULL);
    gonet_wait_group_wait(&starter);
    gonet_wait_group_wait(&begun);
    gonet_chan_close(gate);
    gonet_wait_group_wait(&ended);
    while (gonet_num_task() > 0) /* they have yet to give back their stacks */
        check_pause();
    gonet_chan_free(gate);
    return started;
}

/* Two workers, and all that they need, but no heaps of their own: one takes 64 MiB. */
static void warm_up(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
#endif
    gonet_set_max_procs(2);
    for (int i = 0; i < 200; i++) {
        gonet_wait_group_add(&ended, 2);
        CHILD_CHECK(gonet_go(nothing, NULL) == 0 && gonet_go(nothing, NULL) == 0);
        gonet_wait_group_wait(&ended);
    }
}

/* The process may take so much more. */
static void limit_memory(int resource, size_t more)
{
    unsigned long pages[6];
    FILE *f = fopen("/proc/self/statm", "re");
    struct rlimit l;

    CHILD_CHECK(f != NULL);
    for (int i = 0; i < 6; i++)
        CHILD_CHECK(fscanf(f, "%lu", &pages[i]) == 1);
    fclose(f);
    l.rlim_cur =
        (resource == RLIMIT_AS ? pages[0] : pages[5]) * (size_t)sysconf(_SC_PAGESIZE) + more;
    l.rlim_max = l.rlim_cur;
    CHILD_CHECK(setrlimit(resource, &l) == 0);
}

/* With stacks so large that what is left in the end, less than one, is enough for all else. */
static int rounds(int resource, size_t size, size_t more, long least)
{
    long first;

    warm_up();
    limit_memory(resource, more);
    stack_size = size;
    first = one_round(false);
    CHILD_CHECK(first >= least);
    for (int i = 0; i < 20; i++)
        CHILD_CHECK(one_round(i % 2 == 0) >= first - 1);
    CHILD_CHECK(gonet_shutdown(10 * GONET_SECOND) == 0);
    return 0;
}

static int address_space(void)
{
    return rounds(RLIMIT_AS, 0, (size_t)100 << 20, 10);
}

static int data(void)
{
    return rounds(RLIMIT_DATA, 0, (size_t)100 << 20, 10);
}

static int own_size(void)
{
    return rounds(RLIMIT_AS, 8 << 20, (size_t)100 << 20, 10);
}

/* Stacks of the usual size, which leave less over: whoever is started begins all the same. */
static int to_the_end(void)
{
    warm_up();
    limit_memory(RLIMIT_AS, (size_t)20 << 20);
    CHILD_CHECK(one_round(false) >= 50);
    return 0;
}

static void *use_much(void *arg)
{
    volatile char much[600 << 10];

    for (size_t i = 0; i < sizeof(much); i += 1024)
        much[i] = 1;
    return arg;
}

static void use_much_in_pool(void *arg)
{
    gonet_blocking(use_much, arg);
    gonet_wait_group_done(&ended);
}

static int much_in_pool(void)
{
    gonet_wait_group_add(&ended, 1);
    CHILD_CHECK(gonet_go(use_much_in_pool, NULL) == 0);
    gonet_wait_group_wait(&ended);
    return 0;
}

/* Threads of the library have room though the limit says little: it goes to what the child starts
 * with. */
static void stacks_are_limited(void **state)
{
    struct rlimit before, small;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_STACK, &before), 0);
    small = before;
    small.rlim_cur = 256 << 10;
    assert_int_equal(setrlimit(RLIMIT_STACK, &small), 0);
    child_passes("much_in_pool", NULL);
    assert_int_equal(setrlimit(RLIMIT_STACK, &before), 0);
}

static void limited(const char *part, const char *environment)
{
#if defined(GONET__ASAN) || defined(GONET__TSAN)
    (void)part;
    (void)environment;
    print_message("not run: a sanitizer's own address space can't be limited\n");
    skip();
#else
    child_passes(part, environment);
#endif
}

static void address_space_ends(void **state)
{
    (void)state;
    limited("address_space", "GONET_STACK_SIZE=8388608");
}

static void data_ends(void **state)
{
    (void)state;
    limited("data", "GONET_STACK_SIZE=8388608");
}

static void memory_is_used_to_its_end(void **state)
{
    (void)state;
    limited("to_the_end", NULL);
}

static void stacks_of_their_own_end(void **state)
{
    (void)state;
    limited("own_size", NULL);
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {
        {"address_space", address_space}, {"data", data},
        {"to_the_end", to_the_end},       {"own_size", own_size},
        {"much_in_pool", much_in_pool},   {NULL, NULL},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_space_ends),        cmocka_unit_test(data_ends),
        cmocka_unit_test(memory_is_used_to_its_end), cmocka_unit_test(stacks_of_their_own_end),
        cmocka_unit_test(stacks_are_limited),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
