/*
 * Calling the slots of objects. Whatever a program's own slot returns, the caller gets what the
 * call's header says: a failure has an error, here at the latest.
 */
#include "conn/object.h"

#include "gonet/errno.h"

int gonet__no_object(gonet_error_t **err)
{
    gonet_error_set(err, gonet_errno_error(EINVAL));
    return -1;
}

bool gonet__call_begin(gonet__call_t *call, gonet__object_t *o, const char *slot, bool has_slot,
                       gonet_error_t **err)
{
    if (o == NULL) {
        (void)gonet__no_object(err);
        return false;
    }
    if (!has_slot) {
        gonet_error_set(err, gonet_err_unsupported);
        return false;
    }
    gonet__error_clear(err);
    call->object = o->type == GONET__TYPE_USER ? o : NULL;
    call->slot = slot;
    gonet__object_ref(call->object);
    call->e = NULL;
    call->err = err;
    return true;
}

gonet_error_t *gonet__slot_error(const gonet__object_t *o, const char *slot)
{
    static const char *const kinds[] = {[GONET__KIND_CONN] = "connection",
                                        [GONET__KIND_PACKET_CONN] = "packet connection",
                                        [GONET__KIND_LISTENER] = "listener",
                                        [GONET__KIND_READER] = "reader",
                                        [GONET__KIND_WRITER] = "writer"};

    return gonet_error_errorf(NULL, "%s: the %s's function failed without an error", slot,
                              kinds[o->kind]);
}

void gonet__call_end(gonet__call_t *call, bool succeeded)
{
    if (!succeeded && call->e == NULL && call->object != NULL)
        call->e = gonet__slot_error(call->object, call->slot);
    gonet_error_set(call->err, call->e);
    gonet__object_unref(call->object);
}

static int end_plain(gonet__call_t *call, int result)
{
    gonet__call_end(call, result == 0);
    return result == 0 ? 0 : -1;
}

/* The slot's own reason comes first. */
static void fail(gonet__call_t *call, gonet_error_t *e)
{
    if (call->e == NULL)
        call->e = e;
    else
        gonet_error_free(e);
}

ssize_t gonet__call_end_read(gonet__call_t *call, ssize_t n, size_t len)
{
    if (n > 0 && (size_t)n > len) {
        n = -1;
        fail(call, gonet_error_new("invalid read result"));
    } else if (n < 0) {
        n = -1;
    }
    gonet__call_end(call, n >= 0);
    return n;
}

int gonet__call_end_write(gonet__call_t *call, int result, size_t *n, size_t len)
{
    if (*n > len) {
        *n = len;
        result = -1;
        fail(call, gonet_error_new("invalid write result"));
    } else if (result != 0) {
        result = -1;
    } else if (*n < len) {
        result = -1;
        fail(call, gonet_err_short_write);
    }
    gonet__call_end(call, result == 0);
    return result;
}

int gonet__call_plain(gonet__object_t *o, const char *name,
                      int (*slot)(void *self, gonet_error_t **err), gonet_error_t **err)
{
    gonet__call_t call;

    if (!gonet__call_begin(&call, o, name, slot != NULL, err))
        return -1;
    return end_plain(&call, slot(o->self, &call.e));
}

int gonet__call_deadline(gonet__object_t *o, const char *name,
                         int (*slot)(void *self, gonet_time_t t, gonet_error_t **err),
                         gonet_time_t t, gonet_error_t **err)
{
    gonet__call_t call;

    if (!gonet__call_begin(&call, o, name, slot != NULL, err))
        return -1;
    return end_plain(&call, slot(o->self, t, &call.e));
}

int gonet__call_file(gonet__object_t *o, int (*slot)(void *self, gonet_error_t **err),
                     gonet_error_t **err)
{
    gonet__call_t call;
    int fd;

    if (!gonet__call_begin(&call, o, "file", slot != NULL, err))
        return -1;
    fd = slot(o->self, &call.e);
    gonet__call_end(&call, fd >= 0);
    return fd;
}

gonet_raw_conn_t *gonet__call_syscall_conn(gonet__object_t *o,
                                           gonet_raw_conn_t *(*slot)(void *self,
                                                                     gonet_error_t **err),
                                           gonet_error_t **err)
{
    gonet_raw_conn_t *raw;
    gonet__call_t call;

    if (!gonet__call_begin(&call, o, "syscall_conn", slot != NULL, err))
        return NULL;
    raw = slot(o->self, &call.e);
    gonet__call_end(&call, raw != NULL);
    return raw;
}
