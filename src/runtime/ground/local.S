/*
 * The words that each thread has of its own: here.h, gonet__local_t.
 */
#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(GONET_SWITCH_UCONTEXT)
    .section .tbss,"awT",%nobits
    .p2align 6
    .globl gonet__local_words
    .hidden gonet__local_words
    .type gonet__local_words, %object
    .size gonet__local_words, 80
gonet__local_words:
    .zero 80
#endif

#include "runtime/ground/notes.inc"
