/*
 * The read side of a descriptor, left to a task that does not exist yet (runtime/birth.h).
 */
#include "socket/fd_lock.h"

#include "base/list.h"

/* The task has the read lock, as one that has waited for itself would, or was taken. */
void gonet__fd_born(gonet__pd_t *pd, bool taken)
{
    gonet__fd_t *fd = GONET__CONTAINER(pd, gonet__fd_t, pd);
    void (*fn)(void *arg) = fd->unborn_fn;
    void *arg = fd->unborn_arg;

    if (taken) {
        gonet__fd_unhold(fd);
    } else {
        fd->drained = false;
        gonet__fd_end(fd, GONET__SIDE_READ);
    }
    fn(arg);
}

bool gonet__fd_leave_unborn(gonet__fd_t *fd, void (*fn)(void *arg), void *arg, gonet__fail_t *fail)
{
    gonet__poll_status_t status;
    int errnum = 0;

    if (!gonet__fd_begin(fd, GONET__SIDE_READ, fail))
        return false;
    fd->unborn_fn = fn;
    fd->unborn_arg = arg;
    status = gonet__pd_leave_unborn(&fd->pd, &errnum);
    return status == GONET__POLL_OK ||
           gonet__fd_wait_failed(fd, GONET__SIDE_READ, status, errnum, fail);
}
