/*
 * fork: the child has one thread and none of the workers. Its inherited epoll sets are shared with
 * the parent, where a deletion would unregister the parent's sockets, and so are eventfds and
 * pipes: the child closes the numbers and touches nothing else of the old loops, whose memory is
 * given up. Its runtime starts afresh at the first need.
 *
 * Around a fork no lock is held: the program's own handlers may use the library, whichever come
 * first. What another thread was changing at that moment is not waited for, but given up in the
 * child. A task that forks is a plain thread from our handler before the fork to that after it.
 */
#include "runtime/ground/fork.h"

#include <sys/mman.h>
#include <unistd.h>

#include "runtime/ground/here.h"
#include "runtime/ground/pi_lock.h"
#include "runtime/ground/signals.h"
#include "runtime/ground/spin.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

#define BUSY      1u /* in a generation: somebody is at the reset */
#define OWN_LIMIT (1 << 20)

_Alignas(GONET__FORK_PAGE) gonet__fork_page_t gonet__fork_page;

static uint32_t last; /* the generation, where it survives; 0: nobody was here before */
static bool wipes;    /* the page does not survive */
static gonet__fork_hook_t *hooks;

/* One bit for each descriptor that is the library's own; 128 KiB, of which the pages used count. */
static _Atomic uint64_t own[OWN_LIMIT / 64];
static _Atomic int own_words; /* those after it are 0 */

void gonet__fork_own(int fd)
{
    int words = atomic_load_explicit(&own_words, memory_order_relaxed);

    if (fd < 0 || fd >= OWN_LIMIT)
        return;
    while (words <= fd / 64 && !atomic_compare_exchange_weak(&own_words, &words, fd / 64 + 1)) {
    }
    atomic_fetch_or(&own[fd / 64], UINT64_C(1) << fd % 64);
}

void gonet__fork_disown(int fd)
{
    if (fd >= 0 && fd < OWN_LIMIT)
        atomic_fetch_and(&own[fd / 64], ~(UINT64_C(1) << fd % 64));
}

static void close_own(void)
{
    for (int i = atomic_load(&own_words); i-- > 0;) {
        uint64_t word = atomic_exchange(&own[i], 0);

        for (; word != 0; word &= word - 1)
            close(i * 64 + __builtin_ctzll(word));
    }
}

void gonet__fork_hook_add(gonet__fork_hook_t *hook)
{
    hook->next = hooks;
    hooks = hook;
}

bool gonet__fork_renew(pthread_mutex_t *lock)
{
    bool free = pthread_mutex_trylock(lock) == 0;

    pthread_mutex_init(lock, NULL);
    return free;
}

uint32_t gonet__fork_coming(void)
{
    return last + GONET__GENERATION;
}

static void reset(void)
{
    gonet__local_t *l = gonet__local();
    bool blocks_signals = l->forking != NULL || l->in_runtime;

    close_own();
    l->worker = NULL;
    l->in_runtime = false;
    gonet__pi_forget();
    for (gonet__fork_hook_t *h = hooks; h != NULL; h = h->next)
        h->child();
    if (blocks_signals)
        gonet__signals_restore_mask();
    l->forking = NULL;
}

static void prepare(void)
{
    for (gonet__fork_hook_t *h = hooks; h != NULL; h = h->next) {
        if (h->before != NULL)
            h->before();
    }
    gonet__local()->forking = gonet__here();
    gonet__local()->worker = NULL;
}

static void parent(void)
{
    gonet__local()->worker = gonet__local()->forking;
    gonet__local()->forking = NULL;
    for (gonet__fork_hook_t *h = hooks; h != NULL; h = h->next) {
        if (h->after != NULL)
            h->after();
    }
}

static void child(void)
{
    if (!wipes)
        atomic_store(&gonet__fork_page.generation, 0);
    (void)gonet__fork_now();
}

static void install(void)
{
    pthread_atfork(prepare, parent, child);
    wipes = sysconf(_SC_PAGESIZE) <= GONET__FORK_PAGE &&
            madvise(&gonet__fork_page, sizeof(gonet__fork_page), MADV_WIPEONFORK) == 0;
}

uint32_t gonet__fork_catch_up(void)
{
    uint32_t none = 0;
    unsigned turns = 0;

    if (!atomic_compare_exchange_strong(&gonet__fork_page.generation, &none, BUSY)) {
        while (gonet__fork_seen() < GONET__GENERATION)
            gonet__relax(&turns);
        return gonet__fork_seen();
    }
    if (last == 0)
        install();
    else
        reset();
    last = gonet__fork_coming();
    atomic_store(&gonet__fork_page.generation, last);
    return last;
}

/* Before the program's own constructors: there is no object without the handlers. */
__attribute__((constructor(101))) static void begin(void)
{
    (void)gonet__fork_now();
}

bool gonet__fork_claim(_Atomic uint32_t *generation)
{
    const uint32_t now = gonet__fork_now();
    uint32_t seen = atomic_load(generation);
    unsigned turns = 0;

    while (seen != now) {
        if (seen == (now | BUSY)) {
            gonet__relax(&turns);
            seen = atomic_load(generation);
        } else if (atomic_compare_exchange_weak(generation, &seen, now | BUSY)) {
            return true;
        }
    }
    return false;
}
