/*
 * The zone cache: an immutable table behind a spin lock, which is held for a binary search or to
 * swap tables. A mutex lets one caller at a time ask the kernel; who waited for it finds the table
 * that came meanwhile. The table is given up when the runtime ends.
 */
#include "iface/zone.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet/sync.h"
#include "iface/interfaces.h"
#include "runtime/time/clock.h"
#include "runtime/ground/end_hook.h"
#include "runtime/ground/spin.h"

#define MAX_AGE (60 * GONET_SECOND)

typedef struct {
    uint32_t index;
    uint32_t order; /* in the kernel's table */
    char name[16];
} entry_t;

typedef struct {
    int64_t fetched;
    size_t n;
    entry_t *by_index; /* the first of several with one index comes first */
    entry_t *by_name;
    entry_t entries[];
} table_t;

static _Atomic uint32_t lock; /* guards table and version */
static table_t *table;
static uint64_t version;         /* how many tables there were */
static gonet_mutex_t refreshing; /* held while the kernel is asked */

static int compare_index(const void *a, const void *b)
{
    const entry_t *x = a, *y = b;

    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int compare_name(const void *a, const void *b)
{
    const entry_t *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* In a forked child nobody will unlock what another thread of the parent had locked, and a table
 * that was being exchanged is given up. */
static void enter(void)
{
    gonet__spin_found_t found = gonet__spin_lock(&lock);

    if (found != GONET__SPIN_KNOWN)
        memset(&refreshing, 0, sizeof(refreshing));
    if (found == GONET__SPIN_BROKEN)
        table = NULL;
}

static void give_up(void)
{
    table_t *old;

    enter();
    old = table;
    table = NULL;
    gonet__spin_unlock(&lock);
    gonet__free(old);
}

static gonet__end_hook_t end_hook = {.fn = give_up};

static table_t *make_table(const gonet_interface_t *list, size_t n)
{
    table_t *t = gonet__calloc(1, sizeof(*t) + 2 * n * sizeof(entry_t));

    if (t == NULL)
        return NULL;
    t->fetched = gonet__now();
    t->n = n;
    t->by_index = t->entries;
    t->by_name = t->entries + n;
    for (size_t i = 0; i < n; i++) {
        entry_t *e = &t->by_index[i];

        e->index = (uint32_t)list[i].index;
        e->order = (uint32_t)i;
        memcpy(e->name, list[i].name, sizeof(e->name));
        t->by_name[i] = *e;
    }
    qsort(t->by_index, n, sizeof(entry_t), compare_index);
    qsort(t->by_name, n, sizeof(entry_t), compare_name);
    return t;
}

/* What a search found out. */
typedef struct {
    uint64_t version;
    bool fresh;
    bool found;
    entry_t entry;
} found_t;

/* The first entry that is not before key. */
static const entry_t *find(const entry_t *entries, size_t n, const entry_t *key,
                           int (*compare)(const void *a, const void *b))
{
    size_t from = 0, to = n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (compare(&entries[middle], key) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from < n ? &entries[from] : NULL;
}

static void search(const entry_t *key, bool by_name, found_t *f)
{
    int64_t now = gonet__now();
    const entry_t *e = NULL;

    memset(f, 0, sizeof(*f));
    enter();
    f->version = version;
    if (table != NULL) {
        f->fresh = now - table->fetched < MAX_AGE;
        e = by_name ? find(table->by_name, table->n, key, compare_name)
                    : find(table->by_index, table->n, key, compare_index);
    }
    if (e != NULL && (by_name ? strcmp(e->name, key->name) == 0 : e->index == key->index)) {
        f->found = true;
        f->entry = *e;
    }
    gonet__spin_unlock(&lock);
}

static void swap_in(table_t *t)
{
    table_t *old;

    if (t == NULL)
        return;
    gonet__end_hook_add(&end_hook);
    enter();
    old = table;
    table = t;
    version++;
    gonet__spin_unlock(&lock);
    gonet__free(old);
}

static bool newer_than(uint64_t seen)
{
    bool newer;

    enter();
    newer = version != seen;
    gonet__spin_unlock(&lock);
    return newer;
}

/* Asks the kernel, unless a newer table than the one seen has come. What fails leaves the old one.
 */
static void refresh(uint64_t seen)
{
    gonet_interface_t *list;
    size_t n;

    gonet_mutex_lock(&refreshing);
    if (!newer_than(seen)) {
        gonet_error_t *e = gonet__iface_list(0, &list, &n);

        if (e == NULL)
            swap_in(make_table(list, n));
        gonet_error_free(e);
        gonet__free(list);
    }
    gonet_mutex_unlock(&refreshing);
}

static bool lookup(const entry_t *key, bool by_name, found_t *f)
{
    search(key, by_name, f);
    if (f->fresh && f->found)
        return true;
    refresh(f->version);
    search(key, by_name, f);
    return f->found;
}

uint32_t gonet__zone_cache_index(const char *name)
{
    entry_t key = {.index = 0};
    size_t len = strlen(name);
    found_t f;

    if (len == 0 || len >= sizeof(key.name))
        return 0;
    memcpy(key.name, name, len);
    return lookup(&key, true, &f) ? f.entry.index : 0;
}

bool gonet__zone_cache_name(uint32_t index, char *name)
{
    entry_t key = {.index = index};
    found_t f;

    if (!lookup(&key, false, &f))
        return false;
    memcpy(name, f.entry.name, sizeof(f.entry.name));
    return true;
}

void gonet__zone_cache_offer(const gonet_interface_t *list, size_t n)
{
    entry_t none = {.index = 0};
    found_t f;

    if (n == 0)
        return;
    search(&none, false, &f);
    if (!f.fresh)
        swap_in(make_table(list, n));
}

#ifdef GONET_TEST_HOOKS
void gonet__zone_cache_expire(void)
{
    enter();
    if (table != NULL)
        table->fetched -= MAX_AGE;
    gonet__spin_unlock(&lock);
}
#endif
