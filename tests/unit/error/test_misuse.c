/*
 * A variable for errors that holds none: not set to NULL, or released before. The program ends and
 * says so, where it can be told.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "error/error.h"
#include "runtime/switch/annotate.h"
#include "support/check.h"
#include "support/child.h"

static const char said[] = "fatal error: an error variable holds no error: it was not declared "
                           "\"= NULL\", or what it held was released before\n";

/* What a variable may hold that nobody has set. */
static int set_over(uintptr_t what)
{
    gonet_error_t *err = (gonet_error_t *)what;

    gonet_error_set(&err, NULL);
    return 0;
}

static int small_number(void)
{
    return set_over(7);
}

static int text(void)
{
    static _Alignas(16) const char words[64] = "some words that lie on the stack";

    return set_over((uintptr_t)words);
}

static int zeros(void)
{
    static _Alignas(16) char nothing[64];

    return set_over((uintptr_t)nothing);
}

static int wraps(void)
{
    static _Alignas(16) char nothing[64];
    gonet_error_t *err = (gonet_error_t *)(void *)nothing;

    gonet_error_wrap(&err, "more");
    return 0;
}

static int nowhere(void)
{
    void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHILD_CHECK(p != MAP_FAILED && munmap(p, 4096) == 0);
    return set_over((uintptr_t)p);
}

static int across_pages(void)
{
    char *p = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHILD_CHECK(p != MAP_FAILED && munmap(p + 4096, 4096) == 0);
    return set_over((uintptr_t)p + 4096 - 8);
}

static int released(void)
{
    gonet_error_t *err = gonet_error_new("boom"), *again = err;

    gonet_error_set(&err, NULL);
    gonet_error_set(&again, NULL);
    return 0;
}

static void ends(const char *part)
{
    child_result_t r;

    child_run(part, NULL, &r);
    if (!WIFSIGNALED(r.status) || WTERMSIG(r.status) != SIGABRT || strstr(r.output, said) == NULL)
        fail_msg("%s ended with status %#x: %s", part, (unsigned)r.status, r.output);
}

static void what_is_no_error_ends_the_program(void **state)
{
    (void)state;
    ends("small_number");
    ends("text");
    ends("zeros");
    ends("wraps");
}

static void so_does_what_is_no_memory(void **state)
{
    (void)state;
#ifdef NDEBUG
    print_message("skipped: a release build looks at the memory at once\n");
    skip();
#else
    ends("nowhere");
    ends("across_pages");
#endif
}

static void so_does_a_second_release(void **state)
{
    (void)state;
#ifdef GONET__ASAN
    print_message("skipped: AddressSanitizer says it itself\n");
    skip();
#else
    ends("released");
#endif
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {
        {"small_number", small_number},
        {"text", text},
        {"zeros", zeros},
        {"wraps", wraps},
        {"nowhere", nowhere},
        {"across_pages", across_pages},
        {"released", released},
        {NULL, NULL},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_error_ends_the_program),
        cmocka_unit_test(so_does_what_is_no_memory),
        cmocka_unit_test(so_does_a_second_release),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
