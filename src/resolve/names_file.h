/*
 * The line format that /etc/services and /etc/protocols share: fields between blanks,
 * comments from '#' on.
 */
#ifndef GONET_RESOLVE_NAMES_FILE_H
#define GONET_RESOLVE_NAMES_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define GONET__MAX_FIELDS 64

/* The fields of one line; more than these are left out. */
typedef struct {
    char *field[GONET__MAX_FIELDS];
    size_t n;
} gonet__fields_t;

/*
 * gonet__read_text returns the contents of a file, NUL-terminated, released with gonet__free, and
 * their length in *len; NULL if it cannot be read or memory is out. errno says why.
 */
char *gonet__read_text(const char *path, size_t *len);

/* gonet__tells_of_file says whether the errno of gonet__read_text says what the file is like;
 * others (no descriptors, no memory) say nothing of it, and pass. */
bool gonet__tells_of_file(int errnum);

/*
 * gonet__next_fields splits the next line at *text in place and moves *text on; false at the end,
 * which is also before a line of more than 65536 bytes (behaviour 22.11).
 */
int gonet__next_fields(char **text, gonet__fields_t *fields);

/* gonet__lower copies s in lower case (ASCII); 0 if it does not fit. */
int gonet__lower(const char *s, char *buf, size_t size);

#endif
