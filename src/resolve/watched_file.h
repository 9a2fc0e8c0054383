/*
 * A file that is read again when it has changed, and looked at every five seconds at most
 * (behaviour 22.4, 22.5).
 */
#ifndef GONET_RESOLVE_WATCHED_FILE_H
#define GONET_RESOLVE_WATCHED_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "gonet/time.h"

#define GONET__RECHECK (5 * GONET_SECOND)

/* When the file was looked at last, and what it looked like then. Only the path is set at first. */
typedef struct {
    const char *path;
    int64_t checked; /* monotonic ns; 0: never */
    struct timespec mtime;
    off_t size;
} gonet__watched_t;

/* gonet__watched_changed says whether the file is to be read (again), now being the time. */
bool gonet__watched_changed(gonet__watched_t *f, int64_t now);

#endif
