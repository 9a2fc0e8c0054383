/*
 * NS, MX, SRV, PTR and TXT: from replies to lists.
 */
#include "resolve/records.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "error/error.h"
#include "resolve/random.h"

void gonet__items_init(gonet__items_t *items)
{
    memset(items, 0, offsetof(gonet__items_t, owner));
    items->owner.len = 0;
    items->owner.text[0] = '\0';
    items->failed = false;
}

void gonet__items_free(gonet__items_t *items)
{
    gonet__free(items->v);
    gonet__buf_free(&items->text);
    items->v = NULL;
    items->n = 0;
}

void gonet__items_add(gonet__items_t *items, gonet__item_t item, const char *text, size_t len)
{
    if (items->n == items->size) {
        size_t size = items->size == 0 ? 8 : 2 * items->size;
        gonet__item_t *larger = gonet__realloc(items->v, size, sizeof(*larger));

        if (larger == NULL) {
            items->failed = true;
            return;
        }
        items->v = larger;
        items->size = size;
    }
    item.at = items->text.len;
    item.len = len;
    gonet__buf_put(&items->text, text, len);
    gonet__buf_putc(&items->text, '\0');
    items->failed |= items->text.failed;
    items->v[items->n++] = item;
}

void gonet__items_add_found(gonet__items_t *items, const gonet__hosts_found_t *found)
{
    for (size_t i = 0; i < found->n; i++) {
        const char *value = gonet__hosts_value(found, i);

        gonet__items_add(items, (gonet__item_t){0}, value, strlen(value));
    }
}

/* The strings of a TXT record, joined (behaviour 24.12). */
static bool add_txt(const gonet__reply_t *r, const gonet__record_t *record, gonet__items_t *items)
{
    const uint8_t *p = r->p + record->data, *end = p + record->data_len;
    gonet__item_t item = {.at = items->text.len};

    if (record->data > r->len || record->data_len > r->len - record->data)
        return false;
    gonet__items_add(items, item, "", 0);
    if (items->failed)
        return true;
    items->text.len--; /* the text goes on before its NUL */
    while (p < end) {
        size_t len = *p++;

        if (len > (size_t)(end - p))
            return false;
        gonet__buf_put(&items->text, p, len);
        p += len;
    }
    items->v[items->n - 1].len = items->text.len - item.at;
    gonet__buf_putc(&items->text, '\0');
    items->failed |= items->text.failed;
    return true;
}

static bool add_record(const gonet__reply_t *r, const gonet__record_t *record,
                       gonet__items_t *items)
{
    gonet__dns_name_t name;
    gonet__item_t item = {0};
    size_t offset = 0;

    if (record->type == GONET__DNS_TXT)
        return add_txt(r, record, items);
    if (record->type == GONET__DNS_MX || record->type == GONET__DNS_SRV) {
        if (!gonet__record_u16(r, record, 0, &item.pref))
            return false;
        offset = 2;
    }
    if (record->type == GONET__DNS_SRV) {
        if (!gonet__record_u16(r, record, 2, &item.weight) ||
            !gonet__record_u16(r, record, 4, &item.port))
            return false;
        offset = 6;
    }
    if (!gonet__record_name(r, record, offset, &name))
        return false;
    gonet__items_add(items, item, name.text, name.len);
    return true;
}

/* All records of the type; false if something is malformed. */
static bool add_records(gonet__reply_t *r, unsigned type, gonet__items_t *items)
{
    gonet__record_t record;

    for (;;) {
        switch (gonet__reply_next(r, 0, &record)) {
        case GONET__WALK_END:
            return true;
        case GONET__WALK_BAD:
            return false;
        case GONET__WALK_RECORD:
            break;
        }
        if (record.type != type) {
            if (!gonet__record_whole(r, &record))
                return false;
            continue;
        }
        if (items->owner.len == 0)
            gonet__record_owner(r, &record, &items->owner);
        if (!add_record(r, &record, items))
            return false;
    }
}

gonet_error_t *gonet__lookup_records(const gonet__asking_t *asking, const char *asked,
                                     const char *name, unsigned type, gonet__items_t *items)
{
    gonet__answers_t answers;
    gonet_error_t *e = gonet__query(asking, asked, type, &answers);

    /* nobody was asked: there is no message to read */
    if (e == NULL && (answers.server[0] == '\0' || !add_records(&answers.reply, type, items)))
        e = gonet__unreadable(name, answers.server);
    gonet__answers_free(&answers);
    if (e == NULL && items->failed)
        e = gonet_err_no_memory;
    return e;
}

bool gonet__items_keep(gonet__items_t *items, bool (*good)(const char *text, size_t len))
{
    size_t kept = 0, n = items->n;

    for (size_t i = 0; i < n; i++) {
        if (good(items->text.p + items->v[i].at, items->v[i].len))
            items->v[kept++] = items->v[i];
    }
    items->n = kept;
    return kept < n;
}

/* A number below n, which is at most 2^32. */
static uint64_t random_below(uint64_t n)
{
    uint64_t r = 0;

    gonet_error_free(gonet__random((uint8_t *)&r, sizeof(r))); /* then the order is any */
    return r % n;
}

static void swap(gonet__item_t *a, gonet__item_t *b)
{
    gonet__item_t t = *a;

    *a = *b;
    *b = t;
}

static int by_preference(const gonet__item_t *a, const gonet__item_t *b)
{
    return (int)a->pref - (int)b->pref;
}

static int by_priority(const gonet__item_t *a, const gonet__item_t *b)
{
    int order = by_preference(a, b);

    return order != 0 ? order : (int)a->weight - (int)b->weight;
}

/* Stable. */
static void sort(gonet__items_t *items,
                 int (*compare)(const gonet__item_t *, const gonet__item_t *))
{
    for (size_t i = 1; i < items->n; i++) {
        gonet__item_t item = items->v[i];
        size_t at = i;

        while (at > 0 && compare(&items->v[at - 1], &item) > 0) {
            items->v[at] = items->v[at - 1];
            at--;
        }
        items->v[at] = item;
    }
}

void gonet__sort_mx(gonet__items_t *items)
{
    for (size_t i = items->n; i > 1; i--)
        swap(&items->v[i - 1], &items->v[random_below(i)]);
    sort(items, by_preference);
}

/* Moves a random one to the front, the heavier the likelier; then the same with the rest. */
static void shuffle_by_weight(gonet__item_t *v, size_t n)
{
    uint64_t total = 0;

    for (size_t i = 0; i < n; i++)
        total += v[i].weight;
    for (; total > 0 && n > 1; v++, n--) {
        uint64_t drawn = random_below(total), sum = 0;
        size_t i = 0;

        for (; i < n; i++) {
            sum += v[i].weight;
            if (sum > drawn)
                break;
        }
        swap(&v[0], &v[i]);
        total -= v[0].weight;
    }
}

void gonet__sort_srv(gonet__items_t *items)
{
    size_t begin = 0;

    sort(items, by_priority);
    for (size_t i = 1; i <= items->n; i++) {
        if (i == items->n || items->v[i].pref != items->v[begin].pref) {
            shuffle_by_weight(items->v + begin, i - begin);
            begin = i;
        }
    }
}
