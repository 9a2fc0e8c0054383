/*
 * A task that computes until it is told to stop, and what gonet_shutdown lists meanwhile.
 */
#ifndef TESTS_UNIT_RUNTIME_BUSY_H
#define TESTS_UNIT_RUNTIME_BUSY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "support/check.h"

typedef struct {
    atomic_bool runs;
    atomic_bool stop;
    atomic_bool ended;
} busy_t;

__attribute__((unused)) static void compute(void *arg)
{
    busy_t *b = arg;

    atomic_store(&b->runs, true);
    while (!atomic_load(&b->stop))
        continue;
    atomic_store(&b->ended, true);
}

/* Standard error goes to a file until listing_end, which returns what was written. */
static int listing_saved;
static FILE *listing_file;

__attribute__((unused)) static void listing_begin(void)
{
    fflush(stderr);
    listing_file = tmpfile();
    assert_non_null(listing_file);
    listing_saved = dup(STDERR_FILENO);
    dup2(fileno(listing_file), STDERR_FILENO);
}

__attribute__((unused)) static void listing_end(char *buf, size_t size)
{
    fflush(stderr);
    dup2(listing_saved, STDERR_FILENO);
    close(listing_saved);
    rewind(listing_file);
    buf[fread(buf, 1, size - 1, listing_file)] = '\0';
    fclose(listing_file);
}

__attribute__((unused)) static void nothing(void *arg)
{
    (void)arg;
}

#endif
