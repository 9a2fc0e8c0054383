/*
 * Asks the DNS, like dig or host: lookup [--json] [--server=ADDRESS] TYPE NAME, where TYPE is A,
 * AAAA, CNAME, MX, NS, PTR (NAME is an address), SRV or TXT. --json: each answer as a JSON string.
 */
#include <stdio.h>
#include <string.h>
#include <gonet.h>

static gonet_resolver_t resolver = {.prefer_go = true};
static bool json;

static void show(const char *text, const char *format, int a, int b, int c)
{
    printf("%s", json ? "\"" : "");
    printf(format, a, b, c);
    for (const char *p = text; *p != '\0'; p++)
        printf(json && (strchr("\"\\", *p) || *p < ' ') ? "\\u%04x" : "%c", (unsigned char)*p);
    printf(json ? "\"\n" : "\n");
}

/* If it is the type: makes the call, and shows every v[i] of the result as a text, after numbers.
 */
#define LOOK_UP(kind, call, text, ...)              \
    if (strcmp(type, kind) == 0) {                  \
        __auto_type v = call;                       \
        for (size_t i = 0; v != NULL && i < n; i++) \
            show(text, __VA_ARGS__);                \
        gonet_free((void *)v);                      \
        return;                                     \
    }
#define ASK(what, ...) gonet_resolver_lookup_##what(&resolver, NULL, __VA_ARGS__, &n, err)

static void look_up(const char *type, const char *name, gonet_error_t **err)
{
    char ip[GONET_IP_STRLEN];
    size_t n = 1;
    LOOK_UP("A", ASK(ip, "ip4", name), gonet_ip_string(v[i], ip, sizeof(ip)), "", 0, 0, 0)
    LOOK_UP("AAAA", ASK(ip, "ip6", name), gonet_ip_string(v[i], ip, sizeof(ip)), "", 0, 0, 0)
    LOOK_UP("CNAME", gonet_resolver_lookup_cname(&resolver, NULL, name, err), v, "", 0, 0, 0)
    LOOK_UP("MX", ASK(mx, name), v[i].host, "%d ", v[i].pref, 0, 0)
    LOOK_UP("NS", ASK(ns, name), v[i].host, "", 0, 0, 0)
    LOOK_UP("PTR", ASK(addr, name), v[i], "", 0, 0, 0)
    LOOK_UP("SRV", ASK(srv, "", "", name, NULL), v[i].target, "%d %d %d ", v[i].priority,
            v[i].weight, v[i].port)
    LOOK_UP("TXT", ASK(txt, name), v[i].text, "", 0, 0, 0)
    gonet_error_set(err, gonet_error_new("this type is not known"));
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    for (; argc > 3; argc--, argv++) {
        json = json || strcmp(argv[1], "--json") == 0;
        if (strncmp(argv[1], "--server=", 9) == 0)
            resolver.servers = argv[1] + 9;
    }
    argc == 3 ? look_up(argv[1], argv[2], &err)
              : gonet_error_set(&err, gonet_error_new("usage: lookup [--option...] TYPE NAME"));
    return err != NULL && fprintf(stderr, "lookup: %s\n", gonet_error_string(err)) != 0;
}
