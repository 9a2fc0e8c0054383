/*
 * Contexts that are cancelled by a signal. The handler notes the number and writes to an eventfd;
 * one thread, which lives as long as there are such contexts, reads that and cancels. Not a task: a
 * signal that is to end the program must not wait for a worker that is held, nor need one.
 *
 * All of it is guarded by one lock, but for what the handler touches. The thread takes the lock,
 * too: so who ends it gives the lock up meanwhile, and who comes then waits until that is over.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/list.h"
#include "error/error.h"
#include "gonet/context.h"
#include "gonet/errno.h"
#include "runtime/sync/context.h"
#include "runtime/ground/fork.h"
#include "runtime/ground/signals.h"
#include "runtime/ground/spin.h"

#define SIGNALS 65 /* numbers below */

/* A context that waits. It lives as long as the context's memory. */
typedef struct {
    gonet__list_t link; /* in no list: it does not wait any more */
    gonet_context_t *ctx;
    uint32_t generation;
    bool wants[SIGNALS];
} notice_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static gonet__list_t notices = {&notices, &notices};
static unsigned users[SIGNALS];          /* contexts that wait for it */
static struct sigaction before[SIGNALS]; /* what it had, if there are any */
static pthread_t thread;
static bool running, ending;
/* The handler's. */
static _Atomic bool got[SIGNALS];
static _Atomic int event = -1;
static _Atomic unsigned inside; /* handlers that may be about to write there */
static _Atomic bool quit;

