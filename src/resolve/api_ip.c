/*
 * The public lookups of hosts: addresses as IPs, with zones, as netip has them, as texts.
 */
#include <string.h>

#include "addr/addr_error.h"
#include "base/alloc.h"
#include "base/digits.h"
#include "error/error.h"
#include "resolve/hosts.h"
#include "resolve/lookup.h"
#include "resolve/records.h"
#include "resolve/services.h"

/* An array of n elements; one even if there is none. */
static void *make_array(size_t n, size_t size)
{
    return gonet__calloc(n == 0 ? 1 : n, size);
}

/* Ends a call: the error goes out; without one, the array and its length. */
static void *finish(void *array, size_t count, size_t *n, gonet_error_t *e, gonet_error_t **err)
{
    if (e == NULL && array == NULL)
        e = gonet_err_no_memory;
    if (n != NULL)
        *n = e == NULL ? count : 0;
    if (e != NULL) {
        gonet__free(array);
        array = NULL;
    }
    gonet_error_set(err, e);
    return array;
}

gonet_ip_addr_t *gonet_resolver_lookup_ip_addr(const gonet_resolver_t *r, gonet_context_t *ctx,
                                               const char *host, size_t *n, gonet_error_t **err)
{
    gonet__request_t request = gonet__request_make(r, ctx, 0);
    gonet_ip_addr_t *array = NULL;
    gonet__addresses_t a;
    gonet_error_t *e;
    size_t count;

    gonet__addresses_init(&a);
    e = gonet__lookup_any(&request, "ip", host, &a);
    count = a.n;
    if (e == NULL && count > 0) {
        array = a.v; /* as it is */
        a.v = NULL;
    } else if (e == NULL) {
        array = make_array(0, sizeof(*array));
    }
    gonet__addresses_free(&a);
    return finish(array, count, n, e, err);
}

/* "ip", "ip4", "ip6", each maybe with a protocol behind a colon; *base is the part before it. */
static gonet_error_t *check_network(const char *network, char base[4])
{
    const char *colon = strrchr(network, ':');
    size_t len = colon == NULL ? strlen(network) : (size_t)(colon - network);
    size_t used;
    int number;

    memset(base, 0, 4);
    if (len < 2 || len > 3 || strncmp(network, "ip", 2) != 0 ||
        (len == 3 && network[2] != '4' && network[2] != '6'))
        return gonet__unknown_network_error(network);
    memcpy(base, network, len);
    if (colon == NULL)
        return NULL;
    if (gonet__scan_decimal(colon + 1, strlen(colon + 1), &number, &used) &&
        colon[1 + used] == '\0')
        return NULL;
    return gonet__lookup_protocol(colon + 1, &number);
}

static bool fits(const gonet_ip_addr_t *addr, char family)
{
    bool v4 = gonet_ip_to4(addr->ip).len == 4;

    return family == '\0' || v4 == (family == '4');
}

/* Leaves those of the family; a lone "::" stands for 0.0.0.0, too (behaviour 5.8). */
static gonet_error_t *filter(gonet__addresses_t *a, char family, const char *host)
{
    gonet_ip_addr_t any = {.ip = {.len = 16}};
    size_t kept = 0;

    if (a->n == 1 && memcmp(&a->v[0].ip, &any.ip, sizeof(any.ip)) == 0)
        gonet__addresses_add_literal(a, "0.0.0.0");
    if (a->failed)
        return gonet_err_no_memory;
    for (size_t i = 0; i < a->n; i++) {
        if (fits(&a->v[i], family))
            a->v[kept++] = a->v[i];
    }
    a->n = kept;
    return kept > 0 ? NULL : gonet__addr_error("no suitable address found", host);
}

/* The addresses of host for one of the networks "ip", "ip4", "ip6". */
static gonet_error_t *lookup_network(const gonet_resolver_t *r, gonet_context_t *ctx,
                                     const char *network, const char *host, gonet__addresses_t *a)
{
    gonet__request_t request = gonet__request_make(r, ctx, 0);
    char base[4];
    gonet_error_t *e = check_network(network, base);

    if (e == NULL)
        e = gonet__lookup_any(&request, base, host, a);
    return e != NULL ? e : filter(a, base[2], host);
}

static gonet_ip_t *to_ips(gonet__addresses_t *a, size_t *n, gonet_error_t *e, gonet_error_t **err)
{
    gonet_ip_t *array = e == NULL ? make_array(a->n, sizeof(*array)) : NULL;
    size_t count = a->n;

    for (size_t i = 0; array != NULL && i < count; i++)
        array[i] = a->v[i].ip;
    gonet__addresses_free(a);
    return finish(array, count, n, e, err);
}

gonet_ip_t *gonet_lookup_ip(const char *host, size_t *n, gonet_error_t **err)
{
    gonet__request_t request = gonet__request_make(NULL, NULL, 0);
    gonet__addresses_t a;
    gonet_error_t *e;

    gonet__addresses_init(&a);
    e = gonet__lookup_any(&request, "ip", host, &a);
    return to_ips(&a, n, e, err);
}

gonet_ip_t *gonet_resolver_lookup_ip_ttl(const gonet_resolver_t *r, gonet_context_t *ctx,
                                         const char *network, const char *host, size_t *n,
                                         gonet_duration_t *ttl, gonet_error_t **err)
{
    gonet__addresses_t a;
    gonet_error_t *e;

    gonet__addresses_init(&a);
    e = lookup_network(r, ctx, network, host, &a);
    if (ttl != NULL)
        *ttl = e != NULL ? 0 : a.ttl < 0 ? -1 : a.ttl * GONET_SECOND;
    return to_ips(&a, n, e, err);
}

