/*
 * Reads the golden vectors (README.md beside this file): a row at a time, its fields unescaped. A
 * check that fails prints the row and what came instead, and the file's remaining rows still run.
 */
#ifndef GONET_TESTS_VECTORS_VEC_H
#define GONET_TESTS_VECTORS_VEC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VEC_COLUMNS = 16, VEC_LINE = 8192 };

typedef struct {
    const char *file;
    long line;
    int columns;
    char *field[VEC_COLUMNS]; /* unescaped, NUL-terminated */
    size_t len[VEC_COLUMNS];
    char raw[VEC_LINE];
    bool failed;
} vec_row_t;

static inline void vec_fail(vec_row_t *row, int column, const char *got)
{
    if (!row->failed)
        fprintf(stderr, "%s:%ld: %s\n", row->file, row->line, row->raw);
    fprintf(stderr, "    column %d is \"%s\", got \"%s\"\n", column, row->field[column], got);
    row->failed = true;
}

/* Any other way in which a row can be wrong. */
static inline void vec_check(vec_row_t *row, bool ok, const char *what)
{
    if (ok)
        return;
    if (!row->failed)
        fprintf(stderr, "%s:%ld: %s\n", row->file, row->line, row->raw);
    fprintf(stderr, "    %s\n", what);
    row->failed = true;
}

static inline void vec_text_n(vec_row_t *row, int column, const char *got, size_t len)
{
    if (len != row->len[column] || memcmp(got, row->field[column], len) != 0)
        vec_fail(row, column, got);
}

static inline void vec_text(vec_row_t *row, int column, const char *got)
{
    if (got == NULL)
        vec_fail(row, column, "(NULL)");
    else
        vec_text_n(row, column, got, strlen(got));
}

static inline void vec_int(vec_row_t *row, int column, long got)
{
    char text[24];

    snprintf(text, sizeof(text), "%ld", got);
    vec_text(row, column, text);
}

/* Bytes as hexadecimal digits, "-" for none. */
static inline void vec_hex(vec_row_t *row, int column, const void *bytes, size_t len)
{
    char text[2 * 256 + 2] = "-";

    for (size_t i = 0; i < len && i < 256; i++)
        snprintf(text + 2 * i, 3, "%02x", ((const uint8_t *)bytes)[i]);
    vec_text(row, column, text);
}

static inline bool vec_is(const vec_row_t *row, int column, const char *text)
{
    return strcmp(row->field[column], text) == 0;
}

static inline int vec_digit(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* The bytes that a field of hexadecimal digits or "-" means; at most size. Returns how many. */
static inline size_t vec_bytes(const vec_row_t *row, int column, uint8_t *out, size_t size)
{
    const char *s = row->field[column];
    size_t n = 0;

    if (strcmp(s, "-") == 0)
        return 0;
    for (; s[0] != '\0' && n < size; s += 2)
        out[n++] = (uint8_t)(vec_digit(s[0]) << 4 | vec_digit(s[1]));
    return n;
}

/* Splits and unescapes a line in place. */
static inline void vec_split(vec_row_t *row, char *line)
{
    char *out = line;

    row->columns = 1;
    row->field[0] = line;
    for (const char *s = line; *s != '\0' && *s != '\n'; s++) {
        char *start = row->field[row->columns - 1];
        if (*s == '\t' && row->columns < VEC_COLUMNS) {
            row->len[row->columns - 1] = (size_t)(out - start);
            *out++ = '\0';
            row->field[row->columns++] = out;
        } else if (*s == '%') {
            *out++ = (char)(vec_digit(s[1]) << 4 | vec_digit(s[2]));
            s += 2;
        } else {
            *out++ = *s;
        }
    }
    row->len[row->columns - 1] = (size_t)(out - row->field[row->columns - 1]);
    *out = '\0';
}

/*
 * vec_run calls check for every row of the file, reports, and returns how many rows failed; -1 if
 * the file can't be read, has no rows, or one that does not have that many columns.
 */
static inline long vec_run(const char *name, int columns, void (*check)(vec_row_t *row))
{
    static vec_row_t row;
    static char line[VEC_LINE];
    char path[4096];
    long rows = 0;
    long bad = 0;
    bool shape = true;

    snprintf(path, sizeof(path), "%s/%s.tsv", GONET_TEST_VECTORS, name);
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        perror(path);
        return -1;
    }
    for (long n = 1; fgets(line, sizeof(line), f) != NULL; n++) {
        if (n == 1)
            continue; /* the names of the columns */
        row = (vec_row_t){.file = name, .line = n};
        size_t raw = strcspn(line, "\n");
        memcpy(row.raw, line, raw);
        row.raw[raw] = '\0';
        vec_split(&row, line);
        if (row.columns != columns) {
            fprintf(stderr, "%s:%ld: %d columns\n", name, n, row.columns);
            shape = false;
            break;
        }
        check(&row);
        rows++;
        bad += row.failed;
    }
    fclose(f);
    fprintf(stderr, "%s: %ld rows, %ld failing\n", name, rows, bad);
    return shape && rows > 0 ? bad : -1;
}

#endif
