/*
 * Actors: the same function run by a task or by a plain thread, and the modes in which a test's
 * body and its helpers are one or the other.
 */
#ifndef TESTS_SUPPORT_ACTOR_H
#define TESTS_SUPPORT_ACTOR_H

#include <pthread.h>
#include <stdbool.h>

#include "gonet/sync.h"
#include "gonet/task.h"
#include "support/check.h"

typedef enum { BY_TASK, BY_THREAD } actor_kind_t;

typedef struct {
    void (*fn)(void *arg);
    void *arg;
    actor_kind_t kind;
    pthread_t thread;
    gonet_wait_group_t ended;
} actor_t;

/* actor_start runs fn(arg); a is the actor's until actor_join. A failure is recorded, and then fn
 * has not run. */
void actor_start(actor_t *a, actor_kind_t kind, void (*fn)(void *arg), void *arg);

/* actor_join waits until the actor's function has returned. From any task or thread. */
void actor_join(actor_t *a);

/* How a test's body and the helpers that it starts run. */
typedef enum { TASKS, THREADS, TASK_AND_THREADS, THREAD_AND_TASKS } actor_mode_t;
#define ACTOR_MODES 4

extern const char *const actor_mode_name[ACTOR_MODES];

/* actor_body and actor_helper: who runs what in a mode. */
actor_kind_t actor_body(actor_mode_t mode);
actor_kind_t actor_helper(actor_mode_t mode);

/*
 * actor_run_test runs body(arg) as the mode says and reports the first failure. If the program is
 * given up (support/patience.h), its tasks are listed. The test's own thread.
 */
void actor_run_test(actor_mode_t mode, void (*body)(void *arg), void *arg);

/* actor_dump returns what gonet_dump_tasks prints; to release with free. */
char *actor_dump(void);

#endif
