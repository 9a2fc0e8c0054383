/*
 * A task that runs over the end of its stack hits the guard: SIGSEGV. The handler runs on the
 * worker's alternate stack, names the task, and leaves the rest to the default. It is installed
 * only where SIGSEGV and SIGBUS are at their default, and as long as the runtime runs; a handler
 * that the program installs later wins.
 */
#include "runtime/ground/signals.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/say.h"
#include "runtime/sched/monitor.h"
#include "runtime/switch/guard.h"

#define ALTERNATE_SIZE 32768
#define THREAD_STACK   ((size_t)2 << 20) /* at the least: what there is without a limit */

static sigset_t start_mask;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void append(char *buf, size_t size, size_t *n, const char *s)
{
    while (*s != '\0' && *n < size)
        buf[(*n)++] = *s++;
}

static void append_number(char *buf, size_t size, size_t *n, uint64_t v, unsigned base)
{
    char digits[24];
    int i = sizeof(digits);

    digits[--i] = '\0';
    do {
        digits[--i] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v != 0);
    append(buf, size, n, digits + i);
}

/* Async-signal-safe. */
static void report(const gonet__task_t *task, const char *what)
{
    char buf[200];
    size_t n = 0;

    append(buf, sizeof(buf), &n, "gonet: ");
    append(buf, sizeof(buf), &n, what);
    append(buf, sizeof(buf), &n, " in task ");
    append_number(buf, sizeof(buf), &n, task->id >> 32, 10);
    append(buf, sizeof(buf), &n, ".");
    append_number(buf, sizeof(buf), &n, (uint32_t)task->id, 10);
    append(buf, sizeof(buf), &n, " (function 0x");
    append_number(buf, sizeof(buf), &n, (uintptr_t)task->fn, 16);
    append(buf, sizeof(buf), &n,
           "): give it more by gonet_go_sized or GONET_STACK_SIZE, and keep big arrays off the "
           "stack\n");
    gonet__say_bytes(buf, n);
}

void gonet__signals_report_overrun(const gonet__task_t *task)
{
    report(task, "stack overflow");
    abort();
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
    gonet__task_t *task = gonet__task_current();
    bool sent = info->si_code <= 0; /* by kill and the like; si_addr then means something else */

    (void)context;
    if (task != NULL && !sent && !task->canary) {
        uintptr_t low = (uintptr_t)task->stack->low;
        uintptr_t at = (uintptr_t)info->si_addr;
        if (at < low && low - at <= gonet__guard_size())
            report(task, "stack overflow");
    }
    signal(sig, SIG_DFL); /* a fault comes again when we return; what was sent has to be again */
    if (sent && syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), sig, info) != 0)
        raise(sig);
}

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

static const struct sigaction fault_action = {.sa_sigaction = on_fault,
                                              .sa_flags = SA_SIGINFO | SA_ONSTACK};
static const int fault_signals[] = {SIGSEGV, SIGBUS};
static bool taken[2];

static void remember_mask(void)
{
    pthread_sigmask(SIG_SETMASK, NULL, &start_mask);
}

void gonet__signals_install(void)
{
    pthread_once(&once, remember_mask);
    for (int i = 0; i < 2; i++)
        taken[i] = taken[i] || gonet__signals_take(fault_signals[i], &fault_action);
}

void gonet__signals_uninstall(void)
{
    for (int i = 0; i < 2; i++) {
        if (taken[i])
            gonet__signals_give_back(fault_signals[i], &fault_action);
        taken[i] = false;
    }
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
    if (gonet__dump_monitored())
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

void gonet__signals_enter_worker(gonet__worker_t *w)
{
    stack_t s = {.ss_size = ALTERNATE_SIZE};

    w->alternate_stack = gonet__alloc(ALTERNATE_SIZE);
    if (w->alternate_stack == NULL)
        return; /* an overflow then ends the program without our report */
    s.ss_sp = w->alternate_stack;
    sigaltstack(&s, NULL);
}

void gonet__signals_leave_worker(gonet__worker_t *w)
{
    stack_t s = {.ss_flags = SS_DISABLE};

    sigaltstack(&s, NULL);
    gonet__free(w->alternate_stack);
    w->alternate_stack = NULL;
}
