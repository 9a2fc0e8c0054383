/*
 * Bind mounts over the files, in a mount namespace.
 */
#include "support/etc.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static bool cannot(const char *what)
{
    fprintf(stderr, "no files of one's own: %s: %s\n", what, strerror(errno));
    return false;
}

bool etc_open(void)
{
    if (unshare(CLONE_NEWNS) != 0)
        return cannot("unshare");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return cannot("mount");
    return true;
}

/* A file that is mounted stays as long as it is. */
bool etc_put(const char *path, const char *text)
{
    char temporary[] = "/tmp/gonet-etc-XXXXXX";
    int fd = mkstemp(temporary);
    size_t len = strlen(text);
    bool ok;

    (void)umount2(path,
                  MNT_DETACH); /* an earlier text: nothing is mounted over a file that is gone */
    ok = fd >= 0 && write(fd, text, len) == (ssize_t)len && fchmod(fd, 0644) == 0 &&
         mount(temporary, path, NULL, MS_BIND, NULL) == 0;

    if (!ok)
        cannot(path);
    if (fd >= 0) {
        close(fd);
        unlink(temporary);
    }
    return ok;
}
