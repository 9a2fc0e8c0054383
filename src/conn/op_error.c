/*
 * OpError: one allocation that holds the view, copies of the addresses there are, the strings and
 * the text, which is made at once since errors are immutable.
 */
#include "conn/op_error.h"

#include <stdio.h>
#include <string.h>

#include "error/error.h"
#include "gonet/errno.h"

typedef struct {
    gonet_error_t base; /* first */
    gonet_op_error_t view;
    gonet_addr_t addrs[];
} op_error_t;

static const void *op_view(const gonet_error_t *err)
{
    return &((const op_error_t *)err)->view;
}

static bool ask_timeout(const gonet_error_t *e)
{
    return gonet__error_has_timeout(e) && e->vtable->timeout(e);
}

static bool ask_temporary(const gonet_error_t *e)
{
    return gonet__error_has_temporary(e) && e->vtable->temporary(e);
}

/* Asks the cause; if that is a SyscallError itself, the errno inside (behaviour 1.6). */
static bool ask_cause(const gonet_error_t *cause, bool (*ask)(const gonet_error_t *e))
{
    const gonet_syscall_error_t *s = gonet_error_as_syscall(cause);
    gonet_error_t *errno_error;
    bool answer;

    if (s == NULL || cause->vtable->view == NULL || cause->vtable->view(cause) != s)
        return ask(cause);
    errno_error = gonet_errno_error(s->errnum);
    answer = ask(errno_error);
    gonet_error_free(errno_error);
    return answer;
}

static bool op_timeout(const gonet_error_t *err)
{
    return ask_cause(err->cause, ask_timeout);
}

static bool op_temporary(const gonet_error_t *err)
{
    const gonet_error_t *e = err->cause;

    if (e != NULL && strcmp(((const op_error_t *)err)->view.op, "accept") == 0 &&
        (e == gonet_errno_error(ECONNRESET) || e == gonet_errno_error(ECONNABORTED)))
        return true;
    return ask_cause(e, ask_temporary);
}

static const gonet__error_vtable_t op_vtable = {
    .type = "OpError", .view = op_view, .timeout = op_timeout, .temporary = op_temporary};

const gonet_op_error_t *gonet_error_as_op(const gonet_error_t *err)
{
    const gonet_error_t *e = gonet__error_as(err, &op_vtable);

    return e == NULL ? NULL : op_view(e);
}

/* An address as text and what stands before it; nothing without one. */
typedef struct {
    const char *before;
    const char *text;
    char room[GONET_ADDR_STRLEN];
} part_t;

static void addr_part(part_t *part, const char *before, const gonet_addr_t *addr)
{
    part->before = addr == NULL ? "" : before;
    part->text = "";
    if (addr != NULL)
        part->text = gonet_addr_string(addr, part->room, sizeof(part->room));
}

static size_t part_len(const part_t *part)
{
    return strlen(part->before) + strlen(part->text);
}

static const char *copy_string(char **room, const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = *room;

    memcpy(copy, s, size);
    *room += size;
    return copy;
}

static const gonet_addr_t *none_is_null(const gonet_addr_t *addr)
{
    return addr == NULL || addr->kind == GONET_ADDR_NONE ? NULL : addr;
}

/* Takes err; source and addr are NULL where there is none. */
static gonet_error_t *make(const char *op, const char *net, const gonet_addr_t *source,
                           const gonet_addr_t *addr, const part_t *to, gonet_error_t *err)
{
    static const char format[] = "%s%s%s%s%s%s%s: %s";
    const char *space = net[0] == '\0' ? "" : " ";
    const char *cause = gonet_error_string(err);
    part_t from;
    op_error_t *e;
    size_t addrs, strings, text;
    char *room;

    addr_part(&from, " ", source);
    text = strlen(op) + strlen(space) + strlen(net) + part_len(&from) + part_len(to) +
           strlen(cause) + 3;
    strings = strlen(op) + strlen(net) + 2;
    addrs = (source != NULL) + (size_t)(addr != NULL);
    e = (op_error_t *)gonet__error_alloc(&op_vtable, sizeof(*e) + addrs * sizeof(gonet_addr_t),
                                         strings + text, err, &room);
    if (e == NULL)
        return gonet_err_no_memory;
    e->view.op = copy_string(&room, op);
    e->view.net = copy_string(&room, net);
    e->view.err = err;
    if (addr != NULL)
        e->view.addr = memcpy(&e->addrs[--addrs], addr, sizeof(*addr));
    if (source != NULL)
        e->view.source = memcpy(&e->addrs[--addrs], source, sizeof(*source));
    snprintf(room, text, format, op, space, net, from.before, from.text, to->before, to->text,
             cause);
    e->base.text = room;
    return &e->base;
}

gonet_error_t *gonet_op_error_new(const char *op, const char *net, const gonet_addr_t *source,
                                  const gonet_addr_t *addr, gonet_error_t *err)
{
    part_t to;

    source = none_is_null(source);
    addr = none_is_null(addr);
    addr_part(&to, source == NULL ? " " : "->", addr);
    return make(op, net, source, addr, &to, err);
}

gonet_error_t *gonet__op_error_named(const char *op, const char *net, const gonet_addr_t *source,
                                     const char *name, gonet_error_t *err)
{
    part_t to;

    source = none_is_null(source);
    to.before = source == NULL ? " " : "->";
    to.text = name;
    return make(op, net, source, NULL, &to, err);
}
