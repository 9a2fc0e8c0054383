/*
 * A task that runs over the end of its stack hits the guard: SIGSEGV. The handler runs on the
 * worker's alternate stack, names the task, and leaves the rest to the default. It is installed
 * only where SIGSEGV and SIGBUS are at their default, and as long as the runtime runs; a handler
 * that the program installs later wins.
 */
#include "runtime/sched/overflow.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/say.h"
#include "runtime/ground/signals.h"
#include "runtime/switch/guard.h"

#define ALTERNATE_SIZE 32768

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

void gonet__overflow_report(const gonet__task_t *task)
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

static const struct sigaction fault_action = {.sa_sigaction = on_fault,
                                              .sa_flags = SA_SIGINFO | SA_ONSTACK};
static const int fault_signals[] = {SIGSEGV, SIGBUS};
static bool taken[2];

void gonet__overflow_install(void)
{
    for (int i = 0; i < 2; i++)
        taken[i] = taken[i] || gonet__signals_take(fault_signals[i], &fault_action);
}

void gonet__overflow_uninstall(void)
{
    for (int i = 0; i < 2; i++) {
        if (taken[i])
            gonet__signals_give_back(fault_signals[i], &fault_action);
        taken[i] = false;
    }
}

void gonet__overflow_enter_worker(gonet__worker_t *w)
{
    stack_t s = {.ss_size = ALTERNATE_SIZE};

    w->alternate_stack = gonet__alloc(ALTERNATE_SIZE);
    if (w->alternate_stack == NULL)
        return; /* an overflow then ends the program without our report */
    s.ss_sp = w->alternate_stack;
    sigaltstack(&s, NULL);
}

void gonet__overflow_leave_worker(gonet__worker_t *w)
{
    stack_t s = {.ss_flags = SS_DISABLE};

    sigaltstack(&s, NULL);
    gonet__free(w->alternate_stack);
    w->alternate_stack = NULL;
}
