/*
 * A line of text that is put together where nothing can be allocated: in a handler of a signal. It
 * is cut where there is no more room. Everything here is async-signal-safe.
 */
#ifndef GONET_BASE_LINE_H
#define GONET_BASE_LINE_H

#include <stddef.h>
#include <stdint.h>

#define GONET__LINE_SIZE 512

/* The zero value is an empty line. */
typedef struct {
    size_t len;
    char text[GONET__LINE_SIZE]; /* no NUL behind it */
} gonet__line_t;

/* gonet__line_put appends n bytes, gonet__line_puts a string, gonet__line_number a number to that
 * base, of at most 16. */
void gonet__line_put(gonet__line_t *line, const char *p, size_t n);
void gonet__line_puts(gonet__line_t *line, const char *s);
void gonet__line_number(gonet__line_t *line, uint64_t v, unsigned base);

/* gonet__line_say ends the line, writes it to standard error, if there is one, and empties it. */
void gonet__line_say(gonet__line_t *line);

#endif
