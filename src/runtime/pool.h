/*
 * The pool for blocking work (gonet_blocking, closes that linger, getaddrinfo): threads made on
 * demand, at most 500, gone after 10 idle seconds.
 */
#ifndef GONET_RUNTIME_POOL_H
#define GONET_RUNTIME_POOL_H

#include <stdbool.h>

/*
 * gonet__pool_run hands fn(arg) to the pool and returns at once; false, with errno, when no thread
 * could be made and none exists (fn was not called). Any thread.
 */
bool gonet__pool_run(void (*fn)(void *arg), void *arg);

/* gonet__pool_stop ends all threads of the pool after the queued work is done, and joins them. */
void gonet__pool_stop(void);

/* Around fork: the child forgets the threads, which it does not have. */
void gonet__pool_fork_prepare(void);
void gonet__pool_fork_parent(void);
void gonet__pool_fork_child(void);

#endif
