/*
 * Names of functions by their addresses: static ones of this program, those of a library, and what
 * is said of addresses that are in no function, or in no file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/check.h"

#include "base/line.h"
#include "base/symbol.h"

static __attribute__((noinline)) int a_static_function(int x)
{
    return x * 7 + getpid();
}

static void static_functions_have_names(void **state)
{
    static gonet__symbols_t s;
    const gonet__symbol_t *k = gonet__symbol_find(&s, (uintptr_t)a_static_function);

    (void)state;
    assert_true(a_static_function(1) > 0);
    assert_non_null(k->name);
    assert_string_equal(k->name, "a_static_function");
    assert_int_equal(k->offset, 0);
    k = gonet__symbol_find(&s, (uintptr_t)a_static_function + 1);
    assert_string_equal(k->name, "a_static_function");
    assert_int_equal(k->offset, 1);
    k = gonet__symbol_find(&s, (uintptr_t)gonet__symbol_find);
    assert_string_equal(k->name, "gonet__symbol_find");
    gonet__symbols_close(&s);
}

static void exported_functions_of_libraries_too(void **state)
{
    static gonet__symbols_t s;
    gonet__line_t line = {.len = 0};
    const gonet__symbol_t *k = gonet__symbol_find(&s, (uintptr_t)qsort);

    (void)state;
    assert_non_null(k->name);
    assert_non_null(strstr(k->name, "qsort"));
    gonet__symbol_put_frame(&line, &s, (uintptr_t)qsort + 3, true);
    line.text[line.len] = '\0';
    assert_non_null(strstr(line.text, "qsort+0x3) [0x"));
    gonet__symbols_close(&s);
}

static const char *frame(gonet__symbols_t *s, uintptr_t pc)
{
    static gonet__line_t line;

    line.len = 0;
    gonet__symbol_put_frame(&line, s, pc, false);
    line.text[line.len] = '\0';
    return line.text;
}

static void what_has_no_name_is_a_number(void **state)
{
    static gonet__symbols_t s;
    gonet__line_t line = {.len = 0};
    void *nowhere = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static const char data[] = "in the file, in no function";
    char want[64];

    (void)state;
    assert_string_equal(frame(&s, 0), "[0x0]");
    assert_string_equal(frame(&s, 16), "[0x10]");
    assert_ptr_not_equal(nowhere, MAP_FAILED);
    assert_null(gonet__symbol_find(&s, (uintptr_t)nowhere)->name);
    munmap(nowhere, 4096);
    assert_non_null(strstr(frame(&s, (uintptr_t)data), "test_symbol(+0x"));
    gonet__symbol_put_name(&line, &s, (uintptr_t)data);
    line.text[line.len] = '\0';
    snprintf(want, sizeof(want), "0x%lx", (unsigned long)(uintptr_t)data);
    assert_string_equal(line.text, want);
    gonet__symbols_close(&s);
}

/* Files that say anything of themselves: each word of a program's head and of its tables is
 * changed. */
static void odd_files_do_no_harm(void **state)
{
    static gonet__symbols_t s;
    char path[] = "/tmp/gonet-symbol-XXXXXX";
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to = mkstemp(path);
    static char page[1 << 16];
    ssize_t n = read(from, page, sizeof(page));

    (void)state;
    assert_true(from >= 0 && to >= 0 && n > 4096);
    for (unsigned at = 0; at < 0x200; at += 2) {
        char kept[2] = {page[at], page[at + 1]};
        void *p;

        memset(page + at, at % 4 == 0 ? 0xff : 0x7f, 2);
        assert_int_equal(pwrite(to, page, (size_t)n, 0), n);
        memcpy(page + at, kept, 2);
        p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, to, 0);
        if (p == MAP_FAILED) /* where nothing in /tmp may run */
            p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, to, 0);
        assert_ptr_not_equal(p, MAP_FAILED);
        (void)gonet__symbol_find(&s, (uintptr_t)p + 64);
        gonet__symbols_close(&s);
        munmap(p, 4096);
    }
    close(from);
    close(to);
    unlink(path);
}

static void more_files_than_are_kept(void **state)
{
    static gonet__symbols_t s;
    char path[] = "/tmp/gonet-symbol-XXXXXX";
    int fd = mkstemp(path);
    char *p[GONET__SYMBOL_FILES + 2];

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 4096), 0);
    for (int i = 0; i < GONET__SYMBOL_FILES + 2; i++) {
        p[i] = mmap(NULL, 4096, PROT_READ, i % 2 == 0 ? MAP_PRIVATE : MAP_SHARED, fd, 0);
        assert_ptr_not_equal(p[i], MAP_FAILED);
    }
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < GONET__SYMBOL_FILES + 2; i++) {
            assert_non_null(strstr(frame(&s, (uintptr_t)p[i] + 8), path));
            assert_string_equal(gonet__symbol_find(&s, (uintptr_t)a_static_function)->name,
                                "a_static_function");
        }
    }
    gonet__symbols_close(&s);
    for (int i = 0; i < GONET__SYMBOL_FILES + 2; i++)
        munmap(p[i], 4096);
    close(fd);
    unlink(path);
}

static void lines_are_cut(void **state)
{
    gonet__line_t line = {.len = 0};

    (void)state;
    gonet__line_number(&line, UINT64_MAX, 10);
    gonet__line_number(&line, 0, 16);
    gonet__line_number(&line, 5, 2);
    assert_memory_equal(line.text, "184467440737095516150101", 24);
    for (int i = 0; i < 100; i++)
        gonet__line_puts(&line, "0123456789");
    assert_int_equal(line.len, GONET__LINE_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_functions_have_names),
        cmocka_unit_test(exported_functions_of_libraries_too),
        cmocka_unit_test(what_has_no_name_is_a_number),
        cmocka_unit_test(odd_files_do_no_harm),
        cmocka_unit_test(more_files_than_are_kept),
        cmocka_unit_test(lines_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
