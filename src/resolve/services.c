/*
 * Ports and protocols by name. The files' texts are kept, split in place, with an index of entries
 * in file order: a service's last line wins, a protocol's first (behaviour 2.17, 2.19).
 */
#include "resolve/services.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "addr/addr_error.h"
#include "base/alloc.h"
#include "base/digits.h"
#include "gonet/errno.h"
#include "resolve/names_file.h"
#include "gonet/lookup.h"
#include "runtime/ground/end_hook.h"
#include "runtime/ground/fork.h"
#include "runtime/sched/task.h"

#define MAX_NAME  25
#define PORT_CLIP (UINT32_C(1) << 30)
#define MAX_PORT  65535

typedef struct {
    const char *proto; /* services: "tcp"; protocols: "" */
    const char *name;
    int number;
} entry_t;

/* One file's contents. */
typedef struct {
    bool known;  /* until the runtime ends */
    int lacking; /* while it is not: the errno of why it can't be read */
    char *text;
    entry_t *entries;
    size_t n, size;
} table_t;

static const entry_t builtin_services[] = {
    {"udp", "domain", 53},       {"tcp", "ftp", 21},    {"tcp", "ftps", 990},
    {"tcp", "gopher", 70},       {"tcp", "http", 80},   {"tcp", "https", 443},
    {"tcp", "imap2", 143},       {"tcp", "imap3", 220}, {"tcp", "imaps", 993},
    {"tcp", "pop3", 110},        {"tcp", "pop3s", 995}, {"tcp", "smtp", 25},
    {"tcp", "submissions", 465}, {"tcp", "ssh", 22},    {"tcp", "telnet", 23}};

static const entry_t builtin_protocols[] = {
    {"", "icmp", 1}, {"", "igmp", 2}, {"", "tcp", 6}, {"", "udp", 17}, {"", "ipv6-icmp", 58}};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the tables */
static table_t services, protocols;

static void add(table_t *t, const char *proto, const char *name, int number)
{
    if (t->n == t->size) {
        size_t size = t->size == 0 ? 64 : 2 * t->size;
        entry_t *larger = gonet__realloc(t->entries, size, sizeof(*larger));

        if (larger == NULL) {
            t->lacking = ENOMEM;
            return;
        }
        t->entries = larger;
        t->size = size;
    }
    t->entries[t->n++] = (entry_t){proto, name, number};
}

/* "name port/proto alias…" */
static void add_service(gonet__fields_t *f)
{
    int port;
    size_t used, len = f->n < 2 ? 0 : strlen(f->field[1]);

    if (len == 0 || !gonet__scan_decimal(f->field[1], len, &port, &used) || port <= 0 ||
        f->field[1][used] != '/')
        return;
    for (size_t i = 0; i < f->n; i++) {
        if (i != 1)
            add(&services, f->field[1] + used + 1, f->field[i], port);
    }
}

/* "name number alias…" */
static void add_protocol(gonet__fields_t *f)
{
    int number;
    size_t used;

    if (f->n < 2 || !gonet__scan_decimal(f->field[1], strlen(f->field[1]), &number, &used))
        return;
    for (size_t i = 0; i < f->n; i++) {
        if (i != 1)
            add(&protocols, "", f->field[i], number);
    }
}

static void clear(table_t *t)
{
    gonet__free(t->text);
    gonet__free(t->entries);
    memset(t, 0, sizeof(*t));
}

/* A file that can't be read for want of descriptors or memory is tried again by the next caller. */
static void load(table_t *t, const char *path, void (*add_line)(gonet__fields_t *f))
{
    gonet__fields_t fields;
    size_t len;
    char *p;
    int lacking;

    if (t->known)
        return;
    t->lacking = 0;
    t->text = gonet__read_text(path, &len);
    if (t->text == NULL && !gonet__tells_of_file(errno))
        t->lacking = errno;
    p = t->text;
    while (p != NULL && t->lacking == 0 && gonet__next_fields(&p, &fields))
        add_line(&fields);
    lacking = t->lacking;
    if (lacking != 0)
        clear(t);
    t->lacking = lacking;
    t->known = lacking == 0;
}

static gonet__end_hook_t end_hook = {.fn = gonet__services_release};

/* A table that was being read in the parent is given up. */
static void reset_after_fork(void)
{
    if (gonet__fork_renew(&lock))
        return;
    services = protocols = (table_t){.known = false};
}

GONET__FORK_HOOK(reset_after_fork)

/* Takes the lock, and sees to it that the files have been read. */
static void lock_tables(void)
{
    gonet__fork_lock(&lock);
    if (services.known && protocols.known)
        return;
    load(&services, "/etc/services", add_service);
    load(&protocols, "/etc/protocols", add_protocol);
    gonet__end_hook_add(&end_hook);
}

void gonet__services_release(void)
{
    pthread_mutex_lock(&lock);
    clear(&services);
    clear(&protocols);
    pthread_mutex_unlock(&lock);
}

