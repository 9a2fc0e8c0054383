/*
 * The helpers below everything: counting allocation and its failures, growable bytes, digits,
 * lists.
 */
#include "unit/table.h"

#include <limits.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/digits.h"
#include "base/list.h"
#include "base/printable.h"

static void test_alloc_counts(void **state)
{
    (void)state;
    char *a = gonet__alloc(0);
    char *b = gonet__zalloc(64);
    char *c = gonet__calloc(0, 8);
    char *d = gonet__strdup("text");
    char *e = gonet__realloc(NULL, 4, 4);

    assert_non_null(a);
    assert_non_null(c);
    assert_string_equal(d, "text");
    for (int i = 0; i < 64; i++)
        assert_int_equal(b[i], 0);
    assert_int_equal(gonet__alloc_live(), 5);
    e = gonet__realloc(e, 0, 4);
    assert_non_null(e);
    assert_int_equal(gonet__alloc_live(), 5);
    gonet__free(a);
    gonet__free(b);
    gonet__free(c);
    gonet__free(d);
    gonet_free(e);
    gonet__free(NULL);
    gonet_free(NULL);
}

/* Each begins with a pair of cache lines of its own, and is clean, also where others have been. */
static void test_alloc_lines(void **state)
{
    unsigned char *p[8];

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 8; i++) {
            p[i] = gonet__zalloc_lines(240);
            assert_non_null(p[i]);
            assert_int_equal((uintptr_t)p[i] % 128, 0);
            for (int k = 0; k < 240; k++)
                assert_int_equal(p[i][k], 0);
            memset(p[i], 1, 240);
        }
        assert_int_equal(gonet__alloc_live(), 8);
        for (int i = 0; i < 8; i++)
            gonet__free(p[i]);
    }
}

static void test_alloc_overflow(void **state)
{
    volatile size_t half = SIZE_MAX / 2;
    char *p = gonet__alloc(1);

    (void)state;
    assert_null(gonet__calloc(half, 3));
    assert_null(gonet__realloc(p, half, 3));
    gonet__free(p);
}

static void test_alloc_fails_once(void **state)
{
    (void)state;
    gonet__alloc_fail_at(2, 0);
    void *a = gonet__alloc(1);
    void *b = gonet__alloc(1);
    void *c = gonet__alloc(1);
    assert_int_equal(gonet__alloc_failed(), 1);
    gonet__alloc_fail_at(0, 0);
    assert_non_null(a);
    assert_null(b);
    assert_non_null(c);
    gonet__free(a);
    gonet__free(c);
}

static void test_alloc_keeps_failing(void **state)
{
    (void)state;
    gonet__alloc_fail_at(1, 1);
    assert_null(gonet__alloc(1));
    assert_null(gonet__zalloc(1));
    assert_null(gonet__calloc(1, 1));
    assert_null(gonet__realloc(NULL, 1, 1));
    assert_null(gonet__strdup(""));
    assert_null(gonet__zalloc_lines(1));
    assert_int_equal(gonet__alloc_failed(), 6);
    gonet__alloc_fail_at(0, 0);
}

static void check_text(gonet__buf_t *b, const char *text)
{
    char *s = gonet__buf_take(b);

    assert_non_null(s);
    assert_string_equal(s, text);
    gonet__free(s);
    assert_null(b->p);
}

static void test_buf_grows(void **state)
{
    gonet__buf_t b = {0};
    char expected[2001] = {0};

    (void)state;
    for (int i = 0; i < 200; i++) {
        gonet__buf_puts(&b, "0123456789");
        strcat(expected, "0123456789");
    }
    assert_int_equal(b.len, 2000);
    check_text(&b, expected);
}

/* There is always room for the NUL, also where the length is a power of two. */
static void test_buf_keeps_room(void **state)
{
    gonet__buf_t b = {0};

    (void)state;
    for (int i = 0; i < 300; i++) {
        gonet__buf_putc(&b, 'x');
        assert_true(b.len < b.cap);
    }
    assert_true(gonet__buf_reserve(&b, b.cap - b.len));
    assert_true(b.cap > 512);
    gonet__buf_free(&b);
}

static void test_buf_empty(void **state)
{
    gonet__buf_t b = {0};

    (void)state;
    gonet__buf_put(&b, NULL, 0);
    check_text(&b, "");
    gonet__buf_free(&b);
}

