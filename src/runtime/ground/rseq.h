/*
 * Restartable sequences (rseq(2)): glibc has the kernel keep the number of the processor in the
 * memory of each thread, for code that works on data of its processor. The kernel brings it up to
 * date each time a thread goes on after a sleep, and a worker sleeps and wakes all the time: 1 % of
 * an echo. So workers hand it back; GONET_RSEQ=1 keeps it.
 */
#ifndef GONET_RUNTIME_GROUND_RSEQ_H
#define GONET_RUNTIME_GROUND_RSEQ_H

/* Whether libc registers, and in a place that we know. */
#if defined(__has_include) && (defined(__x86_64__) || defined(__aarch64__))
#if __has_include(<sys/rseq.h>)
#define GONET__HAVE_RSEQ 1
#endif
#endif

/* gonet__rseq_leave ends the calling thread's registration, if it has one. sched_getcpu(3) asks the
 * kernel's vDSO from then on; a restartable sequence finds no processor, and takes its slow way. */
void gonet__rseq_leave(void);

#endif
