/*
 * What the tests of forks share: a process of its own for each, with the runtime never
 * started, running, or busy in tasks and threads; waiters that the fork finds waiting; and a child
 * that looks whether anything was written where it should not be.
 */
#ifndef TESTS_SUPPORT_SCENE_H
#define TESTS_SUPPORT_SCENE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "gonet.h"
#include "support/actor.h"
#include "support/check.h"
#include "support/child.h"
#include "support/net.h"

typedef enum { NEVER, RUNNING, BUSY, STATES } state_t;

/* scene_begin brings the runtime into the state that the environment names; scene_end ends that,
 * and returns the part's status. */
state_t scene_begin(void);
int scene_end(void);

/* Those who wait when it forks: threads alone where the runtime never runs, tasks where it does,
 * both where it is busy. */
#define WAITERS 2

typedef struct {
    void (*wait)(void *object);
    void *object;
    atomic_bool begins;
    actor_t actor;
} waiter_t;

/* scene_wait starts the waiters, each of which calls wait(object), and returns how many there are
 * when they do. scene_join waits until all have come back. */
int scene_wait(waiter_t w[WAITERS], void (*wait)(void *object), void *object);
void scene_join(waiter_t w[WAITERS]);

/*
 * scene_fork runs use(object) in a forked child, and waits for its end. The child fails if a check
 * does, or if anything was written into files of its own that have the numbers which were free.
 */
void scene_fork(void (*use)(void *object), void *object);

/* scene_fork_now is fork. AddressSanitizer's allocator has locks, which stay locked in a child if a
 * thread held them: with it, the fork waits until all other threads sleep. */
pid_t scene_fork_now(void);

/* scene_before_fork is the waiting alone: for a handler that comes last before the fork, when
 * others have used the library. */
void scene_before_fork(void);

/* scene_end_of waits for a child: its status. */
int scene_end_of(pid_t child);

/* scene_new uses a bit of everything: a pair of connections, a task at each end, a channel, a
 * shutdown. */
void scene_new(void);

/* scene_main runs each part in each state, as a test of its own. */
int scene_main(int argc, char **argv, const char *group, const child_part_t *parts);

#endif
