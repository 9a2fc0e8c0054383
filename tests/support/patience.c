/*
 * SIGXCPU is blocked in all threads, and looked for: a handler could come at any place, and with
 * ThreadSanitizer it might never come.
 */
#include "support/patience.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool over;
static void (*speaker)(void);

static void make_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGXCPU);
}

__attribute__((constructor)) static void block(void)
{
    sigset_t set;

    make_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

bool check_patience(void)
{
    sigset_t pending;

    if (!atomic_load(&over) && sigpending(&pending) == 0 && sigismember(&pending, SIGXCPU))
        atomic_store(&over, true);
    return !atomic_load(&over);
}

static void *speak(void *arg)
{
    sigset_t set;
    int sig;

    make_set(&set);
    sigwait(&set, &sig);
    atomic_store(&over, true);
    sleep(5);
    speaker();
    abort();
    return arg;
}

void patience_watch(void (*say)(void))
{
    pthread_t thread;

    speaker = say;
    if (pthread_create(&thread, NULL, speak, NULL) != 0)
        abort();
    pthread_detach(thread);
}

bool check_others_sleep(void)
{
    DIR *d = opendir("/proc/self/task");
    bool asleep = true;

    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        char path[64], line[256] = "", *state;
        FILE *f;

        snprintf(path, sizeof(path), "/proc/self/task/%.12s/stat", e->d_name);
        f = e->d_name[0] != '.' && atoi(e->d_name) != gettid() ? fopen(path, "r") : NULL;
        if (f == NULL)
            continue;
        state = fgets(line, sizeof(line), f) != NULL ? strrchr(line, ')') : NULL;
        asleep = asleep && (state == NULL || state[2] == 'S');
        fclose(f);
    }
    if (d != NULL)
        closedir(d);
    return asleep;
}
