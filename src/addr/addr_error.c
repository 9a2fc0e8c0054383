/*
 * AddrError and ParseError. One block holds the object, the offending text once more as a string of
 * its own, and the whole text.
 */
#include "addr/addr_error.h"

#include <string.h>

#include "base/alloc.h"

typedef struct {
    gonet_error_t base;
    union {
        gonet_addr_error_t addr;
        gonet_parse_error_t parse;
    } view;
} text_error_t;

static const void *view(const gonet_error_t *err)
{
    return &((const text_error_t *)err)->view;
}

static bool never(const gonet_error_t *err)
{
    (void)err;
    return false;
}

static const gonet__error_vtable_t addr_vtable = {
    .type = "AddrError",
    .view = view,
    .timeout = never,
    .temporary = never,
};

static const gonet__error_vtable_t parse_vtable = {
    .type = "ParseError",
    .view = view,
    .timeout = never,
    .temporary = never,
};

static char *append(char *p, const char *s)
{
    size_t n = strlen(s);

    memcpy(p, s, n + 1);
    return p + n;
}

/* What s takes as a C string: a NUL byte, which only a call with a length can bring, is written
 * out. */
static size_t shown_len(const char *s, size_t len)
{
    size_t n = len;

    for (size_t i = 0; i < len; i++)
        n += s[i] == '\0' ? sizeof("\\x00") - 2 : 0;
    return n;
}

static char *append_shown(char *p, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '\0')
            p = append(p, "\\x00");
        else
            *p++ = s[i];
    }
    *p = '\0';
    return p;
}

gonet_error_t *gonet__addr_error_n(const char *err, const char *addr, size_t len)
{
    size_t err_len = strlen(err);
    size_t addr_len = shown_len(addr, len);
    char *room;
    gonet_error_t *object =
        gonet__error_alloc(&addr_vtable, sizeof(text_error_t),
                           2 * (addr_len + err_len) + sizeof("address : ") + 2, NULL, &room);

    if (object == NULL)
        return gonet_err_no_memory;
    text_error_t *self = (text_error_t *)object;
    self->view.addr.addr = room;
    room = append_shown(room, addr, len) + 1;
    self->view.addr.err = room;
    room = append(room, err) + 1;
    object->text = room;
    if (addr_len > 0)
        room = append(append(append(room, "address "), self->view.addr.addr), ": ");
    append(room, err);
    return object;
}

gonet_error_t *gonet__addr_error(const char *err, const char *addr)
{
    return gonet__addr_error_n(err, addr, strlen(addr));
}

const gonet_addr_error_t *gonet_error_as_addr(const gonet_error_t *err)
{
    err = gonet__error_as(err, &addr_vtable);
    return err != NULL ? view(err) : NULL;
}

gonet_error_t *gonet__parse_error_n(const char *type, const char *text, size_t len)
{
    size_t text_len = shown_len(text, len);
    char *room;
    gonet_error_t *object =
        gonet__error_alloc(&parse_vtable, sizeof(text_error_t),
                           strlen(type) + text_len + sizeof("invalid : "), NULL, &room);

    if (object == NULL)
        return gonet_err_no_memory;
    text_error_t *self = (text_error_t *)object;
    object->text = room;
    room = append(append(append(room, "invalid "), type), ": ");
    append_shown(room, text, len);
    self->view.parse.type = type;
    self->view.parse.text = room;
    return object;
}

gonet_error_t *gonet__parse_error(const char *type, const char *text)
{
    return gonet__parse_error_n(type, text, strlen(text));
}

const gonet_parse_error_t *gonet_error_as_parse(const gonet_error_t *err)
{
    err = gonet__error_as(err, &parse_vtable);
    return err != NULL ? view(err) : NULL;
}
