/*
 * Showing tasks: gonet_dump_tasks, and the monitor thread for SIGQUIT and slow tasks (GONETDEBUG).
 */
#ifndef GONET_RUNTIME_DUMP_H
#define GONET_RUNTIME_DUMP_H

#include <stdbool.h>

#include "runtime/worker.h"

/* gonet__dump_forget_request drops a request that was under way: in a forked child. */
void gonet__dump_forget_request(void);

/* gonet__dump_own_tasks answers a request for the tasks of w. On the worker, outside any task. */
void gonet__dump_own_tasks(gonet__worker_t *w);

/* gonet__dump_monitored says whether GONETDEBUG asks for the monitor. */
bool gonet__dump_monitored(void);

/* The monitor starts and ends with the runtime. */
void gonet__dump_start(void);
void gonet__dump_stop(void);
void gonet__dump_fork_child(void);

#endif
