/*
 * A task that crashes: a fault, or abort. The handler runs on the worker's alternate stack, has the
 * task reported (crash_report.h), and leaves the rest to the default. It is installed only where
 * these signals are at their default, and as long as the runtime runs; a handler that the program
 * installs later wins. What is sent to the process from elsewhere (kill) is no crash of a task's,
 * whichever thread gets it.
 */
#include "runtime/sched/crash.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "runtime/ground/signals.h"
#include "runtime/sched/crash_report.h"
#include "runtime/switch/guard.h"

#define ALTERNATE_SIZE 32768

void gonet__crash_overrun(const gonet__task_t *task)
{
    gonet__crash_overflow(task, NULL);
    abort();
}

static bool hit_guard(const gonet__task_t *task, const siginfo_t *info)
{
    uintptr_t low = (uintptr_t)task->stack->low;
    uintptr_t at = (uintptr_t)info->si_addr;

    return !task->canary && at < low && low - at <= gonet__guard_size();
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
    gonet__task_t *task = gonet__task_current();
    bool sent = info->si_code <= 0; /* by kill and the like; si_addr then means something else */
    bool own = info->si_code == SI_TKILL && info->si_pid == getpid(); /* raise, abort */

    if (task != NULL && !sent && (sig == SIGSEGV || sig == SIGBUS) && hit_guard(task, info))
        gonet__crash_overflow(task, context);
    else if (task != NULL && (!sent || own))
        gonet__crash_signal(task, sig, info, context);
    signal(sig, SIG_DFL); /* a fault comes again when we return; what was sent has to be again */
    if (sent && syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), sig, info) != 0)
        raise(sig);
}

enum { FAULTS = 6 };
static const int fault_signals[FAULTS] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
static bool taken[FAULTS];

/* In the handler all of them are blocked: a fault there ends the program. */
static struct sigaction fault_action(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigemptyset(&action.sa_mask);
    for (int i = 0; i < FAULTS; i++)
        sigaddset(&action.sa_mask, fault_signals[i]);
    return action;
}

void gonet__crash_install(void)
{
    struct sigaction action = fault_action();

    for (int i = 0; i < FAULTS; i++)
        taken[i] = taken[i] || gonet__signals_take(fault_signals[i], &action);
}

void gonet__crash_uninstall(void)
{
    struct sigaction action = fault_action();

    for (int i = 0; i < FAULTS; i++) {
        if (taken[i])
            gonet__signals_give_back(fault_signals[i], &action);
        taken[i] = false;
    }
}

void gonet__crash_enter_worker(gonet__worker_t *w)
{
    stack_t s = {.ss_size = ALTERNATE_SIZE};

    gonet__crash_prepare();
    w->alternate_stack = gonet__alloc(ALTERNATE_SIZE);
    if (w->alternate_stack == NULL)
        return; /* an overflow then ends the program without our report */
    s.ss_sp = w->alternate_stack;
    sigaltstack(&s, NULL);
}

void gonet__crash_leave_worker(gonet__worker_t *w)
{
    stack_t s = {.ss_flags = SS_DISABLE};

    sigaltstack(&s, NULL);
    gonet__free(w->alternate_stack);
    w->alternate_stack = NULL;
}
