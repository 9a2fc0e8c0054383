/*
 * A connection of any descriptor that poll can watch.
 */
#include "gonet/fd.h"

#include "conn/stream.h"

#define BOTH_SIDES (1u << GONET__SIDE_READ | 1u << GONET__SIDE_WRITE)

static gonet_error_t *op_error(const char *op, gonet_error_t *inner)
{
    return gonet_op_error_new(op, "fd", NULL, NULL, inner);
}

/* Ends a call that failed. Returns -1. */
static int failed(gonet__file_object_t *o, const char *op, const gonet__fail_t *fail,
                  gonet_error_t **err)
{
    if (err != NULL)
        gonet_error_set(err, op_error(op, gonet__fail_error(fail)));
    gonet__file_unhold(&o->file);
    return -1;
}

static ssize_t read_slot(void *self, void *p, size_t len, gonet_error_t **err)
{
    gonet__file_object_t *o = self;
    gonet__fail_t fail;
    ssize_t n = gonet__file_read(&o->file, p, len, &fail);

    if (n >= 0)
        return n;
    if (fail.kind != GONET__FAIL_EOF)
        return failed(o, "read", &fail, err);
    gonet_error_set(err, gonet_eof);
    gonet__file_unhold(&o->file);
    return 0;
}

static int write_slot(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    gonet__file_object_t *o = self;
    gonet__fail_t fail;

    return gonet__file_write(&o->file, p, len, n, &fail) ? 0 : failed(o, "write", &fail, err);
}

static int wait_readable_slot(void *self, gonet_error_t **err)
{
    gonet__file_object_t *o = self;
    gonet__fail_t fail;

    return gonet__file_wait_readable(&o->file, &fail) ? 0 : failed(o, "read", &fail, err);
}

static int leave_unborn(void *self, void (*fn)(void *arg), void *arg, gonet_error_t **err)
{
    gonet__file_object_t *o = self;
    gonet__fail_t fail;

    return gonet__file_leave_unborn(&o->file, fn, arg, &fail) ? 0 : failed(o, "read", &fail, err);
}

static int close_slot(void *self, gonet_error_t **err)
{
    gonet__file_object_t *o = self;
    gonet__fail_t fail;

    return gonet__file_close(&o->file, &fail) ? 0 : failed(o, "close", &fail, err);
}

static const gonet_addr_t *no_addr(void *self)
{
    (void)self;
    return NULL;
}

static int set_deadline(gonet__file_object_t *o, unsigned sides, gonet_time_t t,
                        gonet_error_t **err)
{
    gonet__fail_t fail;

    return gonet__file_set_deadline(&o->file, sides, t.ns, &fail) ? 0
                                                                  : failed(o, "set", &fail, err);
}

static int set_deadline_slot(void *self, gonet_time_t t, gonet_error_t **err)
{
    return set_deadline(self, BOTH_SIDES, t, err);
}

static int set_read_deadline_slot(void *self, gonet_time_t t, gonet_error_t **err)
{
    return set_deadline(self, 1u << GONET__SIDE_READ, t, err);
}

static int set_write_deadline_slot(void *self, gonet_time_t t, gonet_error_t **err)
{
    return set_deadline(self, 1u << GONET__SIDE_WRITE, t, err);
}

static int file_slot(void *self, gonet_error_t **err)
{
    gonet__file_object_t *o = self;
    gonet__fail_t fail;
    int copy = gonet__file_dup(&o->file, &fail);

    return copy >= 0 ? copy : failed(o, "file", &fail, err);
}

static const gonet__conn_class_t fd_class = {.conn = {.size = sizeof(gonet_conn_vtable_t),
                                                      .read = read_slot,
                                                      .write = write_slot,
                                                      .close = close_slot,
                                                      .local_addr = no_addr,
                                                      .remote_addr = no_addr,
                                                      .set_deadline = set_deadline_slot,
                                                      .set_read_deadline = set_read_deadline_slot,
                                                      .set_write_deadline = set_write_deadline_slot,
                                                      .destroy = gonet__file_object_release,
                                                      .file = file_slot,
                                                      .wait_readable = wait_readable_slot},
                                             .leave_unborn = leave_unborn};

gonet_conn_t *gonet_fd_conn(int fd, gonet_error_t **err)
{
    gonet_error_t *e = NULL;
    gonet__file_object_t *o;

    gonet__error_clear(err);
    o = gonet__file_object_new(fd, true, GONET__KIND_CONN, GONET__TYPE_FD_CONN, &fd_class, &e);
    if (o == NULL)
        gonet_error_set(err, op_error("file", e));
    return (gonet_conn_t *)o;
}
