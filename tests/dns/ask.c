/*
 * Reads questions, one a line ("KIND ARGUMENT…"), and prints what gonet answers, in the form that
 * go/main.go prints what Go answers: results, then the error with its flags.
 *
 * Options, which hold for the lines behind: "strict 0|1", "timeout MILLISECONDS" (0: none).
 */
#include <gonet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gonet_resolver_t resolver = {.prefer_go = true};
static long timeout_ms;

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Texts in an order of their own, where the resolver's is random, or that of arrival. */
static void show(char **list, size_t n, bool sorted)
{
    if (sorted)
        qsort(list, n, sizeof(*list), by_text);
    for (size_t i = 0; i < n; i++) {
        printf("\t%s\n", list[i]);
        free(list[i]);
    }
    free(list);
}

static char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *text(const char *format, ...)
{
    char *s = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&s, format, args) < 0)
        abort();
    va_end(args);
    return s;
}

static void show_error(const gonet_error_t *err)
{
    const gonet_dns_error_t *dns = gonet_error_as_dns(err);

    if (err == NULL)
        return;
    printf("\terror %s\n", gonet_error_string(err));
    printf("\ttimeout %d temporary %d", gonet_error_timeout(err), gonet_error_temporary(err));
    if (dns != NULL)
        printf(" name %s server %s notfound %d deadline %d", dns->name, dns->server,
               dns->is_not_found, gonet_error_is(err, gonet_err_context_deadline_exceeded));
    printf("\n");
}

static void hosts(const char **list, size_t n, bool sorted)
{
    char **copy = calloc(n + 1, sizeof(*copy));

    for (size_t i = 0; i < n; i++)
        copy[i] = text("%s", list[i]);
    show(copy, n, sorted);
}

static void records(const char *kind, const char *name, gonet_context_t *ctx, gonet_error_t **err)
{
    GONET_AUTO_FREE void *result = NULL;
    size_t n = 0;
    char **list;

    if (strcmp(kind, "mx") == 0) {
        gonet_mx_t *mx = result = gonet_resolver_lookup_mx(&resolver, ctx, name, &n, err);
        list = calloc(n + 1, sizeof(*list));
        for (size_t i = 0; i < n; i++)
            list[i] = text("%d %s", mx[i].pref, mx[i].host);
    } else if (strcmp(kind, "ns") == 0) {
        gonet_ns_t *ns = result = gonet_resolver_lookup_ns(&resolver, ctx, name, &n, err);
        list = calloc(n + 1, sizeof(*list));
        for (size_t i = 0; i < n; i++)
            list[i] = text("%s", ns[i].host);
    } else {
        gonet_txt_t *txt = result = gonet_resolver_lookup_txt(&resolver, ctx, name, &n, err);
        list = calloc(n + 1, sizeof(*list));
        for (size_t i = 0; i < n; i++)
            list[i] = text("%s", txt[i].text);
    }
    show(list, n, true);
}

static void srv(char *arg, gonet_context_t *ctx, gonet_error_t **err)
{
    char service[64] = "", proto[64] = "", name[256] = "";
    const char *cname = NULL;
    size_t n = 0;
    GONET_AUTO_FREE gonet_srv_t *list = NULL;

    if (sscanf(arg, "%63s %63s %255s", service, proto, name) != 3) {
        strcpy(name, service);
        service[0] = proto[0] = '\0';
    }
    list = gonet_resolver_lookup_srv(&resolver, ctx, service, proto, name, &cname, &n, err);
    printf("\tcname %s\n", cname == NULL ? "" : cname);
    for (size_t i = 0; i < n; i++)
        printf("\t%d %d %d %s\n", list[i].priority, list[i].weight, list[i].port, list[i].target);
}

static void addresses(const char *network, const char *host, gonet_context_t *ctx,
                      gonet_error_t **err)
{
    size_t n = 0;
    GONET_AUTO_FREE gonet_ip_t *ips =
        gonet_resolver_lookup_ip(&resolver, ctx, network, host, &n, err);
    char **list = calloc(n + 1, sizeof(*list)), buf[GONET_IP_STRLEN];

    for (size_t i = 0; i < n; i++)
        list[i] = text("%d %s", ips[i].len, gonet_ip_string(ips[i], buf, sizeof(buf)));
    show(list, n, true);
}

static void ask(const char *kind, char *arg)
{
    gonet_context_t *ctx =
        timeout_ms == 0 ? NULL : gonet_context_with_timeout(NULL, timeout_ms * GONET_MILLISECOND);
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO_FREE void *result = NULL;
    size_t n = 0;

    if (strcmp(kind, "host") == 0) {
        result = gonet_resolver_lookup_host(&resolver, ctx, arg, &n, &err);
        hosts(result, n, true);
    } else if (strcmp(kind, "addr") == 0) {
        result = gonet_resolver_lookup_addr(&resolver, ctx, arg, &n, &err);
        hosts(result, n, true);
    } else if (strcmp(kind, "cname") == 0) {
        const char *cname = result = gonet_resolver_lookup_cname(&resolver, ctx, arg, &err);
        printf("\t%s\n", cname == NULL ? "" : cname);
    } else if (strcmp(kind, "srv") == 0) {
        srv(arg, ctx, &err);
    } else if (strncmp(kind, "ip", 2) == 0) {
        addresses(kind, arg, ctx, &err);
    } else if (strcmp(kind, "dial") == 0) {
        gonet_conn_t *c = gonet_dial("tcp", arg, &err);
        printf("\t%s\n", c == NULL ? "failed" : "connected");
        gonet_conn_free(c);
    } else {
        records(kind, arg, ctx, &err);
    }
    show_error(err);
    gonet_context_free(ctx);
}

int main(void)
{
    char line[1024];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *kind = strtok(line, " \n"), *arg = strtok(NULL, "\n");

        if (kind == NULL || kind[0] == '#')
            continue;
        if (arg == NULL)
            arg = line + strlen(line);
        printf("%s %s\n", kind, arg);
        if (strcmp(kind, "strict") == 0)
            resolver.strict_errors = arg[0] == '1';
        else if (strcmp(kind, "timeout") == 0)
            timeout_ms = atol(arg);
        else
            ask(kind, arg);
        fflush(stdout);
    }
    return 0;
}
