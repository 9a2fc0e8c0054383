/*
 * How work gets to idle workers.
 */
#ifndef GONET_RUNTIME_SCHED_STEAL_H
#define GONET_RUNTIME_SCHED_STEAL_H

#include <stdbool.h>

#include "runtime/sched/worker.h"

/* gonet__steal_choose asks the environment whether tasks move at every chance, which tests may
 * want: GONET_STEAL=always. */
void gonet__steal_choose(void);

/* gonet__steal takes tasks over from another worker; false: there are none that are worth it. On
 * the worker, outside any task. */
bool gonet__steal(gonet__worker_t *w);

/* gonet__steal_from_held takes tasks over from v, which a task holds, though w has work of its own:
 * they would wait for as long as that one likes. */
void gonet__steal_from_held(gonet__worker_t *w, gonet__worker_t *v);

/* gonet__steal_call_for wakes a sleeper to help w; false: nobody sleeps. Any thread. */
bool gonet__steal_call_for(gonet__worker_t *w);

/* gonet__steal_called looks for work if somebody has called; after a sleep. */
void gonet__steal_called(gonet__worker_t *w);

/* gonet__steal_report tells the caller whether it was worth it; before a sleep. */
void gonet__steal_report(gonet__worker_t *w);

#endif
