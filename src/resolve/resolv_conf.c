/*
 * Reading resolv.conf, line by line; what does not fit is ignored, or noted as unknown, as Go does.
 */
#include "resolve/resolv_conf.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/digits.h"
#include "gonet/time.h"
#include "resolve/span.h"

#define DNS_PORT  53
#define MAX_NDOTS 15

/* A configuration being made; search is in names until it is done. */
typedef struct {
    gonet__resolv_conf_t *conf;
    gonet__buf_t names;
    bool failed;
} maker_t;

static void add_server(maker_t *m, const gonet__server_t *server)
{
    gonet__resolv_conf_t *c = m->conf;
    gonet__server_t *larger =
        gonet__realloc(c->servers, c->server_count + 1, sizeof(gonet__server_t));

    if (larger == NULL) {
        m->failed = true;
        return;
    }
    c->servers = larger;
    c->servers[c->server_count++] = *server;
}

/* The text is kept as it was written. False if it is no address. */
static bool read_server(gonet__span_t s, uint16_t port, gonet__server_t *server)
{
    const char *form = memchr(s.p, ':', s.len) != NULL ? "[%.*s]:%u" : "%.*s:%u";

    memset(server, 0, sizeof(*server));
    server->addr.addr = gonet_netip_parse_addr_n(s.p, s.len, NULL);
    server->addr.port = port;
    if (server->addr.addr.bits == 0)
        return false;
    return snprintf(server->text, sizeof(server->text), form, (int)s.len, s.p, (unsigned)port) <
           (int)sizeof(server->text);
}

static void nameserver(maker_t *m, gonet__span_t rest)
{
    gonet__span_t f;
    gonet__server_t server;

    if (m->conf->server_count < GONET__FILE_SERVERS && gonet__span_field(&rest, &f) &&
        read_server(f, DNS_PORT, &server))
        add_server(m, &server);
}

static void clear_search(maker_t *m)
{
    m->names.len = 0;
    m->conf->search_count = 0;
}

/* A name in the list ends in a dot; one with a NUL inside can't be asked for. */
static void add_search(maker_t *m, gonet__span_t name)
{
    if (memchr(name.p, '\0', name.len) != NULL)
        return;
    gonet__buf_put(&m->names, name.p, name.len);
    if (name.p[name.len - 1] != '.')
        gonet__buf_putc(&m->names, '.');
    gonet__buf_putc(&m->names, '\0');
    m->conf->search_count++;
}

static void domain(maker_t *m, gonet__span_t rest)
{
    gonet__span_t f;

    if (!gonet__span_field(&rest, &f))
        return;
    clear_search(m);
    add_search(m, f);
}

static void search(maker_t *m, gonet__span_t rest)
{
    gonet__span_t f;

    clear_search(m);
    while (gonet__span_field(&rest, &f)) {
        if (!gonet__span_is(f, "."))
            add_search(m, f);
    }
}

/* The number behind the first used bytes of an option; what is no number counts as 0. */
static int number(gonet__span_t f, size_t used)
{
    int value;
    size_t digits;

    gonet__scan_decimal(f.p + used, f.len - used, &value, &digits);
    return value;
}

static int at_least_one(int n)
{
    return n < 1 ? 1 : n;
}

static void option(gonet__resolv_conf_t *c, gonet__span_t f)
{
    if (gonet__span_begins(f, "ndots:")) {
        int n = number(f, 6);

        c->ndots = n > MAX_NDOTS ? MAX_NDOTS : n;
    } else if (gonet__span_begins(f, "timeout:")) {
        c->timeout = at_least_one(number(f, 8)) * GONET_SECOND;
    } else if (gonet__span_begins(f, "attempts:")) {
        c->attempts = at_least_one(number(f, 9));
    } else if (gonet__span_is(f, "rotate")) {
        c->rotate = true;
    } else if (gonet__span_is(f, "single-request") || gonet__span_is(f, "single-request-reopen")) {
        c->single_request = true;
    } else if (gonet__span_is(f, "use-vc") || gonet__span_is(f, "usevc") ||
               gonet__span_is(f, "tcp")) {
        c->use_tcp = true;
    } else if (gonet__span_is(f, "trust-ad")) {
        c->trust_ad = true;
    } else if (gonet__span_is(f, "no-reload")) {
        c->no_reload = true;
    } else if (!gonet__span_is(f, "edns0")) {
        c->unknown = true;
    }
}

static void directive(maker_t *m, gonet__span_t line)
{
    gonet__span_t f;

    if (line.len > 0 && (line.p[0] == ';' || line.p[0] == '#'))
        return;
    if (!gonet__span_field(&line, &f))
        return;
    if (gonet__span_is(f, "nameserver")) {
        nameserver(m, line);
    } else if (gonet__span_is(f, "domain")) {
        domain(m, line);
    } else if (gonet__span_is(f, "search")) {
        search(m, line);
    } else if (gonet__span_is(f, "options")) {
        while (gonet__span_field(&line, &f))
            option(m->conf, f);
    } else if (!gonet__span_is(f, "lookup")) {
        m->conf->unknown = true;
    }
}

