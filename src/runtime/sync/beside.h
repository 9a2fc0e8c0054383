/*
 * Work beside the caller, whose end the caller waits for. A task's runs in another task of its
 * worker. A thread's runs in another thread, since a thread's calls wait for no worker: that may be
 * held by a task that computes, or that waits for a lock of the caller's.
 */
#ifndef GONET_RUNTIME_SYNC_BESIDE_H
#define GONET_RUNTIME_SYNC_BESIDE_H

#include <pthread.h>
#include <stdbool.h>

#include "gonet/context.h"
#include "gonet/sync.h"

typedef struct {
    void (*fn)(void *arg);
    void *arg;
    gonet_context_t *under; /* whose end ends the caller's calls, and these */
    bool by_thread;
    pthread_t thread;
    gonet_wait_group_t end; /* of a task */
} gonet__beside_t;

/* gonet__beside_start lets fn(arg) run beside the caller; gonet__beside_join must follow. False,
 * with errno: it can't be had, and fn is not called. */
bool gonet__beside_start(gonet__beside_t *b, void (*fn)(void *arg), void *arg);

/* gonet__beside_join waits until fn has returned. By who started it. */
void gonet__beside_join(gonet__beside_t *b);

#endif
