/*
 * The limited reader. Copying looks through it (conn/kernel_copy.c), so its struct is in
 * conn/stream.h.
 */
#include "base/alloc.h"
#include "conn/stream.h"

static ssize_t read_slot(void *self, void *p, size_t len, gonet_error_t **err)
{
    gonet_limited_reader_t *l = self;
    ssize_t n;

    if (l->n <= 0) {
        gonet_error_set(err, gonet_eof);
        return 0;
    }
    if ((uint64_t)len > (uint64_t)l->n)
        len = (size_t)l->n;
    n = gonet_reader_read(l->r, p, len, err);
    if (n > 0)
        l->n -= n;
    return n;
}

static void destroy_slot(void *self)
{
    gonet__free(self);
}

static const gonet_reader_vtable_t limited_vtable = {
    .size = sizeof(gonet_reader_vtable_t), .read = read_slot, .destroy = destroy_slot};

gonet_limited_reader_t *gonet_limited_reader_new(gonet_reader_t *r, int64_t n)
{
    gonet_limited_reader_t *l = gonet__zalloc(sizeof(*l));

    if (l == NULL)
        return NULL;
    gonet__object_init(&l->object, GONET__KIND_READER, GONET__TYPE_LIMITED_READER, &limited_vtable);
    l->r = r;
    l->n = n;
    return l;
}

void gonet_limited_reader_free(gonet_limited_reader_t *l)
{
    gonet__object_unref(GONET__OBJECT(l));
}

gonet_reader_t *gonet_limited_reader_as_reader(gonet_limited_reader_t *l)
{
    return (gonet_reader_t *)l;
}

int64_t gonet_limited_reader_n(const gonet_limited_reader_t *l)
{
    return l->n;
}
