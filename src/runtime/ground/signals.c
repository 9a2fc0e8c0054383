/*
 * Handlers are installed only where the program has none, and threads are made with the signals
 * blocked that are the program's own.
 */
#include "runtime/ground/signals.h"

#include "runtime/ground/debug_setting.h"

#define THREAD_STACK ((size_t)2 << 20) /* at the least: what there is without a limit */

static sigset_t start_mask;
static pthread_once_t once = PTHREAD_ONCE_INIT;

bool gonet__signals_take(int sig, const struct sigaction *action)
{
    struct sigaction before;

    return sigaction(sig, NULL, &before) == 0 && (before.sa_flags & SA_SIGINFO) == 0 &&
           before.sa_handler == SIG_DFL && sigaction(sig, action, NULL) == 0;
}

void gonet__signals_give_back(int sig, const struct sigaction *action)
{
    struct sigaction now;

    /* sa_handler and sa_sigaction share their place. */
    if (sigaction(sig, NULL, &now) == 0 && now.sa_handler == action->sa_handler)
        signal(sig, SIG_DFL);
}

static void remember_mask(void)
{
    pthread_sigmask(SIG_SETMASK, NULL, &start_mask);
}

void gonet__signals_remember(void)
{
    pthread_once(&once, remember_mask);
}

/* Where stacks are limited to little (ulimit -s) libc gives little to threads, too; the C library's
 * resolver and what a program runs by gonet_blocking are not made for that. */
static int create(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
    pthread_attr_t attr;
    size_t size;
    int r = pthread_attr_init(&attr);

    if (r != 0)
        return r;
    if (pthread_attr_getstacksize(&attr, &size) == 0 && size < THREAD_STACK)
        pthread_attr_setstacksize(&attr, THREAD_STACK);
    r = pthread_create(thread, &attr, fn, arg);
    pthread_attr_destroy(&attr);
    return r;
}

int gonet__signals_spawn(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
    static const int open[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,   SIGTRAP,
                               SIGSYS,  SIGABRT, SIGPROF, SIGVTALRM};
    sigset_t blocked;
    sigset_t before;
    int r;

    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
        sigdelset(&blocked, open[i]);
    if (gonet__debug_asked())
        sigdelset(&blocked, SIGURG);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    r = create(thread, fn, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

void gonet__signals_restore_mask(void)
{
    pthread_sigmask(SIG_SETMASK, &start_mask, NULL);
}
