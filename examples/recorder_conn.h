/*
 * A connection of a program's own: it wraps any other, and writes down what passes through it.
 */
#ifndef RECORDER_CONN_H
#define RECORDER_CONN_H

#include <gonet.h>

/* recorder_log_t is where the records go, of one connection or of several. Zero but for to. */
typedef struct {
    gonet_writer_t *to; /* borrowed; must outlive the connections */
    gonet_error_t *err; /* the first failure, after which nothing is recorded; to be freed */
    gonet_mutex_t lock; /* of all this: one piece after the other */
} recorder_log_t;

/*
 * recorder_conn_new returns a connection that does what inner does, and records what is read and
 * written. Takes inner, also on failure: NULL when memory is out. A log that can't be written does
 * not disturb the connection.
 */
GONET_NODISCARD gonet_conn_t *recorder_conn_new(gonet_conn_t *inner, recorder_log_t *log);

/* recorder_dump writes n bytes that passed in a direction ("in", "out"), *offset bytes after the
 * first ones, and moves *offset on. Parks as the writer does. */
void recorder_dump(recorder_log_t *log, const char *direction, int64_t *offset, const void *p,
                   size_t n);

#endif
