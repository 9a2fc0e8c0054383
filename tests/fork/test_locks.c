/*
 * What a forked child may do with the locks and counters that it inherits, while others wait for
 * them in the parent, who must notice nothing: those of gonet/sync.h beyond what test_objects.c
 * has.
 */
#include "support/scene.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    gonet_rwmutex_t rw;
    gonet_once_t once;
    gonet_semaphore_t sem;
    gonet_mutex_t mutex;
    gonet_group_t group;
    gonet_future_t future;
    int runs;
} locks_t;

/* ---- the readers-writer mutex ---- */

static void write_once(void *object)
{
    locks_t *t = object;

    gonet_rwmutex_lock(&t->rw);
    gonet_rwmutex_unlock(&t->rw);
}

static void read_once(void *object)
{
    locks_t *t = object;

    gonet_rwmutex_rlock(&t->rw);
    gonet_rwmutex_runlock(&t->rw);
}

/* Both kinds lock it, and both have to wait now and then. */
static void use_all(void *object)
{
    locks_t *t = object;
    actor_t writes, reads;

    gonet_rwmutex_lock(&t->rw);
    actor_start(&writes, BY_TASK, write_once, t);
    actor_start(&reads, BY_TASK, read_once, t);
    gonet_yield();
    gonet_rwmutex_unlock(&t->rw);
    actor_join(&writes);
    actor_join(&reads);
    CHECK(gonet_rwmutex_try_lock(&t->rw));
    gonet_rwmutex_unlock(&t->rw);
}

static void use_written(void *object)
{
    locks_t *t = object;

    CHECK(!gonet_rwmutex_try_rlock(&t->rw)); /* as the parent had it */
    CHECK(!gonet_rwmutex_try_lock(&t->rw));
    gonet_rwmutex_unlock(&t->rw);
    use_all(t);
}

static void use_read(void *object)
{
    locks_t *t = object;

    CHECK(!gonet_rwmutex_try_lock(&t->rw));
    if (CHECK(gonet_rwmutex_try_rlock(&t->rw))) /* the writers that wait are the parent's */
        gonet_rwmutex_runlock(&t->rw);
    gonet_rwmutex_runlock(&t->rw);
    use_all(t);
}

/* The first call of the child is the one that wakes whoever is next. */
static void unlock_read(void *object)
{
    locks_t *t = object;

    gonet_rwmutex_runlock(&t->rw);
    use_all(t);
}

static int rwmutex(void)
{
    waiter_t w[WAITERS];
    locks_t t = {.runs = 0};

    scene_begin();
    gonet_rwmutex_lock(&t.rw);
    scene_wait(w, read_once, &t);
    scene_fork(use_written, &t);
    gonet_rwmutex_unlock(&t.rw);
    scene_join(w);
    gonet_rwmutex_rlock(&t.rw);
    scene_wait(w, write_once, &t);
    AWAIT(!gonet_rwmutex_try_rlock(&t.rw) || (gonet_rwmutex_runlock(&t.rw), false));
    scene_fork(use_read, &t);
    scene_fork(unlock_read, &t);
    CHECK(!gonet_rwmutex_try_rlock(&t.rw));
    gonet_rwmutex_runlock(&t.rw);
    scene_join(w);
    CHECK(gonet_rwmutex_try_lock(&t.rw));
    return scene_end();
}

/* ---- once ---- */

static void run(void *arg)
{
    locks_t *t = arg;

    gonet_mutex_lock(&t->mutex);
    t->runs++;
    gonet_mutex_unlock(&t->mutex);
}

static void run_once(void *object)
{
    locks_t *t = object;

    gonet_once_do(&t->once, run, t);
    CHECK_INT(t->runs, 1);
}

/* Who was in it is in the parent: here it begins anew. */
static void run_anew(void *object)
{
    locks_t *t = object;

    gonet_mutex_unlock(&t->mutex);
    run_once(t);
    run_once(t);
}

static int once(void)
{
    waiter_t w[WAITERS];
    locks_t t = {.runs = 0};

    scene_begin();
    gonet_mutex_lock(&t.mutex);
    scene_wait(w, run_once, &t);
    scene_fork(run_anew, &t);
    gonet_mutex_unlock(&t.mutex);
    scene_join(w);
    scene_fork(run_once, &t);
    return scene_end();
}

/* ---- the semaphore ---- */

static void acquire_one(void *object)
{
    locks_t *t = object;

    if (CHECK_INT(gonet_semaphore_acquire(&t->sem, NULL, 1, NULL), 0))
        gonet_semaphore_release(&t->sem, 1);
}

static void use_semaphore(void *object)
{
    gonet_context_t *ctx = gonet_context_with_timeout(NULL, GONET_MILLISECOND);
    locks_t *t = object;
    actor_t other;

    CHECK(!gonet_semaphore_try_acquire(&t->sem, 1));
    CHECK_INT(gonet_semaphore_acquire(&t->sem, ctx, 1, NULL), -1);
    actor_start(&other, BY_TASK, acquire_one, t);
    gonet_semaphore_release(&t->sem, 2); /* none of it goes to those of the parent */
    actor_join(&other);
    CHECK(gonet_semaphore_try_acquire(&t->sem, 2));
    gonet_context_free(ctx);
}

static int semaphore(void)
{
    waiter_t w[WAITERS];
    locks_t t = {.sem.size = 2};

    scene_begin();
    CHECK(gonet_semaphore_try_acquire(&t.sem, 2));
    scene_wait(w, acquire_one, &t);
    scene_fork(use_semaphore, &t);
    gonet_semaphore_release(&t.sem, 2);
    scene_join(w);
    CHECK(gonet_semaphore_try_acquire(&t.sem, 2));
    return scene_end();
}

/* ---- groups and futures ---- */

static int hold_on(void *arg, gonet_error_t **err)
{
    (void)err;
    run(arg);
    return 0;
}

static void *result(void *arg)
{
    return (char *)arg + 1;
}

static void use_new(void *object)
{
    gonet_group_t g = {.private_ctx = NULL};
    locks_t *t = object;

    gonet_mutex_unlock(&t->mutex);
    CHECK_INT(gonet_group_go(&g, hold_on, t), 0); /* one of its own */
    CHECK_INT(gonet_group_wait(&g, NULL), 0);
    CHECK_INT(t->runs, 1);
    CHECK_INT(gonet_future_go(&t->future, result, t), 0); /* one that nobody had started */
    CHECK(gonet_future_wait(&t->future) == (char *)t + 1);
}

static int group(void)
{
    locks_t t = {.runs = 0};

    scene_begin();
    gonet_mutex_lock(&t.mutex);
    CHECK_INT(gonet_group_go(&t.group, hold_on, &t), 0);
    scene_fork(use_new, &t);
    gonet_mutex_unlock(&t.mutex);
    CHECK_INT(gonet_group_wait(&t.group, NULL), 0);
    CHECK_INT(t.runs, 1);
    return scene_end();
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {{"rwmutex", rwmutex},
                                  {"once", once},
                                  {"semaphore", semaphore},
                                  {"group", group},
                                  {NULL, NULL}};

    return scene_main(argc, argv, "forks, with locks", parts);
}
