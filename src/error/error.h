/*
 * What all error objects have in common. An error type embeds gonet_error_t first, and describes
 * itself by one const vtable, whose address is the type's identity.
 */
#ifndef GONET_ERROR_ERROR_H
#define GONET_ERROR_ERROR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonet/error.h"

typedef struct {
    const char *type; /* "OpError" */
    /* What errors.As offers: the public view inside the object. NULL: none. */
    const void *(*view)(const gonet_error_t *err);
    /* Whether errors.Is(err, target) holds beyond identity; NULL: never. Unwrapping is not its
     * business. */
    bool (*is)(const gonet_error_t *err, const gonet_error_t *target);
    /* Timeout and Temporary. NULL: the type has no such predicate (false). */
    bool (*timeout)(const gonet_error_t *err);
    bool (*temporary)(const gonet_error_t *err);
    /* errors.As for predicates looks through this type (what gonet_error_errorf makes). */
    bool transparent;
} gonet__error_vtable_t;

/* What tells an error from what else a variable may hold that was not set to NULL. */
#define GONET__ERROR_MARK UINT32_C(0x676f6e65)

/* How each error begins: GONET__ERROR_INIT for a static one. */
struct gonet_error {
    const gonet__error_vtable_t *vtable;
    _Atomic unsigned refs; /* 0: static, never released */
    uint32_t mark;         /* GONET__ERROR_MARK until it is released */
    const char *text;
    gonet_error_t
        *cause; /* owned; what gonet_error_unwrap returns, and _free releases. NULL: none */
};

#define GONET__ERROR_INIT(table, words)                               \
    {                                                                 \
        .vtable = (table), .mark = GONET__ERROR_MARK, .text = (words) \
    }

/* gonet__error_valid returns err, which a variable of the program's held; the program ends, with a
 * line that says so, if that is no error. NULL is none, but fine. */
gonet_error_t *gonet__error_valid(gonet_error_t *err);

/*
 * gonet__error_alloc makes an object of size bytes (at least sizeof(gonet_error_t)) followed by
 * extra bytes for its strings (*room); zeroed, with one reference, released by one free. Takes
 * cause. NULL when memory is out: cause has been released, and the caller returns
 * gonet_err_no_memory.
 */
gonet_error_t *gonet__error_alloc(const gonet__error_vtable_t *vtable, size_t size, size_t extra,
                                  gonet_error_t *cause, char **room);

/* gonet__error_as returns the first error of the chain whose type is vtable, or NULL. */
const gonet_error_t *gonet__error_as(const gonet_error_t *err, const gonet__error_vtable_t *vtable);

/* gonet__error_clear releases *err and stores NULL; NULL is fine. For the start of a call. */
static inline void gonet__error_clear(gonet_error_t **err)
{
    if (err != NULL && *err != NULL)
        gonet_error_set(err, NULL);
}

/* Constructors for the types that need no addresses. All copy their strings; gonet_err_no_memory
 * without memory. */
gonet_error_t *gonet__unknown_network_error(const char *network);
gonet_error_t *gonet__invalid_addr_error(const char *text);
/* gonet__dns_error takes unwrap_err (may be NULL). server may be "". */
gonet_error_t *gonet__dns_error(const char *err, const char *name, const char *server,
                                bool is_timeout, bool is_temporary, bool is_not_found,
                                gonet_error_t *unwrap_err);
/* gonet__dns_error_keeps returns what a DNSError of cause unwraps to, a reference: cause if it is a
 * context's end, or the runtime's (gonet_err_closed), else NULL (behaviour 1.18). */
gonet_error_t *gonet__dns_error_keeps(gonet_error_t *cause);

/* gonet__dns_error_from makes a DNSError of a cause (takes it), by Go's rules (behaviour 1.18). */
gonet_error_t *gonet__dns_error_from(gonet_error_t *cause, const char *name, const char *server);
/* gonet__dns_config_error makes "error reading DNS config: CAUSE"; takes cause, which is not NULL.
 */
gonet_error_t *gonet__dns_config_error(gonet_error_t *cause);
/* gonet__map_context_error turns the context's errors into net's (takes err): behaviour 1.23. */
gonet_error_t *gonet__map_context_error(gonet_error_t *err);

/* Whether the type has the predicate at all, as Go's OpError asks. */
bool gonet__error_has_timeout(const gonet_error_t *err);
bool gonet__error_has_temporary(const gonet_error_t *err);

/* Internal sentinels, with Go's texts. */
extern gonet_error_t
    *const gonet__err_dial_timeout; /* "i/o timeout", Is context.DeadlineExceeded */
extern gonet_error_t
    *const gonet__err_dial_canceled; /* "operation was canceled", Is context.Canceled */
extern gonet_error_t *const gonet__err_missing_address;  /* "missing address" */
extern gonet_error_t *const gonet__err_no_deadline;      /* "file type does not support deadline" */
extern gonet_error_t *const gonet__err_not_pollable;     /* "not pollable" */
extern gonet_error_t *const gonet__err_unsupported_file; /* "waiting for unsupported file type" */

#endif
