/*
 * A and AAAA (and CNAME) of a name go out together, each from a socket of its own, and the replies
 * count in the order in which they are seen. The caller waits for one after the other. Should the
 * first have to ask again, the others go on beside it, so that nobody waits for anybody's servers.
 */
#include "resolve/lookup_ip.h"

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "error/error.h"
#include "resolve/domain.h"
#include "resolve/hosts.h"
#include "resolve/sort.h"
#include "runtime/sync/beside.h"
#include "runtime/sched/task.h"

#define MAX_TYPES 3

void gonet__addresses_init(gonet__addresses_t *a)
{
    a->v = NULL;
    a->n = 0;
    a->size = 0;
    a->cname.len = 0;
    a->cname.text[0] = '\0';
    a->ttl = -1;
    a->failed = false;
}

void gonet__addresses_free(gonet__addresses_t *a)
{
    gonet__free(a->v);
    gonet__addresses_init(a);
}

void gonet__addresses_add(gonet__addresses_t *a, const gonet_ip_addr_t *addr)
{
    if (a->n == a->size) {
        size_t size = a->size == 0 ? 4 : 2 * a->size;
        gonet_ip_addr_t *larger = gonet__realloc(a->v, size, sizeof(*larger));

        if (larger == NULL) {
            a->failed = true;
            return;
        }
        a->v = larger;
        a->size = size;
    }
    a->v[a->n++] = *addr;
}

bool gonet__addresses_add_literal(gonet__addresses_t *a, const char *literal)
{
    gonet_netip_addr_t parsed = gonet_netip_parse_addr(literal, NULL);
    gonet_ip_t ip = {.len = (uint8_t)(parsed.bits / 8)};
    gonet_ip_addr_t addr;

    if (parsed.bits == 0)
        return false;
    memset(&addr, 0, sizeof(addr));
    memcpy(ip.b, parsed.b, ip.len);
    addr.ip = gonet_ip_to16(ip);
    memcpy(addr.zone, parsed.zone, sizeof(addr.zone));
    gonet__addresses_add(a, &addr);
    return true;
}

/* The questions for one name. Some 5 KiB: not for the caller's stack, which may be a thread's of
 * PTHREAD_STACK_MIN. */
typedef struct group group_t;
typedef struct {
    group_t *group;
    unsigned type;
    unsigned order; /* in which the parts have ended */
    gonet_error_t *e;
    bool beside;
    gonet__beside_t work; /* if it is */
    gonet__query_t query;
    gonet__answers_t answers;
} part_t;

struct group {
    const gonet__asking_t *asking;
    const char *fqdn;
    const char *name;
    bool cname;             /* the canonical name is wanted, too */
    _Atomic unsigned ended; /* how many parts have */
    size_t n;
    part_t part[MAX_TYPES];
};

static void ask(void *arg)
{
    part_t *p = arg;
    group_t *g = p->group;

    p->e = gonet__query_name(&p->query, g->asking, g->fqdn, g->name, p->type, &p->answers);
    p->order = atomic_fetch_add(&g->ended, 1);
}

/* The first part goes on: the others do so beside it. But the program's own dial, if a thread asks,
 * is called by that thread alone, for one part after the other. */
static void go_beside(void *arg)
{
    group_t *g = arg;

    if (g->asking->resolver->dial != NULL && gonet__task_current() == NULL)
        return;
    for (size_t i = 1; i < g->n; i++)
        g->part[i].beside = gonet__beside_start(&g->part[i].work, ask, &g->part[i]);
}

/* Sends all questions. */
static void begin_all(group_t *g)
{
    for (size_t i = 0; i < g->n; i++)
        gonet__query_begin(&g->part[i].query, g->asking, g->fqdn, g->part[i].type);
    if (!g->part[0].query.exchange.begun) {
        go_beside(g); /* not by UDP: side by side from the start */
        return;
    }
    g->part[0].query.goes_on = go_beside;
    g->part[0].query.arg = g;
    gonet__exchange_rest(&g->part[0].query.exchange);
}

