/*
 * What all errors share: references, the chain of causes, and the questions that errors.Is and
 * errors.As ask of it. Errors are immutable, so any thread may use any of it; only the count of
 * references changes. A static error has the count 0, which never moves.
 */
#include "error/error.h"

#include "base/alloc.h"
#include "error/errno_error.h"

gonet_error_t *gonet__error_alloc(const gonet__error_vtable_t *vtable, size_t size, size_t extra,
                                  gonet_error_t *cause, char **room)
{
    size_t total;
    gonet_error_t *err = NULL;

    if (!__builtin_add_overflow(size, extra, &total))
        err = gonet__zalloc(total);
    if (err == NULL) {
        gonet_error_free(cause);
        return NULL;
    }
    err->vtable = vtable;
    err->cause = cause;
    err->text = "";
    atomic_init(&err->refs, 1);
    if (room != NULL)
        *room = (char *)err + size;
    return err;
}

gonet_error_t *gonet_error_ref(const gonet_error_t *err)
{
    gonet_error_t *shared = (gonet_error_t *)err; /* the count is the one thing that moves */

    if (shared != NULL && atomic_load_explicit(&shared->refs, memory_order_relaxed) != 0)
        atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    return shared;
}

/* A loop rather than recursion: a chain may be as long as somebody wrapped it. */
void gonet_error_free(gonet_error_t *err)
{
    while (err != NULL && atomic_load_explicit(&err->refs, memory_order_relaxed) != 0) {
        if (atomic_fetch_sub_explicit(&err->refs, 1, memory_order_acq_rel) != 1)
            return;
        gonet_error_t *cause = err->cause;
        gonet__free(err);
        err = cause;
    }
}

void gonet_error_set(gonet_error_t **err, gonet_error_t *e)
{
    gonet_error_t *old = e;

    if (err != NULL) {
        old = *err;
        *err = e;
    }
    gonet_error_free(old);
}

const char *gonet_error_string(const gonet_error_t *err)
{
    return err != NULL ? err->text : "<nil>";
}

const gonet_error_t *gonet_error_unwrap(const gonet_error_t *err)
{
    return err != NULL ? err->cause : NULL;
}

bool gonet_error_is(const gonet_error_t *err, const gonet_error_t *target)
{
    if (target == NULL)
        return err == NULL;
    for (; err != NULL; err = err->cause) {
        if (err == target || (err->vtable->is != NULL && err->vtable->is(err, target)))
            return true;
    }
    return false;
}

bool gonet_error_is_errno(const gonet_error_t *err, int errnum)
{
    for (; err != NULL; err = err->cause) {
        int n;
        if (gonet__errno_of(err, &n) && n == errnum)
            return true;
    }
    return false;
}

const gonet_error_t *gonet__error_as(const gonet_error_t *err, const gonet__error_vtable_t *vtable)
{
    while (err != NULL && err->vtable != vtable)
        err = err->cause;
    return err;
}

bool gonet__error_has_timeout(const gonet_error_t *err)
{
    return err != NULL && err->vtable->timeout != NULL;
}

bool gonet__error_has_temporary(const gonet_error_t *err)
{
    return err != NULL && err->vtable->temporary != NULL;
}

/* What answers for err as a net.Error: the first one that has both predicates, behind wrapping
 * only. */
static const gonet_error_t *net_error(const gonet_error_t *err)
{
    while (err != NULL && err->vtable->transparent)
        err = err->cause;
    return err;
}

bool gonet_error_timeout(const gonet_error_t *err)
{
    err = net_error(err);
    return gonet__error_has_timeout(err) && err->vtable->timeout(err);
}

bool gonet_error_temporary(const gonet_error_t *err)
{
    err = net_error(err);
    return gonet__error_has_temporary(err) && err->vtable->temporary(err);
}