static void test_buf_printf(void **state)
{
    gonet__buf_t b = {0};
    char expected[512];

    (void)state;
    gonet__buf_printf(&b, "%s-%d", "a", 42);
    gonet__buf_putc(&b, ';');
    gonet__buf_printf(&b, "%0300d", 7); /* longer than what is tried on the stack */
    snprintf(expected, sizeof(expected), "a-42;%0300d", 7);
    check_text(&b, expected);
}

/* An impossible length, or a text that can't be converted, fails for good and leaks nothing. */
static void test_buf_refuses(void **state)
{
    gonet__buf_t b = {0};

    (void)state;
    gonet__buf_puts(&b, "x");
    assert_false(gonet__buf_reserve(&b, SIZE_MAX));
    assert_false(gonet__buf_reserve(&b, 1));
    gonet__buf_puts(&b, "y");
    assert_null(gonet__buf_take(&b));
    assert_false(gonet__buf_reserve(&b, SIZE_MAX / 2));
    gonet__buf_free(&b);
    gonet__buf_printf(&b, "%lc", (wint_t)0x110000); /* no character: vsnprintf fails */
    assert_null(gonet__buf_take(&b));
}

static void test_buf_without_memory(void **state)
{
    (void)state;
    for (long n = 1; n <= 3; n++) {
        gonet__buf_t b = {0};
        gonet__alloc_fail_at(n, 0);
        gonet__buf_puts(&b, "0123456789012345678901234567890123456789");
        gonet__buf_printf(&b, "%0100d", 1);
        gonet__buf_printf(&b, "%0300d", 1);
        bool failed = gonet__alloc_failed() > 0;
        gonet__alloc_fail_at(0, 0);
        assert_int_equal(failed, b.failed);
        char *s = gonet__buf_take(&b);
        assert_int_equal(s == NULL, failed);
        gonet__free(s);
    }
}

static const struct {
    const char *what;
    const char *text;
    const char *quoted;
} quotes[] = {
    {"nothing", "", "\"\""},
    {"plain", "fe80::1%eth0", "\"fe80::1%eth0\""},
    {"quote and backslash", "a\"b\\c", "\"a\\\"b\\\\c\""},
    {"named controls", "\a\b\t\n\v\f\r", "\"\\a\\b\\t\\n\\v\\f\\r\""},
    {"other controls", "\x01\x1f\x7f", "\"\\x01\\x1f\\x7f\""},
    {"space", "a b", "\"a b\""},
    {"letters beyond ASCII", "\xc3\xa9\xe4\xb8\x96\xf0\x9f\x98\x80",
     "\"\xc3\xa9\xe4\xb8\x96\xf0\x9f\x98\x80\""},
    {"no-break space is not printable", "\xc2\xa0", "\"\\u00a0\""},
    {"C1 control", "\xc2\x85", "\"\\u0085\""},
    {"soft hyphen", "\xc2\xad", "\"\\u00ad\""},
    {"zero-width space", "\xe2\x80\x8b", "\"\\u200b\""},
    {"line separator", "\xe2\x80\xa8", "\"\\u2028\""},
    {"private use", "\xee\x80\x80", "\"\\ue000\""},
    {"byte order mark", "\xef\xbb\xbf", "\"\\ufeff\""},
    {"replacement character, written out", "\xef\xbf\xbd", "\"\xef\xbf\xbd\""},
    {"unassigned, beyond the first plane", "\xf0\x90\x80\x8c", "\"\\U0001000c\""},
    {"tag, beyond the first plane", "\xf3\xa0\x80\x81", "\"\\U000e0001\""},
    {"the last character", "\xf4\x8f\xbf\xbf", "\"\\U0010ffff\""},
    {"new in Unicode 15", "\xf0\x9f\xab\xa8", "\"\xf0\x9f\xab\xa8\""},
    {"stray continuation", "a\x80z", "\"a\\x80z\""},
    {"cut short", "\xc3", "\"\\xc3\""},
    {"cut short in the middle", "\xe4\xb8z", "\"\\xe4\\xb8z\""},
    {"overlong", "\xc0\x80", "\"\\xc0\\x80\""},
    {"overlong, three bytes", "\xe0\x80\x80", "\"\\xe0\\x80\\x80\""},
    {"surrogate", "\xed\xa0\x80", "\"\\xed\\xa0\\x80\""},
    {"beyond U+10FFFF", "\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\""},
    {"no lead byte", "\xf8\x88\x80\x80\x80", "\"\\xf8\\x88\\x80\\x80\\x80\""},
    {"0xff", "\xff", "\"\\xff\""},
};

static void test_quote(void **state)
{
    const char *const *row = *state; /* what, text, quoted */
    gonet__buf_t b = {0};

    gonet__buf_quote(&b, row[1], strlen(row[1]));
    check_text(&b, row[2]);
}

