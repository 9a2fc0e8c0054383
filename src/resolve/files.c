/*
 * The current resolv.conf, nsswitch.conf and hosts. One lock guards the three; files are read under
 * it: plain blocking reads of small local files (behaviour 26.7), by one caller at a time.
 */
#include "resolve/files.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "gonet/errno.h"
#include "resolve/coarse.h"
#include "resolve/hosts_table.h"
#include "resolve/names_file.h"
#include "resolve/watched_file.h"
#include "runtime/ground/end_hook.h"
#include "runtime/ground/fork.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static gonet__watched_t resolv_file = {.path = "/etc/resolv.conf"};
static gonet__watched_t nsswitch_file = {.path = "/etc/nsswitch.conf"};
static gonet__watched_t hosts_file = {.path = "/etc/hosts"};
static gonet__resolv_conf_t *resolv_conf;
static gonet__hosts_t *hosts;

/* What the last program that named its own servers got, and of what it was made. */
static gonet__resolv_conf_t *own_conf, *own_base;
static char *own_servers;
static gonet__order_t order;

static void release(void);
static gonet__end_hook_t end_hook = {.fn = release};

static void enter(void)
{
    gonet__fork_lock(&lock);
    gonet__end_hook_add(&end_hook);
}

/* Files that were being read are read again. */
static void reset_after_fork(void)
{
    if (gonet__fork_renew(&lock))
        return;
    own_conf = own_base = resolv_conf = NULL;
    own_servers = NULL;
    hosts = NULL;
    resolv_file.checked = 0;
    nsswitch_file.checked = 0;
    hosts_file.checked = 0;
}

GONET__FORK_HOOK(reset_after_fork)

static void forget_own(void)
{
    gonet__resolv_conf_unref(own_conf);
    gonet__resolv_conf_unref(own_base);
    gonet__free(own_servers);
    own_conf = NULL;
    own_base = NULL;
    own_servers = NULL;
}

static void release(void)
{
    pthread_mutex_lock(&lock);
    forget_own();
    gonet__resolv_conf_unref(resolv_conf);
    gonet__hosts_unref(hosts);
    resolv_conf = NULL;
    hosts = NULL;
    resolv_file.checked = 0;
    nsswitch_file.checked = 0;
    hosts_file.checked = 0;
    pthread_mutex_unlock(&lock);
}

static bool changed(gonet__watched_t *f)
{
    return gonet__watched_changed(f, gonet__coarse_now());
}

/* Reads a file that has changed. NULL, with errno: it can't be read; *known is false if that
 * passes: what was known before still holds, and the next caller tries again. */
static char *read_changed(gonet__watched_t *f, size_t *len, bool *known)
{
    char *text = gonet__read_text(f->path, len);

    *known = text != NULL || gonet__tells_of_file(errno);
    if (!*known)
        f->checked = 0;
    return text;
}

static gonet__resolv_conf_t *read_resolv_conf(void)
{
    char hostname[256] = "";
    size_t len = 0;
    bool known;
    char *text = read_changed(&resolv_file, &len, &known);
    gonet__resolv_conf_t *conf = NULL;

    if (!known && (errno == ENOMEM || resolv_conf != NULL))
        return NULL;
    gethostname(hostname, sizeof(hostname) - 1);
    conf = gonet__resolv_conf_parse(text == NULL ? "" : text, len, hostname);
    gonet__free(text);
    return conf;
}

/* The current one, which is the lock's; NULL: no memory. */
static gonet__resolv_conf_t *refresh_resolv_conf(void)
{
    gonet__resolv_conf_t *conf;

    if (resolv_conf == NULL || (!resolv_conf->no_reload && changed(&resolv_file))) {
        if (resolv_conf == NULL)
            changed(&resolv_file);
        conf = read_resolv_conf();
        if (conf != NULL) {
            gonet__resolv_conf_unref(resolv_conf);
            resolv_conf = conf;
        } else {
            resolv_file.checked = 0;
        }
    }
    return resolv_conf;
}

/* Makes it anew; under the lock. NULL as gonet__resolv_conf_for. */
static gonet__resolv_conf_t *make_own(gonet__resolv_conf_t *base, const char *servers, bool *bad)
{
    forget_own();
    own_conf = gonet__resolv_conf_set_servers(base, servers, bad);
    own_servers = own_conf == NULL ? NULL : gonet__strdup(servers);
    if (own_servers == NULL) {
        forget_own();
        return NULL;
    }
    own_base = gonet__resolv_conf_ref(base);
    return own_conf;
}

gonet__resolv_conf_t *gonet__resolv_conf_for(const char *servers, bool *bad)
{
    gonet__resolv_conf_t *base, *conf;

    *bad = false;
    enter();
    base = refresh_resolv_conf();
    if (base == NULL || servers == NULL)
        conf = base;
    else if (own_conf != NULL && own_base == base && strcmp(own_servers, servers) == 0)
        conf = own_conf;
    else
        conf = make_own(base, servers, bad);
    if (conf != NULL)
        gonet__resolv_conf_ref(conf);
    pthread_mutex_unlock(&lock);
    return conf;
}

gonet__order_t gonet__order_current(void)
{
    gonet__order_t result;

    enter();
    if (changed(&nsswitch_file)) {
        bool known;
        size_t len = 0;
        char *text = read_changed(&nsswitch_file, &len, &known);

        if (known)
            order = gonet__nsswitch_order(text == NULL ? "" : text, len);
        gonet__free(text);
    }
    result = order;
    pthread_mutex_unlock(&lock);
    return result;
}

/* A file that cannot be read for another reason than what it is leaves the old table. */
static void read_hosts(void)
{
    size_t len = 0;
    bool known;
    char *text = read_changed(&hosts_file, &len, &known);
    gonet__hosts_t *table = NULL;

    if (known || hosts == NULL)
        table = gonet__hosts_parse(text == NULL ? "" : text, len);
    gonet__free(text);
    if (table == NULL) {
        hosts_file.checked = 0;
        return;
    }
    gonet__hosts_unref(hosts);
    hosts = table;
}

gonet__hosts_t *gonet__hosts_current(void)
{
    gonet__hosts_t *table;

    enter();
    /* an empty table is worth a look each time */
    if (hosts != NULL && hosts->by_name.n == 0 && hosts_file.checked != 0)
        hosts_file.checked -= GONET__RECHECK;
    if (changed(&hosts_file) || hosts == NULL)
        read_hosts();
    table = hosts;
    if (table != NULL)
        atomic_fetch_add_explicit(&table->refs, 1, memory_order_relaxed);
    pthread_mutex_unlock(&lock);
    return table;
}
