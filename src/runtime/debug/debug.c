/*
 * The table for debuggers. It is reached by nothing but its name, so the runtime points at it,
 * which keeps it in programs that link the static library.
 */
#include "runtime/debug/debug.h"

#include <stddef.h>

#include "runtime/sched/runtime.h"

#define RUNTIME(field) ((uint32_t)offsetof(gonet__runtime_t, field))
#define WORKER(field)  ((uint32_t)offsetof(gonet__worker_t, field))
#define TASK(field)    ((uint32_t)offsetof(gonet__task_t, field))

#ifdef GONET_SWITCH_UCONTEXT
#define SWITCH GONET__DEBUG_SWITCH_UCONTEXT
#elif defined(__x86_64__)
#define SWITCH GONET__DEBUG_SWITCH_X86_64
#elif defined(__aarch64__)
#define SWITCH GONET__DEBUG_SWITCH_AARCH64
#else
#define SWITCH GONET__DEBUG_SWITCH_UCONTEXT
#endif

#if defined(GONET_SWITCH_UCONTEXT) && defined(__x86_64__)
#define REGISTER(name) ((uint32_t)offsetof(ucontext_t, uc_mcontext.gregs[name]))
#define UCONTEXT_SP    REGISTER(REG_RSP)
#define UCONTEXT_PC    REGISTER(REG_RIP)
#define UCONTEXT_FP    REGISTER(REG_RBP)
#else
#define UCONTEXT_SP 0
#define UCONTEXT_PC 0
#define UCONTEXT_FP 0
#endif

const gonet__debug_layout_t gonet__debug_layout = {
    .version = GONET__DEBUG_VERSION,
    .words = (sizeof(gonet__debug_layout_t) - offsetof(gonet__debug_layout_t, runtime_count)) /
             sizeof(uint32_t),
    .runtime = &gonet__runtime,
    .runtime_count = RUNTIME(count),
    .runtime_workers = RUNTIME(worker),
    .runtime_max = GONET__MAX_WORKERS,
    .worker_id = WORKER(id),
    .worker_current = WORKER(place.task),
    .worker_tasks = WORKER(queue.home),
    .worker_thread = WORKER(thread),
    .task_all = TASK(all),
    .task_worker = TASK(worker),
    .task_begun = TASK(begun),
    .task_id = TASK(id),
    .task_context = TASK(context),
    .task_stack = TASK(stack),
    .task_fn = TASK(fn),
    .task_park = TASK(park),
    .task_side = TASK(side),
    .task_why = TASK(why),
    .task_parked_in = TASK(parked_in),
    .task_parked_at = TASK(parked_at),
    .task_entered = TASK(entered),
    .pd_fd = (uint32_t)offsetof(gonet__pd_t, fd),
    .switch_kind = SWITCH,
    .ucontext_sp = UCONTEXT_SP,
    .ucontext_pc = UCONTEXT_PC,
    .ucontext_fp = UCONTEXT_FP,
    .task_name = TASK(name),
};
