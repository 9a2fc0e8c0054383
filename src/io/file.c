/*
 * Files as readers and writers, on a duplicate of the user's descriptor (socket/file.h says how
 * they wait).
 */
#include "gonet/io.h"

#include "conn/stream.h"

/* Ends a call that failed. Returns -1. */
static int failed(gonet__file_object_t *o, const gonet__fail_t *fail, gonet_error_t **err)
{
    gonet_error_set(err, gonet__fail_error(fail));
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
    (void)failed(o, &fail, err);
    return fail.kind == GONET__FAIL_EOF ? 0 : -1;
}

static const gonet_reader_vtable_t reader_vtable = {.size = sizeof(gonet_reader_vtable_t),
                                                    .read = read_slot,
                                                    .destroy = gonet__file_object_release};

static int write_slot(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    gonet__file_object_t *o = self;
    gonet__fail_t fail;

    return gonet__file_write(&o->file, p, len, n, &fail) ? 0 : failed(o, &fail, err);
}

static const gonet_writer_vtable_t writer_vtable = {.size = sizeof(gonet_writer_vtable_t),
                                                    .write = write_slot,
                                                    .destroy = gonet__file_object_release};

gonet_file_reader_t *gonet_file_reader_new(int fd, gonet_error_t **err)
{
    gonet_error_t *e = NULL;
    gonet__file_object_t *o = gonet__file_object_new(fd, false, GONET__KIND_READER,
                                                     GONET__TYPE_FILE_READER, &reader_vtable, &e);

    gonet_error_set(err, e);
    return (gonet_file_reader_t *)o;
}

void gonet_file_reader_free(gonet_file_reader_t *r)
{
    gonet__object_unref(GONET__OBJECT(r));
}

gonet_reader_t *gonet_file_reader_as_reader(gonet_file_reader_t *r)
{
    return (gonet_reader_t *)r;
}

gonet_file_writer_t *gonet_file_writer_new(int fd, gonet_error_t **err)
{
    gonet_error_t *e = NULL;
    gonet__file_object_t *o = gonet__file_object_new(fd, false, GONET__KIND_WRITER,
                                                     GONET__TYPE_FILE_WRITER, &writer_vtable, &e);

    gonet_error_set(err, e);
    return (gonet_file_writer_t *)o;
}

void gonet_file_writer_free(gonet_file_writer_t *w)
{
    gonet__object_unref(GONET__OBJECT(w));
}

gonet_writer_t *gonet_file_writer_as_writer(gonet_file_writer_t *w)
{
    return (gonet_writer_t *)w;
}
