/*
 * /etc/hosts, read anew for each lookup: the file is small, and always right that way.
 */
#include "resolve/hosts.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "resolve/names_file.h"

#define MAX_NAME 256

/* Lower case; a name with a dot inside ends in one (behaviour 22.7). */
static int make_key(const char *name, char key[MAX_NAME + 2])
{
    size_t len;

    if (!gonet__lower(name, key, MAX_NAME))
        return 0;
    len = strlen(key);
    if (len > 0 && strchr(key, '.') != NULL && key[len - 1] != '.')
        strcpy(key + len, ".");
    return 1;
}

static int line_names(const gonet__fields_t *f, const char *key)
{
    char name[MAX_NAME + 2];

    for (size_t i = 1; i < f->n; i++) {
        if (make_key(f->field[i], name) && strcmp(name, key) == 0)
            return 1;
    }
    return 0;
}

/* Appends the line's address; false when memory is out. A line without a literal is left out. */
static int add_line(const gonet__fields_t *f, gonet_ip_addr_t **addrs, size_t *n)
{
    gonet_netip_addr_t a = gonet_netip_parse_addr(f->field[0], NULL);
    gonet_ip_t ip = {.len = (uint8_t)(a.bits / 8)};
    gonet_ip_addr_t *larger;

    if (a.bits == 0)
        return 1;
    larger = gonet__realloc(*addrs, *n + 1, sizeof(*larger));
    if (larger == NULL)
        return 0;
    *addrs = larger;
    memset(&larger[*n], 0, sizeof(larger[*n]));
    memcpy(ip.b, a.b, ip.len);
    larger[*n].ip = gonet_ip_to16(ip);
    memcpy(larger[*n].zone, a.zone, sizeof(a.zone));
    (*n)++;
    return 1;
}

gonet_error_t *gonet__hosts_lookup(const char *name, gonet_ip_addr_t **addrs, size_t *n)
{
    char key[MAX_NAME + 2];
    gonet__fields_t fields;
    char *text, *p;
    int ok = 1;

    *addrs = NULL;
    *n = 0;
    if (!make_key(name, key))
        return NULL;
    text = gonet__read_text("/etc/hosts");
    if (text == NULL)
        return errno == ENOMEM ? gonet_err_no_memory : NULL;
    p = text;
    while (ok && gonet__next_fields(&p, &fields)) {
        if (fields.n >= 2 && line_names(&fields, key))
            ok = add_line(&fields, addrs, n);
    }
    gonet__free(text);
    if (ok)
        return NULL;
    gonet__free(*addrs);
    *addrs = NULL;
    *n = 0;
    return gonet_err_no_memory;
}
