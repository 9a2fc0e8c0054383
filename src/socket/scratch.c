/*
 * The caches that all threads share: a few slots each, emptied and filled by one atomic exchange. A
 * slot index kept per thread lets it find what it put back last, still warm.
 */
#include "socket/scratch.h"

#include <stdatomic.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "gonet/errno.h"
#include "runtime/ground/end_hook.h"
#include "runtime/ground/fork.h"
#include "socket/sys.h"

#define SLOTS 16

static _Atomic(void *) buffers[SLOTS];
static _Atomic uint64_t pipes[SLOTS]; /* 0: empty; otherwise both descriptors, each plus one */
static _Atomic unsigned threads;
static _Thread_local unsigned my_slot; /* plus one; 0: not yet given */

static gonet__end_hook_t end_hook = {.fn = gonet__scratch_release};

static GONET__OPAQUE unsigned first_slot(void)
{
    if (my_slot == 0)
        my_slot = 1 + atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % SLOTS;
    return my_slot - 1;
}

void *gonet__copy_buffer_get_shared(void)
{
    unsigned first = first_slot();

    for (unsigned i = 0; i < SLOTS; i++) {
        _Atomic(void *) *slot = &buffers[(first + i) % SLOTS];
        void *buffer;

        if (atomic_load_explicit(slot, memory_order_relaxed) == NULL)
            continue;
        buffer = atomic_exchange_explicit(slot, NULL, memory_order_acquire);
        if (buffer != NULL)
            return buffer;
    }
    return gonet__alloc(GONET__COPY_SIZE);
}

void gonet__copy_buffer_put_shared(void *buffer)
{
    unsigned first = first_slot();
    int saved = errno;

    if (buffer == NULL)
        return;
    gonet__end_hook_add(&end_hook);
    for (unsigned i = 0; i < SLOTS; i++) {
        _Atomic(void *) *slot = &buffers[(first + i) % SLOTS];
        void *none = NULL;

        if (atomic_compare_exchange_strong_explicit(slot, &none, buffer, memory_order_release,
                                                    memory_order_relaxed))
            return;
    }
    gonet__free(buffer);
    errno = saved;
}

static bool pipe_new(gonet__pipe_t *p)
{
    int fds[2];

    if (gonet__sys_pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
        return false;
    /* Without the larger size it is just slower. */
    (void)gonet__sys_fcntl(fds[1], F_SETPIPE_SZ, (int)GONET__PIPE_SIZE);
    gonet__fork_own(fds[0]);
    gonet__fork_own(fds[1]);
    p->rfd = fds[0];
    p->wfd = fds[1];
    return true;
}

static void pipe_unpack(gonet__pipe_t *p, uint64_t word)
{
    p->rfd = (int)(uint32_t)(word >> 32) - 1;
    p->wfd = (int)(uint32_t)word - 1;
}

/* The pipes are the parent's: their ends are closed already. */
static void forget_pipes(void)
{
    for (unsigned i = 0; i < SLOTS; i++)
        atomic_store(&pipes[i], 0);
}

GONET__FORK_HOOK(forget_pipes)

bool gonet__pipe_get(gonet__pipe_t *p)
{
    unsigned first = first_slot();

    (void)gonet__fork_now();

    for (unsigned i = 0; i < SLOTS; i++) {
        _Atomic uint64_t *slot = &pipes[(first + i) % SLOTS];
        uint64_t word;

        if (atomic_load_explicit(slot, memory_order_relaxed) == 0)
            continue;
        word = atomic_exchange_explicit(slot, 0, memory_order_acquire);
        if (word != 0) {
            pipe_unpack(p, word);
            return true;
        }
    }
    return pipe_new(p);
}

void gonet__pipe_put(gonet__pipe_t *p)
{
    unsigned first = first_slot();
    uint64_t word = (uint64_t)(uint32_t)(p->rfd + 1) << 32 | (uint32_t)(p->wfd + 1);

    if (p->rfd < 0)
        return;
    gonet__end_hook_add(&end_hook);
    for (unsigned i = 0; i < SLOTS; i++) {
        _Atomic uint64_t *slot = &pipes[(first + i) % SLOTS];
        uint64_t none = 0;

        if (atomic_compare_exchange_strong_explicit(slot, &none, word, memory_order_release,
                                                    memory_order_relaxed)) {
            p->rfd = p->wfd = -1;
            return;
        }
    }
    gonet__pipe_drop(p);
}

void gonet__pipe_drop(gonet__pipe_t *p)
{
    if (p->rfd >= 0) {
        gonet__fork_disown(p->rfd);
        gonet__fork_disown(p->wfd);
        (void)gonet__sys_close(p->rfd);
        (void)gonet__sys_close(p->wfd);
    }
    p->rfd = p->wfd = -1;
}

void gonet__scratch_release(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        gonet__pipe_t p;

        gonet__free(atomic_exchange(&buffers[i], NULL));
        pipe_unpack(&p, atomic_exchange(&pipes[i], 0));
        gonet__pipe_drop(&p);
    }
}
