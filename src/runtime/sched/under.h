/*
 * What ends the waits of a function that runs under a context (gonet_context_run). This is all that
 * those who wait know of contexts: they can be asked whether they are over, and there may be a
 * time.
 *
 * Each run of such a function has a struct on its stack. A task or thread that waits first says in
 * it where it waits, then asks. Who ends the context does that, then ends the wait that it finds,
 * as gonet_shutdown would; so does the timer that comes at the deadline. Both look into the struct
 * under its lock: so either the waiter sees that it is over, or it is found waiting.
 */
#ifndef GONET_RUNTIME_SCHED_UNDER_H
#define GONET_RUNTIME_SCHED_UNDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "runtime/ground/alert.h"
#include "runtime/time/timer.h"

struct gonet__task;

/* Whom a wait that was ended leaves to be woken, without the struct's lock. */
typedef struct {
    struct gonet__task *task; /* to be made runnable; else */
    void (*wake)(void *arg);  /* of a thread, if not NULL */
    void *arg;
} gonet__told_t;

/* Ends the caller's wait in what, if that has not ended. Under the struct's lock. */
typedef void gonet__under_stop_t(void *what, unsigned side, gonet__told_t *told);

typedef struct gonet__under {
    int (*why)(const struct gonet__under *u); /* why it is over: an errno; 0: it is not */
    int64_t deadline;                         /* 0: none */
    gonet__timer_t timer;                     /* of a task: at the deadline */
    _Atomic uint32_t lock;                    /* guards the rest */
    unsigned side;
    gonet__under_stop_t *stop; /* NULL: the caller does not wait */
    void *what;
} gonet__under_t;

/* The slow parts of the two below. */
GONET__COLD gonet__under_t *gonet__under_find(void);
GONET__COLD bool gonet__under_is_over(void);

/* gonet__under_now returns what the caller runs under; NULL: no context. */
static inline gonet__under_t *gonet__under_now(void)
{
    return gonet__alerted(GONET__ALERT_UNDER) ? gonet__under_find() : NULL;
}

/* gonet__under_over says whether what the caller runs under is over: calls that may have to wait
 * are not to begin. */
static inline bool gonet__under_over(void)
{
    return gonet__alerted(GONET__ALERT_UNDER) && gonet__under_is_over();
}

/* gonet__under_errno returns what a call without an error object sets errno to when its wait was
 * interrupted: ETIMEDOUT, ECANCELED or ENOMEM by the caller's context, ECANCELED by gonet_shutdown.
 */
int gonet__under_errno(void);

/* gonet__under_begin puts the caller under u, of which why and deadline are set (NULL: nothing),
 * and returns what it was under. gonet__under_end puts it back there; forked: in a child of the
 * process in which that began. */
gonet__under_t *gonet__under_begin(gonet__under_t *u);
void gonet__under_end(gonet__under_t *u, gonet__under_t *outer, bool forked);

/* gonet__under_tell ends the wait of who runs under u, which is over. Any task or thread. */
void gonet__under_tell(gonet__under_t *u);

/* gonet__under_enter says that the caller is about to wait in what; false: u is over. After the
 * wait, also one that was not begun, gonet__under_leave. */
bool gonet__under_enter(gonet__under_t *u, gonet__under_stop_t *stop, void *what, unsigned side);
void gonet__under_leave(gonet__under_t *u);

#endif
