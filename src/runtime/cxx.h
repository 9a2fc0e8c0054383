/*
 * C++'s exceptions: what a thread is handling is in two words per C++ runtime (libstdc++,
 * libc++abi; the Itanium C++ ABI's __cxa_get_globals tells where), which a task that parks in a
 * catch block takes along.
 *
 * Which C++ runtimes there are is not known when the library is loaded: a program in C may load a
 * plug-in later, with dlopen, where a weak reference stays NULL and dlsym does not look. So loaded
 * objects are looked at again when a task parks and something has been loaded: see
 * gonet__cxx_generation.
 */
#ifndef GONET_RUNTIME_CXX_H
#define GONET_RUNTIME_CXX_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define GONET__CXX_RUNTIMES 4

/* The beginning of __cxa_eh_globals. */
typedef struct {
    void *caught;
    unsigned uncaught;
} gonet__cxx_globals_t;

/* A worker's view. */
typedef struct {
    uint64_t seen;  /* what was loaded when it was looked at last */
    bool unused;    /* there are others, which the thread has not used yet */
    unsigned count; /* of places; those in between may be NULL */
    gonet__cxx_globals_t *globals[GONET__CXX_RUNTIMES]; /* the thread's own */
} gonet__cxx_t;

/*
 * gonet__cxx_generation changes, on a thread, before code that was loaded late handles its first
 * exception there. glibc counts what it loads with thread-local variables, and a thread learns the
 * count, in its own table of them, when it first reaches a new one: __cxa_get_globals does that.
 * The table is where the x86-64 ABI for thread-local storage has it. Elsewhere such variables may
 * lie where they need no table: there the objects are counted instead, at each turn of the worker
 * and before each new task, for that is no cheap call; as long as the thread has not used all that
 * there are, each park looks. A task that loads the first C++ of the program by itself, and then
 * parks in a catch block without having parked before, is missed there.
 */
#if defined(__x86_64__) && defined(__LP64__) && defined(__GLIBC__) && \
    !defined(GONET_SWITCH_UCONTEXT)
static inline uint64_t gonet__cxx_generation(const gonet__cxx_t *cxx)
{
    const uint64_t *table;

    (void)cxx;
    __asm__ volatile("mov %%fs:8, %0" : "=r"(table)); /* volatile: it may be another after a call */
    return *(const volatile uint64_t *)table;
}

static inline void gonet__cxx_turn(gonet__cxx_t *cxx)
{
    (void)cxx;
}
#else
#define GONET__CXX_BY_TURN
static inline uint64_t gonet__cxx_generation(const gonet__cxx_t *cxx)
{
    return cxx->seen + cxx->unused;
}

void gonet__cxx_turn(gonet__cxx_t *cxx);
#endif

/* gonet__cxx_look finds the C++ runtimes that there are, for the calling thread. */
void gonet__cxx_look(gonet__cxx_t *cxx);

/* gonet__cxx_store moves what is being handled to kept; gonet__cxx_load moves it back. */
void gonet__cxx_store(const gonet__cxx_t *cxx, gonet__cxx_globals_t *kept);
void gonet__cxx_load(const gonet__cxx_t *cxx, const gonet__cxx_globals_t *kept);

/* gonet__cxx_handles says whether the running task is handling an exception, which has to be
 * stored before another task runs. */
static inline bool gonet__cxx_handles(gonet__cxx_t *cxx)
{
    if (__builtin_expect(gonet__cxx_generation(cxx) != cxx->seen, 0))
        gonet__cxx_look(cxx);
    for (unsigned i = 0; i < cxx->count; i++) {
        const gonet__cxx_globals_t *g = cxx->globals[i];
        if (g != NULL && (g->caught != NULL || g->uncaught != 0))
            return true;
    }
    return false;
}

#endif
