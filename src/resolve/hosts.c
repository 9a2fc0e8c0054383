/*
 * The table of the hosts file: one text that holds every string, and two arrays sorted by key, so
 * that a lookup is a binary search however long the file is.
 */
#include "resolve/hosts.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "gonet/addr.h"
#include "gonet/netip.h"
#include "resolve/hosts_table.h"
#include "resolve/span.h"

#define MAX_TEXT (UINT32_MAX / 2)

static uint64_t length_bit(size_t len)
{
    return UINT64_C(1) << len % 64;
}

/* Appends s as a key: dotted if it has a dot (behaviour 22.7). Returns its offset. */
static uint32_t put_name(gonet__buf_t *text, gonet__span_t s, bool lower)
{
    size_t at = text->len;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];

        gonet__buf_putc(text, lower && c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
    }
    if (memchr(s.p, '.', s.len) != NULL && s.p[s.len - 1] != '.')
        gonet__buf_putc(text, '.');
    gonet__buf_putc(text, '\0');
    return (uint32_t)at;
}

static bool push(gonet__host_list_t *list, gonet__host_t entry)
{
    if (list->n == list->size) {
        size_t size = list->size == 0 ? 16 : 2 * list->size;
        gonet__host_t *larger = gonet__realloc(list->v, size, sizeof(*larger));

        if (larger == NULL)
            return false;
        list->v = larger;
        list->size = size;
    }
    entry.order = (uint32_t)list->n;
    list->v[list->n++] = entry;
    return true;
}

/* "address name alias…"; a line that is no such thing is left out. */
static bool add_line(gonet__hosts_t *t, gonet__span_t line)
{
    gonet__span_t f;
    gonet_netip_addr_t a;
    char literal[GONET_ADDR_STRLEN];
    uint32_t addr, canonical = 0;
    bool first = true;

    if (!gonet__span_field(&line, &f))
        return true;
    a = gonet_netip_parse_addr_n(f.p, f.len, NULL);
    if (a.bits == 0 || gonet_netip_addr_string(a, literal, sizeof(literal)) == NULL)
        return true;
    addr = (uint32_t)t->text.len;
    gonet__buf_put(&t->text, literal, strlen(literal) + 1);
    while (gonet__span_field(&line, &f)) {
        uint32_t key, name;

        if (memchr(f.p, '\0', f.len) != NULL)
            continue; /* nobody can ask for it */
        key = put_name(&t->text, f, true);
        name = put_name(&t->text, f, false);
        t->lengths |= length_bit(name - key - 1);
        if (first)
            canonical = key;
        first = false;
        if (!push(&t->by_name,
                  (gonet__host_t){.key = key, .value = addr, .canonical = canonical}) ||
            !push(&t->by_addr, (gonet__host_t){.key = addr, .value = name, .canonical = canonical}))
            return false;
    }
    return !t->text.failed && t->text.len < MAX_TEXT;
}

static int compare(const void *a, const void *b, void *text)
{
    const gonet__host_t *x = a, *y = b;
    int order = strcmp((const char *)text + x->key, (const char *)text + y->key);

    return order != 0 ? order : x->order < y->order ? -1 : x->order > y->order;
}

gonet__hosts_t *gonet__hosts_parse(const char *text, size_t len)
{
    gonet__hosts_t *t = gonet__zalloc(sizeof(*t));
    gonet__span_t rest = {text, len}, line;
    bool ok = t != NULL;

    if (ok)
        atomic_init(&t->refs, 1);
    while (ok && gonet__span_line(&rest, &line))
        ok = add_line(t, gonet__span_uncomment(line));
    if (!ok) {
        gonet__hosts_unref(t);
        return NULL;
    }
    if (t->by_name.n > 0) {
        qsort_r(t->by_name.v, t->by_name.n, sizeof(gonet__host_t), compare, t->text.p);
        qsort_r(t->by_addr.v, t->by_addr.n, sizeof(gonet__host_t), compare, t->text.p);
    }
    return t;
}

void gonet__hosts_unref(gonet__hosts_t *table)
{
    if (table == NULL || atomic_fetch_sub_explicit(&table->refs, 1, memory_order_acq_rel) != 1)
        return;
    gonet__free(table->by_name.v);
    gonet__free(table->by_addr.v);
    gonet__buf_free(&table->text);
    gonet__free(table);
}

/* All entries with that key: they stand together. */
static gonet__hosts_found_t find(const gonet__hosts_t *t, const gonet__host_list_t *list,
                                 const char *key)
{
    gonet__hosts_found_t found = {.table = t};
    size_t low = 0, high = list->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(t->text.p + list->v[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    found.v = low < list->n ? &list->v[low] : NULL;
    while (low + found.n < list->n && strcmp(t->text.p + list->v[low + found.n].key, key) == 0)
        found.n++;
    return found;
}

/* name as a key, as put_name writes it. */
static void copy_key(const char *name, size_t len, bool dot, char *key)
{
    for (size_t i = 0; i < len; i++) {
        char c = name[i];

        key[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    if (dot)
        key[len++] = '.';
    key[len] = '\0';
}

gonet__hosts_found_t gonet__hosts_by_name(const gonet__hosts_t *table, const char *name)
{
    char few[256];
    gonet__hosts_found_t found = {.table = table};
    size_t len = strlen(name);
    bool dot = len > 0 && name[len - 1] != '.' && memchr(name, '.', len) != NULL;
    char *key = few;

    if (len == 0 || (table->lengths & length_bit(len + dot)) == 0)
        return found; /* as for most names, which are longer */
    if (len + 2 > sizeof(few))
        key = gonet__alloc(len + 2);
    if (key != NULL) {
        copy_key(name, len, dot, key);
        found = find(table, &table->by_name, key);
    }
    if (key != few)
        gonet__free(key);
    return found;
}

gonet__hosts_found_t gonet__hosts_by_addr(const gonet__hosts_t *table, const char *addr)
{
    gonet_netip_addr_t a = gonet_netip_parse_addr(addr, NULL);
    char literal[GONET_ADDR_STRLEN];

    if (a.bits == 0 || gonet_netip_addr_string(a, literal, sizeof(literal)) == NULL)
        return (gonet__hosts_found_t){.table = table};
    return find(table, &table->by_addr, literal);
}

const char *gonet__hosts_value(const gonet__hosts_found_t *found, size_t i)
{
    return found->table->text.p + found->v[i].value;
}

const char *gonet__hosts_canonical(const gonet__hosts_found_t *found)
{
    return found->table->text.p + found->v[0].canonical;
}