static const entry_t *find(const entry_t *entries, size_t n, const char *proto, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(entries[i].name, name) == 0 && strcmp(entries[i].proto, proto) == 0)
            return &entries[i];
    }
    return NULL;
}

/* The number of an entry; 0 without one. */
static int number_of(const entry_t *e)
{
    return e == NULL ? 0 : e->number;
}

/* Under the lock: the file's last word on it, else the built-in one. */
static int find_service(const char *proto, const char *name)
{
    for (size_t i = services.n; i-- > 0;) {
        const entry_t *e = find(&services.entries[i], 1, proto, name);

        if (e != NULL)
            return e->number;
    }
    return number_of(
        find(builtin_services, sizeof(builtin_services) / sizeof(entry_t), proto, name));
}

/* Under the lock. */
static const entry_t *find_protocol(const char *name)
{
    const entry_t *e =
        find(builtin_protocols, sizeof(builtin_protocols) / sizeof(entry_t), "", name);

    return e != NULL ? e : find(protocols.entries, protocols.n, "", name);
}

gonet_error_t *gonet__lookup_protocol(const char *name, int *proto)
{
    char lower[MAX_NAME + 1];
    const entry_t *e = NULL;
    int lacking = 0;

    if (gonet__lower(name, lower, sizeof(lower))) {
        lock_tables();
        e = find_protocol(lower);
        if (e != NULL)
            *proto = e->number;
        lacking = protocols.lacking;
        pthread_mutex_unlock(&lock);
    }
    if (e == NULL && lacking != 0)
        return gonet_syscall_error_new("open", lacking);
    return e != NULL ? NULL : gonet__addr_error("unknown IP protocol specified", name);
}

/*
 * Go counts in 32 bits, and what wraps around while it multiplies goes unnoticed: 4294967376 is
 * port 80. Its answers are kept.
 */
bool gonet__parse_port(const char *text, int *port)
{
    bool negative = text[0] == '-';
    uint32_t n = 0;

    for (const char *p = text + (negative || text[0] == '+'); *p != '\0'; p++) {
        unsigned digit = gonet__digit(*p);

        if (digit > 9)
            return false;
        /* Too large already, whatever follows. */
        if (n >= PORT_CLIP)
            break;
        n *= 10;
        if (n + digit < n) {
            n = UINT32_MAX;
            break;
        }
        n += digit;
    }
    if (!negative && n >= PORT_CLIP)
        n = PORT_CLIP - 1;
    if (negative && n > PORT_CLIP)
        n = PORT_CLIP;
    *port = negative ? -(int)n : (int)n;
    return true;
}

/* "tcp", "udp" or "ip" for a network name; NULL for others. */
static const char *base_of(const char *network)
{
    static const char *const bases[] = {"tcp", "udp"};

    if (network[0] == '\0' || strcmp(network, "ip") == 0)
        return "ip";
    for (size_t i = 0; i < 2; i++) {
        const char *suffix = network + 3;

        if (strncmp(network, bases[i], 3) == 0 &&
            (*suffix == '\0' || strcmp(suffix, "4") == 0 || strcmp(suffix, "6") == 0))
            return bases[i];
    }
    return NULL;
}

/* There is no such port; or, with an errno, nobody knows. */
static gonet_error_t *unknown_port(const char *base, const char *service, int lacking)
{
    size_t size = strlen(base) + strlen(service) + 2;
    char *name = gonet__alloc(size);
    gonet_error_t *e;

    if (name == NULL)
        return gonet_err_no_memory;
    snprintf(name, size, "%s/%s", base, service);
    if (lacking != 0)
        e = gonet__dns_error_from(gonet_errno_error(lacking), name, "");
    else
        e = gonet__dns_error("unknown port", name, "", false, false, true, NULL);
    gonet__free(name);
    return e;
}

static gonet_error_t *lookup_name(const char *network, const char *service, int *port)
{
    const char *base = base_of(network);
    char lower[MAX_NAME + 1];
    int lacking = 0;

    if (base == NULL)
        return gonet__addr_error("unknown network", network);
    *port = 0;
    if (gonet__lower(service, lower, sizeof(lower))) {
        bool either = strcmp(base, "ip") == 0;

        lock_tables();
        *port = find_service(either ? "tcp" : base, lower);
        if (*port == 0 && either)
            *port = find_service("udp", lower);
        lacking = services.lacking;
        pthread_mutex_unlock(&lock);
    }
    return *port != 0 ? NULL : unknown_port(base, service, lacking);
}

gonet_error_t *gonet__lookup_port(const char *network, const char *service, int *port)
{
    if (!gonet__parse_port(service, port)) {
        gonet_error_t *e = lookup_name(network, service, port);

        if (e != NULL)
            return e;
    }
    if (*port < 0 || *port > MAX_PORT)
        return gonet__addr_error("invalid port", service);
    return NULL;
}

int gonet_lookup_port(const char *network, const char *service, gonet_error_t **err)
{
    int port = 0;
    gonet_error_t *e;

    gonet__task_tick();
    e = gonet__lookup_port(network, service, &port);
    gonet_error_set(err, e);
    return e == NULL ? port : -1;
}
