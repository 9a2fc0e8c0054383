/*
 * What must not survive a fork. A process has a generation, which grows from parent to child; locks
 * and objects carry that of the process that used them last. Who finds an old one in an object is
 * the first of this process there: it forgets those who wait, and whatever is the parent's alone.
 * What is one for the whole process registers a reset, which runs once in each child.
 *
 * The word itself lies in a page that the kernel wipes in each child (MADV_WIPEONFORK), so a child
 * is known at its first use of anything, whoever made it and whichever fork handler comes first.
 * Where there is no such page, the handler of pthread_atfork tells.
 */
#ifndef GONET_RUNTIME_GROUND_FORK_H
#define GONET_RUNTIME_GROUND_FORK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Generations are multiples of this: the bits below are for those who keep flags beside one. */
#define GONET__GENERATION 32u

/* As large as pages get. */
#if defined(__x86_64__) || defined(__i386__)
#define GONET__FORK_PAGE 4096
#else
#define GONET__FORK_PAGE 65536
#endif

typedef union {
    struct {
        _Atomic uint32_t generation; /* less than GONET__GENERATION: a reset is due, or under way */
        _Atomic(_Atomic uint32_t *) slept_on; /* spin.h */
    };
    char page[GONET__FORK_PAGE];
} gonet__fork_page_t;

extern gonet__fork_page_t gonet__fork_page;

/* gonet__fork_catch_up is the slow part of gonet__fork_now. */
GONET__COLD uint32_t gonet__fork_catch_up(void);

/* gonet__fork_seen is the generation as it stands: 0 in a child that was not reset yet. What is
 * compared with it there differs, and asks gonet__fork_now. */
static inline uint32_t gonet__fork_seen(void)
{
    return atomic_load_explicit(&gonet__fork_page.generation, memory_order_relaxed);
}

/* gonet__fork_now returns the generation of this process; in a child, everything that is global is
 * reset before. */
static inline uint32_t gonet__fork_now(void)
{
    uint32_t now = atomic_load_explicit(&gonet__fork_page.generation, memory_order_acquire);

    return now < GONET__GENERATION ? gonet__fork_catch_up() : now;
}

/* gonet__fork_claim is the slow part of gonet__fork_begin_reset. */
bool gonet__fork_claim(_Atomic uint32_t *generation);

/* gonet__fork_is_first says whether nobody has claimed the object in this process yet. */
static inline bool gonet__fork_is_first(_Atomic uint32_t *generation)
{
    return atomic_load_explicit(generation, memory_order_acquire) != gonet__fork_seen();
}

/*
 * gonet__fork_begin_reset says whether the caller is the first one of this process, and then has to
 * reset the object and to call gonet__fork_end_reset; the others wait for that. For objects without
 * a lock that tells.
 */
static inline bool gonet__fork_begin_reset(_Atomic uint32_t *generation)
{
    return gonet__fork_is_first(generation) && gonet__fork_claim(generation);
}

static inline void gonet__fork_end_reset(_Atomic uint32_t *generation)
{
    atomic_store(generation, gonet__fork_now());
}

/*
 * GONET__FORK_HOOK(fn), once in a file: fn resets what the file keeps for the whole process, in
 * each child, before anything else is done there, and in no order that others could rely on; by its
 * only thread, under no lock. Another thread of the parent may have been anywhere in it: what can
 * be half changed is given up, not walked. GONET__FORK_HOOKS has two more, around the fork, in the
 * thread that forks: before it, and after it in the parent; NULL: none.
 */
typedef struct gonet__fork_hook {
    void (*child)(void);
    void (*before)(void);
    void (*after)(void);
    struct gonet__fork_hook *next;
} gonet__fork_hook_t;

void gonet__fork_hook_add(gonet__fork_hook_t *hook);

#define GONET__FORK_HOOKS(in_child, before_fork, after_fork)                      \
    __attribute__((constructor)) static void add_fork_hook(void)                  \
    {                                                                             \
        static gonet__fork_hook_t hook = {                                        \
            .child = (in_child), .before = (before_fork), .after = (after_fork)}; \
                                                                                  \
        gonet__fork_hook_add(&hook);                                              \
    }

#define GONET__FORK_HOOK(fn) GONET__FORK_HOOKS(fn, NULL, NULL)

/* gonet__fork_lock takes a lock that is one for the whole process. Use it in the place of
 * pthread_mutex_lock, so that a child that was not reset yet is. */
static inline void gonet__fork_lock(pthread_mutex_t *lock)
{
    (void)gonet__fork_now();
    pthread_mutex_lock(lock);
}

/* gonet__fork_renew makes lock anew in a child, for a hook; whether it was free, and what it guards
 * is whole. */
bool gonet__fork_renew(pthread_mutex_t *lock);

/*
 * gonet__fork_own says that fd is the library's own (an eventfd, a pipe of a cache, a question's
 * socket): a child closes it. Before fd is closed here, gonet__fork_disown.
 */
void gonet__fork_own(int fd);
void gonet__fork_disown(int fd);

/* gonet__fork_coming returns the generation that begins, for hooks. */
uint32_t gonet__fork_coming(void);

#endif
