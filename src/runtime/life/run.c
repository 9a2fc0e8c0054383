/*
 * gonet_run: a program's main function as a task.
 */
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/sched/task.h"
#include "runtime/sched/wait.h"

#define MAIN_STACK ((size_t)8 << 20)

typedef struct {
    int (*fn)(void *arg);
    void *arg;
    int result;
    gonet__wait_t end;
} main_t;

static void run_main(void *arg)
{
    main_t *m = arg;

    m->result = m->fn(m->arg);
    if (gonet__wait_claim(&m->end))
        gonet__wait_wake(&m->end);
}

int gonet_run(int (*fn)(void *arg), void *arg)
{
    main_t m = {.fn = fn, .arg = arg};

    if (fn == NULL) {
        errno = EINVAL;
        return -1;
    }
    if (gonet__task_current() != NULL)
        return fn(arg);
    gonet__wait_init(&m.end);
    if (gonet_go_sized(run_main, &m, MAIN_STACK) != 0)
        return -1;
    gonet__wait_for(&m.end, 0, GONET__WAIT_UNINTERRUPTIBLE, "the main task");
    return m.result;
}
