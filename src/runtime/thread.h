/*
 * Plain threads that wait for a descriptor: in ppoll(2), on the descriptor and on an eventfd of
 * their own.
 */
#ifndef GONET_RUNTIME_THREAD_H
#define GONET_RUNTIME_THREAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct gonet__thread {
    int event; /* an eventfd, or -1: it polls in slices, and looks at signalled */
    _Atomic bool signalled;
    uint32_t generation; /* of the process in which event was opened */
} gonet__thread_t;

/* gonet__thread_self returns the calling thread's; valid until the thread ends. */
gonet__thread_t *gonet__thread_self(void);

/* gonet__thread_signal wakes t, once, by whoever took its wait; t may be gone afterwards. */
void gonet__thread_signal(gonet__thread_t *t);

/* gonet__thread_consume waits for the signal that somebody has sent or is about to send. */
void gonet__thread_consume(gonet__thread_t *t);

#endif
