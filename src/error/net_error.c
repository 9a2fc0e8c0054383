/*
 * The error types of package net that need no address: DNSError, DNSConfigError,
 * UnknownNetworkError and InvalidAddrError. Each object holds its public view and its strings in
 * one block.
 */
#include <string.h>

#include "base/alloc.h"
#include "error/error.h"

/* Copies s with its NUL to *room, moves *room behind it, and returns the copy. */
static const char *keep(char **room, const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = memcpy(*room, s, size);

    *room += size;
    return copy;
}

static char *append(char *p, const char *s)
{
    size_t n = strlen(s);

    memcpy(p, s, n + 1);
    return p + n;
}

static bool never(const gonet_error_t *err)
{
    (void)err;
    return false;
}

typedef struct {
    gonet_error_t base;
    gonet_dns_error_t view;
} dns_error_t;

static const void *dns_view(const gonet_error_t *err)
{
    return &((const dns_error_t *)err)->view;
}

static bool dns_timeout(const gonet_error_t *err)
{
    return ((const dns_error_t *)err)->view.is_timeout;
}

static bool dns_temporary(const gonet_error_t *err)
{
    const dns_error_t *self = (const dns_error_t *)err;

    return self->view.is_timeout || self->view.is_temporary;
}

static const gonet__error_vtable_t dns_vtable = {
    .type = "DNSError",
    .view = dns_view,
    .timeout = dns_timeout,
    .temporary = dns_temporary,
};

gonet_error_t *gonet__dns_error(const char *err, const char *name, const char *server,
                                bool is_timeout, bool is_temporary, bool is_not_found,
                                gonet_error_t *unwrap_err)
{
    size_t strings = strlen(err) + strlen(name) + strlen(server);
    char *room;
    gonet_error_t *object = gonet__error_alloc(
        &dns_vtable, sizeof(dns_error_t),
        2 * strings + sizeof("lookup ") + sizeof(" on ") + sizeof(": ") + 3, unwrap_err, &room);

    if (object == NULL)
        return gonet_err_no_memory;
    ((dns_error_t *)object)->view = (gonet_dns_error_t){
        .unwrap_err = unwrap_err,
        .err = keep(&room, err),
        .name = keep(&room, name),
        .server = keep(&room, server),
        .is_timeout = is_timeout,
        .is_temporary = is_temporary,
        .is_not_found = is_not_found,
    };
    object->text = room;
    room = append(append(room, "lookup "), name);
    if (server[0] != '\0')
        room = append(append(room, " on "), server);
    append(append(room, ": "), err);
    return object;
}

gonet_error_t *gonet__dns_error_keeps(gonet_error_t *cause)
{
    bool tells = gonet_error_is(cause, gonet_err_canceled) ||
                 gonet_error_is(cause, gonet_err_context_deadline_exceeded) ||
                 gonet_error_is(cause, gonet_err_closed);

    return tells ? gonet_error_ref(cause) : NULL;
}

gonet_error_t *gonet__dns_error_from(gonet_error_t *cause, const char *name, const char *server)
{
    bool asks = gonet__error_has_timeout(cause) && gonet__error_has_temporary(cause);
    gonet_error_t *err = gonet__dns_error(
        cause->text, name, server, asks && gonet_error_timeout(cause),
        asks && gonet_error_temporary(cause), false, gonet__dns_error_keeps(cause));

    gonet_error_free(cause);
    return err;
}

const gonet_dns_error_t *gonet_error_as_dns(const gonet_error_t *err)
{
    err = gonet__error_as(err, &dns_vtable);
    return err != NULL ? dns_view(err) : NULL;
}

typedef struct {
    gonet_error_t base;
    gonet_dns_config_error_t view;
} dns_config_error_t;

static const void *dns_config_view(const gonet_error_t *err)
{
    return &((const dns_config_error_t *)err)->view;
}

static const gonet__error_vtable_t dns_config_vtable = {
    .type = "DNSConfigError",
    .view = dns_config_view,
    .timeout = never,
    .temporary = never,
};

gonet_error_t *gonet__dns_config_error(gonet_error_t *cause)
{
    static const char prefix[] = "error reading DNS config: ";
    char *room;
    gonet_error_t *err = gonet__error_alloc(&dns_config_vtable, sizeof(dns_config_error_t),
                                            sizeof(prefix) + strlen(cause->text), cause, &room);

    if (err == NULL)
        return gonet_err_no_memory;
    ((dns_config_error_t *)err)->view.err = cause;
    err->text = room;
    append(append(room, prefix), cause->text);
    return err;
}

const gonet_dns_config_error_t *gonet_error_as_dns_config(const gonet_error_t *err)
{
    err = gonet__error_as(err, &dns_config_vtable);
    return err != NULL ? dns_config_view(err) : NULL;
}

/*
 * UnknownNetworkError and InvalidAddrError are strings in Go, compared by value. Both views consist
 * of one string, which is the end of the text.
 */
typedef struct {
    gonet_error_t base;
    union {
        const char *string;
        gonet_unknown_network_error_t unknown_network;
        gonet_invalid_addr_error_t invalid_addr;
    } view;
} string_error_t;

static const void *string_view(const gonet_error_t *err)
{
    return &((const string_error_t *)err)->view;
}

static bool same_string(const gonet_error_t *err, const gonet_error_t *target)
{
    return target->vtable == err->vtable && strcmp(target->text, err->text) == 0;
}

static const gonet__error_vtable_t unknown_network_vtable = {
    .type = "UnknownNetworkError",
    .view = string_view,
    .is = same_string,
    .timeout = never,
    .temporary = never,
};

static const gonet__error_vtable_t invalid_addr_vtable = {
    .type = "InvalidAddrError",
    .view = string_view,
    .is = same_string,
    .timeout = never,
    .temporary = never,
};

static gonet_error_t *string_error(const gonet__error_vtable_t *vtable, const char *prefix,
                                   const char *string)
{
    size_t prefix_len = strlen(prefix);
    char *room;
    gonet_error_t *err = gonet__error_alloc(vtable, sizeof(string_error_t),
                                            prefix_len + strlen(string) + 1, NULL, &room);

    if (err == NULL)
        return gonet_err_no_memory;
    append(append(room, prefix), string);
    err->text = room;
    ((string_error_t *)err)->view.string = room + prefix_len;
    return err;
}

gonet_error_t *gonet__unknown_network_error(const char *network)
{
    return string_error(&unknown_network_vtable, "unknown network ", network);
}

const gonet_unknown_network_error_t *gonet_error_as_unknown_network(const gonet_error_t *err)
{
    err = gonet__error_as(err, &unknown_network_vtable);
    return err != NULL ? string_view(err) : NULL;
}

gonet_error_t *gonet__invalid_addr_error(const char *text)
{
    return string_error(&invalid_addr_vtable, "", text);
}

const gonet_invalid_addr_error_t *gonet_error_as_invalid_addr(const gonet_error_t *err)
{
    err = gonet__error_as(err, &invalid_addr_vtable);
    return err != NULL ? string_view(err) : NULL;
}
