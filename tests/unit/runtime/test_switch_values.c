/*
 * Whatever the compiler keeps in registers over a context switch comes back: for each kind of
 * processor that this one can stand for, and each level of optimisation. A plain program, so that
 * it can be built for another processor, and run by an emulator (switch_aarch64.sh).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "switch_values.h"

enum { SIZE = 256 << 10, ROUNDS = 100 };

/* The builds that there are: VALUES(name, what the processor must have). */
#define VALUES(name, needs) values_keep_fn name;
#include "switch_values.list"
#undef VALUES

#define HAS_base true
#if defined(__x86_64__)
#define HAS_avx2                                                         \
    (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && \
     __builtin_cpu_supports("fma"))
#define HAS_avx512                                                               \
    (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&  \
     __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && \
     __builtin_cpu_supports("avx512vl"))
#elif defined(__aarch64__)
#include <sys/auxv.h>
#define HAS_sve ((getauxval(AT_HWCAP) & HWCAP_SVE) != 0)
#endif

gonet__annotation_t *values_left;

const void *values_bytes(unsigned seed, unsigned number)
{
    static uint8_t bytes[256]; /* as much as the longest vector of all, SVE's */
    uint64_t x = seed * 1000003u + number + 1;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (uint8_t)(x >> 33) & (i % 8 == 7 ? 0x3f : 0xff); /* no double is NaN */
    }
    return bytes;
}

static values_keep_fn *keep;
static bool ending, ended;

static void entry(void *arg)
{
    values_side_t *self = arg;

    gonet__annotate_enter(&self->tool, values_left);
    while (!ending)
        keep(self);
    ended = true;
    values_left = &self->tool;
    gonet__annotate_leave(&self->tool, &self->other->tool, 1);
    gonet__switch_last(&self->other->context);
}

/* Both sides run fn, in turns, and the other one ends; returns how many values came back changed.
 */
static int run(values_keep_fn *fn)
{
    values_side_t here = {.seed = 1};
    values_side_t there = {.seed = 2, .other = &here};
    char *low = aligned_alloc(4096, SIZE);
    char *high;

    if (low == NULL)
        abort();
    high = low + SIZE - 64;
    keep = fn;
    here.other = &there;
    gonet__annotate_worker(&here.tool);
    gonet__annotate_task(&there.tool, low, high);
    gonet__switch_make(&there.context, low, high, entry, &there);
    ending = ended = false;
    for (int i = 0; i < ROUNDS; i++)
        fn(&here);
    for (ending = true; !ended;)
        values_hop(&here);
    gonet__annotate_gone(&there.tool);
    free(low);
    return here.wrong + there.wrong;
}

static bool check(const char *name, const char *needs, bool has, values_keep_fn *fn)
{
    int wrong;

    if (!has) {
        printf("%s: not run, this processor has no %s\n", name, needs);
        return true;
    }
    wrong = run(fn);
    printf("%s: %d values changed\n", name, wrong);
    return wrong == 0;
}

int main(void)
{
    bool good = true;

#define VALUES(name, needs) good &= check(#name, #needs, HAS_##needs, name);
#include "switch_values.list"
    return good ? 0 : 1;
}
