/*
 * C++'s exceptions: what a thread is handling is in two words per C++ runtime (libstdc++,
 * libc++abi; the Itanium C++ ABI's __cxa_get_globals tells where), which a task that parks in a
 * catch block takes along.
 *
 * Which C++ runtimes there are is not known when the library is loaded: a program in C may load a
 * plug-in later, with dlopen, where a weak reference stays NULL and dlsym does not look. So loaded
 * objects are looked at again when a task parks and something has changed: see gonet__cxx_news.
 */
#ifndef GONET_RUNTIME_SWITCH_CXX_H
#define GONET_RUNTIME_SWITCH_CXX_H

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
    uint64_t seen;   /* what was loaded when it was looked at last */
    unsigned known;  /* count and unused together: mostly there are none */
    unsigned count;  /* of globals; those in between may be NULL */
    unsigned unused; /* of other runtimes, which the thread has not used yet */
    /* The thread's own, by the runtimes' numbers. */
    gonet__cxx_globals_t *globals[GONET__CXX_RUNTIMES];
    struct {
        const volatile uint64_t *entry; /* in the table of its thread-local variables */
        uint64_t was;
    } watched[GONET__CXX_RUNTIMES]; /* the unused ones */
} gonet__cxx_t;

/*
 * gonet__cxx_news says whether the thread may have met a runtime since the last look, and
 * gonet__cxx_asks whether it may have begun to use one of the unused: always before it handles the
 * first exception of it. glibc counts what it loads with thread-local variables, and a thread
 * learns the count, in its own table of them, when it first reaches one that is newer; one that is
 * not reached it finds by its entry in the table, where there is nothing until then.
 * __cxa_get_globals reaches such a variable. The table is where the x86-64 ABI
 * for thread-local storage has it. Elsewhere such variables may lie where they need no table: there
 * the objects are counted instead, at each turn of the worker and before each new task, for that is
 * no cheap call; as long as there are unused ones, each park looks. A task that loads the first C++
 * of the program by itself, and whose next park is in a catch block of its, is missed there: to
 * know of it, every park of a program without C++ would have to make that call.
 */
#if defined(__x86_64__) && defined(__LP64__) && defined(__GLIBC__) && \
    !defined(GONET_SWITCH_UCONTEXT)
/* The thread's table: an entry is two words, the first holds the count; before it is its length. */
static inline const volatile uint64_t *gonet__cxx_table(void)
{
    const volatile uint64_t *table;

    __asm__ volatile("mov %%fs:8, %0" : "=r"(table)); /* volatile: it may be another after a call */
    return table;
}

static inline bool gonet__cxx_news(const gonet__cxx_t *cxx)
{
    return *gonet__cxx_table() != cxx->seen;
}

static inline void gonet__cxx_turn(gonet__cxx_t *cxx)
{
    (void)cxx;
}
#else
#define GONET__CXX_BY_TURN
static inline bool gonet__cxx_news(const gonet__cxx_t *cxx)
{
    (void)cxx;
    return false;
}

void gonet__cxx_turn(gonet__cxx_t *cxx);
#endif

/* gonet__cxx_look finds the C++ runtimes that there are, for the calling thread. False: the process
 * is just forking, and it is to be called again. */
bool gonet__cxx_look(gonet__cxx_t *cxx);

/* gonet__cxx_store moves what is being handled to kept; gonet__cxx_load moves it back. */
void gonet__cxx_store(const gonet__cxx_t *cxx, gonet__cxx_globals_t *kept);
void gonet__cxx_load(gonet__cxx_t *cxx, const gonet__cxx_globals_t *kept);

/* gonet__cxx_asks is gonet__cxx_handles where there is C++, or may be. */
bool gonet__cxx_asks(gonet__cxx_t *cxx);

/* gonet__cxx_handles says whether the running task is handling an exception, which has to be
 * stored before another task runs. */
static inline bool gonet__cxx_handles(gonet__cxx_t *cxx)
{
    return __builtin_expect(gonet__cxx_news(cxx) || cxx->known != 0, 0) && gonet__cxx_asks(cxx);
}

#endif
