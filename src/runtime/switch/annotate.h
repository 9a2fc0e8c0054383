/*
 * What the tools need to know of a context switch: AddressSanitizer (bounds of the stack that is
 * entered), ThreadSanitizer (a fiber per task), Valgrind (the stack's extent). Nothing without
 * them.
 */
#ifndef GONET_RUNTIME_SWITCH_ANNOTATE_H
#define GONET_RUNTIME_SWITCH_ANNOTATE_H

#include <stddef.h>

#include "base/compiler.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GONET__ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define GONET__TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define GONET__ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define GONET__TSAN 1
#endif

#ifdef GONET__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef GONET__TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define GONET__VALGRIND 1
#endif
#endif

/* The tools' view of one context: a task, or a worker's own stack. */
typedef struct {
#ifdef GONET__ASAN
    void *fake_stack;
    const void *bottom;
    size_t size;
#endif
#ifdef GONET__TSAN
    void *fiber;
#endif
#ifdef GONET__VALGRIND
    unsigned stack_id;
#endif
    char unused;
} gonet__annotation_t;

/* gonet__annotate_task tells of a new task on the stack [low, high). */
static inline void gonet__annotate_task(gonet__annotation_t *a, char *low, char *high)
{
    (void)a;
    (void)low;
    (void)high;
#ifdef GONET__ASAN
    a->fake_stack = NULL;
    a->bottom = low;
    a->size = (size_t)(high - low);
    ASAN_UNPOISON_MEMORY_REGION(low, (size_t)(high - low));
#endif
#ifdef GONET__TSAN
    a->fiber = __tsan_create_fiber(0);
#endif
#ifdef GONET__VALGRIND
    a->stack_id = VALGRIND_STACK_REGISTER(low, high);
#endif
}

/* gonet__annotate_worker tells of the calling worker's own context; its stack is learnt at the
 * first switch. */
static inline void gonet__annotate_worker(gonet__annotation_t *a)
{
    (void)a;
#ifdef GONET__TSAN
    a->fiber = __tsan_get_current_fiber();
#endif
}

/* gonet__annotate_gone tells, from another context, that the task's stack is free again. */
static inline void gonet__annotate_gone(gonet__annotation_t *a)
{
    (void)a;
#ifdef GONET__ASAN /* its first frames never returned; something else may be mapped here later */
    ASAN_UNPOISON_MEMORY_REGION(a->bottom, a->size);
#endif
#ifdef GONET__TSAN
    __tsan_destroy_fiber(a->fiber);
#endif
#ifdef GONET__VALGRIND
    VALGRIND_STACK_DEREGISTER(a->stack_id);
#endif
}

/* gonet__annotate_leave: right before the switch from one context to another; last: from never runs
 * again. Always inline: for ThreadSanitizer the other context runs from here on, and must not see
 * the end of a function that it has not begun. */
GONET__INLINE void gonet__annotate_leave(gonet__annotation_t *from, gonet__annotation_t *to,
                                         int last)
{
    (void)from;
    (void)to;
    (void)last;
#ifdef GONET__ASAN
    __sanitizer_start_switch_fiber(last ? NULL : &from->fake_stack, to->bottom, to->size);
#endif
#ifdef GONET__TSAN
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

/* gonet__annotate_enter: right after the switch, on the stack entered; from is the context that was
 * left. */
static inline void gonet__annotate_enter(gonet__annotation_t *self, gonet__annotation_t *from)
{
    (void)self;
    (void)from;
#ifdef GONET__ASAN
    __sanitizer_finish_switch_fiber(self->fake_stack, &from->bottom, &from->size);
#endif
}

#endif
