/*
 * What the files of bench_micro_gonet share: one micro-benchmark is a function of the number of
 * operations and of tasks.
 */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

/* micro_start runs fn in a task, or ends the program. */
void micro_start(void (*fn)(void *arg), void *arg);

/* UDP (micro_udp.c): the round trip of 64 bytes, and datagrams of 1400 bytes sent and received,
 * each by a call of its own, or in batches. */
void run_udp(long ops, long tasks);
void run_udp_single(long ops, long tasks);
void run_udp_batch(long ops, long tasks);

#endif
