/*
 * The pool for blocking work: threads made on demand, gone after 10 idle seconds. Each kind of work
 * has at most 500 of them, so that none waits for another: closes that linger for minutes, or reads
 * of a terminal, leave the program's own work alone.
 */
#ifndef GONET_RUNTIME_LIFE_POOL_H
#define GONET_RUNTIME_LIFE_POOL_H

#include <stdbool.h>

typedef enum {
    GONET__WORK_USER,  /* gonet_blocking */
    GONET__WORK_CLOSE, /* of sockets that linger */
    GONET__WORK_FILE,  /* reading and writing files */
    GONET__WORK_NAMES, /* the C library's resolver */
    GONET__WORKS
} gonet__work_t;

/*
 * gonet__pool_run hands fn(arg) to the pool and returns at once; false, with errno, when no thread
 * could be made and none exists (fn was not called). Any thread.
 */
bool gonet__pool_run(gonet__work_t work, void (*fn)(void *arg), void *arg);

/* gonet__pool_call is gonet_blocking for any kind of work. */
void *gonet__pool_call(gonet__work_t work, void *(*fn)(void *arg), void *arg);

/* gonet__pool_rests says whether no thread of the pool has work, and how many there are; false:
 * some has, or is made. */
bool gonet__pool_rests(unsigned *threads);

/* gonet__pool_stop ends all threads of the pool after the queued work is done, and joins them. */
void gonet__pool_stop(void);

#endif
