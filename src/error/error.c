/*
 * What all errors share: references, the chain of causes, and the questions that errors.Is and
 * errors.As ask of it. Errors are immutable, so any thread may use any of it; only the count of
 * references changes. A static error has the count 0, which never moves.
 */
#include "error/error.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/say.h"
#include "error/errno_error.h"
#include "gonet/errno.h"

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
    err->mark = GONET__ERROR_MARK;
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

_Noreturn static void complain(const char *what)
{
    gonet__say("fatal error: %s\n", what);
    abort();
}

/* Whether memory that may be anything can be read: so a debug build can say what is wrong before a
 * look there would end the program without a word. */
static bool readable(const void *p)
{
#ifdef NDEBUG
    (void)p;
    return true;
#else
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = (uintptr_t)p & ~(page - 1);
    uintptr_t last = ((uintptr_t)p + sizeof(gonet_error_t) - 1) & ~(page - 1);
    unsigned char resident[2];
    int e = errno;
    bool mapped = mincore((void *)first, last - first + page, resident) == 0 || errno != ENOMEM;

    errno = e;
    return mapped;
#endif
}

/* The sanitizers' tools see an error that was released by themselves. */
gonet_error_t *gonet__error_valid(gonet_error_t *err)
{
    if (err == NULL)
        return NULL;
    if ((uintptr_t)err % _Alignof(gonet_error_t) != 0 || !readable(err) ||
        err->mark != GONET__ERROR_MARK)
        complain(
            "an error variable holds no error: it was not declared \"= NULL\", or what it held "
            "was released before");
    return err;
}

/* A loop rather than recursion: a chain may be as long as somebody wrapped it. */
void gonet_error_free(gonet_error_t *err)
{
    (void)gonet__error_valid(err);
    while (err != NULL && atomic_load_explicit(&err->refs, memory_order_relaxed) != 0) {
        if (atomic_fetch_sub_explicit(&err->refs, 1, memory_order_acq_rel) != 1)
            return;
        gonet_error_t *cause = err->cause;
        *(volatile uint32_t *)&err->mark = 0;
        gonet__free(err);
        err = cause;
    }
}

/*
 * Whether e has taken over the one reference to old that there is: somebody has wrapped what the
 * variable holds by a call that takes it, gonet_error_errorf(*err, …), and stores the result there.
 * Released once more it would be gone while e still needs it.
 */
static bool moved_into(const gonet_error_t *e, const gonet_error_t *old)
{
    if (old == NULL || atomic_load_explicit(&old->refs, memory_order_relaxed) != 1)
        return false;
    while (e != NULL && e != old)
        e = e->cause;
    return e != NULL;
}

void gonet_error_set(gonet_error_t **err, gonet_error_t *e)
{
    gonet_error_t *old = e;

    if (err != NULL) {
        old = gonet__error_valid(*err);
        *err = e;
        if (moved_into(e, old))
            return;
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
