/*
 * Reports from the handler of a signal that ends the program. Nothing here allocates or takes a
 * lock: names come from base/symbol.h, and the unwinder, which libc loads when it is first needed,
 * was loaded when the first worker began. (From GCC 12 and glibc 2.35 on it takes no lock, either.)
 *
 * A second task that crashes meanwhile waits until the first has been reported; a fault in the
 * report itself ends the program, as those signals are blocked then.
 */
#include "runtime/sched/crash_report.h"

#include <execinfo.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/line.h"
#include "base/say.h"
#include "base/symbol.h"
#include "runtime/ground/fork.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/name.h"

#define MAX_FRAMES 64
#define MAX_WAIT   1000 /* ms, for another thread's report */

static _Atomic bool prepared;
static _Atomic long reporter; /* the thread that reports, or has; 0: none */
static _Atomic bool reported;

/*
 * Loads the unwinder, which a handler must not do. By the first worker; the others wait for it. But
 * nobody does in a process that was forked in the middle of this: there the loader's lists may be
 * half of what they were to be, and the unwinder would end the program.
 */
void gonet__crash_prepare(void)
{
    static _Atomic int64_t begun = -1; /* in which generation of processes */
    static _Atomic bool over;
    int64_t now = gonet__fork_now(), none = -1;
    unsigned turns = 0;
    void *frame[2];

    if (atomic_compare_exchange_strong(&begun, &none, now)) {
        atomic_store(&prepared, backtrace(frame, 2) > 0);
        atomic_store(&over, true);
    }
    while (!atomic_load(&over) && atomic_load(&begun) == now)
        gonet__relax(&turns);
}

/* Whether the caller is the one who reports. */
static bool begin(void)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    long self = syscall(SYS_gettid), none = 0;

    if (atomic_compare_exchange_strong(&reporter, &none, self))
        return true;
    for (int i = 0; none != self && i < MAX_WAIT && !atomic_load(&reported); i++)
        nanosleep(&moment, NULL);
    return false;
}

/* Where the signal came, and where the function that was called there would return to, if it has
 * not done anything yet: 0 where that is not known, as on other processors. */
typedef struct {
    bool known;
    uintptr_t pc, caller;
} place_t;

static place_t place_of(const gonet__task_t *task, const void *context)
{
    place_t p = {.known = false};

    if (context == NULL)
        return p;
#if defined(__x86_64__) && defined(__LP64__)
    const mcontext_t *m = &((const ucontext_t *)context)->uc_mcontext;
    uintptr_t sp = (uintptr_t)m->gregs[REG_RSP];

    p = (place_t){.known = true, .pc = (uintptr_t)m->gregs[REG_RIP]};
    if (sp % sizeof(uintptr_t) == 0 && sp >= (uintptr_t)task->stack->low &&
        sp < (uintptr_t)task->stack)
        p.caller = *(const uintptr_t *)sp;
#elif defined(__aarch64__)
    const mcontext_t *m = &((const ucontext_t *)context)->uc_mcontext;

    (void)task;
    p = (place_t){.known = true, .pc = m->pc, .caller = m->regs[30]};
#else
    (void)task;
#endif
    return p;
}

static void say_frame(gonet__symbols_t *s, uintptr_t pc, bool returns)
{
    gonet__line_t line = {.len = 0};

    gonet__line_puts(&line, "        ");
    gonet__symbol_put_frame(&line, s, pc, returns);
    gonet__line_say(&line);
}

/* The frames of the task: those above where the signal came are the handler's. If that place is not
 * among them, because it is no code, there is still who has called it. */
static void say_frames(gonet__symbols_t *s, const gonet__task_t *task, const void *context)
{
    place_t at = place_of(task, context);
    void *frame[MAX_FRAMES];
    int count = atomic_load(&prepared) ? backtrace(frame, MAX_FRAMES) : 0;
    int first = 0;

    while (at.known && first < count && (uintptr_t)frame[first] != at.pc)
        first++;
    if (at.known && (first == count || first == count - 1)) {
        say_frame(s, at.pc, false);
        if (at.caller != 0)
            say_frame(s, at.caller, true);
        return;
    }
    for (int i = first; i < count; i++)
        say_frame(s, (uintptr_t)frame[i], !at.known || i > first);
}

static const char *name_of(int sig)
{
    switch (sig) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGFPE:
        return "SIGFPE";
    case SIGILL:
        return "SIGILL";
    case SIGTRAP:
        return "SIGTRAP";
    case SIGABRT:
        return "SIGABRT";
    default:
        return "a signal";
    }
}

/* "in task 1.5 NAME" */
static void put_task(gonet__line_t *line, gonet__symbols_t *s, const gonet__task_t *task)
{
    gonet__line_puts(line, " in ");
    gonet__name_put(line, s, task->id, task->name, task->fn);
}

void gonet__crash_signal(const gonet__task_t *task, int sig, const siginfo_t *info,
                         const void *context)
{
    gonet__symbols_t symbols = {.next = 0};
    gonet__line_t line = {.len = 0};

    if (!begin())
        return;
    gonet__line_puts(&line, "gonet: ");
    gonet__line_puts(&line, name_of(sig));
    if ((sig == SIGSEGV || sig == SIGBUS) && info->si_code > 0) {
        gonet__line_puts(&line, " at address 0x");
        gonet__line_number(&line, (uintptr_t)info->si_addr, 16);
    }
    put_task(&line, &symbols, task);
    gonet__line_say(&line);
    say_frames(&symbols, task, context);
    gonet__symbols_close(&symbols);
    atomic_store(&reported, true);
}

void gonet__crash_overflow(const gonet__task_t *task, const void *context)
{
    gonet__symbols_t symbols = {.next = 0};
    gonet__line_t line = {.len = 0};

    if (!begin())
        return;
    gonet__line_puts(&line, "gonet: stack overflow");
    put_task(&line, &symbols, task);
    gonet__line_puts(&line, ": give it more by gonet_go_sized or GONET_STACK_SIZE, and keep big "
                            "arrays off the stack");
    gonet__line_say(&line);
    say_frames(&symbols, task, context);
    gonet__symbols_close(&symbols);
    atomic_store(&reported, true);
}
