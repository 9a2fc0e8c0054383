/*
 * Tasks that belong together: groups, in which the first error ends the rest, and single tasks
 * whose result somebody waits for. Both are plain structs, ready when zero; once started they must
 * be waited for, and stay where they are until then.
 */
#ifndef GONET_GROUP_H
#define GONET_GROUP_H

#include "gonet/context.h"
#include "gonet/error.h"
#include "gonet/export.h"
#include "gonet/sync.h"

GONET_BEGIN_DECLS

/*
 * gonet_group_t is a number of tasks that work on parts of one thing: the first error is the
 * group's. Zero is a group without a context and without a limit:
 *
 *   gonet_group_t g = {0};
 *   for (size_t i = 0; i < n && gonet_group_go(&g, fetch, &pages[i]) == 0; i++)
 *       continue;
 *   if (gonet_group_wait(&g, &err) != 0)
 *       …
 *
 * Any task or thread, and the group's own tasks, may add to it until gonet_group_wait has returned.
 * After that it is zero again, but for its limit, and can be used once more.
 *
 * Example:  examples/fetch_all.c
 * Go:       errgroup.Group (golang.org/x/sync/errgroup)
 */
typedef struct {
    gonet_wait_group_t private_tasks;
    gonet_semaphore_t private_limit;
    bool private_limited;
    gonet_error_t *private_err;
    gonet_context_t *private_ctx;
} gonet_group_t;

/*
 * gonet_group_with_context gives g a context for its tasks, derived from parent (NULL: background).
 * It is cancelled when a task of g fails, and when gonet_group_wait returns, whichever comes first.
 * Call it before the first gonet_group_go; then gonet_group_wait has to be called even if nothing
 * was started.
 *
 * Parks:    never.
 * Returns:  the context, to be released with gonet_context_free. Never NULL: without memory it is
 *           born cancelled, and its error is gonet_err_no_memory.
 * Threads:  any task or thread; before others use g.
 * Example:  examples/fetch_all.c
 * Go:       errgroup.WithContext
 */
GONET_API GONET_NODISCARD gonet_context_t *gonet_group_with_context(gonet_group_t *g,
                                                                    gonet_context_t *parent);

/*
 * gonet_group_set_limit lets at most n tasks of g run at a time; n < 0: any number, as in the
 * beginning; 0: none. To change it while tasks run that are limited is a programmer's mistake: Go's
 * text on standard error, and abort.
 *
 * Parks:    never.
 * Threads:  any task or thread; not while others use g.
 * Example:  examples/fetch_all.c
 * Go:       (*errgroup.Group).SetLimit
 */
GONET_API void gonet_group_set_limit(gonet_group_t *g, int n);

/*
 * gonet_group_go starts fn(arg, err) in a new task of g; with a limit it waits until that allows
 * another one. fn returns 0, or -1 with *err set (err is not NULL, and *err NULL at first); the
 * first that fails gives the group its error, and cancels its context. An fn that fails without an
 * error gets one that says so. What can't be started counts as a task that has failed, too: a loop
 * may just end, and gonet_group_wait tells why.
 *
 * Parks:    while as many tasks run as the limit allows; a task's wait ends by gonet_shutdown.
 * Returns:  0, or -1 with errno set: nothing was started, and arg is still the caller's.
 * Errors:   ENOMEM, EMFILE, ENFILE, EAGAIN or ECANCELED (gonet_shutdown is under way), EINVAL (fn
 *           is NULL).
 * Threads:  any task or thread, the group's own tasks included (with a limit they may wait for each
 *           other, for ever).
 * Example:  examples/fetch_all.c
 * Go:       (*errgroup.Group).Go
 */
GONET_API GONET_NODISCARD int gonet_group_go(gonet_group_t *g,
                                             int (*fn)(void *arg, gonet_error_t **err), void *arg);

