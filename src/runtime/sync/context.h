/*
 * A context's inside, and what calls that a context can end need of it: its deadline as a number,
 * and a watch that is told of its cancellation.
 */
#ifndef GONET_RUNTIME_SYNC_CONTEXT_H
#define GONET_RUNTIME_SYNC_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "gonet/context.h"
#include "runtime/sched/wait.h"

/* What a context has beside its parent's. All of it is taken. */
typedef struct {
    int64_t deadline;    /* 0: none */
    gonet_error_t *late; /* the cause, when that has passed; NULL: none */
    const void *key;
    void *value;
    void (*destroy)(void *value);
    bool alone; /* it does not end with its parent */
} gonet__context_spec_t;

/* gonet__context_derive makes a child of parent (NULL: background). Never NULL: see
 * gonet_context_with_cancel. */
gonet_context_t *gonet__context_derive(gonet_context_t *parent, const gonet__context_spec_t *spec);

/* gonet__context_end is gonet_context_cancel_cause without the stop; cause is borrowed, and may be
 * NULL. ctx is of gonet__context_derive, and was not without memory. */
void gonet__context_end(gonet_context_t *ctx, const gonet_error_t *cause);

/* gonet__context_set_stop: stop(value) is called first by each cancel, and by the last free. */
void gonet__context_set_stop(gonet_context_t *ctx, void (*stop)(void *value));

/*
 * A watch on a context; it lives with the one who watches. Watches are told of a cancellation, not
 * of the deadline: who watches arms gonet__context_deadline_ns for itself.
 */
typedef struct {
    gonet__list_t link;
    gonet_context_t *context; /* NULL: watches nothing */
    void (*fn)(void *arg);
    void *arg;
    gonet__wait_t *unwatcher;
    uint32_t generation; /* of the process that watches */
    bool running;
} gonet__context_watch_t;

/*
 * gonet__context_watch lets fn(arg) be called once when ctx (NULL: background) is cancelled: by the
 * canceller's task or thread, under no lock. fn is short, does not block, and does not unwatch.
 * False: ctx is cancelled already, fn is not called, and gonet_context_err tells why.
 */
bool gonet__context_watch(gonet__context_watch_t *w, gonet_context_t *ctx, void (*fn)(void *arg),
                          void *arg);

/*
 * gonet__context_unwatch ends the watch: when it returns, fn is not running and will not run. It
 * waits for an fn that runs. Also after a gonet__context_watch that returned false; twice is fine.
 */
void gonet__context_unwatch(gonet__context_watch_t *w);

/* The value that gonet__context_claim gives a wait. */
#define GONET__CONTEXT_CANCELED UINT32_MAX

/*
 * gonet__context_claim is an fn that claims and wakes the gonet__wait_t arg, which lives until the
 * unwatch. A wait that others know of must be waited for, since a claimer wakes the task wherever
 * it is: so after a true watch the caller calls gonet__wait_for. A false watch has done away with
 * the wait, and nobody claims it any more.
 */
void gonet__context_claim(void *arg);

/* gonet__context_err is gonet_context_err for the library: it does not let others run. */
gonet_error_t *gonet__context_err(gonet_context_t *ctx);

/* gonet__context_deadline_ns returns the earliest deadline of ctx and what it derives from; 0:
 * none. */
int64_t gonet__context_deadline_ns(gonet_context_t *ctx);

/* gonet__context_hold and _unhold count those who need the memory (the last unhold releases). */
void gonet__context_hold(gonet_context_t *ctx);
void gonet__context_unhold(gonet_context_t *ctx);

/* gonet__context_release frees a context that nobody holds. For the last pin of its done channel.
 */
void gonet__context_release(gonet_context_t *ctx);

#endif
