/*
 * SIGXCPU is blocked in all threads, and looked for: a handler could come at any place, and with
 * ThreadSanitizer it might never come.
 */
#include "support/patience.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
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
