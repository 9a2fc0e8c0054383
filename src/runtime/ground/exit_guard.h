/*
 * Threads of the library that code of the program's ends.
 */
#ifndef GONET_RUNTIME_GROUND_EXIT_GUARD_H
#define GONET_RUNTIME_GROUND_EXIT_GUARD_H

struct gonet__worker;

/* gonet__exit_guard_open and gonet__exit_guard_close are around the life of all workers. Under the
 * runtime's lock. */
void gonet__exit_guard_open(void);
void gonet__exit_guard_close(void);

/* gonet__exit_guard_set: the caller's thread is w's, and not to end before gonet__here says that it
 * is nobody's. */
void gonet__exit_guard_set(struct gonet__worker *w);

/* gonet__exit_guard_run calls fn(arg), which may be the program's, in another thread of the
 * library's than a worker. If fn ends the thread, the program ends, and says that who has. A
 * cancellation of the thread takes effect in there, or not before the next time. */
void gonet__exit_guard_run(void (*fn)(void *arg), void *arg, const char *who);

#endif
