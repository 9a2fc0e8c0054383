/*
 * Settings of the environment: what is made of each value, what is said about those that can't be
 * used, and that a privileged program has none.
 */
#include "base/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"
#include "unit/table.h"

/* ---- in the child ---- */

static int tell(void)
{
    static const char *const words[] = {"one", "two", NULL};
    unsigned long procs = 0;

    for (int i = 0; i < 2; i++) { /* the second time nothing is said again */
        size_t len = 0;
        const char *text = gonet__setting(GONET__SETTING_NETDNS, &len);
        bool number = gonet__setting_number(GONET__SETTING_MAXPROCS, 2, 64, &procs);
        int guard = gonet__setting_word(GONET__SETTING_GUARD, words);
        int edns = gonet__setting_word(GONET__SETTING_NETEDNS0, words);

        if (i == 0)
            continue;
        if (text != NULL)
            fprintf(stderr, "netdns %.*s\n", (int)len, text);
        if (number)
            fprintf(stderr, "procs %lu\n", procs);
        if (guard >= 0)
            fprintf(stderr, "guard %d\n", guard);
        if (edns >= 0)
            fprintf(stderr, "edns %d\n", edns);
    }
    if (getauxval(AT_SECURE) != 0)
        _exit(0); /* no tool may look at a privileged process, or write for it */
    child_exit(0);
}

static const child_part_t parts[] = {{"tell", tell}, {NULL, NULL}};

/* ---- what it makes of a variable ---- */

typedef struct {
    const char *environment;
    const char *said;
} row_t;

#define NUMBER "it can be a number from 2 to 64\n"

static const row_t rows[] = {
    {"GONET_MAXPROCS=", ""},
    {"GONET_MAXPROCS=7", "procs 7\n"},
    {"GONET_MAXPROCS=0x10", "procs 16\n"},
    {"GONET_MAXPROCS=2", "procs 2\n"},
    {"GONET_MAXPROCS=64", "procs 64\n"},
    {"GONET_MAXPROCS=abc", "gonet: GONET_MAXPROCS=abc is ignored: " NUMBER},
    {"GONET_MAXPROCS=4x", "gonet: GONET_MAXPROCS=4x is ignored: " NUMBER},
    {"GONET_MAXPROCS=4 ", "gonet: GONET_MAXPROCS=4  is ignored: " NUMBER},
    {"GONET_MAXPROCS=0", "gonet: GONET_MAXPROCS=0 is ignored: " NUMBER},
    {"GONET_MAXPROCS=-3", "gonet: GONET_MAXPROCS=-3 is ignored: " NUMBER},
    {"GONET_MAXPROCS= -3", "gonet: GONET_MAXPROCS= -3 is ignored: " NUMBER},
    {"GONET_MAXPROCS=1",
     "gonet: GONET_MAXPROCS=1 is too small, and taken as the least: " NUMBER "procs 2\n"},
    {"GONET_MAXPROCS=65",
     "gonet: GONET_MAXPROCS=65 is too big, and taken as the most: " NUMBER "procs 64\n"},
    {"GONET_MAXPROCS=99999999999999999999",
     "gonet: GONET_MAXPROCS=99999999999999999999 is too big, and taken as the most: " NUMBER
     "procs 64\n"},
    {"GONET_GUARD=two", "guard 1\n"},
    {"GONET_GUARD=tw", "gonet: GONET_GUARD=tw is ignored: it can be one or two\n"},
    {"GONET_GUARD=twoo", "gonet: GONET_GUARD=twoo is ignored: it can be one or two\n"},
    {"GONETDEBUG=", ""},
    {"GONETDEBUG=netdns=go+1", "netdns go+1\n"},
    {"GONETDEBUG=netdns=", "netdns \n"},
    {"GONETDEBUG=netdns", "netdns \n"},
    {"GONETDEBUG=netedns0=two,netdns=cgo", "netdns cgo\nedns 1\n"},
    {"GONETDEBUG=netdns=go,netedns0=one,netdns=cgo", "netdns cgo\nedns 0\n"}, /* the last one */
    {"GONETDEBUG=,,netdns=go,", "netdns go\n"},
    {"GONETDEBUG=netedns0=3", "gonet: GONETDEBUG=netedns0=3 is ignored: it can be one or two\n"},
    {"GONETDEBUG=netedns=0", "gonet: GONETDEBUG has no setting \"netedns\"\n"},
    {"GONETDEBUG=netdns=go,foo=1,bar,netdnss=2", "gonet: GONETDEBUG has no setting \"foo\"\n"
                                                 "gonet: GONETDEBUG has no setting \"bar\"\n"
                                                 "gonet: GONETDEBUG has no setting \"netdnss\"\n"
                                                 "netdns go\n"},
};

static void said(void **state)
{
    const row_t *row = *state;
    child_result_t result;

    child_run("tell", row->environment, &result);
    assert_string_equal(result.output, row->said);
}

/* ---- privileged ---- */

/* A copy of this program that runs with another user's rights; false: why not was printed. */
static bool copy_privileged(const char *path)
{
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    struct stat st;
    bool done = fstat(from, &st) == 0;

    for (off_t at = 0; done && at < st.st_size;)
        done = sendfile(to, from, &at, (size_t)(st.st_size - at)) > 0;
    done = done && fchown(to, 65534, 65534) == 0 && fchmod(to, 04755) == 0;
    if (!done)
        print_message("skipped: no setuid program can be made here (%s)\n", strerror(errno));
    close(from);
    close(to);
    return done;
}

static int run_privileged(const char *path, char *output, size_t size)
{
    int fds[2], status = -1;
    ssize_t n;
    pid_t child;

    assert_int_equal(pipe(fds), 0);
    child = fork();
    if (child == 0) {
        char *const argv[] = {(char *)(uintptr_t)path, (char[]){"--child"}, (char[]){"tell"}, NULL};

        dup2(fds[1], STDERR_FILENO);
        setenv("GONET_MAXPROCS", "abc", 1);
        setenv("GONET_GUARD", "two", 1);
        setenv("GONETDEBUG", "netdns=go,foo=1", 1);
        execv(path, argv);
        _exit(99);
    }
    close(fds[1]);
    n = read(fds[0], output, size - 1);
    output[n > 0 ? n : 0] = '\0';
    close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void privileged_programs_have_none(void **state)
{
    char directory[] = "/tmp/gonet-setting.XXXXXX", path[64], output[1024];
    bool possible;
    int status = 0;

    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: needs root\n");
        skip();
    }
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chmod(directory, 0755), 0);
    snprintf(path, sizeof(path), "%s/tell", directory);
    possible = copy_privileged(path);
    if (possible)
        status = run_privileged(path, output, sizeof(output));
    unlink(path);
    rmdir(directory);
    if (!possible)
        skip();
    if (status != 0 || output[0] != '\0')
        fail_msg("status %#x: %s", (unsigned)status, output);
}

int main(int argc, char **argv)
{
    child_main(argc, argv, parts);
    /* The children have what their rows say, whatever this run of the tests was given. */
    unsetenv("GONET_MAXPROCS");
    unsetenv("GONET_GUARD");
    unsetenv("GONETDEBUG");
    TABLE_ADD_ALL("setting", rows, environment, said);
    TABLE_ADD(privileged_programs_have_none);
    return table_run("setting");
}
