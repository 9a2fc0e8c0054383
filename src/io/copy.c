/*
 * io.Copy, io.ReadFull and io.WriteString.
 */
#include "gonet/io.h"

#include <string.h>

#include "conn/stream.h"

int gonet_copy_count(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n, gonet_error_t **err)
{
    int64_t count;
    int result = gonet__copy(dst, src, &count, err);

    if (n != NULL)
        *n = count;
    return result;
}

int64_t gonet_copy(gonet_writer_t *dst, gonet_reader_t *src, gonet_error_t **err)
{
    int64_t count;

    return gonet__copy(dst, src, &count, err) == 0 ? count : -1;
}

int gonet_read_full(gonet_reader_t *r, void *p, size_t len, size_t *n, gonet_error_t **err)
{
    gonet_error_t *e = NULL;
    size_t done = 0;

    while (done < len && e == NULL) {
        ssize_t got = gonet_reader_read(r, (char *)p + done, len - done, &e);

        if (got < 0)
            break;
        done += (size_t)got;
    }
    if (n != NULL)
        *n = done;
    if (done == len) {
        gonet_error_set(err, NULL);
        gonet_error_free(e);
        return 0;
    }
    if (e == gonet_eof && done > 0)
        e = gonet_err_unexpected_eof;
    gonet_error_set(err, e);
    return -1;
}

ssize_t gonet_write_string(gonet_writer_t *w, const char *s, gonet_error_t **err)
{
    return gonet_writer_write(w, s, strlen(s), err);
}
