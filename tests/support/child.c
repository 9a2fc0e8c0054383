/*
 * Starting this program again, with its standard error read through a pipe.
 */
#include "support/child.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

extern char **environ;

#ifdef GONET_COVERAGE
extern void __gcov_dump(void);
#endif

void child_exit(int status)
{
#ifdef GONET_COVERAGE
    __gcov_dump();
#endif
    _exit(status);
}

void child_main(int argc, char **argv, const child_part_t *parts)
{
    if (argc != 3 || strcmp(argv[1], "--child") != 0)
        return;
    for (; parts->name != NULL; parts++) {
        if (strcmp(parts->name, argv[2]) == 0)
            exit(parts->run());
    }
    fprintf(stderr, "no part %s\n", argv[2]);
    exit(127);
}

/* The environment with one setting more; the old one of that name is left out. */
static char **extended(const char *setting)
{
    size_t n = 0, name = strcspn(setting, "=") + 1;
    char **all;

    while (environ[n] != NULL)
        n++;
    all = calloc(n + 2, sizeof(*all));
    assert_non_null(all);
    n = 0;
    for (char **e = environ; *e != NULL; e++) {
        if (strncmp(*e, setting, name) != 0)
            all[n++] = *e;
    }
    all[n] = (char *)(uintptr_t)setting;
    return all;
}

static void read_all(int fd, char *buf, size_t size)
{
    char rest[256];
    size_t len = 0;
    ssize_t n;

    for (;;) {
        if (len < size - 1)
            n = read(fd, buf + len, size - 1 - len);
        else
            n = read(fd, rest, sizeof(rest));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        if (len < size - 1)
            len += (size_t)n;
    }
    buf[len] = '\0';
}

void child_run(const char *part, const char *environment, child_result_t *result)
{
    char self[4096], flag[] = "--child", name[64]; /* its name: Valgrind does not run the link */
    char *argv[] = {self, flag, name, NULL};
    char **envp = environment != NULL ? extended(environment) : environ;
    posix_spawn_file_actions_t actions;
    int fds[2];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    pid_t pid;

    assert_true(len > 0);
    self[len] = '\0';
    snprintf(name, sizeof(name), "%s", part);
    assert_int_equal(pipe(fds), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, fds[0]);
    posix_spawn_file_actions_addclose(&actions, fds[1]);
    assert_int_equal(posix_spawn(&pid, self, &actions, NULL, argv, envp), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    read_all(fds[0], result->output, sizeof(result->output));
    close(fds[0]);
    assert_int_equal(waitpid(pid, &result->status, 0), pid);
    if (environment != NULL)
        free(envp);
}

void child_passes(const char *part, const char *environment)
{
    child_result_t result;

    child_run(part, environment, &result);
    if (!WIFEXITED(result.status) || WEXITSTATUS(result.status) != 0)
        fail_msg("%s ended with status %#x: %s", part, (unsigned)result.status, result.output);
}
