/*
 * Runs of bytes inside a file's text, and the lines and fields that configuration files have in
 * common. Nothing is copied or changed; a NUL is a byte like any other.
 */
#ifndef GONET_RESOLVE_SPAN_H
#define GONET_RESOLVE_SPAN_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *p;
    size_t len;
} gonet__span_t;

/* gonet__span_line cuts the next line off *text; false at the end, which is also before a line of
 * more than 65536 bytes (behaviour 22.11). */
bool gonet__span_line(gonet__span_t *text, gonet__span_t *line);

/* gonet__span_field cuts the next field between blanks off *line; false if none is left. */
bool gonet__span_field(gonet__span_t *line, gonet__span_t *field);

/* gonet__span_uncomment ends the line before its first '#'. */
gonet__span_t gonet__span_uncomment(gonet__span_t line);

/* gonet__span_trim takes blanks off both ends. */
gonet__span_t gonet__span_trim(gonet__span_t s);

/* gonet__span_is and gonet__span_begins compare with a text. */
bool gonet__span_is(gonet__span_t s, const char *text);
bool gonet__span_begins(gonet__span_t s, const char *text);

/* gonet__span_cut cuts what stands before the first c off *s, and c with it; without a c, all. */
gonet__span_t gonet__span_cut(gonet__span_t *s, char c);

#endif