static void test_quote_nul(void **state)
{
    gonet__buf_t b = {0};

    (void)state;
    gonet__buf_quote(&b, "a\0b", 3);
    check_text(&b, "\"a\\x00b\"");
}

static void test_printable(void **state)
{
    (void)state;
    assert_true(gonet__is_print(' '));
    assert_false(gonet__is_print(0x1f));
    assert_false(gonet__is_print(0));
    assert_true(gonet__is_print(0x10000));
    assert_true(gonet__is_print(0xfffd));
    assert_false(gonet__is_print(0xffff));
    assert_true(gonet__is_print(0x20000));
    assert_false(gonet__is_print(0x10ffff));
}

static void test_put_numbers(void **state)
{
    static const struct {
        int64_t v;
        const char *text;
    } rows[] = {
        {0, "0"},
        {7, "7"},
        {10, "10"},
        {65535, "65535"},
        {-5, "-5"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    char text[GONET__INT_STRLEN + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        *gonet__put_int(text, rows[i].v) = '\0';
        assert_string_equal(text, rows[i].text);
    }
    *gonet__put_uint(text, UINT64_MAX) = '\0';
    assert_string_equal(text, "18446744073709551615");
}

static void test_octets_and_hex(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 256; v++) {
        char got[8];
        char want[8];
        uint8_t b = (uint8_t)v;
        *gonet__put_octet(got, b) = '\0';
        snprintf(want, sizeof(want), "%u", v);
        assert_string_equal(got, want);
        *gonet__put_hex(got, &b, 1) = '\0';
        snprintf(want, sizeof(want), "%02x", v);
        assert_string_equal(got, want);
        assert_int_equal(gonet__hex_value[(unsigned char)got[0]] << 4 |
                             gonet__hex_value[(unsigned char)got[1]],
                         v);
        bool is_hex = strchr("0123456789abcdefABCDEF", (int)v) != NULL && v != 0;
        assert_int_equal(gonet__hex_value[v] <= 15, is_hex);
    }
}

static const struct {
    const char *text;
    bool ok;
    int value;
    size_t used;
} decimals[] = {
    {"", false, 0, 0},
    {"x", false, 0, 0},
    {"-1", false, 0, 0},
    {"0", true, 0, 1},
    {"007x", true, 7, 3},
    {"16777214", true, 16777214, 8},
    {"16777215", false, GONET__DECIMAL_BIG, 7},
    {"99999999999", false, GONET__DECIMAL_BIG, 7},
};

static void test_scan_decimal(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(decimals) / sizeof(decimals[0]); i++) {
        int value = -1;
        size_t used = 99;
        bool ok = gonet__scan_decimal(decimals[i].text, strlen(decimals[i].text), &value, &used);
        assert_int_equal(ok, decimals[i].ok);
        assert_int_equal(value, decimals[i].value);
        assert_int_equal(used, decimals[i].used);
    }
}

static void test_list(void **state)
{
    gonet__list_t head;
    gonet__list_t a;
    gonet__list_t b;

    (void)state;
    gonet__list_init(&head);
    gonet__list_init(&a);
    assert_true(gonet__list_empty(&head));
    assert_null(gonet__list_pop_front(&head));
    gonet__list_push_back(&head, &a);
    gonet__list_push_back(&head, &b);
    assert_false(gonet__list_empty(&head));
    assert_ptr_equal(gonet__list_pop_front(&head), &a);
    gonet__list_remove(&a);
    gonet__list_remove(&b);
    assert_true(gonet__list_empty(&head));
}

int main(void)
{
    TABLE_ADD(test_alloc_counts);
    TABLE_ADD(test_alloc_lines);
    TABLE_ADD(test_alloc_overflow);
    TABLE_ADD(test_alloc_fails_once);
    TABLE_ADD(test_alloc_keeps_failing);
    TABLE_ADD(test_buf_grows);
    TABLE_ADD(test_buf_keeps_room);
    TABLE_ADD(test_buf_empty);
    TABLE_ADD(test_buf_printf);
    TABLE_ADD(test_buf_refuses);
    TABLE_ADD(test_buf_without_memory);
    TABLE_ADD_ALL("quote", quotes, what, test_quote);
    TABLE_ADD(test_quote_nul);
    TABLE_ADD(test_printable);
    TABLE_ADD(test_put_numbers);
    TABLE_ADD(test_octets_and_hex);
    TABLE_ADD(test_scan_decimal);
    TABLE_ADD(test_list);
    return table_run("base");
}
