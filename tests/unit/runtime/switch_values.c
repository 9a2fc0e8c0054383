/*
 * Compiled many times; VALUES_NAME is the function's name. The values of a class are as many as the
 * largest has registers, so each register that the compiler thinks safe over a switch is in use,
 * while the other side does the same with other values.
 */
#include "switch_values.h"

#include <stdint.h>
#include <string.h>

#if defined(__AVX512BW__)
#include <immintrin.h>
#endif
#if defined(__ARM_FEATURE_SVE)
#include <arm_sve.h>
#endif

values_keep_fn VALUES_NAME;

#define FOUR(X, n) X(n##0) X(n##1) X(n##2) X(n##3)
#define EACH(X) \
    FOUR(X, 1) FOUR(X, 2) FOUR(X, 3) FOUR(X, 4) FOUR(X, 5) FOUR(X, 6) FOUR(X, 7) FOUR(X, 8)

#define DECLARE(i) value_t v##i;
#define PIN(i)     __asm__ volatile("" : "+" REGISTER(v##i));
#define LOAD(i)    memcpy(&v##i, values_bytes(self->seed, i), sizeof(v##i));
#define CHECK(i)   self->wrong += memcmp(&v##i, values_bytes(self->seed, i), sizeof(v##i)) != 0;

/* keep_name keeps 32 values of a type, in registers of the class REGISTER. */
#define KEEP(name, type)                                                   \
    static __attribute__((noinline)) void keep_##name(values_side_t *self) \
    {                                                                      \
        typedef type value_t;                                              \
        EACH(DECLARE)                                                      \
        EACH(LOAD)                                                         \
        EACH(PIN)                                                          \
        values_hop(self);                                                  \
        EACH(PIN)                                                          \
        EACH(CHECK)                                                        \
    }

typedef uint8_t vector16_t __attribute__((vector_size(16)));
typedef uint8_t vector32_t __attribute__((vector_size(32)));
typedef uint8_t vector64_t __attribute__((vector_size(64)));

#define REGISTER "r"
KEEP(word, uint64_t)
#undef REGISTER

#if defined(__x86_64__) || defined(__aarch64__)
#if defined(__x86_64__)
#define REGISTER "v"
#else
#define REGISTER "w"
#endif
KEEP(double, double)
KEEP(vector16, vector16_t)
#if defined(__AVX__)
KEEP(vector32, vector32_t)
#endif
#if defined(__AVX512F__)
KEEP(vector64, vector64_t)
#endif
#undef REGISTER
#endif

#if defined(__AVX512BW__)
#define REGISTER "k"
KEEP(mask, __mmask64)
#undef REGISTER
#endif

#if defined(__x86_64__)
static __attribute__((noinline)) void keep_x87(values_side_t *self)
{
    int32_t d[4];
    long double a, b, c, e;

    memcpy(d, values_bytes(self->seed, 0), sizeof(d));
    a = (long double)d[0] + 1;
    b = (long double)d[1] + 2;
    c = (long double)d[2] + 3;
    e = (long double)d[3] + 4;
    __asm__ volatile("" : "+t"(a), "+u"(b));
    values_hop(self);
    __asm__ volatile("" : "+t"(a), "+u"(b));
    self->wrong += a - 1 != d[0] || b - 2 != d[1] || c - 3 != d[2] || e - 4 != d[3];
}
#endif

#if defined(__ARM_FEATURE_SVE)
#define DECLARE_SCALABLE(i) svuint8_t v##i;
#define LOAD_SCALABLE(i)    v##i = svld1_u8(svptrue_b8(), values_bytes(self->seed, i));
#define PIN_SCALABLE(i)     __asm__ volatile("" : "+w"(v##i));
#define CHECK_SCALABLE(i)       \
    self->wrong += svptest_any( \
        svptrue_b8(),           \
        svcmpne_u8(svptrue_b8(), v##i, svld1_u8(svptrue_b8(), values_bytes(self->seed, i))));

static __attribute__((noinline)) void keep_scalable(values_side_t *self)
{
    EACH(DECLARE_SCALABLE)
    EACH(LOAD_SCALABLE)
    EACH(PIN_SCALABLE)
    values_hop(self);
    EACH(PIN_SCALABLE)
    EACH(CHECK_SCALABLE)
}

static inline svbool_t predicate(values_side_t *self, unsigned i)
{
    return svcmpgt_n_u8(svptrue_b8(), svld1_u8(svptrue_b8(), values_bytes(self->seed, i)), 127);
}

#define DECLARE_PREDICATE(i) svbool_t v##i;
#define LOAD_PREDICATE(i)    v##i = predicate(self, i);
#define PIN_PREDICATE(i)     __asm__ volatile("" : "+Upa"(v##i));
#define CHECK_PREDICATE(i) \
    self->wrong += svptest_any(svptrue_b8(), sveor_b_z(svptrue_b8(), v##i, predicate(self, i)));

static __attribute__((noinline)) void keep_predicates(values_side_t *self)
{
    EACH(DECLARE_PREDICATE)
    EACH(LOAD_PREDICATE)
    EACH(PIN_PREDICATE)
    values_hop(self);
    EACH(PIN_PREDICATE)
    EACH(CHECK_PREDICATE)
}
#endif

void VALUES_NAME(values_side_t *self)
{
    keep_word(self);
#if defined(__x86_64__) || defined(__aarch64__)
    keep_double(self);
    keep_vector16(self);
#endif
#if defined(__x86_64__)
    keep_x87(self);
#endif
#if defined(__AVX__)
    keep_vector32(self);
#endif
#if defined(__AVX512F__)
    keep_vector64(self);
#endif
#if defined(__AVX512BW__)
    keep_mask(self);
#endif
#if defined(__ARM_FEATURE_SVE)
    keep_scalable(self);
    keep_predicates(self);
#endif
}
