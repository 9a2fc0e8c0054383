/*
 * What a debugger has to know to find the tasks of a process or a core file, without debugging
 * information: src/runtime/debug/gonet-gdb.py reads it by the symbol's name. Words are added at the
 * end; whatever else changes, the version does, too.
 */
#ifndef GONET_RUNTIME_DEBUG_DEBUG_H
#define GONET_RUNTIME_DEBUG_DEBUG_H

#include <stdint.h>

#define GONET__DEBUG_VERSION 2u

/* How a suspended context is kept. */
#define GONET__DEBUG_SWITCH_X86_64   1u /* sp, pc, fp */
#define GONET__DEBUG_SWITCH_AARCH64  2u /* sp, pc, fp */
#define GONET__DEBUG_SWITCH_UCONTEXT 3u /* a pointer to an ucontext_t */

typedef struct {
    uint32_t version;
    uint32_t words; /* how many words follow the runtime's address */
    const void *runtime;
    /* Offsets in the runtime, … */
    uint32_t runtime_count, runtime_workers, runtime_max;
    /* … a worker, … */
    uint32_t worker_id, worker_current, worker_tasks, worker_thread;
    /* … a task, … */
    uint32_t task_all, task_worker, task_begun, task_id, task_context, task_stack, task_fn,
        task_park;
    uint32_t task_side, task_why, task_parked_in, task_parked_at, task_entered;
    /* … and a descriptor. */
    uint32_t pd_fd;
    uint32_t switch_kind;
    /* Of an ucontext_t: the three registers, 0 where they are not known. */
    uint32_t ucontext_sp, ucontext_pc, ucontext_fp;
    /* Of a task again. */
    uint32_t task_name;
} gonet__debug_layout_t;

extern const gonet__debug_layout_t gonet__debug_layout;

#endif
