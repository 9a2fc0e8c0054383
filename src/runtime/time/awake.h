/*
 * Waiting awake. To fall asleep and be woken costs two threads 5 to 30 us of CPU time, more than
 * what most of them have to say to each other. So who waits for another thread looks for its word
 * for a moment before it sleeps, as long as that pays: as long as the words come soon. After two in
 * a row that did not, it sleeps at once for 2, then 6, 14 … 126 ms; so who never gains by it loses
 * 0.1 % of a processor.
 *
 * Only for the words of threads, and where there are several processors; who waits for descriptors
 * waits in its loop. Measured, a message from a thread to a task and its answer, each on a
 * processor of its own: from 32,000 ns of CPU time to 3,600.
 */
#ifndef GONET_RUNTIME_TIME_AWAKE_H
#define GONET_RUNTIME_TIME_AWAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/ground/here.h"

/* gonet__awake_choose is told how many processors there are, before it may pay. */
void gonet__awake_choose(unsigned processors);

/* gonet__wait_awake calls come(arg) until that is true: once, or for a moment if it may pay. What
 * it returned last. */
bool gonet__wait_awake(gonet__awake_t *a, bool (*come)(void *arg), void *arg);

#endif
