/*
 * What copying needs for a short while, kept in small caches so that it is not made for every
 * message: buffers of 32 KiB, and pipes for splice. Any thread; nothing here waits.
 */
#ifndef GONET_SOCKET_SCRATCH_H
#define GONET_SOCKET_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/sched/task.h"

#define GONET__COPY_SIZE ((size_t)32 * 1024)

/* The slow parts of the two below: the cache that all threads share, and the allocator. */
void *gonet__copy_buffer_get_shared(void);
void gonet__copy_buffer_put_shared(void *buffer);

/*
 * gonet__copy_buffer_get returns GONET__COPY_SIZE bytes, or NULL when memory is out. Tasks find the
 * one that was put back last on their worker, still warm.
 */
static inline void *gonet__copy_buffer_get(void)
{
    void **kept = gonet__task_keep();
    void *buffer;

    if (kept == NULL || *kept == NULL)
        return gonet__copy_buffer_get_shared();
    buffer = *kept;
    *kept = NULL;
    return buffer;
}

/* gonet__copy_buffer_put gives a buffer back; NULL is fine. Keeps errno. */
static inline void gonet__copy_buffer_put(void *buffer)
{
    void **kept = gonet__task_keep();

    if (kept != NULL && *kept == NULL)
        *kept = buffer;
    else
        gonet__copy_buffer_put_shared(buffer);
}

/* The most that a pipe holds, if the system lets it grow that far. */
#define GONET__PIPE_SIZE ((size_t)1 << 20)

typedef struct {
    int rfd; /* -1: no pipe */
    int wfd;
} gonet__pipe_t;

/* gonet__pipe_get stores an empty pipe (non-blocking, close-on-exec); false if there is none to be
 * had. */
bool gonet__pipe_get(gonet__pipe_t *pipe);

/* gonet__pipe_put gives an empty pipe back, and leaves "no pipe". */
void gonet__pipe_put(gonet__pipe_t *pipe);

/* gonet__pipe_drop closes a pipe that may have something in it, and leaves "no pipe". */
void gonet__pipe_drop(gonet__pipe_t *pipe);

/* gonet__scratch_release gives up whatever is cached: at gonet_shutdown. */
void gonet__scratch_release(void);

#endif
