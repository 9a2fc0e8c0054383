/*
 * Scenarios: short programs that use the library, run again and again, each time with another call
 * failing, by a task and by a plain thread.
 *
 * For each kind of call that the scenario makes, and each errno that is plausible for it, the n-th
 * call fails, for n = 1, 2, 3, ... until a run ends without having reached it. Likewise the n-th
 * allocation. Then the scenario has succeeded in spite of it, or its error names the call and the
 * errno (or says that memory is out); it runs once more, without a fault, in the runtime that was
 * left; and nothing is left behind.
 */
#ifndef TESTS_FAULTS_SCENARIO_H
#define TESTS_FAULTS_SCENARIO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "gonet/error.h"
#include "gonet/sync.h"
#include "support/check.h"
#include "support/net.h"

/* One actor's part in a run: the first step of it that has failed. */
typedef struct {
    gonet_error_t *err; /* for every call */
    const char *step;   /* NULL: none has failed */
    int line;
    int errnum; /* for calls that tell by errno */
} part_t;

/* A run: who started it, and up to one helper, which is a task. */
typedef struct run {
    part_t body, helper;
    void (*help)(struct run *r);
    gonet_wait_group_t helped;
    void *shared; /* the scenario's own */
} run_t;

/* STEP leaves for done when a call of the library has failed. */
#define STEP(part, condition)          \
    do {                               \
        if (!(condition)) {            \
            (part)->errnum = errno;    \
            (part)->step = #condition; \
            (part)->line = __LINE__;   \
            goto done;                 \
        }                              \
    } while (0)

/* A deadline that is there, so that the calls go the way that has one; it does not come. */
#define LATER gonet_after(GONET_HOUR)

typedef struct {
    const char *name;
    void (*run)(run_t *r);
    /* What else its errors may say when a call has failed: texts, separated by '|'. */
    const char *also;
    /* The calls that are not made to fail, because nobody could tell what follows; ends with -1. */
    const int *spared;
    unsigned flags;
} scenario_t;

#define SCENARIO_NO_MEMORY_FAULTS (1u << 0) /* allocations don't fail */
#define SCENARIO_STICKY           (1u << 1) /* calls keep failing */
#define SCENARIO_OWN_CALLS        (1u << 2) /* makes some itself, in functions that the library calls */

/* scenarios_run runs them all; the result of main. The scenario that argv names, if any, alone. */
int scenarios_run(const scenario_t *scenarios, size_t n, int argc, char **argv);

/* ---- what scenarios share ---- */

/* scenario_is_hit says whether something has failed in this run already. */
bool scenario_is_hit(void);

/* OWN_NAME is an abstract unix name that no other process uses; valid in the block. */
#define OWN_NAME(what) net_abstract(what, (char[64]){0})

/* scenario_lends tells which objects of this run a forked child may use and close: it looks where
 * they are (each NULL, or NULL there). */
void scenario_lends(gonet_conn_t **a, gonet_conn_t **b, gonet_listener_t **l);

/* scenario_help starts the helper; false with errno: there is none. */
bool scenario_help(run_t *r, void (*fn)(run_t *r));

/* scenario_join waits for the helper, if there is one. */
void scenario_join(run_t *r);

#endif
