/*
 * The pairing heap: a tree in which no child is earlier than its parent. Insertion and moving
 * forward cost one comparison; taking the first out merges its children, in pairs and then from the
 * right.
 */
#include "runtime/time/timer.h"

#include "runtime/ground/spin.h"

static int64_t time_of(const gonet__timer_t *t)
{
    return atomic_load_explicit(&t->time, memory_order_relaxed);
}

/* Joins two trees (either may be NULL); the roots have no siblings. */
static gonet__timer_t *merge(gonet__timer_t *a, gonet__timer_t *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    if (time_of(b) < time_of(a)) {
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

/* The rest is under the heap's lock. */
static void note_first(gonet__timer_heap_t *heap)
{
    atomic_store_explicit(&heap->first, heap->root != NULL ? time_of(heap->root) : 0,
                          memory_order_relaxed);
}

static void insert(gonet__timer_heap_t *heap, gonet__timer_t *t, int64_t time)
{
    t->child = NULL;
    t->next = NULL;
    t->prev = NULL;
    atomic_store_explicit(&t->time, time, memory_order_relaxed);
    atomic_store_explicit(&t->heap, heap, memory_order_release);
    heap->root = merge(heap->root, t);
    note_first(heap);
}

static void extract(gonet__timer_heap_t *heap, gonet__timer_t *t)
{
    if (heap->root == t) {
        heap->root = merge_siblings(t->child);
    } else {
        cut(t);
        heap->root = merge(heap->root, merge_siblings(t->child));
    }
    t->child = NULL;
    note_first(heap);
    atomic_store(&t->time, 0); /* before who waits is looked for */
}

/* Its children come with it. */
static void move_forward(gonet__timer_heap_t *heap, gonet__timer_t *t, int64_t time)
{
    atomic_store_explicit(&t->time, time, memory_order_relaxed);
    if (heap->root != t) {
        cut(t);
        heap->root = merge(heap->root, t);
    }
    note_first(heap);
}

/* Locks the heap that t is in; NULL: none. */
static gonet__timer_heap_t *lock_heap_of(gonet__timer_t *t)
{
    gonet__timer_heap_t *heap;

    while ((heap = atomic_load_explicit(&t->heap, memory_order_acquire)) != NULL) {
        gonet__spin_lock(&heap->lock);
        if (atomic_load_explicit(&t->heap, memory_order_relaxed) == heap)
            return heap;
        gonet__spin_unlock(&heap->lock);
    }
    return NULL;
}

/* An entry that comes later than it should, in another's heap, moves: its worker may sleep until
 * then. Two who wait for the two sides of a descriptor may arm one entry at once. */
void gonet__timer_put(gonet__timer_heap_t *heap, gonet__timer_t *t, int64_t time)
{
    for (;;) {
        gonet__timer_heap_t *in = lock_heap_of(t);

        if (in == NULL) {
            gonet__timer_heap_t *none = NULL;

            gonet__spin_lock(&heap->lock);
            if (atomic_compare_exchange_strong(&t->heap, &none, heap)) {
                insert(heap, t, time);
                gonet__spin_unlock(&heap->lock);
                return;
            }
            gonet__spin_unlock(&heap->lock);
            continue;
        }
        if (time_of(t) <= time) {
            gonet__spin_unlock(&in->lock);
            return;
        }
        if (in == heap) {
            move_forward(heap, t, time);
            gonet__spin_unlock(&in->lock);
            return;
        }
        extract(in, t);
        atomic_store_explicit(&t->heap, NULL, memory_order_release);
        gonet__spin_unlock(&in->lock);
    }
}

void gonet__timer_take_out(gonet__timer_t *t)
{
    gonet__timer_heap_t *heap = lock_heap_of(t);

    if (heap == NULL)
        return;
    extract(heap, t);
    atomic_store_explicit(&t->heap, NULL, memory_order_release);
    gonet__spin_unlock(&heap->lock);
}

bool gonet__timer_fire(gonet__timer_heap_t *heap, int64_t now, gonet__fired_t *fired)
{
    gonet__timer_t *t;
    int64_t again;

    gonet__spin_lock(&heap->lock);
    t = heap->root;
    if (t == NULL || time_of(t) > now) {
        gonet__spin_unlock(&heap->lock);
        return false;
    }
    extract(heap, t);
    again = t->fire(t, now, fired);
    if (again != 0)
        insert(heap, t, again);
    else
        atomic_store_explicit(&t->heap, NULL, memory_order_release);
    gonet__spin_unlock(&heap->lock);
    return true;
}

/* From entry to entry, each once; NULL: that was the last. */
static gonet__timer_t *following(gonet__timer_t *t)
{
    if (t->child != NULL)
        return t->child;
    while (t->next == NULL) {
        while (t->prev != NULL && t->prev->child != t)
            t = t->prev;
        if (t->prev == NULL)
            return NULL;
        t = t->prev;
    }
    return t->next;
}

bool gonet__timer_others(gonet__timer_heap_t *heap, gonet__timer_fire_t *a, gonet__timer_fire_t *b)
{
    bool found = false;

    gonet__spin_lock(&heap->lock);
    for (gonet__timer_t *t = heap->root; t != NULL && !found; t = following(t))
        found = t->fire != a && t->fire != b;
    gonet__spin_unlock(&heap->lock);
    return found;
}

void gonet__timer_hand_over(gonet__timer_heap_t *from, gonet__timer_heap_t *to)
{
    gonet__timer_t *t;

    for (;;) {
        int64_t time;

        gonet__spin_lock(&from->lock);
        t = from->root;
        if (t == NULL) {
            gonet__spin_unlock(&from->lock);
            return;
        }
        if (to == NULL) {
            extract(from, t);
            atomic_store_explicit(&t->heap, NULL, memory_order_release);
            gonet__spin_unlock(&from->lock);
            continue;
        }
        time = time_of(t);
        /* The other heap's lock inside this one's: only here, and never two workers that end at a
         * time; so the entry is always in one of the two. */
        gonet__spin_lock(&to->lock);
        extract(from, t);
        insert(to, t, time);
        gonet__spin_unlock(&to->lock);
        gonet__spin_unlock(&from->lock);
    }
}