/* What holds if the file does not say otherwise. */
static void fill_gaps(maker_t *m, const char *hostname)
{
    static const char *const local[] = {"127.0.0.1", "::1"};
    const char *dot = strchr(hostname, '.');
    gonet__server_t server;

    for (int i = 0; m->conf->server_count == (size_t)i && i < 2; i++) {
        if (read_server((gonet__span_t){local[i], strlen(local[i])}, DNS_PORT, &server))
            add_server(m, &server);
    }
    if (m->conf->search_count == 0 && dot != NULL && dot[1] != '\0')
        add_search(m, (gonet__span_t){dot + 1, strlen(dot + 1)});
}

/* Takes the list over into the configuration; NULL, and everything released, without memory. */
static gonet__resolv_conf_t *finish(maker_t *m)
{
    bool ok = !m->failed && !m->names.failed;

    if (ok && m->conf->search_count > 0) {
        m->conf->search = gonet__buf_take(&m->names);
        ok = m->conf->search != NULL;
    }
    gonet__buf_free(&m->names);
    if (ok)
        return m->conf;
    gonet__resolv_conf_unref(m->conf);
    return NULL;
}

gonet__resolv_conf_t *gonet__resolv_conf_parse(const char *text, size_t len, const char *hostname)
{
    maker_t m = {.conf = gonet__zalloc(sizeof(gonet__resolv_conf_t))};
    gonet__span_t rest = {text, len}, line;
    size_t found;

    if (m.conf == NULL)
        return NULL;
    atomic_init(&m.conf->refs, 1);
    m.conf->ndots = 1;
    m.conf->attempts = 2;
    m.conf->timeout = 5 * GONET_SECOND;
    while (gonet__span_line(&rest, &line))
        directive(&m, line);
    found = m.conf->server_count;
    if (found == 0 || m.conf->search_count == 0)
        fill_gaps(&m, hostname);
    return finish(&m);
}

/* One part of a list of servers: "192.0.2.1", "192.0.2.1:53", "[::1]:53", "::1". */
static bool read_part(gonet__span_t s, gonet__server_t *server)
{
    gonet_netip_addr_port_t ap = gonet_netip_parse_addr_port_n(s.p, s.len, NULL);

    if (ap.addr.bits == 0)
        return read_server(s, DNS_PORT, server);
    memset(server, 0, sizeof(*server));
    server->addr = ap;
    return s.len < sizeof(server->text) && memcpy(server->text, s.p, s.len) != NULL;
}

static bool copy_search(maker_t *m, const gonet__resolv_conf_t *conf)
{
    const char *p = conf->search;

    for (size_t i = 0; i < conf->search_count; i++) {
        size_t len = strlen(p);

        add_search(m, (gonet__span_t){p, len});
        p += len + 1;
    }
    return !m->names.failed;
}

gonet__resolv_conf_t *gonet__resolv_conf_set_servers(const gonet__resolv_conf_t *conf,
                                                     const char *servers, bool *bad)
{
    maker_t m = {.conf = gonet__zalloc(sizeof(gonet__resolv_conf_t))};
    gonet__span_t rest = {servers, strlen(servers)};
    gonet__server_t server;

    *bad = false;
    if (m.conf == NULL)
        return NULL;
    atomic_init(&m.conf->refs, 1);
    m.conf->ndots = conf->ndots;
    m.conf->attempts = conf->attempts;
    m.conf->timeout = conf->timeout;
    m.conf->rotate = conf->rotate;
    m.conf->single_request = conf->single_request;
    m.conf->use_tcp = conf->use_tcp;
    m.conf->trust_ad = conf->trust_ad;
    m.failed = !copy_search(&m, conf);
    do {
        gonet__span_t part = gonet__span_trim(gonet__span_cut(&rest, ','));

        *bad = !read_part(part, &server);
        if (*bad)
            m.failed = true;
        else
            add_server(&m, &server);
    } while (!m.failed && rest.len > 0);
    return finish(&m);
}

gonet__resolv_conf_t *gonet__resolv_conf_ref(gonet__resolv_conf_t *conf)
{
    atomic_fetch_add_explicit(&conf->refs, 1, memory_order_relaxed);
    return conf;
}

void gonet__resolv_conf_unref(gonet__resolv_conf_t *conf)
{
    if (conf == NULL || atomic_fetch_sub_explicit(&conf->refs, 1, memory_order_acq_rel) != 1)
        return;
    gonet__free(conf->servers);
    gonet__free(conf->search);
    gonet__free(conf);
}