/* Asks all, and returns when all have ended. */
static void ask_all(group_t *g, bool one_by_one)
{
    if (!one_by_one)
        begin_all(g);
    for (size_t i = 0; i < g->n; i++) {
        if (!g->part[i].beside)
            ask(&g->part[i]);
    }
    for (size_t i = 0; i < g->n; i++) {
        if (g->part[i].beside)
            gonet__beside_join(&g->part[i].work);
    }
}

static void init_group(group_t *g, const gonet__asking_t *asking, const char *fqdn,
                       const char *name, unsigned want)
{
    static const unsigned types[] = {GONET__DNS_A, GONET__DNS_AAAA, GONET__DNS_CNAME};

    g->asking = asking;
    g->fqdn = fqdn;
    g->name = name;
    g->cname = (want & GONET__WANT_CNAME) != 0;
    atomic_init(&g->ended, 0);
    g->n = 0;
    for (unsigned i = 0; i < MAX_TYPES; i++) {
        part_t *p = &g->part[g->n];

        if ((want & (1u << i)) == 0)
            continue;
        p->group = g;
        p->type = types[i];
        p->beside = false;
        p->e = NULL;
        gonet__query_init(&p->query);
        gonet__answers_init(&p->answers);
        g->n++;
    }
}

/* All records that lead to an address count. */
static void count_ttl(uint32_t ttl, gonet__addresses_t *a)
{
    if (a->ttl < 0 || ttl < a->ttl)
        a->ttl = ttl;
}

/* One record of a reply; false if its contents are malformed. cname: who has the addresses is to be
 * known. */
static bool take_record(const gonet__reply_t *r, const gonet__record_t *record, bool cname,
                        gonet__addresses_t *a)
{
    gonet_ip_addr_t addr;
    gonet__dns_name_t target;

    if (gonet__record_alias(record))
        count_ttl(gonet__record_ttl(record), a);
    if (record->type == GONET__DNS_CNAME) {
        if (!gonet__record_name(r, record, 0, &target))
            return false;
        if (a->cname.len == 0)
            a->cname = target;
        return true;
    }
    if (record->type != GONET__DNS_A && record->type != GONET__DNS_AAAA)
        return gonet__record_whole(r, record);
    memset(&addr, 0, sizeof(addr));
    addr.ip.len = record->type == GONET__DNS_A ? 4 : 16;
    if (!gonet__record_bytes(r, record, addr.ip.len, addr.ip.b))
        return false;
    gonet__addresses_add(a, &addr);
    if (cname && a->cname.len == 0)
        gonet__record_owner(r, record, &a->cname);
    count_ttl(gonet__record_ttl(record), a);
    return true;
}

/* The addresses of a reply; false if something in it is malformed, which ends it. */
static bool take_reply(gonet__answers_t *answers, bool cname, gonet__addresses_t *a)
{
    gonet__record_t record;

    if (answers->reply.alias_ttl != GONET__NO_ALIAS)
        count_ttl(answers->reply.alias_ttl, a);
    for (;;) {
        switch (gonet__reply_next(&answers->reply, 0, &record)) {
        case GONET__WALK_END:
            return true;
        case GONET__WALK_BAD:
            return false;
        case GONET__WALK_RECORD:
            break;
        }
        if (!take_record(&answers->reply, &record, cname, a))
            return false;
    }
}

/* What one name gave. */
typedef struct {
    gonet_error_t *last; /* the error to report, should nothing be found */
    bool strict;         /* an error that ends everything */
    bool gap;            /* somebody has not answered: the next time there may be more */
} outcome_t;

/* Whether the name that is asked for is the one that is looked up, with a dot behind it. */
static bool is_itself(const group_t *g)
{
    size_t len = strlen(g->name);

    return strncmp(g->fqdn, g->name, len) == 0 && strcmp(g->fqdn + len, ".") == 0;
}

static bool is_not_found(const gonet_error_t *e)
{
    const gonet_dns_error_t *dns = gonet_error_as_dns(e);

    return dns != NULL && dns->is_not_found;
}

static void take_part(part_t *p, outcome_t *o, gonet__addresses_t *a)
{
    const group_t *g = p->group;

    if (p->e == NULL) {
        if (!take_reply(&p->answers, g->cname, a)) {
            gonet_error_set(&o->last, gonet__unreadable(g->name, p->answers.server));
            o->gap = true;
        }
        return;
    }
    o->gap |= !is_not_found(p->e);
    if (g->asking->resolver->strict_errors && gonet_error_temporary(p->e)) {
        o->strict = true;
        gonet_error_set(&o->last, gonet_error_ref(p->e));
    } else if (o->last == NULL || is_itself(g)) {
        gonet_error_set(&o->last, gonet_error_ref(p->e));
    }
}

