/*
 * Plain threads that wait for a descriptor: in poll(2), on the descriptor and on an eventfd that
 * is theirs meanwhile.
 */
#ifndef GONET_RUNTIME_NETPOLL_THREAD_H
#define GONET_RUNTIME_NETPOLL_THREAD_H

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* On the stack of the thread that waits. */
typedef struct gonet__thread {
    _Alignas(8) int event; /* an eventfd, or -1: it polls in slices, and looks at signalled; its
                              address has room for the tags of netpoll.c */
    _Atomic bool signalled;
} gonet__thread_t;

/* gonet__thread_begin prepares t for a wait of the calling thread, gonet__thread_end is after it.
 */
void gonet__thread_begin(gonet__thread_t *t);
void gonet__thread_end(gonet__thread_t *t);

/*
 * gonet__thread_poll polls until limit (monotonic ns; 0: for ever), or earlier for nothing. 0 with
 * the results in p; else the errno with which the kernel refuses to poll.
 */
int gonet__thread_poll(struct pollfd *p, unsigned n, int64_t limit);

/* gonet__thread_signal wakes t, once, by whoever took its wait; t may be gone afterwards. */
void gonet__thread_signal(gonet__thread_t *t);

/* gonet__thread_consume waits for the signal that somebody has sent or is about to send. */
void gonet__thread_consume(gonet__thread_t *t);

#endif
