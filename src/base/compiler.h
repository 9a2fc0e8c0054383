/*
 * What the compiler is told beyond C.
 */
#ifndef GONET_BASE_COMPILER_H
#define GONET_BASE_COMPILER_H

/* GONET__COLD keeps the rare part of a busy function out of it: the busy part then needs no frame,
 * and less of the instruction cache. GONET__NOINLINE does so for another part that is busy at
 * times. */
#if defined(__GNUC__)
#define GONET__COLD     __attribute__((noinline, cold))
#define GONET__NOINLINE __attribute__((noinline))
#else
#define GONET__COLD
#define GONET__NOINLINE
#endif

#endif