static void stir(void)
{
    uint64_t one = 1;
    int fd;

    atomic_fetch_add(&inside, 1);
    fd = atomic_load(&event);
    while (fd >= 0 && write(fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    atomic_fetch_sub(&inside, 1);
}

static void on_signal(int sig)
{
    int saved = errno;

    atomic_store(&got[sig], true);
    stir();
    errno = saved;
}

static void restore(int sig)
{
    struct sigaction now;

    if (sigaction(sig, NULL, &now) == 0 && now.sa_handler == on_signal)
        sigaction(sig, &before[sig], NULL);
}

/* The child has neither the thread nor its descriptor. */
static void forget(void)
{
    gonet__fork_renew(&lock);
    pthread_cond_init(&ended, NULL);
    gonet__list_init(&notices);
    for (int sig = 1; sig < SIGNALS; sig++) {
        if (users[sig] > 0)
            restore(sig);
        users[sig] = 0;
        atomic_store(&got[sig], false);
    }
    atomic_store(&event, -1);
    atomic_store(&inside, 0);
    running = ending = false;
}

GONET__FORK_HOOK(forget)

/* In Go's words: "terminated signal received". */
static gonet_error_t *cause_of(int sig)
{
    const char *name = sigdescr_np(sig);
    char text[32];

    if (name == NULL)
        return gonet_error_errorf(NULL, "signal %d received", sig);
    (void)snprintf(text, sizeof(text), "%s", name);
    if (text[0] >= 'A' && text[0] <= 'Z')
        text[0] = (char)(text[0] - 'A' + 'a');
    return gonet_error_errorf(NULL, "%s signal received", text);
}

/* Under the lock: the first context that waits for sig and has not been told, held; NULL: none. */
static gonet_context_t *next_to_tell(int sig)
{
    for (gonet__list_t *n = notices.next; n != &notices; n = n->next) {
        notice_t *notice = GONET__CONTAINER(n, notice_t, link);

        if (!notice->wants[sig] || gonet__context_err(notice->ctx) != NULL)
            continue;
        gonet__context_hold(notice->ctx);
        return notice->ctx;
    }
    return NULL;
}

/* Cancels without the lock, since the program's functions may be called. */
static void tell(int sig)
{
    gonet_error_t *cause = cause_of(sig);
    gonet_context_t *ctx;

    pthread_mutex_lock(&lock);
    while ((ctx = next_to_tell(sig)) != NULL) {
        pthread_mutex_unlock(&lock);
        gonet__context_end(ctx, cause);
        gonet__context_unhold(ctx);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    gonet_error_free(cause);
}

/* Under the lock. Handlers that were called before may still be on their way to it. */
static void close_event(void)
{
    int fd = atomic_exchange(&event, -1);
    unsigned turns = 0;

    while (atomic_load(&inside) != 0)
        gonet__relax(&turns);
    gonet__fork_disown(fd);
    close(fd);
}

static void *thread_main(void *arg)
{
    uint64_t count;

    pthread_setname_np(pthread_self(), "gonet-signals");
    while (!atomic_load(&quit)) {
        if (read(atomic_load(&event), &count, sizeof(count)) < 0)
            continue;
        for (int sig = 1; sig < SIGNALS; sig++) {
            if (atomic_exchange(&got[sig], false))
                tell(sig);
        }
    }
    return arg;
}

/* Under the lock. NULL, or why there is no thread. */
static gonet_error_t *start_thread(void)
{
    int fd, errnum;

    if (running)
        return NULL;
    fd = gonet__fd_lift(eventfd(0, EFD_CLOEXEC));
    if (fd < 0)
        return gonet_syscall_error_new("eventfd", errno);
    gonet__fork_own(fd);
    atomic_store(&event, fd);
    atomic_store(&quit, false);
    errnum = gonet__signals_spawn(&thread, thread_main, NULL);
    running = errnum == 0;
    if (running)
        return NULL;
    close_event();
    return gonet_syscall_error_new("pthread_create", errnum);
}

/* Under the lock, which it gives up meanwhile. From the thread itself, whose cancellation has
 * called the program: the next one who stops ends it. */
static void stop_thread(void)
{
    if (!running || pthread_equal(pthread_self(), thread))
        return;
    ending = true;
    pthread_mutex_unlock(&lock);
    atomic_store(&quit, true);
    stir();
    pthread_join(thread, NULL);
    pthread_mutex_lock(&lock);
    close_event();
    running = ending = false;
    pthread_cond_broadcast(&ended);
}

static void take_lock(void)
{
    gonet__fork_lock(&lock);
    while (ending)
        pthread_cond_wait(&ended, &lock);
}

/* Under the lock. NULL, or why sig can't be caught. */
static gonet_error_t *catch (int sig)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};

    if (sig <= 0 || sig >= SIGNALS)
        return gonet_syscall_error_new("sigaction", EINVAL);
    if (users[sig] == 0 && sigaction(sig, &action, &before[sig]) != 0)
        return gonet_syscall_error_new("sigaction", errno);
    users[sig]++;
    return NULL;
}

/* Under the lock. */
static void let_go(notice_t *notice)
{
    for (int sig = 1; sig < SIGNALS; sig++) {
        if (notice->wants[sig] && --users[sig] == 0)
            restore(sig);
    }
}

static void stop(void *value)
{
    notice_t *notice = value;

    take_lock();
    if (notice->generation == gonet__fork_now() && !gonet__list_empty(&notice->link)) {
        gonet__list_remove(&notice->link);
        let_go(notice);
        if (gonet__list_empty(&notices))
            stop_thread();
    }
    pthread_mutex_unlock(&lock);
}

/* NULL, or why the context can't wait for the signals. */
static gonet_error_t *start(notice_t *notice, const int *signals, size_t n)
{
    gonet_error_t *e;

    take_lock();
    e = n > 0 ? start_thread() : gonet_syscall_error_new("sigaction", EINVAL);
    for (size_t i = 0; i < n && e == NULL; i++) {
        if (signals[i] > 0 && signals[i] < SIGNALS && notice->wants[signals[i]])
            continue;
        e = catch (signals[i]);
        if (e == NULL)
            notice->wants[signals[i]] = true;
    }
    if (e == NULL)
        gonet__list_push_back(&notices, &notice->link);
    else
        let_go(notice);
    if (gonet__list_empty(&notices))
        stop_thread();
    pthread_mutex_unlock(&lock);
    return e;
}

gonet_context_t *gonet_signal_context(gonet_context_t *parent, const int *signals, size_t n)
{
    static const char key;
    notice_t *notice = gonet__zalloc(sizeof(*notice));
    gonet__context_spec_t spec = {.key = &key, .value = notice, .destroy = gonet__free};
    gonet_context_t *ctx;
    gonet_error_t *e;

    if (notice == NULL) { /* and so, most likely, for the rest: born cancelled in any case */
        ctx = gonet__context_derive(parent, &(gonet__context_spec_t){.deadline = 0});
        gonet_context_cancel_cause(ctx, gonet_err_no_memory);
        return ctx;
    }
    gonet__list_init(&notice->link);
    notice->generation = gonet__fork_now();
    ctx = gonet__context_derive(parent, &spec);
    if (gonet_context_value(ctx, &key) != notice)
        return ctx; /* without memory */
    notice->ctx = ctx;
    e = start(notice, signals, n);
    if (e == NULL)
        gonet__context_set_stop(ctx, stop);
    else
        gonet_context_cancel_cause(ctx, e);
    return ctx;
}