/* The part that has ended as the order-th one. */
static part_t *part_at(group_t *g, unsigned order)
{
    part_t *p = g->part;

    while (p->order != order)
        p++;
    return p;
}

/* Everything of one name; true: no other name is to be asked for. */
static bool ask_name(group_t *g, const gonet__asking_t *asking, const char *fqdn, const char *name,
                     unsigned want, outcome_t *o, gonet__addresses_t *a)
{
    init_group(g, asking, fqdn, name, want);
    ask_all(g, asking->conf->single_request);
    for (unsigned i = 0; i < g->n; i++)
        take_part(part_at(g, i), o, a);
    for (size_t i = 0; i < g->n; i++) {
        if (g->part[i].e != NULL)
            gonet_error_free(g->part[i].e);
        gonet__answers_free(&g->part[i].answers);
    }
    if (o->strict) {
        a->n = 0;
        return true;
    }
    return a->n > 0 || ((want & GONET__WANT_CNAME) != 0 && a->cname.len > 0);
}

static gonet_error_t *ask_dns(const gonet__asking_t *asking, const char *name, unsigned want,
                              gonet__addresses_t *a)
{
    char fqdn[GONET__DOMAIN_SIZE];
    outcome_t o = {NULL, false, false};
    bool found = false;
    size_t i = 0;
    group_t *g;

    if (!gonet__is_domain_name(name))
        return gonet__no_such_host(name, "");
    g = gonet__alloc(sizeof(*g));
    if (g == NULL)
        return gonet_err_no_memory;
    while (!found && gonet__search_name(asking->conf, name, &i, fqdn))
        found = ask_name(g, asking, fqdn, name, want, &o, a);
    gonet__free(g);
    if (!a->failed && found && !o.strict && o.last != NULL)
        gonet_error_set(&o.last, NULL);
    if (o.gap && a->ttl > 0)
        a->ttl = 0;
    return a->failed ? gonet_error_set(&o.last, NULL), gonet_err_no_memory : o.last;
}

/* The hosts file's addresses, sorted, with their canonical name; none, if it has none. NULL, or
 * gonet_err_no_memory. */
static gonet_error_t *ask_files(const char *name, gonet__addresses_t *a)
{
    gonet__hosts_t *table = gonet__hosts_current();
    gonet__hosts_found_t found;

    if (table == NULL)
        return gonet_err_no_memory;
    found = gonet__hosts_by_name(table, name);
    for (size_t i = 0; i < found.n; i++)
        gonet__addresses_add_literal(a, gonet__hosts_value(&found, i));
    if (found.n > 0) {
        const char *canonical = gonet__hosts_canonical(&found);

        a->cname.len = strnlen(canonical, GONET__NAME_SIZE - 1);
        memcpy(a->cname.text, canonical, a->cname.len);
        a->cname.text[a->cname.len] = '\0';
    }
    gonet__hosts_unref(table);
    if (a->failed)
        return gonet_err_no_memory;
    gonet__sort_addrs(a->v, a->n);
    return NULL;
}

gonet_error_t *gonet__lookup_addresses(const gonet__asking_t *asking, gonet__order_t order,
                                       const char *name, unsigned want, gonet__addresses_t *a)
{
    gonet_error_t *e = NULL, *files;

    if (order == GONET__ORDER_FILES_DNS || order == GONET__ORDER_FILES) {
        e = ask_files(name, a);
        if (e != NULL || a->n > 0)
            return e;
        if (order == GONET__ORDER_FILES)
            return gonet__no_such_host(name, "");
    }
    e = ask_dns(asking, name, want, a);
    gonet__sort_addrs(a->v, a->n);
    if (order != GONET__ORDER_DNS_FILES || a->n > 0 || (e == NULL && a->cname.len > 0))
        return e;
    files = ask_files(name, a);
    if (files == NULL && a->n == 0)
        return e;
    gonet_error_free(e);
    return files;
}