/*
 * gonet_group_try_go is gonet_group_go, but where that would wait for the limit it starts nothing.
 *
 * Parks:    never.
 * Returns:  1; 0: as many tasks run as the limit allows; or -1 with errno set, as gonet_group_go.
 *           Unless it is 1 nothing was started, and arg is still the caller's.
 * Errors:   ENOMEM, EMFILE, ENFILE, EAGAIN (gonet_shutdown is under way), EINVAL (fn is NULL).
 * Threads:  any task or thread.
 * Go:       (*errgroup.Group).TryGo
 */
GONET_API GONET_NODISCARD int gonet_group_try_go(gonet_group_t *g,
                                                 int (*fn)(void *arg, gonet_error_t **err),
                                                 void *arg);

/*
 * gonet_group_wait waits until all tasks of g have ended, then cancels the group's context, and
 * hands over the group's error.
 *
 * Parks:    until the last one has ended. gonet_shutdown does not end that, but the tasks' calls.
 * Returns:  0, or -1 with *err set: the first error.
 * Errors:   what the tasks' functions have set; for one that could not be started
 *           gonet_err_no_memory, gonet_err_closed (gonet_shutdown was under way) or the errno.
 * Threads:  any task or thread but the group's own tasks; one at a time.
 * Example:  examples/fetch_all.c
 * Go:       (*errgroup.Group).Wait
 */
GONET_API int gonet_group_wait(gonet_group_t *g, gonet_error_t **err);

/*
 * gonet_future_t is what a task will return. Zero has none to wait for, and is ready to be started;
 * after the wait it can be started again.
 *
 *   gonet_future_t sum = {0};
 *   if (gonet_future_go(&sum, add_up, numbers) == 0)
 *       total = gonet_future_wait(&sum);
 *
 * Example:  examples/task_results.c
 * Go:       nothing of its own: a channel that the goroutine sends one value to.
 */
typedef struct {
    gonet_wait_group_t private_done;
    uint32_t private_state;
    void *(*private_fn)(void *arg);
    void *private_value; /* the function's argument, then its result */
} gonet_future_t;

/*
 * gonet_future_go starts fn(arg) in a new task, whose result gonet_future_wait returns. It
 * allocates nothing but the task. f stays where it is until somebody has waited for it.
 *
 * Parks:    never.
 * Returns:  0, or -1 with errno set: nothing was started, and arg is still the caller's.
 * Errors:   ENOMEM, EMFILE, ENFILE, EAGAIN (gonet_shutdown is under way), EINVAL (fn is NULL),
 * EBUSY (the task that f was started with before has not ended). Threads:  any task or thread.
 * Example:  examples/task_results.c
 * Go:       go func() { ch <- fn(arg) }()
 */
GONET_API GONET_NODISCARD int gonet_future_go(gonet_future_t *f, void *(*fn)(void *arg), void *arg);

/*
 * gonet_future_wait waits for the task's end, and returns what its function returned; any number of
 * tasks and threads may. The task does not touch f any more once one of them can go on, so that one
 * may release the memory that f lives in.
 *
 * Parks:    until then; gonet_shutdown does not end that, but the task's calls.
 * Returns:  the function's result; NULL, at once, if nothing was started.
 * Threads:  any task or thread.
 * Example:  examples/task_results.c
 * Go:       <-ch
 */
GONET_API void *gonet_future_wait(gonet_future_t *f);

/*
 * gonet_future_wait_until is gonet_future_wait with an end ({ 0 }: none), and *value (may be NULL)
 * for the result. A deadline that is past only looks. The task goes on all the same.
 *
 * Parks:    until the task has ended, until deadline, or, a task, until gonet_shutdown.
 * Returns:  true with *value set; false with errno set, and NULL in *value.
 * Errors:   ETIMEDOUT, ECANCELED (gonet_shutdown is under way, and the caller is a task).
 * Threads:  any task or thread.
 * Example:  examples/task_results.c
 * Go:       select with <-ch and <-time.After(d)
 */
GONET_API bool gonet_future_wait_until(gonet_future_t *f, gonet_time_t deadline, void **value);

GONET_END_DECLS

#endif
