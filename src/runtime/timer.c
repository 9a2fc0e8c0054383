/*
 * The pairing heap: a tree in which no child is earlier than its parent. Insertion and moving
 * forward cost one comparison; taking the first out merges its children, in pairs and then from the
 * right.
 */
#include "runtime/timer.h"

/* Joins two trees (either may be NULL); the roots have no siblings. */
static gonet__timer_t *merge(gonet__timer_t *a, gonet__timer_t *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    if (b->time < a->time) {
        gonet__timer_t *t = a;
        a = b;
        b = t;
    }
    b->next = a->child;
    if (b->next != NULL)
        b->next->prev = b;
    b->prev = a;
    a->child = b;
    return a;
}

/* Joins a list of siblings into one tree. */
static gonet__timer_t *merge_siblings(gonet__timer_t *first)
{
    gonet__timer_t *pairs = NULL; /* linked by next, the last pair first */
    gonet__timer_t *root = NULL;

    while (first != NULL) {
        gonet__timer_t *a = first;
        gonet__timer_t *b = a->next;
        first = b != NULL ? b->next : NULL;
        a->next = NULL;
        if (b != NULL)
            b->next = NULL;
        a = merge(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs != NULL) {
        gonet__timer_t *a = pairs;
        pairs = a->next;
        a->next = NULL;
        root = merge(root, a);
    }
    if (root != NULL)
        root->prev = NULL;
    return root;
}

/* Cuts t, which is not the root, from its parent and siblings; its own children stay with it. */
static void cut(gonet__timer_t *t)
{
    if (t->prev->child == t)
        t->prev->child = t->next;
    else
        t->prev->next = t->next;
    if (t->next != NULL)
        t->next->prev = t->prev;
    t->next = NULL;
    t->prev = NULL;
}

void gonet__timer_arm(gonet__timer_heap_t *heap, gonet__timer_t *t, int64_t time)
{
    if (t->time != 0) {
        if (time >= t->time)
            return;
        t->time = time;
        if (heap->root == t)
            return;
        cut(t);
    } else {
        t->time = time;
        t->child = NULL;
        t->next = NULL;
        t->prev = NULL;
    }
    heap->root = merge(heap->root, t);
}

void gonet__timer_take_out(gonet__timer_heap_t *heap, gonet__timer_t *t)
{
    if (heap->root == t) {
        heap->root = merge_siblings(t->child);
    } else {
        cut(t);
        heap->root = merge(heap->root, merge_siblings(t->child));
    }
    t->time = 0;
    t->child = NULL;
}

gonet__timer_t *gonet__timer_pop(gonet__timer_heap_t *heap, int64_t now)
{
    gonet__timer_t *t = heap->root;

    if (t == NULL || t->time > now)
        return NULL;
    gonet__timer_remove(heap, t);
    return t;
}
