/*
 * What the benchmark programs share: clocks, the CPU time of another process, argument checks, and
 * the way a server says where it listens. Nothing here uses gonet, so that peers and load are
 * neutral.
 */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stdint.h>
#include <sys/types.h>

/* bench_die prints a line to standard error and ends the program with status 1. */
void bench_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* bench_now returns the monotonic clock in nanoseconds. */
int64_t bench_now(void);

/* bench_own_cpu returns the CPU time of this process, all threads, in nanoseconds. */
int64_t bench_own_cpu(void);

/* bench_cpu_of returns the CPU time of process pid, all its threads, in nanoseconds. */
int64_t bench_cpu_of(pid_t pid);

/* bench_number reads a decimal number from min to max out of text; what names it when it is wrong.
 */
long bench_number(const char *what, const char *text, long min, long max);

/* bench_end_after lets the process end by SIGALRM after so many seconds: no server is left behind.
 */
void bench_end_after(unsigned seconds);

/*
 * bench_second_thread gives the process an idle thread if the program was called with the argument
 * "thread": with two, the kernel counts the uses of a descriptor, whatever the server does.
 */
void bench_second_thread(int argc, char **argv);

/* bench_listen returns a non-blocking socket of that type (SOCK_STREAM: a listener) on 127.0.0.1,
 * any port, and announces it. */
int bench_listen(int type);

/* bench_announce prints "listening 127.0.0.1:PORT", which the scripts wait for. */
void bench_announce(int port);

/* bench_no_delay switches Nagle's algorithm off, as Go and gonet do for every connection. */
void bench_no_delay(int fd);

#endif
