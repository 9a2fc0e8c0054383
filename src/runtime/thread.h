/*
 * Plain threads that wait for a descriptor: in ppoll(2), on the descriptor and on an eventfd that
 * is theirs meanwhile.
 */
#ifndef GONET_RUNTIME_THREAD_H
#define GONET_RUNTIME_THREAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* On the stack of the thread that waits. */
typedef struct gonet__thread {
    int event; /* an eventfd, or -1: it polls in slices, and looks at signalled */
    _Atomic bool signalled;
} gonet__thread_t;

/* gonet__thread_begin prepares t for a wait of the calling thread, gonet__thread_end is after it.
 */
void gonet__thread_begin(gonet__thread_t *t);
void gonet__thread_end(gonet__thread_t *t);

/* gonet__thread_signal wakes t, once, by whoever took its wait; t may be gone afterwards. */
void gonet__thread_signal(gonet__thread_t *t);

/* gonet__thread_consume waits for the signal that somebody has sent or is about to send. */
void gonet__thread_consume(gonet__thread_t *t);

#endif