gonet_ip_t *gonet_resolver_lookup_ip(const gonet_resolver_t *r, gonet_context_t *ctx,
                                     const char *network, const char *host, size_t *n,
                                     gonet_error_t **err)
{
    return gonet_resolver_lookup_ip_ttl(r, ctx, network, host, n, NULL, err);
}

gonet_netip_addr_t *gonet_resolver_lookup_net_ip(const gonet_resolver_t *r, gonet_context_t *ctx,
                                                 const char *network, const char *host, size_t *n,
                                                 gonet_error_t **err)
{
    gonet_netip_addr_t *array = NULL;
    gonet__addresses_t a;
    gonet_error_t *e;
    size_t count;

    gonet__addresses_init(&a);
    e = lookup_network(r, ctx, network, host, &a);
    count = a.n;
    if (e == NULL)
        array = make_array(count, sizeof(*array));
    for (size_t i = 0; array != NULL && i < count; i++)
        array[i] = gonet_netip_addr_from_slice(a.v[i].ip.b, a.v[i].ip.len, NULL);
    gonet__addresses_free(&a);
    return finish(array, count, n, e, err);
}

/* A lookup of texts. */
typedef struct {
    gonet__request_t request;
    const char *host;
    gonet__items_t texts; /* the hosts file's addresses, or else */
    gonet__addresses_t a; /* the DNS's */
    gonet_error_t *e;
} host_lookup_t;

/* The hosts file's addresses of a name, as it has them and in its order (behaviour 22.10). */
static gonet_error_t *texts_of_file(const char *host, gonet__items_t *texts)
{
    gonet__hosts_t *table = gonet__hosts_current();
    gonet__hosts_found_t found;

    if (table == NULL)
        return gonet_err_no_memory;
    found = gonet__hosts_by_name(table, host);
    gonet__items_add_found(texts, &found);
    gonet__hosts_unref(table);
    return texts->failed ? gonet_err_no_memory : NULL;
}

static void run_host(host_lookup_t *l)
{
    gonet__order_t order = gonet__order_for(l->request.resolver, l->host);

    if (order == GONET__ORDER_FILES_DNS || order == GONET__ORDER_FILES) {
        l->e = texts_of_file(l->host, &l->texts);
        if (l->e == NULL && l->texts.n == 0 && order == GONET__ORDER_FILES)
            l->e = gonet__no_such_host(l->host, "");
        if (l->e != NULL || l->texts.n > 0)
            return;
        order = GONET__ORDER_DNS;
    }
    l->e = gonet__lookup_host(&l->request, order, GONET__WANT_V4 | GONET__WANT_V6, l->host, &l->a);
}

/* An array of count texts, and NULL, with room for them behind. */
static const char **make_texts(size_t count, size_t room, char **texts)
{
    const char **array = gonet__alloc((count + 1) * sizeof(*array) + room);

    if (array == NULL)
        return NULL;
    array[count] = NULL;
    *texts = (char *)(array + count + 1);
    return array;
}

static const char **one_text(const char *text)
{
    char *p;
    const char **array = make_texts(1, strlen(text) + 1, &p);

    if (array != NULL)
        array[0] = strcpy(p, text);
    return array;
}

static const char **items_to_texts(const gonet__items_t *items)
{
    char *p;
    const char **array = make_texts(items->n, items->text.len, &p);

    if (array == NULL)
        return NULL;
    memcpy(p, items->text.p, items->text.len);
    for (size_t i = 0; i < items->n; i++)
        array[i] = p + items->v[i].at;
    return array;
}

static const char **addresses_to_texts(const gonet__addresses_t *a)
{
    char *p;
    const char **array = make_texts(a->n, a->n * GONET_ADDR_STRLEN, &p);

    for (size_t i = 0; array != NULL && i < a->n; i++) {
        array[i] = gonet_ip_addr_string(&a->v[i], p, GONET_ADDR_STRLEN);
        p += strlen(p) + 1;
    }
    return array;
}

const char **gonet_resolver_lookup_host(const gonet_resolver_t *r, gonet_context_t *ctx,
                                        const char *host, size_t *n, gonet_error_t **err)
{
    host_lookup_t l = {.request = gonet__request_make(r, ctx, 0), .host = host};
    const char **array = NULL;
    size_t count;

    if (gonet_netip_parse_addr(host, NULL).bits != 0)
        return finish((void *)one_text(host), 1, n, NULL, err);
    gonet__items_init(&l.texts);
    gonet__addresses_init(&l.a);
    if (host[0] == '\0')
        l.e = gonet__no_such_host(host, "");
    else
        l.e = gonet__refused(&l.request.limit, host);
    if (l.e == NULL)
        run_host(&l);
    count = l.texts.n > 0 ? l.texts.n : l.a.n;
    if (l.e == NULL)
        array = l.texts.n > 0 ? items_to_texts(&l.texts) : addresses_to_texts(&l.a);
    gonet__items_free(&l.texts);
    gonet__addresses_free(&l.a);
    return finish((void *)array, count, n, l.e, err);
}

const char **gonet_lookup_host(const char *host, size_t *n, gonet_error_t **err)
{
    return gonet_resolver_lookup_host(NULL, NULL, host, n, err);
}

int gonet_resolver_lookup_port(const gonet_resolver_t *r, gonet_context_t *ctx, const char *network,
                               const char *service, gonet_error_t **err)
{
    (void)r;
    (void)ctx;
    return gonet_lookup_port(network, service, err);
}
