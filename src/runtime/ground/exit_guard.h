/*
 * Workers whose thread is ended by a task.
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

#endif
