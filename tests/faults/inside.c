/*
 * Faults inside the libraries: the allocations of libuv and c-ares, by their own means, and what
 * libuv asks the kernel for when it makes a loop. The program's own functions come before libc's,
 * also for libuv, and who called tells them apart; where libuv is linked statically none of its
 * calls is seen, and none fails.
 *
 * Two things are left alone, because libuv ends the process: its table of descriptors can't grow
 * (realloc), and a descriptor that it has tried out can't be watched all the same (epoll_ctl).
 */
#include <ares.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include "faults/wrap.h"

/* ---- allocations ---- */

static bool out_of_memory(fault_kind_t kind)
{
    if (fault_next(kind) == 0)
        return false;
    errno = ENOMEM;
    return true;
}

static void *counted(void *p)
{
    if (p != NULL)
        fault_count_block(1);
    return p;
}

static void release(void *p)
{
    if (p != NULL)
        fault_count_block(-1);
    free(p);
}

static void *resize(void *p, size_t size)
{
    return p == NULL ? counted(realloc(NULL, size)) : realloc(p, size);
}

static void *uv_malloc(size_t size)
{
    return out_of_memory(FAULT_UV_ALLOC) ? NULL : counted(malloc(size));
}

static void *uv_calloc(size_t n, size_t size)
{
    return out_of_memory(FAULT_UV_ALLOC) ? NULL : counted(calloc(n, size));
}

static void *ares_alloc(size_t size)
{
    return out_of_memory(FAULT_ARES_ALLOC) ? NULL : counted(malloc(size));
}

static void *ares_resize(void *p, size_t size)
{
    return out_of_memory(FAULT_ARES_ALLOC) ? NULL : resize(p, size);
}

/* Before anybody uses them. */
static __attribute__((constructor)) void take_over(void)
{
    if (uv_replace_allocator(uv_malloc, resize, uv_calloc, release) != 0 ||
        ares_library_init_mem(ARES_LIB_INIT_ALL, ares_alloc, release, ares_resize) != ARES_SUCCESS)
        abort();
}

/* ---- descriptors ---- */

static bool is_libuv(const void *caller)
{
    const char *name;
    Dl_info info;

    if (dladdr(caller, &info) == 0 || info.dli_fname == NULL)
        return false;
    name = strrchr(info.dli_fname, '/');
    return strncmp(name != NULL ? name + 1 : info.dli_fname, "libuv.", 6) == 0;
}

bool fault_sees_libuv(void)
{
    return is_libuv(dlsym(RTLD_DEFAULT, "uv_loop_init"));
}

/* INSIDE(name, kind, parameters, arguments): a call that returns a descriptor, or 0, or -1. */
#define INSIDE(name, kind, parameters, arguments)                                     \
    __attribute__((visibility("default"))) int name parameters                        \
    {                                                                                 \
        int(*next) parameters = (__typeof__(next))(uintptr_t)dlsym(RTLD_NEXT, #name); \
        int e = is_libuv(__builtin_extract_return_addr(__builtin_return_address(0)))  \
                    ? fault_next(kind)                                                \
                    : 0;                                                              \
                                                                                      \
        if (e > 0) {                                                                  \
            errno = e;                                                                \
            return -1;                                                                \
        }                                                                             \
        return next arguments;                                                        \
    }

INSIDE(epoll_create1, FAULT_UV_EPOLL, (int flags), (flags))
INSIDE(eventfd, FAULT_UV_EVENTFD, (unsigned count, int flags), (count, flags))
INSIDE(pipe2, FAULT_UV_PIPE, (int fds[2], int flags), (fds, flags))
