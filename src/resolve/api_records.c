/*
 * The public lookups of other records: MX, NS, SRV, TXT, CNAME, and the names of addresses. Each is
 * a description run by a task, whose items are then put into one block.
 */
#include <string.h>

#include "base/alloc.h"
#include "error/error.h"
#include "resolve/domain.h"
#include "resolve/hosts.h"
#include "resolve/libc.h"
#include "resolve/lookup.h"
#include "resolve/records.h"

typedef struct {
    gonet__request_t request;
    const char *name;  /* as the caller gave it */
    const char *asked; /* what the DNS is asked for */
    unsigned type;
    void (*sort)(gonet__items_t *items); /* may be NULL */
    gonet__items_t items;
    bool dropped; /* some items: what is left goes out beside the error */
    gonet_error_t *e;
} lookup_t;

static void init(lookup_t *l, const gonet_resolver_t *r, gonet_context_t *ctx, const char *name,
                 unsigned type)
{
    l->request = gonet__request_make(r, ctx, 0);
    l->name = name;
    l->asked = name;
    l->type = type;
    l->sort = NULL;
    l->dropped = false;
    l->e = NULL;
    gonet__items_init(&l->items);
}

static void run_records(lookup_t *l)
{
    gonet__asking_t asking;

    l->e = gonet__asking_begin(&asking, &l->request, l->name);
    if (l->e == NULL)
        l->e = gonet__lookup_records(&asking, l->asked, l->name, l->type, &l->items);
    gonet__asking_end(&asking);
    if (l->e == NULL && l->sort != NULL)
        l->sort(&l->items);
}

static void run(lookup_t *l, void (*fn)(lookup_t *l))
{
    l->e = gonet__refused(&l->request.limit, l->name);
    if (l->e == NULL)
        fn(l);
}

/* Items whose names are none are dropped, and told of (behaviour 24.15). */
static void drop_bad(lookup_t *l, bool (*good)(const char *text, size_t len))
{
    l->dropped = l->e == NULL && gonet__items_keep(&l->items, good);
    if (l->dropped)
        l->e = gonet__malformed(l->name);
}

/*
 * An array of the items in one block with their texts: n + 1 elements of size (the last one zero),
 * the texts behind. NULL without memory.
 */
static void *make_array(const gonet__items_t *items, size_t size, char **texts)
{
    size_t array = (items->n + 1) * size;
    char *block = gonet__alloc(array + items->text.len + 1);

    if (block == NULL)
        return NULL;
    memset(block, 0, array);
    if (items->text.len > 0)
        memcpy(block + array, items->text.p, items->text.len);
    *texts = block + array;
    return block;
}

/* Whether there is something to return: success, or what is left beside an error, be it nothing. */
static bool has_result(const lookup_t *l)
{
    return l->e == NULL || l->dropped;
}

/* Ends a call: what goes out is the array with its length, and the error. */
static void *finish(lookup_t *l, void *array, size_t *n, gonet_error_t **err)
{
    if (l->e == NULL && array == NULL)
        l->e = gonet_err_no_memory;
    if (n != NULL)
        *n = array == NULL ? 0 : l->items.n;
    gonet__items_free(&l->items);
    gonet_error_set(err, l->e);
    return array;
}

static bool is_name(const char *text, size_t len)
{
    return gonet__is_domain_name_n(text, len);
}

/* A mail server may also be given as an address, often with a dot behind (behaviour 24.11). */
static bool is_mail_host(const char *text, size_t len)
{
    gonet_netip_addr_t a;

    if (is_name(text, len))
        return true;
    if (len > 0 && text[len - 1] == '.')
        len--;
    a = gonet_netip_parse_addr_n(text, len, NULL);
    return a.bits != 0 && a.zone[0] == '\0';
}

gonet_mx_t *gonet_resolver_lookup_mx(const gonet_resolver_t *r, gonet_context_t *ctx,
                                     const char *name, size_t *n, gonet_error_t **err)
{
    gonet_mx_t *array = NULL;
    lookup_t l;
    char *texts;

    init(&l, r, ctx, name, GONET__DNS_MX);
    l.sort = gonet__sort_mx;
    run(&l, run_records);
    if (l.e != NULL)
        l.items.n = 0;
    drop_bad(&l, is_mail_host);
    if (has_result(&l))
        array = make_array(&l.items, sizeof(*array), &texts);
    for (size_t i = 0; array != NULL && i < l.items.n; i++)
        array[i] = (gonet_mx_t){texts + l.items.v[i].at, l.items.v[i].pref};
    return finish(&l, array, n, err);
}

