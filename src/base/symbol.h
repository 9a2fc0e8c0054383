/*
 * The names of functions, by their addresses: from the symbol tables of the files that the process
 * has mapped, so static functions have theirs, too, which dladdr does not know. A stripped file
 * tells only what it exports. Debugging information is not read: tables of symbols are a few lines
 * to read, without a library, and can be read in a handler of a signal.
 *
 * Everything here is async-signal-safe: it allocates nothing and takes no lock (what is mapped it
 * learns from /proc/self/maps). Nothing is read before it is needed.
 */
#ifndef GONET_BASE_SYMBOL_H
#define GONET_BASE_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/line.h"

#define GONET__SYMBOL_FILES 8
#define GONET__SYMBOL_KNOWN 64

typedef struct {
    uintptr_t start, end; /* of the mapping with the code */
    uint64_t offset;      /* of start in the file */
    const void *image;    /* all of the file; NULL: it can't be read */
    size_t size;
    char path[256];
} gonet__symbol_file_t;

/* What was looked up last. */
typedef struct {
    uintptr_t pc;
    const char *name;                 /* NULL: unknown */
    const gonet__symbol_file_t *file; /* NULL: in none */
    uintptr_t offset;                 /* in the function, or if it is unknown, in the file */
} gonet__symbol_t;

/* What is kept from one question to the next; zero at first. gonet__symbols_close gives it back. */
typedef struct {
    gonet__symbol_file_t file[GONET__SYMBOL_FILES];
    unsigned next; /* which file's place is used next */
    gonet__symbol_t known[GONET__SYMBOL_KNOWN];
} gonet__symbols_t;

/* gonet__symbol_find looks up the code at pc. The result is valid until the next question. */
const gonet__symbol_t *gonet__symbol_find(gonet__symbols_t *s, uintptr_t pc);

/* gonet__symbol_put_name appends the name of the function that begins at fn, or its address. */
void gonet__symbol_put_name(gonet__line_t *line, gonet__symbols_t *s, uintptr_t fn);

/* gonet__symbol_put_frame appends a frame of a backtrace: FILE(FUNCTION+0x1f) [0x55…]. returns: pc
 * is where a call returns to, behind the code that is meant. */
void gonet__symbol_put_frame(gonet__line_t *line, gonet__symbols_t *s, uintptr_t pc, bool returns);

void gonet__symbols_close(gonet__symbols_t *s);

#endif
