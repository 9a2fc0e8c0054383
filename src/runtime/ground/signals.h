/*
 * Signals: which are blocked in the threads that the library makes, and whose a handler is.
 */
#ifndef GONET_RUNTIME_GROUND_SIGNALS_H
#define GONET_RUNTIME_GROUND_SIGNALS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/* gonet__signals_take installs a handler where the program has none; false: it has.
 * gonet__signals_give_back takes it back, unless the program has installed its own since. */
bool gonet__signals_take(int sig, const struct sigaction *action);
void gonet__signals_give_back(int sig, const struct sigaction *action);

/*
 * gonet__signals_spawn makes a thread of the runtime or of the pool: all signals are blocked in it
 * but those that a fault raises (blocked, these would kill without any handler), those by which
 * profilers sample and, if the monitor is asked for, SIGURG; task.h lists them. 0 or an errno.
 */
int gonet__signals_spawn(pthread_t *thread, void *(*fn)(void *arg), void *arg);

/* gonet__signals_remember notes the caller's mask, the first time, and gonet__signals_restore_mask
 * gives it to a forked child that comes from a thread of the runtime. */
void gonet__signals_remember(void);
void gonet__signals_restore_mask(void);

#endif
