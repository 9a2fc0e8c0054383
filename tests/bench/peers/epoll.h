/*
 * The loop of the servers that stand for the floor: one thread around a level-triggered epoll set.
 */
#ifndef BENCH_EPOLL_H
#define BENCH_EPOLL_H

/* bench_serve_epoll listens on any port of 127.0.0.1, announces it, and calls answer(fd) whenever
 * the connection fd, which is non-blocking, has something to read; answer closes it. It never
 * returns, and ends the process after ten minutes. argv as for bench_second_thread. */
void bench_serve_epoll(int argc, char **argv, void (*answer)(int fd)) __attribute__((noreturn));

#endif
