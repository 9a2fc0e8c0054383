/*
 * What the compiler is told beyond C.
 */
#ifndef GONET_BASE_COMPILER_H
#define GONET_BASE_COMPILER_H

/* GONET__OPAQUE is a function of which its callers know no more than its declaration says, not even
 * when all is compiled at once (-flto). What tells of the calling thread must be so: where it was
 * part of its callers, they could keep an address over a call that parks, after which they may run
 * in another thread. */
#if defined(__clang__)
#define GONET__OPAQUE __attribute__((noinline, optnone))
#elif defined(__GNUC__)
#define GONET__OPAQUE __attribute__((noipa))
#else
#define GONET__OPAQUE
#endif

/* GONET__COLD keeps the rare part of a busy function out of it: the busy part then needs no frame,
 * and less of the instruction cache. GONET__NOINLINE does so for another part that is busy at
 * times. GONET__INLINE is a function that has to be part of its callers. GONET__PREFETCH asks for
 * the cache line at p, which may be any address. */
#if defined(__GNUC__)
#define GONET__INLINE      static inline __attribute__((always_inline))
#define GONET__COLD        __attribute__((noinline, cold))
#define GONET__NOINLINE    __attribute__((noinline))
#define GONET__PREFETCH(p) __builtin_prefetch(p)
#else
#define GONET__INLINE static inline
#define GONET__COLD
#define GONET__NOINLINE
#define GONET__PREFETCH(p) ((void)(p))
#endif

#endif
