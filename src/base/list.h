/*
 * Intrusive doubly linked ring: a head and its members are the same node type. An empty head and a
 * node that is in no list point to themselves.
 */
#ifndef GONET_BASE_LIST_H
#define GONET_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct gonet__list {
    struct gonet__list *next;
    struct gonet__list *prev;
} gonet__list_t;

#define GONET__CONTAINER(node, type, member) \
    ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void gonet__list_init(gonet__list_t *n)
{
    n->next = n;
    n->prev = n;
}

static inline bool gonet__list_empty(const gonet__list_t *head)
{
    return head->next == head;
}

static inline void gonet__list_push_back(gonet__list_t *head, gonet__list_t *n)
{
    n->next = head;
    n->prev = head->prev;
    head->prev->next = n;
    head->prev = n;
}

static inline void gonet__list_push_front(gonet__list_t *head, gonet__list_t *n)
{
    gonet__list_push_back(head->next, n);
}

/* gonet__list_remove takes n out of its list; harmless if it is in none. */
static inline void gonet__list_remove(gonet__list_t *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    gonet__list_init(n);
}

static inline gonet__list_t *gonet__list_pop_front(gonet__list_t *head)
{
    gonet__list_t *n = head->next;

    if (n == head)
        return NULL;
    gonet__list_remove(n);
    return n;
}

#endif