gonet_mx_t *gonet_lookup_mx(const char *name, size_t *n, gonet_error_t **err)
{
    return gonet_resolver_lookup_mx(NULL, NULL, name, n, err);
}

gonet_ns_t *gonet_resolver_lookup_ns(const gonet_resolver_t *r, gonet_context_t *ctx,
                                     const char *name, size_t *n, gonet_error_t **err)
{
    gonet_ns_t *array = NULL;
    lookup_t l;
    char *texts;

    init(&l, r, ctx, name, GONET__DNS_NS);
    run(&l, run_records);
    if (l.e != NULL)
        l.items.n = 0;
    drop_bad(&l, is_name);
    if (has_result(&l))
        array = make_array(&l.items, sizeof(*array), &texts);
    for (size_t i = 0; array != NULL && i < l.items.n; i++)
        array[i] = (gonet_ns_t){texts + l.items.v[i].at};
    return finish(&l, array, n, err);
}

gonet_ns_t *gonet_lookup_ns(const char *name, size_t *n, gonet_error_t **err)
{
    return gonet_resolver_lookup_ns(NULL, NULL, name, n, err);
}

gonet_txt_t *gonet_resolver_lookup_txt(const gonet_resolver_t *r, gonet_context_t *ctx,
                                       const char *name, size_t *n, gonet_error_t **err)
{
    gonet_txt_t *array = NULL;
    lookup_t l;
    char *texts;

    init(&l, r, ctx, name, GONET__DNS_TXT);
    run(&l, run_records);
    if (l.e != NULL)
        l.items.n = 0;
    if (has_result(&l))
        array = make_array(&l.items, sizeof(*array), &texts);
    for (size_t i = 0; array != NULL && i < l.items.n; i++)
        array[i] = (gonet_txt_t){texts + l.items.v[i].at, l.items.v[i].len};
    return finish(&l, array, n, err);
}

gonet_txt_t *gonet_lookup_txt(const char *name, size_t *n, gonet_error_t **err)
{
    return gonet_resolver_lookup_txt(NULL, NULL, name, n, err);
}

/* "_service._proto.name", to be freed; NULL without memory. */
static char *service_name(const char *service, const char *proto, const char *name)
{
    gonet__buf_t b = {0};

    if (service[0] == '\0' && proto[0] == '\0')
        gonet__buf_puts(&b, name);
    else
        gonet__buf_printf(&b, "_%s._%s.%s", service, proto, name);
    if (b.p == NULL && !b.failed) /* nothing was put */
        gonet__buf_reserve(&b, 0);
    return gonet__buf_take(&b);
}

gonet_srv_t *gonet_resolver_lookup_srv(const gonet_resolver_t *r, gonet_context_t *ctx,
                                       const char *service, const char *proto, const char *name,
                                       const char **cname, size_t *n, gonet_error_t **err)
{
    char *asked = service_name(service, proto, name), *texts;
    gonet_srv_t *array = NULL;
    size_t owner = 0;
    lookup_t l;

    init(&l, r, ctx, name, GONET__DNS_SRV);
    l.asked = asked;
    l.sort = gonet__sort_srv;
    if (asked != NULL)
        run(&l, run_records);
    else
        l.e = gonet_err_no_memory;
    if (l.e == NULL && !gonet__is_domain_name_n(l.items.owner.text, l.items.owner.len))
        l.e = gonet__dns_error("SRV header name is invalid", name, "", false, false, false, NULL);
    if (l.e != NULL)
        l.items.n = 0;
    drop_bad(&l, is_name);
    /* the owner's name lives behind the others */
    owner = l.items.text.len;
    gonet__buf_put(&l.items.text, l.items.owner.text, l.items.owner.len + 1);
    if (has_result(&l) && !l.items.text.failed)
        array = make_array(&l.items, sizeof(*array), &texts);
    for (size_t i = 0; array != NULL && i < l.items.n; i++)
        array[i] = (gonet_srv_t){texts + l.items.v[i].at, l.items.v[i].port, l.items.v[i].pref,
                                 l.items.v[i].weight};
    if (cname != NULL)
        *cname = array == NULL ? NULL : texts + owner;
    gonet__free(asked);
    return finish(&l, array, n, err);
}

gonet_srv_t *gonet_lookup_srv(const char *service, const char *proto, const char *name,
                              const char **cname, size_t *n, gonet_error_t **err)
{
    return gonet_resolver_lookup_srv(NULL, NULL, service, proto, name, cname, n, err);
}

