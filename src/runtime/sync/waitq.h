/*
 * A queue of waits: what the mutex, the condition, the wait group and the channels keep of those
 * who wait. A node lives on the waiting stack (a select's in its cases), so queueing allocates
 * nothing.
 *
 * The queue is one pointer to the first node of a ring, NULL when empty; a node that is in no queue
 * has next == NULL. Guarded by the lock of whoever owns the queue.
 */
#ifndef GONET_RUNTIME_SYNC_WAITQ_H
#define GONET_RUNTIME_SYNC_WAITQ_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/sched/wait.h"

typedef struct gonet__waiter {
    struct gonet__waiter *next;
    struct gonet__waiter *prev;
    gonet__wait_t *wait;
} gonet__waiter_t;

static inline bool gonet__waitq_has(const gonet__waiter_t *n)
{
    return n->next != NULL;
}

static inline void gonet__waitq_push_back(gonet__waiter_t **q, gonet__waiter_t *n)
{
    gonet__waiter_t *first = *q;

    if (first == NULL) {
        n->next = n;
        n->prev = n;
        *q = n;
        return;
    }
    n->next = first;
    n->prev = first->prev;
    first->prev->next = n;
    first->prev = n;
}

static inline void gonet__waitq_push_front(gonet__waiter_t **q, gonet__waiter_t *n)
{
    gonet__waitq_push_back(q, n);
    *q = n;
}

/* gonet__waitq_remove takes n out of q; harmless if it is in no queue. */
static inline void gonet__waitq_remove(gonet__waiter_t **q, gonet__waiter_t *n)
{
    if (n->next == NULL)
        return;
    if (n->next == n) {
        *q = NULL;
    } else {
        n->prev->next = n->next;
        n->next->prev = n->prev;
        if (*q == n)
            *q = n->next;
    }
    n->next = NULL;
}

/* gonet__waitq_claim takes out the first node whose wait could be claimed; NULL if there is none.
 */
static inline gonet__waiter_t *gonet__waitq_claim(gonet__waiter_t **q)
{
    gonet__waiter_t *n;

    while ((n = *q) != NULL) {
        gonet__waitq_remove(q, n);
        if (gonet__wait_claim(n->wait))
            return n;
    }
    return NULL;
}

/*
 * gonet__waitq_claim_all takes out all nodes and returns those whose waits could be claimed, in
 * order, as a list that ends in NULL and goes to gonet__waitq_wake_all.
 */
static inline gonet__waiter_t *gonet__waitq_claim_all(gonet__waiter_t **q)
{
    gonet__waiter_t *list = NULL, **end = &list, *n;

    while ((n = gonet__waitq_claim(q)) != NULL) {
        *end = n;
        end = &n->next;
    }
    return list;
}

/* gonet__waitq_wake_all wakes a list of claimed waits; without any lock. */
static inline void gonet__waitq_wake_all(gonet__waiter_t *list)
{
    while (list != NULL) {
        gonet__waiter_t *next = list->next;

        list->next = NULL;
        gonet__wait_wake(list->wait);
        list = next;
    }
}

#endif
