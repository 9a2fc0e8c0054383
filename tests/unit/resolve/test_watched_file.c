/*
 * When a configuration file is read again: the clock is the test's, and so are the file's times.
 */
#include "resolve/watched_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

static char path[] = "/tmp/gonet-watched-XXXXXX";

static void write_file(const char *text, time_t mtime)
{
    struct timespec times[2] = {{.tv_sec = mtime}, {.tv_sec = mtime}};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void watched(void **state)
{
    gonet__watched_t f = {.path = path};
    int64_t now = GONET_SECOND;

    (void)state;
    write_file("one", 1000);
    assert_true(gonet__watched_changed(&f, now)); /* the first time, always */
    write_file("other", 2000);
    assert_false(gonet__watched_changed(&f, now));
    assert_false(gonet__watched_changed(&f, now + GONET__RECHECK - 1));
    now += GONET__RECHECK;
    assert_true(gonet__watched_changed(&f, now)); /* another time */
    assert_false(gonet__watched_changed(&f, now + GONET__RECHECK));
    now += GONET__RECHECK;
    write_file("longer text", 2000);
    assert_false(gonet__watched_changed(&f, now + GONET__RECHECK - 1)); /* just looked */
    now += GONET__RECHECK;
    assert_true(gonet__watched_changed(&f, now)); /* another size */
    unlink(path);
    now += GONET__RECHECK;
    assert_true(gonet__watched_changed(&f, now)); /* gone */
    now += GONET__RECHECK;
    assert_false(gonet__watched_changed(&f, now)); /* still gone */
    write_file("", 3000);
    now += GONET__RECHECK;
    assert_true(gonet__watched_changed(&f, now)); /* back */
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(watched)};
    int fd = mkstemp(path);

    if (fd < 0)
        return 1;
    close(fd);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
