/*
 * watch LIMIT PROGRAM [ARGUMENT...]: runs a test, and gives it up when it has used up LIMIT seconds
 * of its own: seconds in which one of its processes had a processor, or in which all of them slept.
 * Time in which they stood in line for a processor does not count. So a test that hangs or spins is
 * found, and one that gets along slowly beside others is left alone.
 *
 * It is given up in two steps: SIGXCPU, upon which the programs of this suite say what they wait
 * for (support/check.h, support/actor.c), and GRACE seconds later SIGKILL. The exit status is the
 * program's own. In the end it says what the test took: tests/README.md.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE 20

/* What was seen of a process and of those that it has started. */
typedef struct {
    bool busy;    /* a thread runs, stands in line for a processor, or waits for a disk */
    double spent; /* seconds of processor time, with those of children that have ended */
    int signal;   /* sent to each, if not 0 */
} look_t;

static void look_at(int pid, look_t *l);

/* Reads /proc/PID/NAME, of a thread if it has a number; false: it has ended. */
static bool read_file(int pid, const char *thread, const char *name, char *buf, size_t size)
{
    char path[80];
    FILE *f;
    size_t n;

    if (thread != NULL)
        snprintf(path, sizeof(path), "/proc/%d/task/%.12s/%s", pid, thread, name);
    else
        snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    f = fopen(path, "re");
    if (f == NULL)
        return false;
    n = fread(buf, 1, size - 1, f);
    buf[n] = '\0';
    fclose(f);
    return n > 0;
}

static void look_at_thread(int pid, const char *thread, look_t *l)
{
    char text[4096], *p, *rest;

    if (read_file(pid, thread, "stat", text, sizeof(text)) && (p = strrchr(text, ')')) != NULL)
        l->busy = l->busy || p[2] == 'R' || p[2] == 'D';
    if (!read_file(pid, thread, "children", text, sizeof(text)))
        return;
    for (p = strtok_r(text, " ", &rest); p != NULL; p = strtok_r(NULL, " ", &rest))
        look_at(atoi(p), l);
}

static double processor_time(int pid)
{
    unsigned long ticks[4] = {0};
    char text[1024], *p;

    if (!read_file(pid, NULL, "stat", text, sizeof(text)) || (p = strrchr(text, ')')) == NULL)
        return 0;
    sscanf(p, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu", &ticks[0], &ticks[1],
           &ticks[2], &ticks[3]);
    return (double)(ticks[0] + ticks[1] + ticks[2] + ticks[3]) / (double)sysconf(_SC_CLK_TCK);
}

static void look_at(int pid, look_t *l)
{
    char path[32];
    DIR *d;

    l->spent += processor_time(pid);
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    d = opendir(path);
    if (d != NULL) {
        for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
            if (e->d_name[0] != '.')
                look_at_thread(pid, e->d_name, l);
        }
        closedir(d);
    }
    if (l->signal != 0)
        kill(pid, l->signal);
}

/* Reaps what has ended, orphans too; whether the test has, and how. */
static bool has_ended(pid_t test, int *status)
{
    pid_t pid;
    int how;

    while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
        if (pid == test) {
            *status = how;
            return true;
        }
    }
    return false;
}

/*
 * Waits until the test has ended or has used up limit seconds of its own. Each second counts as
 * one, if all sleep, and as the processor time that was spent in it else, which on many processors
 * may be more.
 */
static bool ends_within(pid_t test, double limit, int *status)
{
    const struct timespec second = {.tv_sec = 1};
    double used = 0, before = 0;
    sigset_t ended;

    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    while (used < limit) {
        bool second_is_over = sigtimedwait(&ended, NULL, &second) < 0;
        look_t l = {.busy = false};

        if (has_ended(test, status))
            return true;
        if (!second_is_over)
            continue;
        look_at(test, &l);
        used += !l.busy || l.spent - before > 1 ? 1 : l.spent > before ? l.spent - before : 0;
        before = l.spent;
    }
    return false;
}

static void signal_all(pid_t test, int sig)
{
    look_t l = {.signal = sig};

    look_at(test, &l);
}

static double seconds(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* Says what the test took: of processors, for itself and in the kernel, and by the clock. */
static void say_what_it_took(const struct timespec *begin)
{
    struct timespec end;
    struct rusage u;

    clock_gettime(CLOCK_MONOTONIC, &end);
    getrusage(RUSAGE_CHILDREN, &u);
    fflush(stdout);
    fprintf(stderr, "watch: user %.2f sys %.2f elapsed %.2f\n", seconds(&u.ru_utime),
            seconds(&u.ru_stime),
            (double)(end.tv_sec - begin->tv_sec) + (double)(end.tv_nsec - begin->tv_nsec) / 1e9);
}

static void run(char **argv, const sigset_t *mask)
{
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

/* Ends as the test did. */
static int end_like(int status)
{
    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
    return 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    const char *text = getenv("GONET_TEST_LIMIT");
    double limit = text != NULL ? atof(text) : 60;
    struct timespec begin;
    sigset_t ended, mask;
    int status = 0;
    pid_t test;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (argc < 2 || limit <= 0) {
        fprintf(stderr, "usage: [GONET_TEST_LIMIT=SECONDS] watch PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ended, &mask);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    test = fork();
    if (test == 0)
        run(argv + 1, &mask);
    if (test < 0) {
        perror("fork");
        return 2;
    }
    if (ends_within(test, limit, &status)) {
        say_what_it_took(&begin);
        return end_like(status);
    }
    fprintf(stderr, "watch: given up after %g seconds of its own\n", limit);
    signal_all(test, SIGXCPU);
    if (!ends_within(test, GRACE, &status)) {
        signal_all(test, SIGKILL);
        while (!has_ended(test, &status))
            sleep(1);
    }
    return status == 0 ? 1 : end_like(status);
}
