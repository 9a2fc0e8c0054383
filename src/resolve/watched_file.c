/*
 * Looking at a file: its time and size stand for its contents.
 */
#include "resolve/watched_file.h"

#include <sys/stat.h>

bool gonet__watched_changed(gonet__watched_t *f, int64_t now)
{
    struct timespec mtime = {0}; /* of a file that is gone */
    off_t size = 0;
    struct stat st;
    bool first = f->checked == 0, same;

    if (!first && now - f->checked < GONET__RECHECK)
        return false;
    if (stat(f->path, &st) == 0) {
        mtime = st.st_mtim;
        size = st.st_size;
    }
    same = mtime.tv_sec == f->mtime.tv_sec && mtime.tv_nsec == f->mtime.tv_nsec && size == f->size;
    f->checked = now;
    f->mtime = mtime;
    f->size = size;
    return first || !same;
}