/* The hosts file's names of an address; NULL or gonet_err_no_memory. */
static gonet_error_t *names_of_files(const char *addr, gonet__items_t *items)
{
    gonet__hosts_t *table = gonet__hosts_current();
    gonet__hosts_found_t found;

    if (table == NULL)
        return gonet_err_no_memory;
    found = gonet__hosts_by_addr(table, addr);
    gonet__items_add_found(items, &found);
    gonet__hosts_unref(table);
    return items->failed ? gonet_err_no_memory : NULL;
}

/* PTR records, by the DNS alone. */
static gonet_error_t *names_of_dns(lookup_t *l)
{
    char arpa[GONET__DOMAIN_SIZE];

    if (!gonet__reverse_name(l->name, arpa))
        return gonet__dns_error("unrecognized address", l->name, "", false, false, false, NULL);
    l->asked = arpa;
    run_records(l);
    l->asked = l->name;
    return l->e;
}

static void run_addr(lookup_t *l)
{
    gonet__order_t order = gonet__order_for(l->request.resolver, "");
    const gonet_dns_error_t *dns;

    if (order == GONET__ORDER_LIBC) {
        l->e = gonet__libc_addr(&l->request.limit, l->name, &l->items);
        return;
    }
    if (order == GONET__ORDER_FILES_DNS || order == GONET__ORDER_FILES) {
        l->e = names_of_files(l->name, &l->items);
        if (l->e != NULL || l->items.n > 0)
            return;
        if (order == GONET__ORDER_FILES) {
            l->e = gonet__no_such_host(l->name, "");
            return;
        }
    }
    l->e = names_of_dns(l);
    dns = l->e == NULL ? NULL : gonet_error_as_dns(l->e);
    if (dns == NULL || !dns->is_not_found || order != GONET__ORDER_DNS_FILES)
        return;
    if (names_of_files(l->name, &l->items) == NULL && l->items.n > 0)
        gonet_error_set(&l->e, NULL);
}

const char **gonet_resolver_lookup_addr(const gonet_resolver_t *r, gonet_context_t *ctx,
                                        const char *addr, size_t *n, gonet_error_t **err)
{
    const char **array = NULL;
    lookup_t l;
    char *texts;

    init(&l, r, ctx, addr, GONET__DNS_PTR);
    run(&l, run_addr);
    if (l.e != NULL)
        l.items.n = 0;
    drop_bad(&l, is_name);
    if (has_result(&l))
        array = make_array(&l.items, sizeof(*array), &texts);
    for (size_t i = 0; array != NULL && i < l.items.n; i++)
        array[i] = texts + l.items.v[i].at;
    return finish(&l, (void *)array, n, err);
}

const char **gonet_lookup_addr(const char *addr, size_t *n, gonet_error_t **err)
{
    return gonet_resolver_lookup_addr(NULL, NULL, addr, n, err);
}

/* The end of a chain of names, in items as the only one. */
static void run_cname(lookup_t *l)
{
    gonet__order_t order = gonet__order_for(l->request.resolver, l->name);
    gonet__asking_t asking;
    gonet__addresses_t a;

    if (order == GONET__ORDER_LIBC)
        order = GONET__ORDER_FILES_DNS;
    gonet__addresses_init(&a);
    l->e = gonet__asking_begin(&asking, &l->request, l->name);
    if (l->e == NULL)
        l->e = gonet__lookup_addresses(&asking, order, l->name,
                                       GONET__WANT_V4 | GONET__WANT_V6 | GONET__WANT_CNAME, &a);
    gonet__asking_end(&asking);
    if (l->e == NULL)
        gonet__items_add(&l->items, (gonet__item_t){0}, a.cname.text, a.cname.len);
    if (l->e == NULL && l->items.failed)
        l->e = gonet_err_no_memory;
    gonet__addresses_free(&a);
}

char *gonet_resolver_lookup_cname(const gonet_resolver_t *r, gonet_context_t *ctx, const char *host,
                                  gonet_error_t **err)
{
    char *cname = NULL;
    lookup_t l;

    init(&l, r, ctx, host, 0);
    run(&l, run_cname);
    drop_bad(&l, is_name);
    if (l.e == NULL)
        cname = gonet__strdup(l.items.text.p);
    return finish(&l, cname, NULL, err);
}

char *gonet_lookup_cname(const char *host, gonet_error_t **err)
{
    return gonet_resolver_lookup_cname(NULL, NULL, host, err);
}
