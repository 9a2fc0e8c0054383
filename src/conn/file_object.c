/*
 * Objects on a duplicate of a descriptor of the user's: files, pipes, and whatever else. Readers
 * and writers of files (src/io) and connections (fdconn.c) are these.
 */
#include "conn/stream.h"

#include "base/alloc.h"
#include "base/fd.h"
#include "gonet/errno.h"
#include "socket/sys.h"

static void destroy(gonet__file_t *f)
{
    gonet__free(GONET__CONTAINER(f, gonet__file_object_t, file));
}

gonet__file_object_t *gonet__file_object_new(int fd, bool watched, gonet__kind_t kind,
                                             gonet__type_t type, const void *vtable,
                                             gonet_error_t **e)
{
    int copy = gonet__sys_fcntl(fd, F_DUPFD_CLOEXEC, GONET__FD_LEAST);
    gonet__file_object_t *o;
    const char *failed;

    if (copy < 0) {
        *e = gonet_syscall_error_new("fcntl", errno);
        return NULL;
    }
    o = gonet__zalloc(sizeof(*o));
    if (o == NULL) {
        (void)gonet__sys_close(copy);
        *e = gonet_err_no_memory;
        return NULL;
    }
    failed = gonet__file_init(&o->file, copy, watched, destroy);
    if (failed != NULL) {
        *e = gonet_syscall_error_new(failed, errno);
        gonet__free(o);
        return NULL;
    }
    gonet__object_init(&o->object, kind, type, vtable);
    return o;
}

void gonet__file_object_release(void *self)
{
    gonet__file_release(&((gonet__file_object_t *)self)->file);
}
